"""`qdeck cancel`, `qdeck delete` and `qdeck tag`: what changes jobs on the service."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tui.commands.shared.changes import CHANGE_SECONDS, change_each, one_by_one
from tui.commands.shared.context import signed_in_services, time_limit
from tui.commands.shared.listing import Output, Table, emit_listing
from tui.commands.shared.output import Exit, UsageFault, say
from tui.commands.shared.selection import ServiceChoice, service_facts
from tui.common.safe_text import plain
from tui.domain.export.documents import job_facts
from tui.domain.jobs import Job
from tui.domain.submissions import check_tags
from tui.monitor.services import AppServices


async def cancel_jobs(choice: ServiceChoice, environ: Mapping[str, str], job_ids: Sequence[str]) -> Exit:
    """Cancel jobs on the service, each whatever became of the others.

    Returns:
        The exit status: a failure where there is no such job, it is over already, or the service said no.
    """

    async def cancel(services: AppServices, job_id: str) -> None:
        await services.jobs.cancel(job_id)
        say(f"Cancelled job {job_id}.")

    return await change_each(choice, environ, job_ids, cancel)


async def delete_jobs(choice: ServiceChoice, environ: Mapping[str, str], job_ids: Sequence[str]) -> Exit:
    """Delete jobs with their results, on the service and in the history, each whatever became of the others.

    Returns:
        The exit status: a failure where there is no such job, it is not over, or the service said no.
    """

    async def delete(services: AppServices, job_id: str) -> None:
        await services.jobs.delete(job_id)
        say(f"Deleted job {job_id}.")

    return await change_each(choice, environ, job_ids, delete)


async def tag_jobs(
    choice: ServiceChoice,
    environ: Mapping[str, str],
    job_ids: Sequence[str],
    listing: Output,
    *,
    added: Sequence[str] = (),
    removed: Sequence[str] = (),
    clear: bool = False,
) -> Exit:
    """Change tags of jobs, and print the tags that each has then; without a change, those it has.

    Args:
        choice: the service meant.
        environ: the environment.
        job_ids: the jobs.
        listing: the form and the file.
        added, removed: tags; what is there, or is not, stays so.
        clear: remove all that are there first.

    Returns:
        The exit status: a failure where a job could not be changed; the others are.

    Raises:
        UsageFault: there is no account, or nobody could want such tags.
    """
    if both := sorted(set(added) & set(removed)):
        raise UsageFault(f"{plain(both[0], limit=60)!r} is to be added and to be removed.")
    check_tags(tuple(added), room_for_own=False)
    done: list[Job] = []

    async def tag(services: AppServices, job_id: str) -> None:
        job = await services.jobs.fetch(job_id, with_params=False)
        kept = [one for one in job.tags if not clear and one not in removed]
        wanted = tuple(dict.fromkeys([*kept, *added]))
        if wanted != job.tags:
            await services.jobs.set_tags(job.id, wanted)
        done.append(services.jobs.get(job.id) or job)

    async with signed_in_services(choice, environ, seconds=CHANGE_SECONDS) as opened:
        status = await one_by_one(opened.services, job_ids, tag, time_limit(choice, environ, CHANGE_SECONDS))
        facts = [job_facts(job) for job in done]
        emit_listing(
            listing,
            answer={**service_facts(opened.identity), "jobs": facts},
            entries=facts,
            tables=[Table(("JOB", "NAME", "TAGS"), [(job.id, job.name, " ".join(job.tags)) for job in done])],
        )
        return status
