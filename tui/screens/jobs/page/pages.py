"""The views of a job's page as lines, from what is known of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from tui.domain.jobs import Job, JobStatus
from tui.domain.results import Counts, JobResult, PubResult
from tui.domain.statistics.bits import bit_figures
from tui.domain.statistics.predictions import NOTHING_FORETOLD
from tui.domain.statistics.waiting import job_time
from tui.screens.jobs.page.data import VIEWS, JobData
from tui.widgets.results.counts import view_words
from tui.widgets.results.histogram import result_page
from tui.widgets.results.job_summary import details_lines, raw_page
from tui.widgets.results.predictions import past_lines, trust_lines
from tui.widgets.results.qubit_lines import bit_lines, calibration_lines
from tui.widgets.results.time_lines import time_page
from tui.widgets.text.styled_text import BLANK, StyledLine, TextStyle, line
from tui.widgets.text.text_widgets import text_page, wrapped_page

MOST_BIT_TABLES: Final = 12
"""Registers and places of a sweep that are shown bit by bit."""
_MANY_PLACES: Final = 2_000
_ENDED = {JobStatus.FAILED: "failed", JobStatus.CANCELLED: "was cancelled"}


def first_view(last: str, job: Job | None) -> int:
    """Choose the view that a page begins with.

    Args:
        last: the view of the job that was looked at last; empty: none.
        job: the job, as far as it is known.

    Returns:
        Its place in `VIEWS`; of a job that is not done the first one, which says why.
    """
    done = job is not None and job.status is JobStatus.DONE
    return VIEWS.index(last) if done and last in VIEWS else 0


def page_of(view: str, job: Job, data: JobData, now: datetime, width: int) -> Sequence[StyledLine]:
    """Return the lines of a view.

    Args:
        view: its name.
        job: the job.
        data: what is known of it.
        now: the time.
        width: cells of a line.
    """
    trouble = data.errors.get(view)
    if trouble:
        return text_page(trouble)
    match view:
        case "Result":
            return _result(job, data, width)
        case "Bits":
            return _bits(job, data, width)
        case "Time":
            return _time(job, data, now, width)
        case "Calibration":
            return _calibration(job, data, width)
        case "Details":
            return [
                *details_lines(job, data.metrics, data.transpilation, data.formula, data.hashes),
                *past_lines(job.backend, data.past, width),
            ]
        case "Log":
            if data.log is None:
                return muted(
                    "Asking for the log …" if job.status.final else "The log comes when the job ends."
                )
            return wrapped_page(data.log, width) if data.log.strip() else muted("The log is empty.")
        case _:
            return raw_page(job, data.result)


def takes_long(data: JobData) -> bool:
    """Return whether pages of a result take long to make: 2 to 6 us for each value and each counts."""
    pubs = () if data.result is None else data.result.pubs
    return sum(len(pub.counts) + len(pub.values) for pub in pubs) > _MANY_PLACES


def muted(text: str) -> list[StyledLine]:
    """Return a sentence that stands for content."""
    return [line((text, TextStyle.MUTED))]


def _no_result(job: Job) -> list[StyledLine]:
    if job.status is JobStatus.DONE:
        return muted("Asking for the result …")
    if job.status.final:
        return muted(f"The job {_ENDED[job.status]}: it has no result. The log (8) may say more.")
    return muted("No result yet. It appears here by itself.")


def _result(job: Job, data: JobData, width: int) -> list[StyledLine]:
    result = data.shown
    if result is None:
        return _no_result(job)
    lines = _success(data, result, width)
    words = view_words(data.view)
    lines += [line((f" {words}", TextStyle.MUTED))] if words and _has_counts(result) else []
    return [*lines, *result_page(result, width, view=data.view, foretold=data.foretold)]


def _success(data: JobData, result: JobResult, width: int) -> list[StyledLine]:
    """The success that was estimated, and how far estimates of other jobs there came true."""
    if not _has_counts(result):
        return []
    made, lines = data.transpilation, []
    if made is not None and made.estimated_success is not None:
        idle = made.estimated_success_idle
        waiting = "" if idle is None else f", {idle * 100:.1f} % with waiting"
        lines.append(
            line(
                (" ESP      ", TextStyle.MUTED),
                f"{made.estimated_success * 100:.1f} %",
                (f"{waiting}, estimated at submission: a rank", TextStyle.MUTED),
            )
        )
    return [*lines, *trust_lines(data.past, width)]


def _has_counts(result: JobResult) -> bool:
    return any(pub.counts for pub in result.pubs)


def _bits(job: Job, data: JobData, width: int) -> list[StyledLine]:
    if data.result is None:
        return _no_result(job)
    tables: list[tuple[int, PubResult, Counts]] = [
        (place, pub, counts) for place, pub in enumerate(data.result.pubs) for counts in pub.counts
    ]
    if not tables:
        return muted("This result has no bits: values are in the result (1).")
    lines: list[StyledLine] = []
    for place, pub, counts in tables[:MOST_BIT_TABLES]:
        lines += [BLANK] if lines else []
        parts = data.parts_of(job, place)
        foretold = data.foretold.get(place, NOTHING_FORETOLD).of_register(counts)
        ideal = foretold.ideal if not counts.index and pub.sweep is None else None
        figures = bit_figures(counts, parts.measured, ideal, data.device("start"))
        where = "".join(f"[{number}]" for number in counts.index)
        several = f"PUB {place + 1}  " if len(data.result.pubs) > 1 else ""
        lines += bit_lines(f"{several}{counts.register}{where}", figures, width, data.layout)
    if len(tables) > MOST_BIT_TABLES:
        lines.append(line((f" and {len(tables) - MOST_BIT_TABLES:,} more", TextStyle.MUTED)))
    note = "QUBIT virtual→physical; READOUT in % and T1 by the calibration at its start"
    return [*lines, BLANK, line((f" {note}", TextStyle.MUTED))]


def _time(job: Job, data: JobData, now: datetime, width: int) -> list[StyledLine]:
    spans = data.spans or ()
    time = job_time(job, data.metrics, spans, now)
    start = data.start if job.status is JobStatus.QUEUED else None
    return time_page(job, data.metrics, time, spans, now, width, formula=data.formula, start=start)


def _calibration(job: Job, data: JobData, width: int) -> list[StyledLine]:
    if not data.moments:
        return muted("Asking for the calibrations …")
    parts = data.parts_of(job, data.pub)
    labels = {**{qubit: str(virtual) for qubit, virtual in data.layout.items()}, **parts.labels}
    lines = calibration_lines(data.moments, parts.qubits, parts.couplers, labels, width)
    if not parts.qubits:
        lines.append(line((" The circuit is not known here: no qubits can be named.", TextStyle.MUTED)))
    return lines
