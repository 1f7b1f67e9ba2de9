"""Saved views of the job table for `qdeck jobs --view`: which jobs, in which order, with which columns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from datetime import datetime
from pathlib import Path

from tui.commands.shared.listing import Table
from tui.commands.shared.output import UsageFault
from tui.common.bounded_read import UnsuitableFile
from tui.common.safe_text import plain
from tui.config.view_settings import NAME, load_view
from tui.domain.jobs import Job, JobStatus
from tui.jobquery.filters import FilterError, JobFilter, matcher, parse_filter
from tui.jobquery.job_list import HEAD, build_rows
from tui.jobquery.view import SavedView


def state_word(job: Job) -> str:
    """Return the word for the job's state: the service's own one where qdeck knows none."""
    return job.status_text if job.status is JobStatus.UNKNOWN and job.status_text else str(job.status)


def format_moment(then: datetime | None) -> str:
    """Return a time (UTC) as the tables of commands show it; empty: none."""
    return "" if then is None else then.strftime("%Y-%m-%d %H:%M:%S")


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:g}"


CELLS: Mapping[str, tuple[str, Callable[[Job], str]]] = {
    "status": ("STATUS", state_word),
    "id": ("JOB", lambda job: job.id),
    "name": ("NAME", lambda job: job.name),
    "backend": ("BACKEND", lambda job: job.backend),
    "primitive": ("PROGRAM", lambda job: job.primitive),
    "age": ("CREATED (UTC)", lambda job: format_moment(job.created)),
    "tags": ("TAGS", lambda job: " ".join(job.tags)),
    "shots": ("SHOTS", lambda job: _number(job.shots)),
    "qpu": ("QPU s", lambda job: _number(job.qpu_seconds)),
    "session": ("SESSION", lambda job: job.session_id),
    "instance": ("INSTANCE", lambda job: job.instance),
    "service": ("SERVICE", lambda job: job.service),
    "estimate": ("EST s", lambda job: _number(job.estimated_seconds)),
    "finished": ("FINISHED (UTC)", lambda job: format_moment(job.finished)),
    "reason": ("REASON", lambda job: job.reason),
    "slurm": ("SLURM", lambda job: job.slurm_job),
}
"""Head and cell of each column of the app's table, by the column's id."""
STANDARD = ("status", "id", "name", "backend", "primitive", "age", "tags")
"""Columns of a list without a view, and of a view that has none of its own."""


def job_table(jobs: Iterable[Job], columns: Sequence[str] = STANDARD) -> Table:
    """Return jobs as a table with these columns."""
    cells = [CELLS[column] for column in columns if column in CELLS]
    return Table(tuple(head for head, _ in cells), [tuple(cell(job) for _, cell in cells) for job in jobs])


def kept_view(folder: Path, name: str, account: str) -> SavedView:
    """Find a saved view.

    Args:
        folder: where the app keeps its state.
        name: the name of the view.
        account: whose it is (`Connection.account`); empty: nobody is signed in, anybody's will do.

    Raises:
        UsageFault: there is none of that name, or the file cannot be read.
    """
    try:
        kept = load_view(folder)
    except (OSError, ValueError, UnsuitableFile) as error:
        raise UsageFault(f"{folder / NAME} cannot be read: {plain(str(error), limit=200)}.") from error
    views = kept.views_of(account) if account else kept.views
    found = next((one for one in views if one.name == name), None)
    if found is None:
        names = ", ".join(sorted({plain(one.name, limit=60) for one in views}))
        there = f"those of this account: {names}" if names else "none is kept for this account"
        raise UsageFault(
            f"There is no view {plain(name, limit=60)!r}; {there}. "
            "`:view NAME` over the table of the app keeps one."
        )
    return found


def view_filter(view: SavedView) -> JobFilter:
    """Parse the filter of a saved view.

    Raises:
        UsageFault: it cannot be read.
    """
    try:
        return parse_filter(view.filter)
    except FilterError as error:
        raise UsageFault(f"The filter of the view cannot be read: {error.message}") from error


def arranged(jobs: Iterable[Job], view: SavedView, now: datetime, unseen: Set[str]) -> list[Job]:
    """Filter and sort jobs as a saved view does; those of a group stand together.

    Args:
        jobs: newest first.
        view: the view.
        now: the time (UTC) from which ages are counted.
        unseen: ids of the jobs that finished and were not looked at since.

    Raises:
        UsageFault: the filter of the view cannot be read.
    """
    wanted = view_filter(view)
    by_id = {job.id: job for job in jobs}
    keep = matcher(wanted.terms, now, unseen) if wanted else None
    rows = build_rows(by_id.values(), keep, view.order, view.grouping).rows
    return [by_id[key] for key in rows if not key.startswith(HEAD)]
