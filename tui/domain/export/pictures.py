"""What pictures of a job show, in numbers and words; the compiler's worker draws them."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from tui.common.errors import ErrorKind, QdeckError
from tui.common.safe_text import plain
from tui.common.values import Value
from tui.domain.circuits import Transpilation
from tui.domain.jobs import Job, JobStatus
from tui.domain.results import JobResult, PubResult
from tui.domain.statistics.errors import share_error

MOST_BARS: Final = 40
"""Bit strings of a histogram that have a bar; the others are put together."""
MOST_CURVES: Final = 8
MOST_POINTS: Final = 20_000
MOST_JOBS: Final = 12
"""Jobs in one picture."""
REST: Final = "rest"


class HistogramPicture(Value, frozen=True, tag="histogram"):
    """Shares of the shots by bit string, side by side for several jobs.

    Attributes:
        counts: times seen by bit string, a mapping a job; `rest` stands for those without a bar.
        legend: a name for each.
    """

    title: str
    legend: tuple[str, ...]
    counts: tuple[Mapping[str, int], ...]


class Curve(Value, frozen=True):
    """Values along an axis, with their standard errors where all are known."""

    label: str
    values: tuple[float, ...]
    errors: tuple[float, ...] = ()


class CurvesPicture(Value, frozen=True, tag="curves"):
    """Values over a parameter."""

    title: str
    across: str
    up: str
    places: tuple[float, ...]
    curves: tuple[Curve, ...]


class HeatPicture(Value, frozen=True, tag="heat"):
    """Values over two parameters: a row a place on the first axis."""

    title: str
    across: str
    up: str
    columns: tuple[float, ...]
    rows: tuple[float, ...]
    values: tuple[tuple[float, ...], ...]


class MapPicture(Value, frozen=True, tag="map"):
    """A device with the qubits in use.

    Attributes:
        places: of each qubit, row and column.
        couplers: pairs of qubits.
        used: physical qubits in use, with the words at each.
    """

    title: str
    places: tuple[tuple[float, float], ...]
    couplers: tuple[tuple[int, int], ...]
    used: Mapping[int, str]


class Span(Value, frozen=True):
    """A stretch of time: its name, and seconds from when the job was created."""

    label: str
    start: float
    end: float


class TimingPicture(Value, frozen=True, tag="timing"):
    """Where the time of each job went."""

    title: str
    jobs: tuple[str, ...]
    spans: tuple[tuple[Span, ...], ...]


Picture = HistogramPicture | CurvesPicture | HeatPicture | MapPicture | TimingPicture


def histogram_picture(jobs: Sequence[tuple[Job, JobResult]]) -> HistogramPicture:
    """Return the counts of jobs side by side: the first PUB and register, all places of a sweep together.

    Raises:
        QdeckError: `CONFLICT`: one of them has no counts, or they are too many for a picture.
    """
    _check_number(len(jobs))
    whole = [_counted(job, result) for job, result in jobs]
    together: Counter[str] = Counter()
    for counts in whole:
        together.update(counts)
    shown = set(heapq.nsmallest(MOST_BARS, together, key=lambda bits: (-together[bits], bits)))

    def bars(counts: Mapping[str, int]) -> dict[str, int]:
        kept = {bits: times for bits, times in counts.items() if bits in shown}
        rest = sum(counts.values()) - sum(kept.values())
        return kept | ({REST: rest} if rest else {})

    title = f"{_title(jobs)}{_part(jobs[0][1])}" if jobs else ""
    return HistogramPicture(title, tuple(_name(job) for job, _ in jobs), tuple(map(bars, whole)))


def sweep_picture(job: Job, result: JobResult) -> CurvesPicture | HeatPicture:
    """Return the first PUB of a job over its parameters: values, or shares of its most frequent strings.

    Raises:
        QdeckError: `CONFLICT`: it has no sweep over one or two axes, or one that is too large.
    """
    pub = next((pub for pub in result.pubs if pub.sweep is not None and pub.sweep.shape), None)
    sweep = pub.sweep if pub is not None else None
    if pub is None or sweep is None:
        raise QdeckError(ErrorKind.CONFLICT, "The job swept no parameter over several values.")
    if len(sweep.shape) > 2 or sweep.sets > MOST_POINTS:
        raise QdeckError(
            ErrorKind.CONFLICT,
            f"A sweep of {plain(sweep.words)} is not drawn: up to two axes, {MOST_POINTS:,} sets.",
            "Take the CSV.",
        )
    curves = _curves(pub)
    axes = [(", ".join(sweep.axis_names(axis)), _axis(pub, axis)) for axis in range(len(sweep.shape))]
    up = "value" if pub.values else "share of the shots"
    title = _title([(job, result)]) + ("" if pub.values else _part(result))
    if len(axes) == 1:
        return CurvesPicture(title, plain(axes[0][0], limit=80), up, axes[0][1], curves[:MOST_CURVES])
    (rows_name, rows), (columns_name, columns) = axes
    values = curves[0].values
    width = len(columns)
    return HeatPicture(
        f"{title}: {curves[0].label}",
        plain(columns_name, limit=80),
        plain(rows_name, limit=80),
        columns,
        rows,
        tuple(values[row * width : (row + 1) * width] for row in range(len(rows))),
    )


def map_picture(
    job: Job,
    transpilation: Transpilation | None,
    places: Sequence[tuple[float, float]],
    couplers: Sequence[tuple[int, int]],
) -> MapPicture:
    """Return the device with the qubits that the job's circuit began on, by its own numbers.

    Args:
        job: the job.
        transpilation: how its circuit was laid out.
        places: row and column of each of the device's qubits.
        couplers: pairs of qubits.

    Raises:
        QdeckError: `CONFLICT`: it is not known how the circuit was laid out.
    """
    if transpilation is None or not transpilation.layout:
        raise QdeckError(
            ErrorKind.CONFLICT, "It is not known on which qubits the circuit began: it was not made here."
        )
    used = {physical: f"q{virtual}" for virtual, physical in enumerate(transpilation.layout)}
    pairs = tuple(sorted({(min(a, b), max(a, b)) for a, b in couplers}))
    title = f"{_name(job)} on {plain(job.backend, limit=40)}{_sandbox(job)}"
    return MapPicture(title, tuple(places), pairs, used)


def timing_picture(jobs: Sequence[Job]) -> TimingPicture:
    """Return how long each job waited and ran, in seconds from when it was created.

    Raises:
        QdeckError: `CONFLICT`: the times of one are not known yet, or they are too many for a picture.
    """
    _check_number(len(jobs))
    rows = []
    for job in jobs:
        steps = [step for step in job.timeline if step.status is not JobStatus.UNKNOWN]
        if len(steps) < 2:
            raise QdeckError(ErrorKind.CONFLICT, f"The times of {_name(job)} are not known yet.")
        at = [(step.at - job.created).total_seconds() for step in steps]
        rows.append(
            tuple(
                Span(step.status.value, start, end)
                for step, start, end in zip(steps, at, at[1:], strict=False)
            )
        )
    title = _title([(job, JobResult(())) for job in jobs])
    return TimingPicture(title, tuple(map(_name, jobs)), tuple(rows))


def _check_number(jobs: int) -> None:
    if jobs > MOST_JOBS:
        message = f"{jobs:,} jobs are too many for one picture: up to {MOST_JOBS} are drawn."
        raise QdeckError(ErrorKind.CONFLICT, message, "Write one file for each job.")


def _counted(job: Job, result: JobResult) -> Counter[str]:
    together: Counter[str] = Counter()
    pub = next((pub for pub in result.pubs if pub.counts), None)
    if pub is None:
        raise QdeckError(ErrorKind.CONFLICT, f"{_name(job)} has no counts to draw. {result.note}".rstrip())
    for counts in pub.counts:
        if counts.register == pub.counts[0].register:
            together.update(counts.counts)
    return together


def _part(result: JobResult) -> str:
    """Which of several PUBs and registers is drawn: `, PUB 1 of 2, register lo`; empty for the only one."""
    place = next((place for place, pub in enumerate(result.pubs) if pub.counts), 0)
    counts = result.pubs[place].counts if result.pubs else ()
    registers = dict.fromkeys(one.register for one in counts)
    pub = f", PUB {place + 1} of {len(result.pubs):,}" if len(result.pubs) > 1 else ""
    return pub + (f", register {plain(next(iter(registers)), limit=30)}" if len(registers) > 1 else "")


def _curves(pub: PubResult) -> tuple[Curve, ...]:
    """Values by observable, else shares of the most frequent strings of the first register; in C order."""
    curves = []
    if pub.values:
        by_observable: dict[str, list[tuple[float, float | None]]] = {}
        for value in pub.values:
            by_observable.setdefault(value.observable, []).append((value.value, value.std))
        for observable, points in by_observable.items():
            errors = tuple(std for _, std in points if std is not None)
            values = tuple(value for value, _ in points)
            known = len(errors) == len(values)
            curves.append(Curve(plain(observable, limit=60), values, errors if known else ()))
        return tuple(curves)
    places = [counts for counts in pub.counts if counts.register == pub.counts[0].register]
    together: Counter[str] = Counter()
    for counts in places:
        together.update(counts.counts)
    for bits, _ in sorted(together.items(), key=lambda item: (-item[1], item[0]))[:MOST_CURVES]:
        times = [(counts.counts.get(bits, 0), counts.shots) for counts in places]
        shares = tuple(seen / (shots or 1) for seen, shots in times)
        curves.append(Curve(bits[-60:], shares, tuple(share_error(seen, shots) for seen, shots in times)))
    return tuple(curves)


def _axis(pub: PubResult, axis: int) -> tuple[float, ...]:
    """The values of the first parameter that changes along an axis, else the places."""
    if pub.sweep is not None:
        for column in pub.sweep.columns:
            if column.axis == axis:
                return column.values
    return ()


def _name(job: Job) -> str:
    return plain(job.name or job.id, limit=40)


def _sandbox(job: Job) -> str:
    return " (SANDBOX: simulated)" if job.service.startswith("sandbox") else ""


def _title(jobs: Sequence[tuple[Job, JobResult]]) -> str:
    backends = ", ".join(dict.fromkeys(plain(job.backend, limit=40) for job, _ in jobs))
    simulated = next((words for job, _ in jobs if (words := _sandbox(job))), "")
    what = _name(jobs[0][0]) if len(jobs) == 1 else f"{len(jobs)} jobs"
    return f"{what} on {backends}{simulated}"
