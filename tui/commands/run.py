"""`qdeck run`: transpile, submit, wait, and print what came out."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Mapping
from dataclasses import replace
from pathlib import Path

from tui.commands.run_request import STDIN, RunRequest, read_circuit
from tui.commands.shared.answers import emit_result, run_answer
from tui.commands.shared.context import OpenServices, signed_in_services, waiting_for_service
from tui.commands.shared.output import Exit, UsageFault, emit_json, explain, say
from tui.commands.shared.prices import (
    emit_dry_run,
    known_usage,
    price_facts,
    refuse_beyond,
    run_dry,
    say_price,
)
from tui.commands.shared.selection import require_backend
from tui.commands.shared.submission import QueueTalk, send_earlier, submit, wait_until_over
from tui.common.errors import ErrorKind, QdeckError
from tui.domain.backends import NONE_LISTED, undecided
from tui.domain.circuits import DEFAULT_LEVEL, Candidate, CheckReport, TranspileOptions
from tui.domain.cloud_transpiler import (
    CloudOptions,
)
from tui.domain.jobs import Job, JobStatus, Primitive, Submission
from tui.domain.pricing import unprepared_seconds
from tui.domain.results import JobResult
from tui.monitor.services import AppServices

_WORTH_SAYING = 2.0


def run(request: RunRequest, environ: Mapping[str, str]) -> Awaitable[Exit]:
    """Read the program, now; then transpile, submit, wait, and print the result when awaited.

    Reading comes before any event loop: the writer of a pipe may let it wait, and a loop would hold signals
    back until then.

    Returns:
        The exit status, to be awaited.

    Raises:
        UsageFault: the file or the options cannot be worked with.
        QdeckError: when awaited: the circuit, the transpiler or the service says no.
    """
    request.verify()
    asked = request.flags.options(cloud=request.cloud)
    return _run(request, environ, asked, read_circuit(request.file))


async def _run(request: RunRequest, environ: Mapping[str, str], asked: CloudOptions, source: str) -> Exit:
    async with signed_in_services(request.service, environ, submits=True) as opened:
        talk = QueueTalk(opened.services)
        try:
            status = await _submit_and_wait(opened, request, asked, source)
        except UsageFault as fault:
            say(f"qdeck: {fault}")
            status = Exit.USAGE
        except QdeckError as error:
            explain(error)
            status = Exit.FAILED
        await send_earlier(opened.services, talk)
        talk.close()
        return status


async def _submit_and_wait(
    opened: OpenServices, request: RunRequest, asked: CloudOptions, source: str
) -> Exit:
    services = opened.services
    if request.backend:
        await _require_backend_name(services, request.backend)
    report = await services.compiler.check(source)
    if not report.ok:
        _say_diagnostics(request.file, report)
        return Exit.FAILED
    backend = await _backend(services, request, report)
    level = DEFAULT_LEVEL if request.level is None else request.level
    options = TranspileOptions(level, cloud=request.cloud, asked=asked)
    candidate = await services.transpiler.transpile(source, backend, options)
    _say_transpiled(candidate)
    submission = _submission(request, source, candidate, report)
    if request.dry_run:
        return await _run_dry(opened, request, candidate, submission)
    estimate = await services.transpiler.simulation(submission)
    if estimate is not None and estimate.seconds is not None and estimate.seconds >= _WORTH_SAYING:
        say(f"The simulation takes about {estimate.seconds:.0f} s.")
    priced = await services.pricing.price(submission)
    usage = await known_usage(services)
    say_price(priced.price, usage)
    if not request.yes:
        refuse_beyond(priced.price, usage, submission)
    job = await submit(services, priced.submission)
    say(f"Job {job.id} on {job.backend}: {job.status}.")
    try:
        job = await wait_until_over(services, job.id)
    except asyncio.CancelledError:
        _say_stopped(request, job)
        raise
    return await _finish(opened, request, candidate, job, price_facts(priced.price, usage))


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


async def _require_backend_name(services: AppServices, name: str) -> None:
    """Make sure that the instance has the backend, before any work is done for it.

    Raises:
        QdeckError: `NOT_FOUND`, with the names there are.
    """
    if not services.backends.all():
        async with waiting_for_service():
            await services.polling.refresh()
    names = sorted(backend.name for backend in services.backends.all())
    if name not in names:
        raise QdeckError(
            ErrorKind.NOT_FOUND,
            f"There is no backend {name!r} in this instance.",
            f"There are: {', '.join(names)}." if names else f"{NONE_LISTED} Use another instance.",
        )


async def _backend(services: AppServices, request: RunRequest, report: CheckReport) -> str:
    """The backend asked for, else the session's, else the least busy one."""
    if request.backend:
        return request.backend
    if not services.backends.all():
        async with waiting_for_service():
            await services.polling.refresh()
    for session in services.sessions.all():
        if request.session_id and session.id == request.session_id and session.backend:
            return session.backend
    qubits = report.stats.qubits if report.stats else 1
    for name in undecided(services.backends.all(), qubits):
        with contextlib.suppress(QdeckError):
            await services.backends.details(name)
    chosen = require_backend(services.backends.all(), qubits)
    queue = "" if chosen.queue_length is None else f", {chosen.queue_length} in its queue"
    say(f"Backend {chosen.name}: the least busy one{queue}.")
    return chosen.name


def _submission(request: RunRequest, source: str, candidate: Candidate, report: CheckReport) -> Submission:
    if request.primitive is Primitive.SAMPLER and not report.measures:
        raise QdeckError(
            ErrorKind.CIRCUIT,
            "The circuit measures nothing, so a sampler has nothing to count.",
            "Add measurements, or use --primitive estimator with an --observable.",
        )
    try:
        observables = tuple(candidate.lay_out(text) for text in request.observables)
    except ValueError as error:
        raise UsageFault(str(error)) from error
    submission = Submission(
        primitive=request.primitive,
        backend=candidate.backend,
        qasm=candidate.qasm,
        shots=request.shots,
        observables=observables,
        precision=request.precision,
        session_id=request.session_id,
        tags=request.tags,
        name="stdin" if request.file == STDIN else Path(request.file).stem,
        source=source,
        observable_labels=request.labels,
        max_seconds=request.max_seconds,
        private=request.private,
        log_level=request.log_level,
        transpilation=candidate.transpilation,
        program=request.program,
        options=request.options,
    )
    return replace(submission, formula_seconds=unprepared_seconds(candidate, submission))


async def _finish(
    opened: OpenServices,
    request: RunRequest,
    candidate: Candidate,
    job: Job,
    price: dict[str, object],
) -> Exit:
    done = job.status is JobStatus.DONE
    result = await _result(opened.services, job) if done else None
    if request.as_json:
        emit_json(run_answer(opened.identity, job, candidate, result, price))
    elif result is not None:
        emit_result(result)
    if done:
        return Exit.DONE if result is not None and (result.readable or result.dry_run) else Exit.FAILED
    reason = job.reason or "The service gave no reason."
    code = f" (code {job.reason_code})" if job.reason_code else ""
    say(f"Job {job.id} {job.status}: {reason}{code} {job.reason_solution}".rstrip())
    return Exit.FAILED


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


def _say_diagnostics(file: str, report: CheckReport) -> None:
    name = "stdin" if file == STDIN else file
    for diagnostic in report.diagnostics:
        place = f"{diagnostic.line}:{diagnostic.column}:" if diagnostic.line else ""
        say(f"{name}:{place} {diagnostic.message}")


def _say_transpiled(candidate: Candidate) -> None:
    after, options = candidate.after, candidate.options
    where = f"{candidate.where}, {options.asked.words}" if options.cloud else candidate.where
    say(
        f"Transpiled for {candidate.backend} ({where}, level {options.optimization_level}, "
        f"{candidate.seconds:.1f} s): "
        f"{after.two_qubit_gates} two-qubit gates, depth {after.depth}, size {after.size}."
    )
    for warning in candidate.warnings:
        say(f"qdeck: {warning}")


def _say_stopped(request: RunRequest, job: Job) -> None:
    if request.service.sandbox:
        say(f"Stopped waiting. Job {job.id} stays in the sandbox, which ends with the last to use it.")
    else:
        say(f"Stopped waiting. Job {job.id} goes on at the service; end it with `qdeck cancel {job.id}`.")
