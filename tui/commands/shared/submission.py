"""The submission of `qdeck run` on its way: in line, until it is a job, until the job is over."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable
from datetime import UTC, datetime

from tui.commands.shared.output import Exit, UsageFault, explain, say
from tui.commands.shared.progress import Progress
from tui.common.errors import ErrorKind, QdeckError
from tui.domain.jobs import Job, JobStatus
from tui.domain.submissions import Submission, WaitingSubmission, WaitState
from tui.monitor.outbox.context import describe
from tui.monitor.outbox.send_queue import DISK_FULL
from tui.monitor.services import AppServices
from tui.monitor.state.events import Event, OutboxChanged
from tui.store.records.models import PendingState

MOST_REPEATS = 2
"""How often a submission that was not created is sent again."""
MOST_DISK_TRIES = 6
"""How often the disk may refuse to take down that a submission is being sent, some seconds apart."""
EARLIER_SECONDS = 180.0
"""Seconds a command stays for what earlier runs left in line, after its own work is done."""


_SLOW = {
    WaitState.SENDING: "Sending the job to the service",
    WaitState.UNCONFIRMED: "Asking the service whether it has the job",
}


class QueueTalk:
    """Prints what becomes of the submissions in line: why ours waits, and which jobs earlier ones became.

    Args:
        services: signed in.

    Attributes:
        earlier: own tags of the submissions that earlier runs left, and that this process sends.
    """

    def __init__(self, services: AppServices) -> None:
        self.earlier: set[str] = set()
        self._services = services
        self._ours: set[str] = set()
        self._last_reason = ""
        self._progress = Progress()
        self._unsubscribe = services.events.subscribe(self._changed, OutboxChanged)
        self._see(services.outbox.queue.waiting())

    def close(self) -> None:
        """Print nothing any more."""
        self._unsubscribe()
        self._progress.show("")

    def _changed(self, event: Event) -> None:
        assert isinstance(event, OutboxChanged)
        self._see(event.waiting)

    def _see(self, waiting: tuple[WaitingSubmission, ...]) -> None:
        here = self._services.outbox.context.queued_here
        for one in waiting:
            if one.tag in here or one.tag in self._ours:
                self._ours.add(one.tag)
                self._say_why(one)
        states = {one.state for one in waiting if one.tag in self._ours}
        self._progress.show(next((words for state, words in _SLOW.items() if state in states), ""))
        for one in self._services.outbox.queue.in_line():
            if one.tag not in self._ours:
                self._say_earlier(one)
        left = self.earlier - {one.tag for one in waiting if one.state is not WaitState.NOT_CREATED}
        self.earlier -= left
        for tag in sorted(left):
            self._say_ended(tag)

    def _say_why(self, ours: WaitingSubmission) -> None:
        if ours.state is not WaitState.WAITING or not ours.why:
            return
        reason = f"{ours.why}{_due(ours)}"
        if reason != self._last_reason:
            self._last_reason = reason
            ahead = f", {ours.place - 1} ahead of it" if ours.place > 1 else ""
            say(f"Waiting in line{ahead}: {reason}.")

    def _say_earlier(self, one: WaitingSubmission) -> None:
        if one.tag not in self.earlier:
            self.earlier.add(one.tag)
            why = f": {one.why}{_due(one)}" if one.why else ""
            waits = one.state is WaitState.WAITING
            what = f"is in line, and is sent now{why}" if waits else "may be a job: looking for it"
            say(f"From an earlier run “{one.submission.name}” {what}.")

    def _say_ended(self, tag: str) -> None:
        pending = self._services.outbox.context.app_state.history.submission(tag)
        if pending is not None and pending.job_id:
            say(f"{describe(pending)} is job {pending.job_id}.")


def _due(one: WaitingSubmission) -> str:
    if one.due is None:
        return ""
    # A service may ask to wait until tomorrow.
    today = one.due.date() == datetime.now(UTC).date()
    return f"; next try at {one.due:{'%H:%M:%S' if today else '%Y-%m-%d %H:%M:%S'}} UTC"


async def submit(services: AppServices, submission: Submission) -> Job:
    """Submit, and again when the service said twice that there is no such job after an ambiguous request.

    Cancelled while it waits in the send queue, it is withdrawn.

    Returns:
        The job that the service created.

    Raises:
        QdeckError: as `Outbox.submit`; `STORAGE`: it is in line, but the disk has been full since.
    """
    outbox = services.outbox
    work = outbox.submit(submission)
    try:
        for _ in range(MOST_REPEATS):
            try:
                return await _while_disk_takes_it(services, work)
            except QdeckError:
                tag = _not_created(services)
                if not tag:
                    raise
                say("It was not created: the service said twice that it has no such job. Submitting again.")
                work = outbox.submit_again(tag)
        return await _while_disk_takes_it(services, work)
    except asyncio.CancelledError:
        for tag in sorted(services.outbox.context.queued_here):
            with contextlib.suppress(QdeckError):  # too late: it is being sent
                await services.outbox.queue.withdraw(tag)
                say("Stopped waiting in line. Nothing was submitted.")
        raise


async def _while_disk_takes_it(services: AppServices, work: Awaitable[Job]) -> Job:
    """Wait for the job as long as the disk takes down what is to be known before it is sent.

    Raises:
        QdeckError: what `work` raises; `STORAGE`: the disk refused too often. The submission is withdrawn.
    """
    context, queue = services.outbox.context, services.outbox.queue
    full = asyncio.Event()
    tries = 0

    def count(event: Event) -> None:
        nonlocal tries
        assert isinstance(event, OutboxChanged)
        refused = any(one.tag in context.queued_here and one.why == DISK_FULL for one in event.waiting)
        tries = tries + 1 if refused else 0
        if tries > MOST_DISK_TRIES:
            full.set()

    unsubscribe = services.events.subscribe(count, OutboxChanged)
    job, refusal = asyncio.ensure_future(work), asyncio.ensure_future(full.wait())
    try:
        await asyncio.wait({job, refusal}, return_when=asyncio.FIRST_COMPLETED)
        if job.done():
            return await job
        for tag in sorted(context.queued_here):
            with contextlib.suppress(QdeckError):  # too late: it is being sent
                await queue.withdraw(tag)
        with contextlib.suppress(QdeckError):
            return await job
        raise QdeckError(
            ErrorKind.STORAGE,
            "Nothing was submitted: the disk is full, so that it cannot be written down first.",
            "Make room and submit it again.",
        )
    finally:
        unsubscribe()
        refusal.cancel()
        job.cancel()


def _not_created(services: AppServices) -> str:
    """Return the own tag of what was submitted here and was not created, for certain; empty: nothing."""
    context = services.outbox.context
    known = (context.app_state.history.submission(tag) for tag in context.queued_here)
    return next((one.tag for one in known if one is not None and one.state is PendingState.UNSENT), "")


def say_left_in_line(services: AppServices) -> None:
    """Print how many submissions of earlier runs are no jobs yet, for a command that sends nothing."""
    waiting = services.outbox.queue.waiting()
    if left := [one for one in waiting if not one.elsewhere and one.state is not WaitState.NOT_CREATED]:
        many = (
            "1 submission is not known to be a job"
            if len(left) == 1
            else (f"{len(left)} submissions are not known to be jobs")
        )
        say(f"From earlier runs {many} yet. `qdeck run` or the app sees to that.")


async def submitting(services: AppServices, work: Awaitable[Exit]) -> Exit:
    """Do work that submits, saying what becomes of what is in line; then send what earlier runs left.

    Args:
        services: signed in.
        work: gives the exit status; a `UsageFault` or `QdeckError` of it is printed.

    Returns:
        The exit status.
    """
    talk = QueueTalk(services)
    try:
        status = await work
    except UsageFault as fault:
        say(f"qdeck: {fault}")
        status = Exit.USAGE
    except QdeckError as error:
        explain(error)
        status = Exit.FAILED
    await send_earlier(services, talk)
    talk.close()
    return status


async def send_earlier(services: AppServices, talk: QueueTalk) -> None:
    """Stay until what earlier runs left in line has been sent or found, for some time."""
    service = services.connection.service
    if service is None or services.read_only:
        return
    changed = asyncio.Event()
    unsubscribe = services.events.subscribe(lambda _event: changed.set(), OutboxChanged)
    try:
        await services.outbox.reconciler.adopt(service)
        async with asyncio.timeout(EARLIER_SECONDS):
            while talk.earlier:
                changed.clear()
                await changed.wait()
    except TimeoutError:
        say(f"Not waited for any longer: {len(talk.earlier)} in line are left to the next qdeck.")
    except QdeckError as error:
        explain(error)
    finally:
        unsubscribe()


async def wait_until_over(services: AppServices, job_id: str) -> Job:
    """Wait until nothing more happens to the job, printing each change of state.

    Returns:
        The job in its final state.

    Raises:
        QdeckError: `NOT_FOUND` when it was deleted meanwhile, here or on the service.
    """
    changed = asyncio.Event()
    unsubscribe = services.events.subscribe(lambda _event: changed.set())
    try:
        printed: JobStatus | None = None
        while True:
            changed.clear()
            job = services.jobs.get(job_id)
            if job is None or (job.over and not job.status.final):
                raise QdeckError(
                    ErrorKind.NOT_FOUND,
                    f"Job {job_id} is not on the service any more: it was deleted while it was waited for.",
                )
            if job.status is not printed:
                if printed is not None:
                    say(f"Job {job_id}: {_state(job)}.")
                printed = job.status
            if job.status.final:
                return job
            await changed.wait()
    finally:
        unsubscribe()


def _state(job: Job) -> str:
    return job.status_text or job.status if job.status is JobStatus.UNKNOWN else job.status
