"""Where the time of a job went: one line from its creation to its end, its executions, the queue."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from tui.domain.jobs import Job, JobMetrics
from tui.domain.results import ExecutionSpan
from tui.domain.statistics.waiting import JobTime, StartEstimate, times_of
from tui.widgets.text.format import NOTHING, age, duration, format_datetime
from tui.widgets.text.styled_text import BLANK, Span, StyledLine, TextStyle, line, wrapped

MOST_SPANS = 40
"""Spans that have a line each; of more, neighbours share one."""
_ROOMY = 98
"""Cells from which on there is room for the times of day."""
_WAITING, _PREPARING, _EXECUTING, _AFTER = "░", "▒", "█", "▓"
_STYLES = {_WAITING: TextStyle.WAITING, _EXECUTING: TextStyle.BAR}


def _way(job: Job, metrics: JobMetrics | None, time: JobTime, width: int) -> StyledLine:
    """The way of a job in one line: `created 15:04:21 ─ waiting 12 s ─ QPU 2.1 s ─ done 15:04:44`."""
    created, _, finished = times_of(job, metrics)
    clock = _clock if width >= _ROOMY else _no_clock
    steps = [f"created{clock(created)}"]
    steps += [f"{name} {duration(seconds)}" for name, seconds, _ in _parts(time)]
    steps.append(f"{job.status}{clock(finished)}" if job.over else f"{job.status} now")
    pieces: list[Span] = [Span(" ")]
    for place, step in enumerate(steps):
        pieces += [Span(" ─ ", TextStyle.MUTED)] if place else []
        pieces.append(Span(step))
    return tuple(pieces)


def time_page(
    job: Job,
    metrics: JobMetrics | None,
    time: JobTime,
    spans: Sequence[ExecutionSpan],
    now: datetime,
    width: int,
    *,
    formula: float | None = None,
    start: StartEstimate | None = None,
) -> list[StyledLine]:
    """Return where the time of a job went.

    Args:
        job: the job.
        metrics: the service's times, where they are known.
        time: as by `job_time`.
        spans: when it was executed.
        now: the time.
        width: cells of a line.
        formula: QPU seconds by the published formula, when it was submitted here.
        start: when it may start, while it waits.
    """
    lines = [_way(job, metrics, time, width), *_proportions(time, width), BLANK]
    lines += _queue_lines(start, metrics, now, width) if start is not None else []
    lines += _billed_lines(job, time, formula)
    lines += _span_lines(spans, width)
    return lines


def _parts(time: JobTime) -> list[tuple[str, float, str]]:
    """What a job did, in order: name, seconds, and the character of its part of the bar."""
    found: list[tuple[str, float | None, str]] = [("waiting", time.waiting, _WAITING)]
    if time.executing is not None:
        found += [
            ("preparing", time.preparing, _PREPARING),
            ("QPU", time.executing, _EXECUTING),
            ("after", time.after, _AFTER),
        ]
    elif time.running is not None:
        charged = min(time.billed or 0.0, time.running)
        found += [("QPU", charged or None, _EXECUTING)]
        found += [("other", time.running - charged, _PREPARING)] if charged else []
        found += [("running", time.running, _PREPARING)] if not charged else []
    return [(name, seconds, cell) for name, seconds, cell in found if seconds is not None]


def _proportions(time: JobTime, width: int) -> list[StyledLine]:
    """The line as a bar, each part as long as it took."""
    parts = _parts(time)
    total = sum(seconds for _, seconds, _ in parts)
    if total <= 0:
        return []
    room = max(10, width - 2)
    pieces: list[Span] = [Span(" ")]
    done, begun = 0.0, 0
    for _, seconds, cell in parts:
        done += seconds
        end = round(done / total * room)
        # Whatever took time at all has a cell.
        end = min(room, max(end, begun + (1 if seconds > 0 else 0)))
        pieces.append(Span(cell * (end - begun), _STYLES.get(cell, TextStyle.MUTED)))
        begun = end
    words = {"other": "other: preparing and after"}
    legend = "  ".join(f"{cell} {words.get(name, name)}" for name, _, cell in parts)
    return [tuple(piece for piece in pieces if piece.text), line((f" {legend}", TextStyle.MUTED))]


def _queue_lines(
    start: StartEstimate, metrics: JobMetrics | None, now: datetime, width: int
) -> list[StyledLine]:
    place = metrics.queue_position if metrics is not None else None
    told = metrics.estimated_start if metrics is not None else None
    rows: list[tuple[str, str]] = []
    if place is not None:
        rows.append(("place in line", f"{place:,}"))
    rows.append(("in the queue", NOTHING if start.queue is None else f"{start.queue:,} jobs of this backend"))
    if told is not None:
        rows.append(("expected start", f"{format_datetime(told)}, says the service"))
    if start.at is not None:
        by = (
            "the queue and your last runs here"
            if start.queue is not None and start.runs
            else "your last waits"
        )
        rows.append(("an estimate", f"starts {_in(start.at, now)}, by {by}"))
    else:
        rows.append(("an estimate", "none: no job of yours ran on this backend that is known here"))
    if start.waits:
        waits = sorted(start.waits)
        ends = (
            f"{duration(waits[0])} to {duration(waits[-1])}, half of them {duration(waits[len(waits) // 2])}"
        )
        rows.append(("you waited", f"{ends} or less, the last {len(waits)} times"))
    lines: list[StyledLine] = []
    for name, text in rows:
        for place_of_row, pieces in enumerate(wrapped(text, width - 18)):
            lines.append((Span(f" {'' if place_of_row else name:<16} ", TextStyle.MUTED), *pieces))
    return [*lines, BLANK]


def _in(at: datetime, now: datetime) -> str:
    return "any moment" if (at - now).total_seconds() < 10 else f"in about {age(now, at)}"


def _billed_lines(job: Job, time: JobTime, formula: float | None) -> list[StyledLine]:
    billed = time.billed
    unknown = "not told" if job.status.final else "not settled yet"
    rows = [("billed", unknown if billed is None else duration(billed))]
    for name, estimate in (("estimate", job.estimated_seconds), ("IBM's formula", formula)):
        if estimate is None:
            continue
        beside = ""
        if billed:
            off = (estimate - billed) / billed * 100
            beside = (
                f"  {abs(off):.0f} % too {'high' if off > 0 else 'low'}" if abs(off) >= 0.5 else "  right"
            )
        rows.append((name, f"{duration(estimate)}{beside}"))
    return [line((f" {name:<16} ", TextStyle.MUTED), text) for name, text in rows]


def _span_lines(spans: Sequence[ExecutionSpan], width: int) -> list[StyledLine]:
    """When each part ran, on one axis of time."""
    if not spans:
        return [
            BLANK,
            line((" When the device ran its parts is not told with this result.", TextStyle.MUTED)),
        ]
    first, last = min(span.start for span in spans), max(span.stop for span in spans)
    total = (last - first).total_seconds() or 1.0
    together = -(-len(spans) // MOST_SPANS)
    room = max(10, width - 36)
    busy = sum(span.seconds for span in spans)
    head = f"  {len(spans):,} over {duration(total)}, the device busy for {duration(busy)}"
    lines = [BLANK, line((" executions", TextStyle.STRONG), (head, TextStyle.MUTED))]
    for place in range(0, len(spans), together):
        group = spans[place : place + together]
        cells = [" "] * room
        for span in group:
            begin = (span.start - first).total_seconds() / total
            end = (span.stop - first).total_seconds() / total
            left = min(room - 1, int(begin * room))
            for cell in range(left, max(left + 1, min(room, round(end * room)))):
                cells[cell] = "█"
        seconds = sum(span.seconds for span in group)
        label = f" {_what(group):<22}{duration(seconds):>9}  "
        lines.append(line((label, TextStyle.MUTED), ("".join(cells), TextStyle.BAR)))
    axis = f"{'0 s':<{room // 2}}{duration(total):>{room - room // 2}}"
    return [*lines, line((" " * 34 + axis, TextStyle.MUTED))]


def _what(group: Sequence[ExecutionSpan]) -> str:
    sizes: dict[int, int] = {}
    for span in group:
        for pub, size in span.parts:
            sizes[pub] = sizes.get(pub, 0) + size
    if not sizes:
        return "a part"
    if len(sizes) > 1:
        return f"PUBs {min(sizes) + 1}-{max(sizes) + 1}  {sum(sizes.values()):,}"
    ((pub, size),) = sizes.items()
    return f"PUB {pub + 1}  {size:,}"


def _clock(moment: datetime | None) -> str:
    return "" if moment is None else f" {moment.astimezone():%H:%M:%S}"


def _no_clock(_moment: datetime | None) -> str:
    return ""
