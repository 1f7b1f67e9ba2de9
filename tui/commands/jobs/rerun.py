"""`qdeck rerun`: the same program, options and backend again, as they were submitted."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from tui.commands.shared.answers import emit_jobs, emit_result
from tui.commands.shared.context import OpenServices, signed_in_services, time_limit, waiting_for_service
from tui.commands.shared.output import Exit, emit_json, say
from tui.commands.shared.prices import known_usage, price_facts, refuse_beyond, say_price
from tui.commands.shared.selection import ServiceChoice, service_facts
from tui.commands.shared.submission import submit, submitting, wait_until_over
from tui.common.errors import QdeckError
from tui.common.values import Value
from tui.domain.export.documents import job_facts
from tui.domain.jobs import Job, JobStatus
from tui.domain.pricing import Price, total_price
from tui.domain.results import JobResult, pub_facts

SIGN_IN_SECONDS = 60.0


class RerunRequest(Value, frozen=True):
    """What `qdeck rerun` was asked for.

    Attributes:
        job_id: the job.
        copies: how often it is run.
        no_wait: end when the jobs are created.
        yes: also where it takes more than the instance has left.
        as_json: print one JSON object.
    """

    job_id: str
    copies: int = 1
    no_wait: bool = False
    yes: bool = False
    as_json: bool = False


async def rerun(choice: ServiceChoice, environ: Mapping[str, str], request: RerunRequest) -> Exit:
    """Submit a job again exactly as it was, wait, and print the results.

    Args:
        choice: the service meant.
        environ: the environment.
        request: which job, and how often.

    Returns:
        The exit status: a failure where one of the new jobs failed or its result cannot be read.

    Raises:
        UsageFault: there is no account.
        QdeckError: signing in failed.
    """
    async with signed_in_services(choice, environ, submits=True, seconds=SIGN_IN_SECONDS) as opened:
        limit = time_limit(choice, environ, SIGN_IN_SECONDS)
        return await submitting(opened.services, _submit(opened, request, limit))


async def _submit(opened: OpenServices, request: RerunRequest, limit: float | None) -> Exit:
    services = opened.services
    async with waiting_for_service(limit):
        if services.jobs.get(request.job_id) is None:
            await services.jobs.fetch(request.job_id)
    async with waiting_for_service():
        submission = await services.replays.submission(request.job_id)
    price = services.pricing.known(submission)
    repeated = services.jobs.get(request.job_id)
    billed = None if repeated is None else repeated.qpu_seconds
    if billed is not None:
        say(f"The job itself was billed {billed:.1f} s.")
    usage = await known_usage(services)
    say_price(total_price([price] * request.copies, submission.max_seconds), usage)
    if price.seconds is None:
        # Submitted elsewhere: it takes what it took.
        price = Price(billed)
    total = total_price([price] * request.copies, submission.max_seconds)
    if not request.yes:
        refuse_beyond(total, usage, submission)
    jobs: list[Job] = []
    for _ in range(request.copies):
        jobs.append(await submit(services, submission))
        say(f"Job {jobs[-1].id} on {jobs[-1].backend}: {jobs[-1].status}.")
    if request.no_wait:
        _answer(opened, request, [(job, None) for job in jobs], price_facts(total, usage))
        return Exit.DONE
    jobs = list(await asyncio.gather(*(wait_until_over(services, job.id) for job in jobs)))
    results = [(job, await _result(opened, job)) for job in jobs]
    _answer(opened, request, results, price_facts(total, usage))
    return Exit.DONE if all(result is not None and result.readable for _, result in results) else Exit.FAILED


async def _result(opened: OpenServices, job: Job) -> JobResult | None:
    if job.status is not JobStatus.DONE:
        say(f"Job {job.id} {job.status}: {job.reason or 'The service gave no reason.'}")
        return None
    try:
        async with waiting_for_service():
            return await opened.services.jobs.result(job.id)
    except QdeckError as error:
        say(f"qdeck: Job {job.id} is done, but its result did not come. {error}")
        return None


def _answer(
    opened: OpenServices,
    request: RerunRequest,
    results: Sequence[tuple[Job, JobResult | None]],
    price: Mapping[str, object],
) -> None:
    if request.as_json:
        jobs = [
            {
                **job_facts(job),
                "note": None if result is None else result.note or None,
                "pubs": None if result is None else list(map(pub_facts, result.pubs)),
            }
            for job, result in results
        ]
        emit_json(
            {**service_facts(opened.identity), "repeats": request.job_id, "price": dict(price), "jobs": jobs}
        )
    elif request.no_wait:
        emit_jobs([job for job, _ in results])
    else:
        for job, result in results:
            if result is not None:
                emit_result(result, job.id if len(results) > 1 else "")
