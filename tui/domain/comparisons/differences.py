"""What differed before: facts of jobs and candidates side by side, and their circuits as a diff."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from tui.common.safe_text import plain
from tui.common.values import Value
from tui.domain.circuits import Transpilation
from tui.domain.jobs import Job
from tui.domain.pubs.inputs import decode_inputs
from tui.domain.submissions import Submission

MOST_EDITS: Final = 400
"""Lines taken away and added up to which two texts are aligned: work grows with lines times edits."""
_MOST_WORK: Final = 4_000_000
"""Lines times edits, about a second."""
_CONTEXT: Final = 3


class Fact(Value, frozen=True):
    """One thing that is known of how each side was made.

    Attributes:
        values: by side, in words; empty where it is not known.
        matters: False for what always differs, as the times.
    """

    name: str
    values: tuple[str, ...]
    matters: bool = True

    @property
    def differs(self) -> bool:
        """True where two sides are known to differ."""
        return len({value for value in self.values if value}) > 1


class CircuitDiff(Value, frozen=True):
    """How the circuit of one side differs from that of the first.

    Attributes:
        side: place of the side.
        pub: number of the PUB, from 1.
        lines: a unified diff with `-` for the first side's lines; empty for the same text.
        note: why there is none; empty where there is.
    """

    side: int
    pub: int
    lines: tuple[str, ...] = ()
    note: str = ""

    @property
    def same(self) -> bool:
        """True for the same text."""
        return not self.lines and not self.note


class Made(Value, frozen=True):
    """How one side was made, as far as that is known.

    Attributes:
        job: `None` for a candidate.
        submission: what was asked for, where it was submitted here.
    """

    job: Job | None = None
    transpilation: Transpilation | None = None
    submission: Submission | None = None
    circuits: tuple[str, ...] = ()


def facts_of(sides: Sequence[Made]) -> tuple[Fact, ...]:
    """Return what is known of the sides, in order; what is known of none is left out."""
    options = dict.fromkeys(name for side in sides if side.job is not None for name, _ in side.job.options)
    named: dict[str, list[str]] = {}
    for side in sides:
        for name, value in _known(side, tuple(options)).items():
            named.setdefault(name, []).append(value)
    return tuple(
        Fact(name, tuple(values), name not in _NEVER_THE_SAME)
        for name, values in named.items()
        if any(values)
    )


_NEVER_THE_SAME = frozenset({"created", "started", "billed"})


def _known(side: Made, names: Sequence[str]) -> dict[str, str]:
    job, made, asked = side.job, side.transpilation, side.submission
    inputs = decode_inputs(job.inputs) if job is not None else ()
    sweeps = [one.sweep.words for one in inputs if one.sweep is not None]
    options = made.options if made is not None else None
    told = dict(job.options) if job is not None else {}
    where = made.where if made is not None else ""
    return {
        "service": job.service if job is not None else "",
        "instance": job.instance if job is not None else "",
        "backend": job.backend if job is not None else made.backend if made is not None else "",
        "program": job.program if job is not None else "",
        "primitive": job.primitive if job is not None else "",
        "shots": _figure(job.shots if job is not None else None),
        "precision": told.get("precision")
        or told.get("default_precision")
        or _figure(asked.precision if asked is not None else None),
        "options": (asked.options.words or "default") if asked is not None and not told else "",
        **{name: told.get(name, "") for name in names if not name.endswith("precision")},
        "at most": f"{asked.max_seconds} s" if asked is not None and asked.max_seconds else "",
        "observables": ", ".join(job.observables) if job is not None else "",
        "parameters": "; ".join(sweeps),
        "circuits": _figure(job.circuits if job is not None else None),
        "circuit": _digest(side.circuits),
        "transpiled": where,
        "level": _figure(options.optimization_level if options is not None else None),
        "seed": _figure(options.seed if options is not None else None),
        "two-qubit gates": _figure(made.after.two_qubit_gates if made is not None else None),
        "depth": _figure(made.after.depth if made is not None else None),
        "layout": " ".join(map(str, made.layout)) if made is not None else "",
        "success": _share(made.estimated_success if made is not None else None),
        "calibration": _moment(made.calibrated if made is not None else None),
        "session": job.session_id if job is not None else "",
        "tags": ", ".join(job.tags) if job is not None else "",
        "created": _moment(job.created if job is not None else None),
        "started": _moment(job.started if job is not None else None),
        "billed": f"{job.qpu_seconds:g} s" if job is not None and job.qpu_seconds is not None else "",
    }


def circuit_diffs(sides: Sequence[Made]) -> tuple[CircuitDiff, ...]:
    """Return how the circuits of the sides after the first differ from the first's, PUB by PUB.

    Sides whose circuits are not known have one without lines that says so.
    """
    first = sides[0].circuits
    diffs: list[CircuitDiff] = []
    for place, side in enumerate(sides[1:], 1):
        if not first or not side.circuits:
            diffs.append(CircuitDiff(place, 1, note="The circuit is not known here."))
            continue
        for pub, (one, other) in enumerate(zip(first, side.circuits, strict=False), 1):
            diffs.append(circuit_diff(one, other, place, pub))
        if len(first) != len(side.circuits):
            note = f"{len(first)} circuits here, {len(side.circuits)} there: the others have no partner."
            diffs.append(CircuitDiff(place, min(len(first), len(side.circuits)) + 1, note=note))
    return tuple(diffs)


def circuit_diff(first: str, other: str, side: int = 1, pub: int = 1) -> CircuitDiff:
    """Return a unified diff of two programs; blanks at the ends of lines do not count.

    It has the fewest lines that a diff can have, by the greedy algorithm of E. W. Myers, Algorithmica 1, 251
    (1986). Where more than `MOST_EDITS` are needed, fewer in a long text, there is none but a note.
    """
    one = [line.rstrip() for line in first.split("\n")]
    two = [line.rstrip() for line in other.split("\n")]
    if one == two:
        return CircuitDiff(side, pub)
    kept = aligned(one, two, min(MOST_EDITS, _MOST_WORK // (len(one) + len(two))))
    if kept is None:
        note = f"The texts of {len(one):,} and {len(two):,} lines differ in too many lines to be aligned."
        return CircuitDiff(side, pub, note=note)
    return CircuitDiff(side, pub, tuple(plain(line, limit=1000) for line in _unified(one, two, kept)))


def aligned(one: Sequence[str], two: Sequence[str], edits: int) -> list[tuple[int, int]] | None:
    """Return the pairs of places of the lines that both texts keep; `None`: it takes more edits than that."""
    numbers: dict[str, int] = {}
    a, b = ([numbers.setdefault(line, len(numbers)) for line in text] for text in (one, two))
    reached = {1: 0}
    """How far on the first text the best way on each diagonal has come."""
    steps: list[dict[int, int]] = []
    for edit in range(edits + 1):
        steps.append(dict(reached))
        for diagonal in range(-edit, edit + 1, 2):
            down = diagonal == -edit or (
                diagonal != edit and reached.get(diagonal - 1, -1) < reached.get(diagonal + 1, -1)
            )
            x = reached[diagonal + 1] if down else reached[diagonal - 1] + 1
            y = x - diagonal
            while x < len(a) and y < len(b) and a[x] == b[y]:
                x, y = x + 1, y + 1
            reached[diagonal] = x
            if x >= len(a) and y >= len(b):
                return _way_back(steps, x, y)
    return None


def _way_back(steps: Sequence[dict[int, int]], x: int, y: int) -> list[tuple[int, int]]:
    kept: list[tuple[int, int]] = []
    for edit in range(len(steps) - 1, -1, -1):
        reached, diagonal = steps[edit], x - y
        down = diagonal == -edit or (
            diagonal != edit and reached.get(diagonal - 1, -1) < reached.get(diagonal + 1, -1)
        )
        before = diagonal + 1 if down else diagonal - 1
        from_x = reached[before] if edit else 0
        from_y = from_x - before if edit else 0
        while x > from_x and y > from_y:
            x, y = x - 1, y - 1
            kept.append((x, y))
        x, y = from_x, from_y
    return kept[::-1]


def _unified(one: Sequence[str], two: Sequence[str], kept: Sequence[tuple[int, int]]) -> list[str]:
    """Write a diff: hunks with some lines around them, each behind the numbers of its first lines."""
    entries: list[tuple[str, int, int]] = []
    x = y = 0
    for at_one, at_two in (*kept, (len(one), len(two))):
        entries += [(f"- {line}", x + place, y) for place, line in enumerate(one[x:at_one])]
        entries += [(f"+ {line}", at_one, y + place) for place, line in enumerate(two[y:at_two])]
        if at_one < len(one):
            entries.append((f"  {one[at_one]}", at_one, at_two))
        x, y = at_one + 1, at_two + 1
    near: set[int] = set()
    for place, (line, _, _) in enumerate(entries):
        if line[0] != " ":
            near.update(range(place - _CONTEXT, place + _CONTEXT + 1))
    lines: list[str] = []
    for place, (line, at_one, at_two) in enumerate(entries):
        if place in near:
            if place - 1 not in near or place == 0:
                lines.append(f"@@ line {at_one + 1:,} · line {at_two + 1:,} @@")
            lines.append(line)
    return lines


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:,}" if isinstance(value, int) else f"{value:g}"


def _share(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.1f} %"


def _moment(moment: datetime | None) -> str:
    return "" if moment is None else f"{moment:%Y-%m-%d %H:%M:%S}"


def _digest(circuits: tuple[str, ...]) -> str:
    """The beginning of a hash of the circuits: the same for the same text."""
    if not any(circuits):
        return ""
    return hashlib.sha256("\0".join(circuits).encode("utf-8", "backslashreplace")).hexdigest()[:12]
