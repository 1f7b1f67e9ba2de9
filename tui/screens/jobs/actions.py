"""What the job table and the job view both do to one job: cancel it, delete it; and what waits to be one."""

from __future__ import annotations

from collections.abc import Iterator

from tui.common.errors import ErrorKind, QdeckError
from tui.common.safe_text import shorten
from tui.domain.jobs import Job
from tui.domain.submissions import WaitingSubmission, WaitState
from tui.monitor.state.events import Severity
from tui.screens.base import SectionScreen
from tui.screens.dialogs.confirm import Confirm
from tui.screens.dialogs.pick import Option, Pick
from tui.widgets.text.format import short_id


def job_label(job: Job) -> str:
    """Name a job in a sentence.

    Returns:
        Its name, else its id, cut to a readable length.
    """
    return shorten(job.name, 40) if job.name else short_id(job.id, 24)


async def ask_cancel(screen: SectionScreen, job: Job) -> None:
    """Ask, then cancel on the service.

    Raises:
        QdeckError: the service refused or was not reached.
    """
    if job.status.final:
        screen.shell.show_notice(f"{job_label(job)} is already {job.status}: there is nothing to cancel.")
        return
    sure = await screen.app.push_screen_wait(
        Confirm(
            f"Cancel {job_label(job)}?",
            f"The job {short_id(job.id, 40)} on {shorten(job.backend, 40)} is {job.status}. "
            "What it has measured so far is lost; QPU time it has used is charged.",
            "Cancel the job",
            keep="Keep it",
        )
    )
    if sure:
        try:
            await screen.services.jobs.cancel(job.id)
        except QdeckError as error:
            if not came_too_late(screen, job, error):
                raise
            # Nothing failed: what was to end has ended.
            screen.shell.show_notice(error.message, advice=error.advice)
            return
        screen.shell.show_notice(f"Asked the service to cancel {job_label(job)}.")


def came_too_late(screen: SectionScreen, job: Job, error: QdeckError) -> bool:
    """Return whether the service refused to cancel a job because it is over."""
    known = screen.services.jobs.get(job.id)
    return error.kind is ErrorKind.CONFLICT and known is not None and known.status.final


async def ask_delete(screen: SectionScreen, job: Job) -> bool:
    """Ask, then delete the job on the service and here.

    Returns:
        True when the job is gone.

    Raises:
        QdeckError: the service refused or was not reached.
    """
    if screen.services.connection.identity is None:
        screen.shell.show_notice(
            "Not signed in: a job is deleted on its service too. F7 signs in.", Severity.WARNING
        )
        return False
    if not job.over:
        screen.shell.show_notice(
            f"{job_label(job)} is {job.status}: only a job that is over can be deleted. c cancels it.",
            Severity.WARNING,
        )
        return False
    sure = await screen.app.push_screen_wait(
        Confirm(
            f"Delete {job_label(job)}?",
            f"The job {short_id(job.id, 40)} on {shorten(job.backend, 40)} and its result are deleted, here "
            "and on the service. They cannot be brought back.",
            "Delete the job",
            keep="Keep it",
        )
    )
    if not sure:
        return False
    await screen.services.jobs.delete(job.id)
    screen.shell.show_notice(f"Deleted {job_label(job)}.")
    return True


_WITHDRAW, _FIRST, _EARLIER, _LATER, _AGAIN = "withdraw", "first", "earlier", "later", "again"


async def ask_line(screen: SectionScreen) -> None:
    """Offer what can be done with each, and do what is picked.

    Raises:
        QdeckError: it is too late for that, or the service did not answer.
    """
    waiting = screen.services.outbox.queue.waiting()
    last = max((one.place for one in waiting if not one.elsewhere), default=0)
    options = [option for one in waiting for option in _options(one, last)]
    if not options:
        screen.shell.show_notice("Nothing waits: every submission is a job, or was refused.")
        return
    picked = await screen.app.push_screen_wait(Pick("Submissions that wait", options))
    if picked is None:
        return
    what, _, tag = picked.key.partition(" ")
    if what == _FIRST:
        place = next((one.place for one in screen.services.outbox.queue.waiting() if one.tag == tag), 1)
        await screen.services.outbox.queue.move(tag, 1 - place)
    elif what in {_EARLIER, _LATER}:
        await screen.services.outbox.queue.move(tag, -1 if what == _EARLIER else 1)
    elif what == _AGAIN:
        await screen.services.outbox.send_again(tag)
    else:
        await screen.services.outbox.queue.withdraw(tag)


def _options(one: WaitingSubmission, last: int) -> Iterator[Option]:
    if one.elsewhere or one.state is WaitState.SENDING:
        return
    name = shorten(one.submission.name or one.submission.primitive, 24)
    if one.state is WaitState.WAITING:
        yield Option(f"{_WITHDRAW} {one.tag}", f"withdraw {name}", "nothing was sent")
        text = f"now number {one.place} in line"
        if one.place > 1:
            yield Option(f"{_FIRST} {one.tag}", f"send {name} first", text)
        if one.place > 2:
            yield Option(f"{_EARLIER} {one.tag}", f"send {name} one earlier", text)
        if one.place < last:
            yield Option(f"{_LATER} {one.tag}", f"send {name} one later", text)
    elif one.state is WaitState.NOT_CREATED:
        yield Option(f"{_AGAIN} {one.tag}", f"send {name} again", "it is looked for once more before")
        yield Option(f"{_WITHDRAW} {one.tag}", f"drop {name}", "no job of it is known")
    else:
        yield Option(f"{_WITHDRAW} {one.tag}", f"let go of {name}", "it may have become a job")
