"""A job run again from the app: exactly as it was, after a question that says what it takes."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence

from tui.common.errors import QdeckError
from tui.common.safe_text import shorten
from tui.domain.jobs import Job
from tui.domain.pricing import Price
from tui.domain.submissions import Submission
from tui.monitor.state.events import Severity
from tui.screens.base import SectionScreen
from tui.screens.dialogs.confirm import Confirm
from tui.screens.dialogs.rerun import Rerun
from tui.screens.jobs.actions import job_label
from tui.screens.jobs.bulk_actions import BulkAction
from tui.widgets.text.format import duration, format_count, short_id


async def ask_rerun(screen: SectionScreen, job: Job) -> BulkAction | None:
    """Ask whether to run a job again, and how often.

    Returns:
        What submits the copies; `None`: nothing is to be done.

    Raises:
        QdeckError: it cannot be run again; why.
    """
    if screen.services.connection.identity is None:
        screen.shell.show_notice(
            "Not signed in: a job is run again on its service. F7 signs in.", Severity.WARNING
        )
        return None
    submission = await screen.services.replays.submission(job.id)
    price = screen.services.pricing.known(submission)
    if price.seconds is None:
        # Submitted elsewhere: it takes what it took.
        price = Price(job.qpu_seconds)
    copies = await screen.app.push_screen_wait(
        Rerun(
            f"Run {job_label(job)} again?",
            await _lines(screen, job, submission, price),
            costs=not job.service.startswith("sandbox"),
        )
    )
    if not copies:
        return None

    async def submit(_: Job) -> None:
        await screen.services.outbox.submit(submission)

    return BulkAction((job,) * copies, "submitting copy", f"Ran {job_label(job)} again:", submit)


async def ask_rerun_many(screen: SectionScreen, jobs: Sequence[Job], note: str) -> BulkAction | None:
    """Ask whether to run each of some jobs again.

    Args:
        screen: the screen that asks.
        jobs: the marked ones.
        note: what is to be known of them, in a sentence.

    Returns:
        What submits them; `None`: nothing is to be done.

    Raises:
        QdeckError: none of them can be run again; why not the first one.
    """
    if screen.services.connection.identity is None:
        text = "Not signed in: jobs are run again on their service. F7 signs in."
        screen.shell.show_notice(text, Severity.WARNING)
        return None
    submissions: dict[str, Submission] = {}
    refusals: list[QdeckError] = []
    for job in jobs:
        try:
            submissions[job.id] = await screen.services.replays.submission(job.id)
        except QdeckError as error:
            refusals.append(error)
    if not submissions:
        raise refusals[0]
    again = tuple(job for job in jobs if job.id in submissions)
    parts = [
        "Each with the same program and options on its backend, once, in no session.",
        await _takes(screen, again, submissions),
        f"{format_count(len(refusals), 'marked job')} more: not to be run again. {refusals[0].message}"
        if refusals
        else "",
        note,
    ]
    count = format_count(len(again), "job")
    text = " ".join(part for part in parts if part)
    if not await screen.app.push_screen_wait(Confirm(f"Run {count} again?", text, f"Run {count}")):
        return None

    async def submit(job: Job) -> None:
        await screen.services.outbox.submit(submissions[job.id])

    return BulkAction(again, "submitting", "Ran again:", submit)


async def _takes(screen: SectionScreen, jobs: Sequence[Job], submissions: Mapping[str, Submission]) -> str:
    """What the jobs take together, and what the instance has left."""
    seconds: list[float] = []
    for job in jobs:
        price = screen.services.pricing.known(submissions[job.id])
        price = price if price.seconds is not None else Price(job.qpu_seconds)
        takes = price.at_most(submissions[job.id].max_seconds)
        seconds += [] if takes is None else [takes]
    usage = None
    with contextlib.suppress(QdeckError):
        usage = await screen.services.pricing.usage()
    left = None if usage is None else usage.remaining_seconds
    has = "" if left is None else f" The instance has {duration(left)} left."
    if not seconds:
        return has.strip()
    rest = len(jobs) - len(seconds)
    more = f", {format_count(rest, 'job')} of them not counted" if rest else ""
    return f"They take about {sum(seconds):.1f} s of QPU time{more}.{has}"


async def _lines(screen: SectionScreen, job: Job, submission: Submission, price: Price) -> list[str]:
    usage = None
    with contextlib.suppress(QdeckError):
        usage = await screen.services.pricing.usage()
    lines = [
        f"The same program and options as {short_id(job.id, 40)}, on {shorten(job.backend, 40)}, "
        "as they were submitted. It runs alone, in no session."
    ]
    seconds = price.at_most(submission.max_seconds)
    took = "" if job.qpu_seconds is None else f" The job itself was billed {job.qpu_seconds:.1f} s."
    takes = "" if seconds is None else f"Each copy takes about {seconds:.1f} s of QPU time."
    left = None if usage is None else usage.remaining_seconds
    has = "" if left is None else f" The instance has {duration(left)} left."
    if takes or took:
        lines.append(f"{takes}{took}{has}".strip())
    if price.exceeds(usage, submission.max_seconds):
        lines.append("That is more than the instance has left.")
    if submission.tags:
        lines.append(f"{format_count(len(submission.tags), 'tag')}: {', '.join(submission.tags)}.")
    return lines
