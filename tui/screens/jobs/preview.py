"""The job under the cursor in two lines, and the rule above them that tells how the table is shown."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from tui.common.errors import ErrorKind, QdeckError
from tui.common.sanitize import plain, shorten
from tui.domain.jobs import Job, JobStatus
from tui.widgets.text.format import age, duration, step_span
from tui.widgets.text.styled_text import BLANK, StyledLine, TextStyle, fit_line, line, width_of, wrapped


def rule(told: Sequence[str], width: int) -> StyledLine:
    """A thin rule across the screen, with what is to be told in it."""
    words = "  ".join(told)
    if not words:
        return line(("─" * width, TextStyle.MUTED))
    head = line(("── ", TextStyle.MUTED), (words, TextStyle.ACCENT), " ")
    room = width - width_of(head)
    return (*head, *line(("─" * room, TextStyle.MUTED))) if room > 0 else fit_line(head, width)


def strip_of_job(job: Job, result: StyledLine, now: datetime, width: int) -> list[StyledLine]:
    """Name, state and time; then its result, its failure, or what it is expected to cost.

    Args:
        result: in one line, or why it is not there.
    """
    name = shorten(job.name or job.id, 40)
    when = age(job.finished or job.created, now)
    told = when if when == "now" else f"{when} ago"
    session = f"  session {shorten(job.session_id, 12)}" if job.session_id else ""
    head = line(
        " ",
        (name, TextStyle.STRONG),
        "  ",
        step_span(job.status),
        f" {told}",
        f"  {duration(job.qpu_seconds)} QPU" if job.qpu_seconds is not None else "",
        (session, TextStyle.MUTED),
        "  ",
        (" SANDBOX ", TextStyle.SANDBOX)
        if job.service.startswith("sandbox")
        else (shorten(job.service, 20), TextStyle.MUTED),
    )
    return [head, _body(job, result, width)]


def untold(job: Job, error: QdeckError) -> StyledLine:
    """Why the result of the job is not there."""
    if error.kind is ErrorKind.TOO_LARGE:
        return line(("large result: enter fetches it", TextStyle.MUTED))
    if error.kind is ErrorKind.CONFLICT and job.private:
        return line(("private result: enter fetches it", TextStyle.MUTED))
    return line((plain(error.message, limit=200), TextStyle.MUTED))


def _body(job: Job, result: StyledLine, width: int) -> StyledLine:
    if job.status is JobStatus.DONE:
        return line(" ", *result) if result else BLANK
    if job.status.final:
        reason = plain(job.reason, limit=400).replace("\n", " ") or "The service gave no reason."
        return line(" ", *wrapped(reason, width)[0])
    if job.estimated_seconds is not None:
        return line(f" about {duration(job.estimated_seconds)} of QPU time", (" estimated", TextStyle.MUTED))
    return BLANK
