"""`qdeck run`: transpile, submit, wait, and print what came out."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import replace

from tui.commands.circuits.programs import Source, all_programs, read_source
from tui.commands.circuits.run_circuits import (
    Circuit,
    backend_for,
    checked_circuits,
    make_pub,
    make_submissions,
    require_backend_name,
)
from tui.commands.circuits.run_request import GivenValues, RunRequest
from tui.commands.shared.answers import emit_jobs, emit_result, run_answer
from tui.commands.shared.context import OpenServices, signed_in_services, waiting_for_service
from tui.commands.shared.output import Exit, emit_json, say
from tui.commands.shared.prices import (
    emit_dry_run,
    known_usage,
    price_facts,
    refuse_beyond,
    run_dry,
    say_price,
)
from tui.commands.shared.progress import told_when_slow
from tui.commands.shared.search import (
    best_candidates,
    online_backends,
    refuse_flagged,
    search_at,
    search_options,
)
from tui.commands.shared.selection import require_one_qpu
from tui.commands.shared.submission import submit, submitting, wait_until_over
from tui.common.errors import QdeckError
from tui.config.settings import folders, load_settings
from tui.domain.circuits import DEFAULT_LEVEL, Candidate, Maker, TranspileOptions
from tui.domain.cloud_transpiler import CloudOptions
from tui.domain.jobs import Job, JobStatus
from tui.domain.pricing import total_price
from tui.domain.results import JobResult
from tui.domain.sessions import SessionMode
from tui.domain.submissions import Submission
from tui.monitor.actions.circuits import SIMULATION_SECONDS
from tui.monitor.services import AppServices


def run(request: RunRequest, environ: Mapping[str, str]) -> Awaitable[Exit]:
    """Read the programs, now; then transpile, submit, wait, and print the results when awaited.

    Reading comes before any event loop: the writer of a pipe may let it wait, and a loop would hold signals
    back until then.

    Returns:
        The exit status, to be awaited.

    Raises:
        UsageFault: a file or the options cannot be worked with.
        QdeckError: when awaited: the circuit, the transpiler or the service says no.
    """
    if request.preset:
        request = request.with_preset(load_settings(folders(environ).settings_file).presets)
    request.verify()
    asked = request.flags.options(cloud=request.cloud)
    values = request.values.read()
    return _run(request, environ, asked, values, list(map(read_source, request.files)))


async def _run(
    request: RunRequest,
    environ: Mapping[str, str],
    asked: CloudOptions,
    values: GivenValues,
    sources: Sequence[Source],
) -> Exit:
    async with signed_in_services(request.service, environ, submits=True) as opened:
        work = _submit_and_wait(opened, request, asked, values, sources)
        return await submitting(opened.services, work)


async def _submit_and_wait(
    opened: OpenServices,
    request: RunRequest,
    asked: CloudOptions,
    values: GivenValues,
    sources: Sequence[Source],
) -> Exit:
    services = opened.services
    require_one_qpu(services.account.found, request.service)
    request = request.in_batch_job(*services.connection.allotted)
    if request.backend:
        await require_backend_name(services, request.backend)
    with told_when_slow("Checking"):
        programs = await all_programs(services.compiler, request.files, sources)
        request.verify_number(len(programs))
        circuits = await checked_circuits(services, request, values, programs)
    if circuits is None:
        return Exit.FAILED
    candidates = await _candidates(services, request, asked, circuits)
    for circuit, candidate in zip(circuits, candidates, strict=True):
        _say_transpiled(candidate, circuit.name if len(circuits) > 1 else "")
    if not request.yes and not request.dry_run:
        refuse_flagged(candidates)
    pubs = [make_pub(request, *pair) for pair in zip(circuits, candidates, strict=True)]
    submissions = make_submissions(request, candidates, pubs)
    if request.dry_run:
        return await _run_dry(opened, request, candidates[0], submissions[0])
    with told_when_slow("Preparing the job"):
        priced = [await services.pricing.price(submission) for submission in submissions]
    for one in priced:
        await _say_simulation(services, one.submission)
    usage = await known_usage(services)
    total = total_price([one.price for one in priced], request.max_seconds)
    say_price(total, usage)
    if not request.yes:
        limit = request.max_seconds if len(priced) == 1 else None
        refuse_beyond(total, usage, replace(submissions[0], max_seconds=limit))
    jobs = await _created(services, request, [one.submission for one in priced])
    prices = [price_facts(one.price, usage) for one in priced]
    if request.no_wait:
        _answer(opened, request, candidates, [(job, None) for job in jobs], prices)
        if request.service.sandbox:
            say("The sandbox ends with the last to use it, and with it what runs there.")
        return Exit.DONE
    try:
        jobs = list(await asyncio.gather(*(wait_until_over(services, job.id) for job in jobs)))
    except asyncio.CancelledError:
        for job in jobs:
            _say_stopped(request, job)
        raise
    return await _finish(opened, request, candidates, jobs, prices)


async def _candidates(
    services: AppServices, request: RunRequest, asked: CloudOptions, circuits: Sequence[Circuit]
) -> list[Candidate]:
    """Transpile each circuit, all of them for one backend; with `--best` search for the best."""
    if not request.best:
        backend = await backend_for(services, request, circuits)
        level = DEFAULT_LEVEL if request.level is None else request.level
        options = TranspileOptions(level, seed=request.seed, cloud=request.cloud, asked=asked)
        with told_when_slow(f"Transpiling for {backend}"):
            return [await services.transpiler.transpile(one.source, backend, options) for one in circuits]
    if request.backend or request.session_id:
        backends: Sequence[str] = (await backend_for(services, request, circuits),)
    else:
        qubits = max(one.report.stats.qubits if one.report.stats else 1 for one in circuits)
        backends = await online_backends(services, qubits)
    search_at(services, request.dask)
    search = search_options(services, level=request.level, budget=request.budget)
    if request.options.twirls_gates:
        search = replace(search, makers=search.makers - {Maker.FRACTIONAL})
    return await best_candidates(services, [one.source for one in circuits], backends, search)


async def _run_dry(
    opened: OpenServices, request: RunRequest, candidate: Candidate, submission: Submission
) -> Exit:
    """Print what the run would take; nothing is measured, and nothing waits for a device."""
    services = opened.services
    priced = await services.pricing.price(submission)
    answer, refusal = await run_dry(services, priced.submission)
    price = replace(priced.price, dry_run=answer)
    emit_dry_run(
        opened.identity, candidate, price, await known_usage(services), refusal, as_json=request.as_json
    )
    return Exit.DONE


async def _say_simulation(services: AppServices, submission: Submission) -> None:
    with told_when_slow("Estimating the simulation", SIMULATION_SECONDS):
        estimate = await services.transpiler.simulation(submission)
    if estimate is not None and estimate.words:
        say(estimate.words)


async def _created(
    services: AppServices, request: RunRequest, submissions: Sequence[Submission]
) -> list[Job]:
    """Submit, in a batch where that is asked for, which takes no more jobs afterwards."""
    session_id = request.session_id
    if request.batch:
        async with waiting_for_service():
            batch = await services.sessions.open(submissions[0].backend, SessionMode.BATCH)
        session_id = batch.id
        say(f"Batch {session_id} on {submissions[0].backend}.")
    jobs: list[Job] = []
    try:
        for submission in submissions:
            jobs.append(await submit(services, replace(submission, session_id=session_id)))
            say(f"Job {jobs[-1].id} on {jobs[-1].backend}: {jobs[-1].status}.")
    finally:
        if request.batch:
            async with waiting_for_service():
                await services.sessions.drain(session_id)
    return jobs


async def _finish(
    opened: OpenServices,
    request: RunRequest,
    candidates: Sequence[Candidate],
    jobs: Sequence[Job],
    prices: Sequence[dict[str, object]],
) -> Exit:
    results = [
        (job, await _result(opened.services, job) if job.status is JobStatus.DONE else None) for job in jobs
    ]
    _answer(opened, request, candidates, results, prices)
    status = Exit.DONE
    for job, result in results:
        if job.status is not JobStatus.DONE:
            reason = job.reason or "The service gave no reason."
            code = f" (code {job.reason_code})" if job.reason_code else ""
            say(f"Job {job.id} {job.status}: {reason}{code} {job.reason_solution}".rstrip())
        if result is None or not (result.readable or result.dry_run):
            status = Exit.FAILED
    return status


def _answer(
    opened: OpenServices,
    request: RunRequest,
    candidates: Sequence[Candidate],
    results: Sequence[tuple[Job, JobResult | None]],
    prices: Sequence[dict[str, object]],
) -> None:
    """Print the results: one JSON object, or tables."""
    if request.as_json:
        # Of a batch each circuit has jobs of its own, as many as there are copies.
        answers = []
        for place, (job, result) in enumerate(results):
            mine = [candidates[place // request.copies]] if request.batch else candidates
            answers.append(run_answer(opened.identity, job, mine[0], result, prices[place], mine[1:]))
        emit_json({"jobs": answers} if request.batch else answers[0])
    elif request.no_wait:
        emit_jobs([job for job, _ in results])
    else:
        for job, result in results:
            if result is not None:
                emit_result(result, job.id if request.batch else "")


async def _result(services: AppServices, job: Job) -> JobResult | None:
    try:
        async with waiting_for_service():
            result = await services.jobs.result(job.id)
    except QdeckError as error:
        say(f"qdeck: Job {job.id} is done, but its result did not come. {error}")
        return None
    if not (result.readable or result.dry_run):
        say(f"qdeck: Job {job.id} is done, but its result cannot be read: qdeck keeps it as it came.")
    return result


def _say_transpiled(candidate: Candidate, name: str) -> None:
    after, options = candidate.after, candidate.options
    where = f"{candidate.where}, {options.asked.words}" if options.cloud else candidate.where
    say(
        f"Transpiled {f'{name} ' if name else ''}for {candidate.backend} "
        f"({where}, level {options.optimization_level}, {candidate.seconds:.1f} s): "
        f"{after.two_qubit_gates} two-qubit gates, depth {after.depth}, size {after.size}."
    )
    for warning in candidate.warnings:
        say(f"qdeck: {warning}")


def _say_stopped(request: RunRequest, job: Job) -> None:
    if request.service.sandbox:
        say(f"Stopped waiting. Job {job.id} stays in the sandbox, which ends with the last to use it.")
    else:
        say(f"Stopped waiting. Job {job.id} goes on at the service; end it with `qdeck cancel {job.id}`.")
