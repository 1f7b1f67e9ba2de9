"""`qdeck watch`: what becomes of jobs, as it happens, until all of them are over."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from tui.commands.jobs.jobs import LIST_SECONDS
from tui.commands.jobs.views import job_table, state_word
from tui.commands.shared.context import signed_in_services, time_limit, waiting_for_service
from tui.commands.shared.listing import Format, Output, emit_listing
from tui.commands.shared.output import Exit, emit_line, emit_lines, say, table_lines
from tui.commands.shared.selection import ServiceChoice, service_facts, service_label
from tui.common.errors import QdeckError
from tui.domain.accounts import Identity
from tui.domain.export.documents import job_facts
from tui.domain.jobs import Job, JobQuery, JobStatus
from tui.monitor.services import AppServices

MOST_WATCHED = 200
"""Jobs that are watched where none is named."""


async def watch(
    choice: ServiceChoice, environ: Mapping[str, str], job_ids: Sequence[str], listing: Output
) -> Exit:
    """Print each change of state of jobs until nothing more happens to any of them.

    Args:
        choice: the service meant.
        environ: the environment.
        job_ids: the jobs; none: all that are queued or running.
        listing: the form. A table and JSON lines on stdout grow as it happens; else it is printed at the end.

    Returns:
        The exit status; a failure where a job did not end as done.

    Raises:
        UsageFault: there is no account.
        QdeckError: signing in failed, or the service knows no such job.
    """
    async with signed_in_services(choice, environ, seconds=LIST_SECONDS) as opened:
        services = opened.services
        async with waiting_for_service(time_limit(choice, environ, LIST_SECONDS)):
            watched = await _asked(services, opened.identity, job_ids)
        return await watch_jobs(services, opened.identity, watched, listing)


async def _asked(services: AppServices, identity: Identity, job_ids: Sequence[str]) -> list[str]:
    if job_ids:
        return [
            (await services.jobs.fetch(job_id, with_params=False)).id for job_id in dict.fromkeys(job_ids)
        ]
    await services.jobs.fetch_newest(MOST_WATCHED, JobQuery(pending=True))
    label = service_label(identity)
    return [job.id for job in services.jobs.all() if job.service == label and not job.over][:MOST_WATCHED]


async def watch_jobs(
    services: AppServices, identity: Identity, job_ids: Sequence[str], listing: Output
) -> Exit:
    """Print each change of state of known jobs until all are over, as `watch` does."""
    growing = not listing.file and listing.format in {Format.TABLE, Format.JSONL}
    if not job_ids:
        say("No job is queued or running.")
    changed = asyncio.Event()
    unsubscribe = services.events.subscribe(lambda _event: changed.set())
    printed: dict[str, str] = {}
    try:
        while True:
            changed.clear()
            jobs = await _settled(services, job_ids, printed)
            for job in jobs:
                if growing and printed.get(job.id) != state_word(job):
                    _emit(job, listing.format)
                printed[job.id] = state_word(job)
            if all(job.over for job in jobs):
                break
            await changed.wait()
    finally:
        unsubscribe()
    gone = sorted(set(job_ids) - {job.id for job in jobs})
    if gone:
        say(f"Deleted while watched: {', '.join(gone)}.")
    if not growing:
        _emit_all(jobs, identity, listing)
    return Exit.DONE if not gone and all(job.status is JobStatus.DONE for job in jobs) else Exit.FAILED


async def _settled(services: AppServices, job_ids: Iterable[str], printed: Mapping[str, str]) -> list[Job]:
    """Return the jobs, those that have just become final with the QPU seconds they are charged."""
    jobs: list[Job] = []
    for job_id in job_ids:
        job = services.jobs.get(job_id)
        if job is not None and job.status.final and printed.get(job_id) != state_word(job):
            with contextlib.suppress(QdeckError):  # the state is known without it
                await services.jobs.metrics(job_id)
            job = services.jobs.get(job_id)
        jobs += [] if job is None else [job]
    return jobs


def _emit(job: Job, form: Format) -> None:
    now = datetime.now(UTC)
    if form is Format.JSONL:
        emit_line(json.dumps({"at": now.isoformat(timespec="seconds"), **job_facts(job)}))
        return
    used = "" if job.qpu_seconds is None else f"{job.qpu_seconds:g} s"
    row = (f"{now.astimezone():%H:%M:%S}", job.id, state_word(job), job.name, job.backend, used)
    emit_lines(table_lines((), [row], aligned=False))


def _emit_all(jobs: Sequence[Job], identity: Identity, listing: Output) -> None:
    facts = [job_facts(job) for job in jobs]
    emit_listing(
        listing,
        answer={**service_facts(identity), "jobs": facts},
        entries=facts,
        tables=[job_table(jobs)],
    )
