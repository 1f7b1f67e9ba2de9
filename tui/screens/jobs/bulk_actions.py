"""Actions on many marked jobs: asked once, done one after the other, summed up in one notice."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from tui.common.errors import ErrorKind, QdeckError
from tui.common.safe_text import shorten
from tui.domain.jobs import Job
from tui.monitor.state.events import Severity
from tui.screens.base import SectionScreen
from tui.screens.dialogs.confirm import Confirm
from tui.screens.jobs.actions import came_too_late, job_label
from tui.widgets.text.format import format_count

_ENDS = {ErrorKind.NETWORK, ErrorKind.WRONG_KEY, ErrorKind.EXPIRED, ErrorKind.RATE_LIMITED, ErrorKind.STORAGE}
"""Failures that the next job would meet as well."""


@dataclass(frozen=True, slots=True)
class BulkAction:
    """Something to be done to each of some jobs.

    Attributes:
        doing: what it is called while it is done: "cancelling".
        done: what it is called afterwards: "Asked the service to cancel".
        do: does it to one; raises `QdeckError`.
        needless: whether an error says that there is nothing to be done any more.
        unmarks: the jobs are not marked any more once it is done: the next key means others.
    """

    jobs: tuple[Job, ...]
    doing: str
    done: str
    do: Callable[[Job], Awaitable[None]]
    needless: Callable[[Job, QdeckError], bool] = lambda _job, _error: False
    unmarks: bool = False


async def run_bulk_action(
    screen: SectionScreen, bulk_action: BulkAction, progress: Callable[[str], None]
) -> list[str]:
    """Do the action to one job after the other; a failure of one does not keep it from the rest.

    Args:
        screen: shows the outcome.
        action: what is done to which jobs.
        progress: called with the progress in words.

    Returns:
        Ids of the jobs to which nothing is left to be done.
    """
    failures: list[QdeckError] = []
    settled: list[str] = []
    done = already = 0
    for place, job in enumerate(bulk_action.jobs, 1):
        progress(f"{bulk_action.doing} {place} of {len(bulk_action.jobs)}")
        try:
            await bulk_action.do(job)
            done += 1
            settled.append(job.id)
        except QdeckError as error:
            if bulk_action.needless(job, error):
                already += 1
                settled.append(job.id)
                continue
            failures.append(error)
            if error.kind in _ENDS:
                break
    progress("")
    text = f"{bulk_action.done} {format_count(done, 'job')}."
    if already:
        text += f" {format_count(already, 'job')} {'was' if already == 1 else 'were'} already over."
    if not failures:
        screen.shell.show_notice(text)
        return settled
    left = len(bulk_action.jobs) - done - already - len(failures)
    text += f" {format_count(len(failures), 'job')} failed" + (f", {left} not tried" if left else "")
    screen.shell.show_notice(f"{text}: {failures[0]}", Severity.ERROR)
    return settled


def _marked_are(jobs: Sequence[Job]) -> str:
    return f"The {format_count(len(jobs), 'marked job')} {'is' if len(jobs) == 1 else 'are'}"


async def ask_cancel_many(screen: SectionScreen, jobs: Sequence[Job], hidden: int) -> BulkAction | None:
    """Ask whether to cancel the jobs that are not over.

    Args:
        screen: the screen that asks.
        jobs: the marked jobs.
        hidden: how many of them the table does not show.

    Returns:
        The action; `None` when nothing is to be done.
    """
    going = tuple(job for job in jobs if not job.status.final)
    if not going:
        screen.shell.show_notice(f"{_marked_are(jobs)} over: there is nothing to cancel.")
        return None
    over = len(jobs) - len(going)
    sure = await screen.app.push_screen_wait(
        Confirm(
            f"Cancel {format_count(len(going), 'job')}?",
            f"{_named(going)}{_hidden(hidden)}"
            + (f" {format_count(over, 'marked job')} more: over already." if over else "")
            + " What they have measured so far is lost; QPU time they have used is charged.",
            f"Cancel {format_count(len(going), 'job')}",
            keep="Keep them",
        )
    )
    if not sure:
        return None
    return BulkAction(
        going,
        "cancelling",
        "Asked the service to cancel",
        lambda job: screen.services.jobs.cancel(job.id),
        lambda job, error: came_too_late(screen, job, error),
        unmarks=True,
    )


async def ask_delete_many(screen: SectionScreen, jobs: Sequence[Job], hidden: int) -> BulkAction | None:
    """Ask whether to delete the jobs that are over.

    Args:
        screen: the screen that asks.
        jobs: the marked jobs.
        hidden: how many of them the table does not show.

    Returns:
        The action; `None` when nothing is to be done.
    """
    if screen.services.connection.identity is None:
        screen.shell.show_notice(
            "Not signed in: jobs are deleted on their service too. F7 signs in.", Severity.WARNING
        )
        return None
    over = tuple(job for job in jobs if job.over)
    if not over:
        text = f"{_marked_are(jobs)} not over: only then can {'it' if len(jobs) == 1 else 'they'} be deleted."
        screen.shell.show_notice(text, Severity.WARNING)
        return None
    going = len(jobs) - len(over)
    sure = await screen.app.push_screen_wait(
        Confirm(
            f"Delete {format_count(len(over), 'job')}?",
            f"{_named(over)}{_hidden(hidden)}"
            + (f" {format_count(going, 'marked job')} more: not over, so left alone." if going else "")
            + " The jobs and their results are deleted, here and on the service."
            + " They cannot be brought back.",
            f"Delete {format_count(len(over), 'job')}",
            keep="Keep them",
        )
    )
    if not sure:
        return None
    return BulkAction(over, "deleting", "Deleted", lambda job: screen.services.jobs.delete(job.id))


def _named(jobs: Sequence[Job]) -> str:
    names = ", ".join(shorten(job_label(job), 24) for job in jobs[:3])
    return f"{names} and {len(jobs) - 3:,} more." if len(jobs) > 3 else f"{names}."


def _hidden(count: int) -> str:
    return f" {count:,} of the marked are not shown by the filter." if count else ""
