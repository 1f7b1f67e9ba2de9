"""Circuits of `qdeck run`: checked, given values and a backend, made PUBs and submissions."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

from tui.commands.circuits.programs import Program
from tui.commands.circuits.run_request import GivenValues, RunRequest
from tui.commands.shared.context import waiting_for_service
from tui.commands.shared.output import UsageFault, say
from tui.commands.shared.selection import require_backend
from tui.common.errors import ErrorKind, QdeckError
from tui.common.safe_text import plain
from tui.domain.circuits import Candidate, CheckReport
from tui.domain.devices.backends import NONE_LISTED, undecided
from tui.domain.jobs import DEFAULT_SHOTS, Primitive
from tui.domain.pricing import unprepared_seconds
from tui.domain.pubs.inputs import Pub
from tui.domain.pubs.sweeps import Sweep, check_executions
from tui.domain.submissions import Submission
from tui.monitor.services import AppServices


@dataclass(frozen=True, slots=True)
class Circuit:
    """A program that is to be run, and what a check says of it."""

    program: Program
    report: CheckReport
    sweep: Sweep | None

    @property
    def name(self) -> str:
        """Name of the run."""
        return self.program.name

    @property
    def source(self) -> str:
        """OpenQASM text."""
        return self.program.text


async def checked_circuits(
    services: AppServices, request: RunRequest, values: GivenValues, programs: Sequence[Program]
) -> list[Circuit] | None:
    """Check the programs and give their parameters values.

    Returns:
        The circuits; `None` after printing what is wrong with a program.

    Raises:
        UsageFault: a parameter has no value, a value is for none, or there are too many executions.
        QdeckError: `CIRCUIT` when nothing is measured for a sampler.
    """
    reports = [await services.compiler.check(program.text) for program in programs]
    for program, report in zip(programs, reports, strict=True):
        _say_diagnostics(program, report)
    if not all(report.ok for report in reports):
        return None
    names = [program.label for program in programs]
    sweeps = values.sweeps([(name, one.parameters) for name, one in zip(names, reports, strict=True)])
    if request.primitive is not Primitive.ESTIMATOR:
        shots = DEFAULT_SHOTS if request.shots is None else request.shots
        sets = [one.sets if one is not None else 1 for one in sweeps]
        try:
            # Those of a batch are jobs of their own.
            for together in [[n] for n in sets] if request.batch else [sets * request.copies]:
                check_executions(together, shots)
        except ValueError as error:
            raise UsageFault(str(error)) from error
    for name, report in zip(names, reports, strict=True):
        if request.primitive is not Primitive.ESTIMATOR and not report.measures:
            which = "The circuit" if len(reports) == 1 else f"The circuit of {name}"
            raise QdeckError(
                ErrorKind.CIRCUIT,
                f"{which} measures nothing, so a sampler has nothing to count.",
                "Add measurements, or use --primitive estimator with an --observable.",
            )
    return list(map(Circuit, programs, reports, sweeps))


async def require_backend_name(services: AppServices, name: str) -> None:
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


async def backend_for(services: AppServices, request: RunRequest, circuits: Sequence[Circuit]) -> str:
    """Choose the backend asked for, else the session's, else the least busy one that all circuits fit on.

    Raises:
        QdeckError: `NOT_FOUND` when there is none.
    """
    if request.backend:
        return request.backend
    if not services.backends.all():
        async with waiting_for_service():
            await services.polling.refresh()
    for session in services.sessions.all():
        if request.session_id and session.id == request.session_id and session.backend:
            return session.backend
    qubits = max(one.report.stats.qubits if one.report.stats else 1 for one in circuits)
    for name in undecided(services.backends.all(), qubits):
        with contextlib.suppress(QdeckError):
            async with waiting_for_service():
                await services.backends.details(name)
    chosen = require_backend(services.backends.all(), qubits)
    queue = "" if chosen.queue_length is None else f", {chosen.queue_length} in its queue"
    say(f"Backend {chosen.name}: the least busy one{queue}.")
    return chosen.name


def make_pub(request: RunRequest, circuit: Circuit, candidate: Candidate) -> Pub:
    """Return the PUB of a circuit.

    Raises:
        UsageFault: an observable does not fit the circuit.
    """
    sums = request.sums
    try:
        observables = tuple(candidate.lay_out(one.text) for one in sums)
    except ValueError as error:
        raise UsageFault(f"{circuit.name}: {error}" if len(request.files) > 1 else str(error)) from error
    sweep = circuit.sweep
    if sweep is not None and (lost := [name for name in sweep.names if name not in candidate.parameters]):
        names = plain(", ".join(lost), limit=200)
        say(f"qdeck: {names}: no effect on what the device runs, so its values are left out.")
        sweep = sweep.only(candidate.parameters)
    return Pub(
        qasm=candidate.qasm,
        parameters=candidate.parameters,
        sweep=sweep,
        observables=observables,
        name=circuit.name,
        source=circuit.source,
        observable_labels=tuple(one.text for one in sums),
        transpilation=candidate.transpilation,
    )


def make_submissions(
    request: RunRequest, candidates: Sequence[Candidate], pubs: Sequence[Pub]
) -> list[Submission]:
    """Return the jobs to be created: one for each circuit of a batch, else one of all."""
    many = [
        replace(pub, name=f"{pub.name} {copy}" if request.copies > 1 else pub.name)
        for pub in pubs
        for copy in range(1, request.copies + 1)
    ]
    groups = [[pub] for pub in many] if request.batch else [many]
    submissions = [
        Submission(
            primitive=request.primitive or Primitive.SAMPLER,
            backend=candidates[0].backend,
            qasm=first.qasm,
            parameters=first.parameters,
            sweep=first.sweep,
            further=tuple(further),
            shots=request.shots,
            observables=first.observables,
            precision=request.precision,
            session_id=request.session_id,
            tags=request.tags,
            name=first.name,
            source=first.source,
            observable_labels=first.observable_labels,
            max_seconds=request.max_seconds,
            private=request.private,
            log_level=request.log_level,
            transpilation=first.transpilation,
            program=request.program,
            options=request.options,
        )
        for first, *further in groups
    ]
    run = [candidate for candidate in candidates for _ in range(request.copies)]
    of_each = [[candidate] for candidate in run] if request.batch else [run]
    return [
        replace(one, formula_seconds=unprepared_seconds(of, one))
        for one, of in zip(submissions, of_each, strict=True)
    ]


def _say_diagnostics(program: Program, report: CheckReport) -> None:
    for diagnostic in report.diagnostics:
        placed = diagnostic.line and not program.from_qpy
        place = f"{diagnostic.line}:{diagnostic.column}:" if placed else ""
        say(f"{program.label}:{place} {diagnostic.message}")
