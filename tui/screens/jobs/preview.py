"""The lines around the job table: the job under the cursor, what waits to become one, how far it goes."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import datetime

from tui.common.errors import ErrorKind, QdeckError
from tui.common.safe_text import plain, shorten
from tui.domain.jobs import Job, JobStatus
from tui.domain.results import JobResult
from tui.domain.submissions import WaitingSubmission, WaitState
from tui.jobquery.filters import JobFilter
from tui.jobquery.job_list import JobList
from tui.monitor.services import AppServices
from tui.monitor.state.events import HistoryCoverage
from tui.widgets.tables.job_table import JobTable
from tui.widgets.text.format import age, duration, format_count, step_span
from tui.widgets.text.styled_text import BLANK, StyledLine, TextStyle, fit_line, line, width_of, wrapped
from tui.widgets.text.text_widgets import TextPane


def rule(text: Sequence[str], width: int) -> StyledLine:
    """Draw a thin rule across the screen.

    Args:
        facts: shown in the rule, from the left.
        width: cells.

    Returns:
        A line of `width` cells.
    """
    words = "  ".join(text)
    if not words:
        return line(("─" * width, TextStyle.MUTED))
    head = line(("── ", TextStyle.MUTED), (words, TextStyle.ACCENT), " ")
    room = width - width_of(head)
    return (*head, *line(("─" * room, TextStyle.MUTED))) if room > 0 else fit_line(head, width)


def job_preview(job: Job, result: StyledLine, now: datetime, width: int) -> list[StyledLine]:
    """Summarise a job: name, state and time; then its result, its failure, or its expected cost.

    Args:
        job: the job.
        result: the result in one line, or why it is not there.
        now: the time (UTC).
        width: cells.

    Returns:
        Two lines.
    """
    name = shorten(job.name or job.id, 40)
    when = age(job.finished or job.created, now)
    text = when if when == "now" else f"{when} ago"
    session = f"  session {shorten(job.session_id, 12)}" if job.session_id else ""
    head = line(
        " ",
        (name, TextStyle.STRONG),
        "  ",
        step_span(job.status),
        f" {text}",
        f"  {duration(job.qpu_seconds)} QPU" if job.qpu_seconds is not None else "",
        (session, TextStyle.MUTED),
        "  ",
        (" SANDBOX ", TextStyle.SANDBOX)
        if job.service.startswith("sandbox")
        else (shorten(job.service, 20), TextStyle.MUTED),
    )
    return [head, _body(job, result, width)]


class PreviewPane(TextPane, can_focus=False):
    """The job under the cursor with its result, beside the table."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._shown_id = ""

    def show_job(
        self, job: Job | None, result: JobResult | None, absence: StyledLine, now: Callable[[], datetime]
    ) -> None:
        """Show another job, or the same one as it is now.

        Args:
            job: the job; `None`: no row is under the cursor.
            result: its result, as far as it came.
            absence: why it did not come; blank: no reason is known.
            now: gives the time.
        """
        from tui.screens.jobs.page.data import JobData
        from tui.screens.jobs.page.pages import page_of, takes_long
        from tui.widgets.results.job_summary import facts

        data = JobData(result=result)

        def page(width: int) -> Sequence[StyledLine]:
            if job is None:
                return ()
            lines = [absence] if absence else page_of("Result", job, data, now(), width)
            return [*facts(job, now(), width), BLANK, *lines]

        home, self._shown_id = (job.id if job else "") != self._shown_id, job.id if job else ""
        self.show(page, home=home, in_thread=takes_long(data))


def result_absence(job: Job, error: QdeckError) -> StyledLine:
    """Say why the result of a job is not there.

    Returns:
        One line.
    """
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


_ERROR_CELLS = 60
SHOWN = 4
_INKS = {
    WaitState.WAITING: TextStyle.WARNING,
    WaitState.SENDING: TextStyle.BUSY,
    WaitState.UNCONFIRMED: TextStyle.WARNING,
    WaitState.NOT_CREATED: TextStyle.BAD,
}


def coverage_text(coverage: HistoryCoverage) -> str:
    """Describe how far back all jobs of the account are known.

    Returns:
        A few words; empty when nothing is known of it.
    """
    if coverage.asking:
        return "older jobs: asking …"
    if coverage.error is not None:
        return f"older jobs: {shorten(coverage.error.message, _ERROR_CELLS)}"
    if coverage.whole:
        return "all jobs there are"
    return "" if coverage.since is None else f"all jobs since {coverage.since.astimezone():%Y-%m-%d}"


def coverage_matters(coverage: HistoryCoverage, table: JobTable, jobs: JobList) -> bool:
    """True when the coverage is worth showing: it changes now, or the user is near its end."""
    return coverage.asking or coverage.error is not None or near_the_end(coverage, table, jobs)


def near_the_end(coverage: HistoryCoverage, table: JobTable, jobs: JobList) -> bool:
    """True when a screenful further on jobs are older than all known ones, or the list ends."""
    keys = table.keys
    ahead = max(table.cursor_index, table.last_visible) + max(1, table.size.height - 1)
    oldest_first = jobs.order.column == "age" and jobs.order.descending
    if not keys or (ahead >= len(keys) and not oldest_first):
        return True
    if coverage.since is None or jobs.order.column != "age" or oldest_first:
        return False
    job = jobs.get(keys[ahead])
    return job is not None and job.created < coverage.since


def outbox_lines(
    waiting: Sequence[WaitingSubmission], now: datetime, *, hint: str = "w changes it"
) -> list[StyledLine]:
    """Return a line for each of the first submissions, and one for the rest.

    Args:
        waiting: submissions that have not become a job yet.
        now: the time, for countdowns.
        hint: the key at the end of the first line; empty names no key.

    Returns:
        At most `SHOWN` + 1 lines; empty when nothing waits longer than sending takes.
    """
    # One that is only on its way needs no line: it would come and go with every submission.
    waiting_long = [
        one for one in waiting if one.state is not WaitState.SENDING and (one.why or one.place > 1)
    ]
    lines = [_line_of(one, now, _key(one, at, hint)) for at, one in enumerate(waiting_long[:SHOWN])]
    if len(waiting_long) > SHOWN:
        lines.append(line((f"   and {len(waiting_long) - SHOWN} more in line", TextStyle.MUTED)))
    return lines


def _key(one: WaitingSubmission, at: int, hint: str) -> str:
    if hint and one.state is WaitState.UNCONFIRMED and not one.elsewhere:
        return "   w lets it go"
    return f"   {hint}" if hint and at == 0 else ""


def _line_of(one: WaitingSubmission, now: datetime, hint: str) -> StyledLine:
    word = str(one.state)
    if one.state is WaitState.WAITING and one.due is not None:
        word = f"waiting {max(0, math.ceil((one.due - now).total_seconds()))}s"
    submission = one.submission
    return line(
        f" {'◌' if one.state is WaitState.WAITING else '?'} ",
        (f"{word:<13}", _INKS[one.state]),
        f" {shorten(submission.name or submission.primitive, 30)}  {shorten(submission.backend, 30)}  ",
        (plain(one.why or "in line", limit=80) + hint, TextStyle.MUTED),
    )


def empty_text(services: AppServices, jobs: JobList, *, building: bool) -> str:
    """Say why the table has no rows, and which key helps.

    Args:
        services: who is signed in, and how far back jobs are known.
        jobs: the list and its filter.
        building: its rows are still being found.
    """
    if building and jobs.filter == JobFilter():
        return ""
    if len(jobs):
        wanted = plain(str(jobs.filter), limit=60)
        return f"No job fits “{wanted}”.\n\nesc shows all {len(jobs):,}.{_older_hint(services.jobs.coverage)}"
    if services.connection.identity is None:
        return "Not signed in.\n\nF7 signs in, or opens the sandbox: IBM Quantum, simulated on this machine."
    runs = "" if services.read_only else ", F9 runs it"
    others = services.jobs.elsewhere
    shows = f"\n\nO shows the {format_count(others, 'job')} of other accounts that the history holds."
    return (
        f"No jobs yet.\n\nF3 opens the editor: write a circuit or open an example, F8 transpiles it{runs}."
        f"{shows if others else ''}"
    )


def _older_hint(coverage: HistoryCoverage) -> str:
    """What to do where it may be among the older jobs."""
    words = coverage_text(coverage)
    if not words or coverage.whole:
        return ""
    text = f"{words[0].upper()}{words[1:]}"
    return f"\n\n{text}" if coverage.asking else f"\n\n{text}; end asks for older ones."
