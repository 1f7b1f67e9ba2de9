"""`qdeck jobs` and `qdeck cancel`."""

from __future__ import annotations

from collections.abc import Mapping

from tui.domain.errors import QdeckError
from tui.domain.jobs import Job, JobStatus
from tui.headless.answers import job_facts
from tui.headless.choice import ServiceChoice, service_facts, service_label
from tui.headless.opening import signed_in_deck
from tui.headless.talk import Exit, emit_json, emit_table, explain, say

HEAD = ("STATUS", "JOB", "NAME", "BACKEND", "PROGRAM", "CREATED (UTC)", "TAGS")


async def list_jobs(choice: ServiceChoice, environ: Mapping[str, str], *, limit: int, as_json: bool) -> Exit:
    """Print the newest jobs of the account, as the service tells them now.

    When the service answers the sign-in but not the list, what the history holds is printed, marked
    `stale`, and the status is that of a failure.

    Raises:
        QdeckError: signing in failed.
    """
    async with signed_in_deck(choice, environ) as opened:
        stale = False
        try:
            await opened.deck.look_back(limit)
        except QdeckError as error:
            explain(error)
            say("What follows is what was known before.")
            stale = True
        label = service_label(opened.identity)
        jobs = [job for job in opened.deck.jobs() if job.service == label][:limit]
        if as_json:
            emit_json(
                {**service_facts(opened.identity), "stale": stale, "jobs": [job_facts(job) for job in jobs]}
            )
        else:
            emit_table(HEAD, [_row(job) for job in jobs])
            if not jobs:
                say("No jobs yet. `qdeck run FILE` submits one.")
        return Exit.FAILED if stale else Exit.DONE


async def cancel_job(choice: ServiceChoice, environ: Mapping[str, str], job_id: str) -> Exit:
    """Cancel a job on the service.

    Raises:
        QdeckError: there is no such job, it is already final, or the service said no.
    """
    async with signed_in_deck(choice, environ) as opened:
        await opened.deck.cancel(job_id)
        say(f"Cancelled job {job_id}.")
        return Exit.DONE


def _row(job: Job) -> tuple[str, ...]:
    status = job.status_text if job.status is JobStatus.UNKNOWN and job.status_text else str(job.status)
    created = job.created.strftime("%Y-%m-%d %H:%M:%S")
    return (status, job.id, job.name, job.backend, job.program, created, " ".join(job.tags))
