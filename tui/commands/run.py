"""`qdeck run`: transpile, submit, wait, and print what came out."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path

from tui.commands.shared.answers import emit_result, run_answer
from tui.commands.shared.context import OpenServices, signed_in_services, waiting_for_service
from tui.commands.shared.output import Exit, UsageFault, emit_json, explain, say
from tui.commands.shared.selection import ServiceChoice, require_backend
from tui.commands.shared.submission import QueueTalk, send_earlier, submit, wait_until_over
from tui.common.bounded_read import read_file, read_stdin
from tui.common.errors import ErrorKind, QdeckError
from tui.domain.backends import undecided
from tui.domain.circuits import DEFAULT_LEVEL, Candidate, CheckReport, TranspileOptions
from tui.domain.cloud_transpiler import (
    Ai,
    CloudOptions,
    Couplings,
    LayoutMode,
    parse_couplings,
    parse_preferences,
    parse_qiskit_option,
)
from tui.domain.jobs import Job, JobStatus, LogLevel, Primitive, Submission, check_tags
from tui.domain.primitives import JobProgram, PrimitiveOptions
from tui.domain.results import JobResult
from tui.monitor.services import AppServices

STDIN = "-"
_WORTH_SAYING = 2.0
MOST_BYTES = 50_000_000
"""The largest program that is read: services take no larger requests."""


@dataclass(frozen=True, slots=True)
class CloudFlags:
    """What was typed; empty and `None`: not said.

    Attributes:
        ai: `auto`, `true` or `false`.
        ai_layout_mode: `keep`, `optimize` or `improve`.
        optimize_for: preferences with commas between.
        coupling_map: path of a file with a JSON array of pairs of qubits.
        transpile_option: arguments of `qiskit.transpile`, each as `KEY=JSON`.
    """

    ai: str | None = None
    ai_layout_mode: str | None = None
    fractional_gates: bool = False
    optimize_for: str = ""
    coupling_map: str = ""
    transpile_option: tuple[str, ...] = ()

    def options(self, *, cloud: bool) -> CloudOptions:
        """Combine the flags into the options of the cloud transpiler.

        Returns:
            The options; all defaults where no flag was given.

        Raises:
            UsageFault: they do not go together, cannot be read, or `cloud` is not asked for.
        """
        said = [f"--{field.name.replace('_', '-')}" for field in fields(self) if getattr(self, field.name)]
        if said and not cloud:
            raise UsageFault(f"{said[0]} is for transpiling on the service: add --cloud.")
        try:
            return CloudOptions(
                ai=Ai(self.ai) if self.ai else Ai.AUTO,
                layout_mode=LayoutMode(self.ai_layout_mode) if self.ai_layout_mode else LayoutMode.OPTIMIZE,
                preferences=parse_preferences(self.optimize_for),
                fractional_gates=self.fractional_gates,
                coupling_map=_couplings(self.coupling_map),
                qiskit_options=tuple(dict(map(parse_qiskit_option, self.transpile_option)).items()),
            )
        except ValueError as error:
            raise UsageFault(str(error)) from error


CLOUD_FLAGS = tuple(flag.name for flag in fields(CloudFlags))


def _couplings(file: str) -> Couplings:
    if not file:
        return ()
    try:
        text = read_file(Path(file), MOST_BYTES, pipes=True).decode("utf-8-sig")
    except OSError as error:
        raise UsageFault(f"Cannot read {file}: {_reason(error)}.") from error
    if not (pairs := parse_couplings(text)):
        raise UsageFault(f"{file} is empty: a JSON array of pairs of qubits was expected.")
    return pairs


@dataclass(frozen=True, slots=True)
class RunRequest:
    """What the command line of `qdeck run` says. Empty and `None` mean: not said.

    Attributes:
        file: path of the OpenQASM file, `-` for stdin.
        observables: Pauli strings over the circuit's own qubits, leftmost letter = highest qubit.
        cloud: transpile on the service instead of here.
        flags: what the service's transpiler is asked besides the level.
        max_seconds: QPU seconds after which the service ends the job.
        private: the service tells nobody the inputs, and the result once.
        program: a quantum program or the service's own primitive.
        options: error suppression and mitigation.
    """

    file: str
    service: ServiceChoice = field(default_factory=ServiceChoice)
    backend: str = ""
    level: int | None = None
    primitive: Primitive = Primitive.SAMPLER
    shots: int | None = None
    observables: tuple[str, ...] = ()
    precision: float | None = None
    session_id: str = ""
    tags: tuple[str, ...] = ()
    cloud: bool = False
    flags: CloudFlags = field(default_factory=CloudFlags)
    max_seconds: int | None = None
    private: bool = False
    log_level: LogLevel | None = None
    program: JobProgram | None = None
    options: PrimitiveOptions = field(default_factory=PrimitiveOptions)
    as_json: bool = False

    @property
    def labels(self) -> tuple[str, ...]:
        """The observables as they are shown."""
        return tuple(text.strip().upper() for text in self.observables)

    def verify(self) -> None:
        """Refuse what cannot be meant, before anything is started.

        Raises:
            UsageFault: options that do not go together, or that the service would refuse.
        """
        if self.primitive is Primitive.ESTIMATOR:
            if not self.observables:
                raise UsageFault("The estimator needs an --observable: one Pauli letter a qubit, e.g. ZZ.")
            if self.shots is not None:
                raise UsageFault("--shots is for the sampler; the estimator takes --precision.")
        elif self.observables or self.precision is not None:
            raise UsageFault("--observable and --precision are for --primitive estimator.")
        elif self.options.resilience is not None:
            raise UsageFault("--resilience is for --primitive estimator.")
        if self.program is JobProgram.LEGACY and self.options != PrimitiveOptions():
            raise UsageFault("--twirl, --decoupling and --resilience are not for --program legacy.")
        try:
            check_tags(self.tags, room_for_own=True)
        except QdeckError as error:
            raise UsageFault(str(error)) from error


def read_circuit(file: str) -> str:
    """Read the program from a file, or from stdin for `-`.

    Returns:
        The text, never blank.

    Raises:
        UsageFault: it cannot be read, is blank, or is not UTF-8 text.
    """
    name = "stdin" if file == STDIN else file
    try:
        body = read_stdin(MOST_BYTES) if file == STDIN else read_file(Path(file), MOST_BYTES, pipes=True)
    except (OSError, ValueError) as error:
        raise UsageFault(f"Cannot read {name}: {_reason(error)}.") from error
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageFault(f"{name} is not text in UTF-8: byte {error.start} cannot be read.") from error
    if not text.strip():
        raise UsageFault(f"{name} is empty: an OpenQASM program was expected.")
    return text


def _reason(error: OSError | ValueError) -> str:
    return error.strerror if isinstance(error, OSError) and error.strerror else str(error)


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
    estimate = await services.transpiler.simulation(submission)
    if estimate is not None and estimate.seconds is not None and estimate.seconds >= _WORTH_SAYING:
        say(f"The simulation takes about {estimate.seconds:.0f} s.")
    job = await submit(services, submission)
    say(f"Job {job.id} on {job.backend}: {job.status}.")
    try:
        job = await wait_until_over(services, job.id)
    except asyncio.CancelledError:
        _say_stopped(request, job)
        raise
    return await _finish(opened, request, candidate, job)


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
            f"There are: {', '.join(names)}." if names else "",
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
    return Submission(
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


async def _finish(opened: OpenServices, request: RunRequest, candidate: Candidate, job: Job) -> Exit:
    done = job.status is JobStatus.DONE
    result = await _result(opened.services, job) if done else None
    if request.as_json:
        emit_json(run_answer(opened.identity, job, candidate, result))
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
