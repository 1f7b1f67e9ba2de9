"""The search for the best candidate on a pool of workers, within a budget of time."""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import replace
from functools import partial
from typing import Any, Final, TypeVar

from tui.common.errors import ErrorKind, QdeckError
from tui.compiler.messages import Finished, MakeCandidate, RunTrial, TargetData
from tui.compiler.pool import WorkerPool
from tui.domain.circuits import Candidate, Maker
from tui.domain.devices.backends import BackendData
from tui.domain.ranking import ranked
from tui.domain.search import (
    Schedule,
    SearchOptions,
    SearchProgress,
    SearchResult,
    Trial,
    Unavailable,
)

TRIALS_SHARE: Final = 0.8
"""Part of the budget that is for trials at most; in the rest the best ones are made in full."""
MOST_SHARE: Final = 0.5
"""Part of the budget that is kept for that where it takes long."""
MOST_MADE: Final = 6
"""The best candidates of the level with many seeds that are made in full."""
PROGRESS_SECONDS: Final = 0.25
SHOWN_SECONDS: Final = 0.5
"""Time between two moments at which the best one so far is made in full."""
SHOWN_TIMES: Final = 4
"""The same, as a multiple of the time that takes."""
GRACE_SECONDS: Final = 1.0
"""Time that trials which are no longer wanted may go on: a new worker takes twice as long."""

TKET_SEEDS: Final = 8
"""Seeds with which what TKET made is laid out: one as Qiskit does, the others in regions."""
MAKER_SECONDS: Final = 30.0
"""Time after which TKET is no longer waited for."""

T = TypeVar("T")
Listener = Callable[[SearchProgress | Candidate], object]


async def search(
    pool: WorkerPool,
    qasm: str,
    target: BackendData,
    options: SearchOptions,
    tell: Listener,
    timeout: float,
) -> SearchResult:
    """Search with Qiskit, beside it with fractional gates, then with TKET, as far as these are asked for.

    Args:
        pool, qasm, target, options, tell, timeout: as of `CandidateSearch`.

    Returns:
        The candidates of all of them, best first, and which of those that are made here made none.

    Raises:
        QdeckError: as by `CandidateSearch.run`; what other makers do not take is no error.
    """
    parts = [(Maker.QISKIT, options, tell)]
    once = replace(options, level=options.searched_level, makers=frozenset())
    if Maker.FRACTIONAL in options.makers:
        # They share the time with the others: where a device has such gates, half of the seeds is for them.
        parts.append((Maker.FRACTIONAL, once, lambda news: isinstance(news, Candidate) and tell(news)))
    searches = [
        CandidateSearch(pool, qasm, target, asked, listener, timeout, maker)
        for maker, asked, listener in parts
    ]
    found = await _together(one.outcome() if one.maker is not Maker.QISKIT else one.run() for one in searches)
    if Maker.PYTKET in options.makers:
        few = replace(once, seeds=min(TKET_SEEDS, options.seeds or TKET_SEEDS))
        limit = min(timeout, MAKER_SECONDS)
        found.append(
            await CandidateSearch(pool, qasm, target, few, tell, timeout, Maker.PYTKET).outcome(limit)
        )
    results = [one for one in found if isinstance(one, SearchResult)]
    candidates = tuple(ranked(candidate for one in results for candidate in one.candidates))
    best = next(one.progress for one in results if any(made is candidates[0] for made in one.candidates))
    return SearchResult(
        candidates,
        replace(
            results[0].progress,
            tried=sum(one.progress.tried for one in results),
            seeds=sum(one.progress.seeds for one in results),
            since=best.since,
        ),
        tuple(one for one in found if isinstance(one, Unavailable)),
    )


class CandidateSearch:
    """One search. Cancelling `run` stops the work.

    Args:
        pool: the workers.
        qasm: the program.
        target: the backend.
        options: what is asked.
        tell: called in the event loop with each candidate as soon as it is made, and with the progress.
        timeout: seconds that one run of the transpiler may take.
        maker: with what the circuits are made.
    """

    def __init__(
        self,
        pool: WorkerPool,
        qasm: str,
        target: BackendData,
        options: SearchOptions,
        tell: Listener,
        timeout: float,
        maker: Maker = Maker.QISKIT,
    ) -> None:
        self.maker = maker
        self._pool = pool
        self._qasm = qasm
        self._target = target
        self._options = options
        self._tell = tell
        self._timeout = timeout
        self._schedule = Schedule(options)
        self._made: dict[tuple[int, int], Finished] = {}
        self._seconds: deque[float] = deque(maxlen=4)
        self._began = self._told = self._shown = 0.0

    async def outcome(self, limit: float | None = None) -> SearchResult | Unavailable:
        """Search as `run` does, or say why this maker makes no candidate.

        Args:
            limit: seconds that it may take.

        Raises:
            QdeckError: `UNAVAILABLE` when Qiskit is not to be had.
        """
        try:
            async with asyncio.timeout(limit):
                return await self.run()
        except TimeoutError:
            return Unavailable(self.maker, f"Not done within {limit:g} s.")
        except QdeckError as error:
            if error.kind is not ErrorKind.CIRCUIT:
                raise
            return Unavailable(self.maker, str(error))

    async def run(self) -> SearchResult:
        """Search until the budget is spent, or further seeds are not worth their time.

        Returns:
            The candidates that were made in full, best first.

        Raises:
            QdeckError: the program cannot be transpiled, or Qiskit is not to be had.
        """
        await self._pool.ready()
        self._began = self._shown = asyncio.get_running_loop().time()
        self._tell_progress()
        await _together(self._drive() for _ in range(self._pool.size))
        leaders = deque(self._schedule.leaders(MOST_MADE))
        await _together(self._finish(leaders) for _ in range(self._pool.size))
        progress = self._tell_progress()
        made = sorted(self._made.values(), key=lambda one: one.trial.rank)
        return SearchResult(tuple(one.candidate for one in made), progress)

    async def _drive(self) -> None:
        """Make one trial after the other, as long as there is time."""
        while (first := self._schedule.first()) is not None:
            self._take((await self._make(*first)).trial)
        while (
            self._passed() < (end := self._end_of_trials())
            and (following := self._schedule.next()) is not None
        ):
            await self._show_best()
            try:
                async with asyncio.timeout(None if end == math.inf else max(0.0, end - self._passed())):
                    self._take(await self._request(partial(self._trial, *following), Trial))
            except TimeoutError:
                return
            except QdeckError as error:
                # One region may have no room for what another one has.
                if error.kind is not ErrorKind.CIRCUIT:
                    raise
                self._schedule.failed(following[1])

    async def _finish(self, leaders: deque[Trial]) -> None:
        """Make the leaders in full, one at least for each worker, further ones while there is time."""
        first = True
        while leaders and (first or self._passed() + self._seconds_of_one < self._limit):
            first, one = False, leaders.popleft()
            await self._make(one.level, one.seed)

    @property
    def _limit(self) -> float:
        return math.inf if self._options.seeds is not None else self._options.budget

    @property
    def _seconds_of_one(self) -> float:
        """Estimate how long it takes to make one in full, by those of the level that were made."""
        return max(self._seconds, default=0.0)

    def _end_of_trials(self) -> float:
        """Say until when trials may go on, so that there is time to make the best ones in full."""
        turns = math.ceil(MOST_MADE / self._pool.size)
        making = min(turns * self._seconds_of_one, MOST_SHARE * self._limit)
        return min(TRIALS_SHARE * self._limit, self._limit - making)

    def _trial(self, level: int, seed: int, data: TargetData) -> RunTrial:
        return RunTrial(self._qasm, data, level, seed, self.maker)

    def _take(self, trial: Trial) -> None:
        self._schedule.took(trial)
        if self._passed() - self._told >= PROGRESS_SECONDS:
            self._tell_progress()

    def _tell_progress(self) -> SearchProgress:
        self._told = self._passed()
        progress = replace(self._schedule.progress(self._told), maker=self.maker)
        self._tell(progress)
        return progress

    async def _show_best(self) -> None:
        """Make the best one so far in full, now and then, so that it is seen."""
        best, now = self._schedule.best, self._passed()
        if (
            best is not None
            and (best.level, best.seed) not in self._made
            and now - self._shown >= max(SHOWN_SECONDS, SHOWN_TIMES * self._seconds_of_one)
        ):
            self._shown = now
            await self._make(best.level, best.seed)

    async def _make(self, level: int, seed: int) -> Finished:
        known = self._made.get((level, seed))
        if known is not None:
            return known
        began = self._passed()
        made = await self._request(
            lambda data: MakeCandidate(self._qasm, data, level, seed, self.maker), Finished
        )
        self._made[level, seed] = made
        # The first one of a worker has more to do: the program is read, the regions are chosen.
        if level == self._options.searched_level and seed:
            self._seconds.append(self._passed() - began)
        self._tell(made.candidate)
        return made

    async def _request(self, make: Callable[[TargetData], RunTrial | MakeCandidate], kind: type[T]) -> T:
        return await self._pool.request(
            make,
            self._target,
            kind,
            timeout=self._timeout,
            grace=GRACE_SECONDS,
            fractional=self.maker is Maker.FRACTIONAL,
        )

    def _passed(self) -> float:
        return asyncio.get_running_loop().time() - self._began


async def _together(work: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """Do all of it at the same time and return the results; the first error, or a cancel, ends the rest."""
    tasks = [asyncio.ensure_future(one) for one in work]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
