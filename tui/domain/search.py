"""The search for the best candidate: what is asked, what a trial tells, which trial is next, when it ends."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field
from statistics import fmean, pstdev
from typing import Final
from urllib.parse import urlsplit

from tui.common.values import Value
from tui.domain.circuits import Candidate, Maker

DEFAULT_BUDGET: Final = 2.0
"""Seconds of a search."""
SEARCHED_LEVEL: Final = 3
"""Optimization level that is run with many seeds."""
PATIENCE: Final = 10
WORTH: Final = 0.01
"""A region is given up when the last `PATIENCE` seeds bring less than this, relative to its best."""
_FIRST_SEEDS: Final = 3
"""Seeds that each region gets before the better ones get more."""
_SAME: Final = 1e-9
_ALIKE: Final = 4
"""Seeds after which a region that always gives the same is given up: its placement was perfect."""
_HOPE: Final = 2.0
"""Standard deviations by which a region that is to be tried again may be behind the best."""
_LEAST: Final = 1e-300
_LOST_A_GATE: Final = 0.01
"""Loss of a two-qubit gate where there is no calibration."""


@dataclass(frozen=True, slots=True)
class SearchOptions:
    """How candidates are searched for.

    Attributes:
        level: the only optimization level; `None`: 3 with many seeds, the others once.
        seeds: seeds that are tried, from 0 on; `None`: as many as the budget allows.
        budget: seconds of wall time from the first warm worker on; without effect on a number of seeds. The
            first run of each level is waited for in any case.
        makers: who else is asked for candidates, beside Qiskit as it is.
    """

    level: int | None = None
    seeds: int | None = None
    budget: float = DEFAULT_BUDGET
    makers: frozenset[Maker] = frozenset()

    @property
    def searched_level(self) -> int:
        """The level that is run with many seeds."""
        return SEARCHED_LEVEL if self.level is None else self.level


class Trial(Value, frozen=True):
    """One run of the transpiler in figures; level and seed are enough to make the circuit again.

    Attributes:
        region, regions: the part of the device it was made on, of so many; -1: all of it, as Qiskit does.
        remapped: placed without regard to the direction of gates or without bad couplers.
        success: product of (1 - error) over gates and measurements; `None` without calibration.
        flagged: uses a coupler or a qubit that is as good as dead, or reported faulty.
    """

    level: int
    seed: int
    region: int
    regions: int
    remapped: bool
    success: float | None
    two_qubit_gates: int
    two_qubit_depth: int
    flagged: bool

    @property
    def rank(self) -> tuple[float, ...]:
        """Sorts the best first: no flag, success, two-qubit depth, two-qubit gates, then seed."""
        return (
            float(self.flagged),
            -self.log_success,
            self.two_qubit_depth,
            self.two_qubit_gates,
            -self.level,
            self.seed,
        )

    @property
    def figures(self) -> tuple[object, ...]:
        """Figures by which two trials are the same to a user."""
        success = None if self.success is None else float(f"{self.success:.6g}")
        return self.level, success, self.two_qubit_gates, self.two_qubit_depth, self.flagged

    @property
    def log_success(self) -> float:
        """Natural logarithm of the success; a guess by the number of gates without calibration."""
        if self.success is None:
            return -_LOST_A_GATE * self.two_qubit_gates
        return math.log(max(self.success, _LEAST))


class SearchProgress(Value, frozen=True):
    """A search as it stands.

    Attributes:
        tried: circuits made so far, of all levels.
        seeds: of them those of the level that has many seeds.
        since: the seed that brought the best one; `None` as long as there is none.
        seconds: since the search began.
        maker: whose candidates they are.
    """

    tried: int
    seeds: int
    since: int | None
    seconds: float
    maker: Maker = Maker.QISKIT

    @property
    def words(self) -> str:
        """One line about it."""
        if self.maker is not Maker.QISKIT:
            return f"Asking {self.maker} for candidates, {self.seconds:.1f} s"
        seeds = "1 seed" if self.seeds == 1 else f"{self.seeds} seeds"
        since = "" if self.since is None else f", best of {seeds} since {self.since}"
        noun = "candidate" if self.tried == 1 else "candidates"
        return f"{self.tried} {noun} in {self.seconds:.1f} s{since}"


class Unavailable(Value, frozen=True):
    """A maker that made no candidate, and why."""

    maker: Maker
    reason: str


@dataclass(frozen=True, slots=True)
class SearchResult:
    """What a search has found.

    Attributes:
        candidates: those that were made in full, best first; at least one.
        progress: the search at its end.
        unavailable: makers that were asked and have made none, in a fixed order.
    """

    candidates: tuple[Candidate, ...]
    progress: SearchProgress
    unavailable: tuple[Unavailable, ...] = ()


@dataclass(slots=True)
class _Region:
    """The trials made in one part of the device."""

    handed_out: int = 0
    logs: list[float] = field(default_factory=list)
    failed: bool = False

    @property
    def hope(self) -> float:
        """Estimate what a further seed may reach, as a logarithm, by the better half of the seeds so far."""
        better = sorted(self.logs)[len(self.logs) // 2 :]
        return fmean(better) + _HOPE * pstdev(better) if better else -math.inf

    def exhausted(self, best: float) -> bool:
        """Return True when further seeds are not worth their time."""
        if self.failed or len(self.logs) < _ALIKE:
            return self.failed
        if max(self.logs) - min(self.logs) < _SAME or max(self.logs) < best > self.hope:
            return True
        before, last = self.logs[:-PATIENCE], self.logs[-PATIENCE:]
        return bool(before) and max(last) - max(before) < math.log1p(WORTH)


class Schedule:
    """Says which trial is made next. Seed 0 of a level is run as Qiskit does, on the whole device.

    The other seeds go round the regions of the device, seed `s` is made in region `(s - 1) % regions`: so a
    level and a seed always mean the same circuit. Without a number of seeds, regions that promise more are
    tried more often; each is given up when `PATIENCE` seeds in a row bring less than `WORTH`.

    Attributes:
        trials: what was made, in the order in which it came.
        best: the first of them by rank; `None` at first.
    """

    def __init__(self, options: SearchOptions) -> None:
        self._options = options
        level = options.searched_level
        once = [(level, 0)] if options.level is not None else [(level, 0), (0, 0), (1, 0), (2, 0)]
        self._first = deque(once)
        self._handed_out = 1
        self._regions: list[_Region] = []
        self.trials: list[Trial] = []
        self.best: Trial | None = None

    def first(self) -> tuple[int, int] | None:
        """Take the next of the trials that are made in any case.

        Returns:
            Level and seed; `None` when all are taken.
        """
        return self._first.popleft() if self._first else None

    def next(self) -> tuple[int, int] | None:
        """Take the next of the trials that are made as long as there is time.

        Returns:
            Level and seed; `None` when the search is over.
        """
        level, seeds = self._options.searched_level, self._options.seeds
        if seeds is not None:
            if self._handed_out >= seeds:
                return None
            self._handed_out += 1
            return level, self._handed_out - 1
        if not self._regions:
            self._handed_out += 1
            return level, self._handed_out - 1
        best = -math.inf if self.best is None or self.best.flagged else self.best.log_success
        going = [one for one in self._regions if not one.exhausted(best)]
        if not going:
            return None
        new = [one for one in going if one.handed_out < _FIRST_SEEDS]
        region = min(new, key=lambda one: one.handed_out) if new else max(going, key=lambda one: one.hope)
        region.handed_out += 1
        return level, 1 + self._regions.index(region) + (region.handed_out - 1) * len(self._regions)

    def took(self, trial: Trial) -> None:
        """Take in what a trial told."""
        self.trials.append(trial)
        if self.best is None or trial.rank < self.best.rank:
            self.best = trial
        if trial.level != self._options.searched_level:
            return
        if not self._regions and trial.regions:
            # Seeds were handed out in turn until now.
            before = self._handed_out - 1
            self._regions = [
                _Region(len(range(index, before, trial.regions))) for index in range(trial.regions)
            ]
            for earlier in self.trials[:-1]:
                self._note(earlier)
        self._note(trial)

    def failed(self, seed: int) -> None:
        """Note that a trial cannot be made: its region is given up."""
        if self._regions and seed:
            self._regions[(seed - 1) % len(self._regions)].failed = True

    def progress(self, seconds: float) -> SearchProgress:
        """Say how far the search is."""
        level = self._options.searched_level
        seeds = sum(trial.level == level for trial in self.trials)
        since = self.best.seed if self.best is not None and self.best.level == level else None
        return SearchProgress(len(self.trials), seeds, since, seconds)

    def leaders(self, most: int) -> list[Trial]:
        """Return the best trials of the level with many seeds, no two with the same figures, best first."""
        found: dict[tuple[object, ...], Trial] = {}
        for trial in sorted(self.trials, key=lambda one: one.rank):
            if trial.level == self._options.searched_level:
                found.setdefault(trial.figures, trial)
        return list(found.values())[:most]

    def _note(self, trial: Trial) -> None:
        if trial.region >= 0 and trial.level == self._options.searched_level:
            self._regions[trial.region].logs.append(trial.log_success)


def scheduler_address(text: str) -> str:
    """Return the address of a scheduler, `tcp://host:port` or `tls://host:port`.

    Raises:
        ValueError: it is none, with what is wanted.
    """
    wanted = f"{text[:80]!r} is no address of a Dask scheduler: tls://host:8786 or tcp://host:8786."
    try:
        parts = urlsplit(text)
        right = parts.scheme in ("tcp", "tls") and parts.hostname and parts.port
    except ValueError as error:
        raise ValueError(wanted) from error
    if not right or parts.path or parts.query or parts.username is not None:
        raise ValueError(wanted)
    return text


UNPROTECTED: Final = (
    "What goes to {} is not encrypted: anyone on the way can read the circuits, and run code on both sides. "
    "Use tls://, or a tunnel to a tcp:// address of this machine."
)
"""Warning of an address that is `unprotected`."""


def unprotected(address: str) -> bool:
    """Return True when anyone on the way to a scheduler reads, and may change, what goes there."""
    parts = urlsplit(address)
    host = parts.hostname or ""
    return parts.scheme == "tcp" and not (host in ("localhost", "::1") or host.startswith("127."))
