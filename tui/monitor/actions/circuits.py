"""Circuits: those of jobs as they were submitted, as OpenQASM, and transpiling for a backend."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from tui.common.errors import ErrorKind, QdeckError
from tui.compiler.candidate_search import Listener
from tui.compiler.client import Compiler
from tui.compiler.messages import GateFacts
from tui.domain.accounts import Channel
from tui.domain.circuits import Candidate, TranspileOptions
from tui.domain.devices.backends import dt_seconds, rep_delay_us
from tui.domain.jobs import DEFAULT_SHOTS, Primitive, SubmittedCircuit
from tui.domain.primitives import JobProgram, PrimitiveOptions
from tui.domain.pubs.inputs import decode_inputs, encode_inputs
from tui.domain.pubs.sweeps import check_bound, check_executions
from tui.domain.ranking import BackendFound
from tui.domain.search import SearchOptions, SearchResult
from tui.domain.submissions import SimulationEstimate, Submission
from tui.domain.views.diagram import CircuitDiagram
from tui.domain.views.timeline import CircuitTimeline
from tui.ibm.codec.calibrations import calibration_time
from tui.ibm.codec.job_requests import encoded_params
from tui.monitor.actions.searches import BackendListener, Searches
from tui.monitor.polling.account_pollers import BackendsPoller
from tui.monitor.state.app_state import AppState
from tui.store.records.models import JobRecord

_JOBS: Final = 20
"""Jobs of which the circuits after the first stay in memory."""
_CHARACTERS: Final = 8_000_000
"""Characters of a job's circuits from which on no further one is taken."""


class SubmittedCircuits:
    """Asks for circuits and decodes them. The history keeps the first of a job, memory those of some jobs."""

    def __init__(self, app_state: AppState, compiler: Compiler) -> None:
        self._app_state = app_state
        self._compiler = compiler
        self._known: dict[str, tuple[str, ...]] = {}
        self._asked: dict[str, asyncio.Task[tuple[str, ...]]] = {}

    async def get(self, job_id: str) -> tuple[str, ...]:
        """Return one program for each PUB, in order, as far as they are to be had; at least one.

        All who ask at once share one answer.

        Raises:
            QdeckError: `NOT_FOUND` when the service does not tell them, `CIRCUIT` when the first cannot be
                read, `UNAVAILABLE` when reading it needs Qiskit.
        """
        if job_id in self._known:
            return self._known[job_id]
        task = self._asked.get(job_id)
        if task is None:
            task = self._asked[job_id] = asyncio.ensure_future(self._get(job_id))
            task.add_done_callback(lambda ended: self._ended(job_id, ended))
        # Shielded: one caller that gives up does not take the answer from the others.
        return await asyncio.shield(task)

    def _ended(self, job_id: str, task: asyncio.Task[tuple[str, ...]]) -> None:
        self._asked.pop(job_id, None)
        # Where nobody waits for it any more, its error is nobody's.
        if not task.cancelled():
            task.exception()

    async def _get(self, job_id: str) -> tuple[str, ...]:
        record = self._app_state.jobs.record(job_id)
        kept: tuple[str, ...] = ()
        if record is not None and record.circuit_hash:
            # Empty when it was let go, or its file is damaged.
            whole = await self._app_state.history.whole_job(record)
            kept = tuple(filter(None, [whole.circuit]))
            if kept and (self._app_state.connection.service is None or _alone(record, whole.inputs)):
                return kept
        try:
            submitted = await self._app_state.connection.need_service().submitted(job_id)
        except QdeckError:
            if kept:
                return kept
            raise
        forms = [SubmittedCircuit(submitted.job.circuit, submitted.qpy), *submitted.further]
        programs = await self._programs(forms)
        first = programs[0] if programs else ""
        count = max(submitted.job.circuits or 0, len(programs)) or None
        job = replace(submitted.job, circuit=first, circuits=count)
        record = replace(self._app_state.jobs.as_record(job), role_asked=True)
        await self._app_state.jobs.upsert([record])
        if not first:
            raise QdeckError(
                ErrorKind.NOT_FOUND,
                "The service does not tell the inputs of a private job."
                if submitted.job.private
                else "The job's inputs hold no circuit that is known here.",
            )
        self._known = {job_id: programs, **dict(list(self._known.items())[: _JOBS - 1])}
        return programs

    async def _programs(self, forms: Sequence[SubmittedCircuit]) -> tuple[str, ...]:
        programs: list[str] = []
        length = 0
        for form in forms:
            programs += await self._written(form, first=not programs)
            length += sum(map(len, programs[-1:]))
            if length > _CHARACTERS:
                break
        return tuple(programs)

    async def _written(self, form: SubmittedCircuit, *, first: bool) -> tuple[str, ...]:
        """The program, or several where the form holds several; what is not to be had is said instead."""
        if form.qasm or not form.qpy:
            return (form.qasm,) if form.qasm or first else ("// No circuit that is known here.\n",)
        try:
            return await self._compiler.decode_qpy(form.qpy)
        except QdeckError as error:
            if first:
                raise
            return (f"// {error.message}\n",)


SIMULATION_SECONDS: Final = 75.0
"""Longest wait for the estimate of a simulation; the sandbox itself gives up a little earlier."""
_USE_LEGACY = "Submit the service's own primitive (legacy)."


def _alone(record: JobRecord, inputs: str) -> bool:
    """Return whether the job has one circuit: the service says so, or it was submitted here as one PUB."""
    submitted_here = bool(record.own_tag or record.source_hash)
    return record.job.circuits == 1 or (submitted_here and len(decode_inputs(inputs)) < 2)


class Transpiler:
    """Transpiles for a backend, in the compiler's worker or on the service, and prepares what is submitted.

    Args:
        program: how a primitive is submitted where the submission does not say.
        search_options: of a search for candidates, where nothing else is said.
    """

    def __init__(
        self,
        app_state: AppState,
        compiler: Compiler,
        backends: BackendsPoller,
        program: JobProgram,
        search_options: SearchOptions | None = None,
    ) -> None:
        self.search_options = search_options or SearchOptions()
        self._searches = Searches(app_state, compiler, backends, self.transpile)
        self._program = program
        self._app_state = app_state
        self._compiler = compiler
        self._backends = backends

    async def simulation(self, submission: Submission) -> SimulationEstimate | None:
        """Estimate how long the sandbox takes for a job; None on a real service.

        Args:
            submission: as it is sent: a quantum program runs other circuits than it was prepared from.

        Returns:
            The estimate, or the trouble where there is none within `SIMULATION_SECONDS`.

        Raises:
            QdeckError: `CIRCUIT`: the job is too large to simulate; why, and how long it would take.
        """
        service = self._app_state.connection.need_service()
        try:
            async with asyncio.timeout(SIMULATION_SECONDS):
                estimate = await service.simulation(submission)
        except QdeckError as error:
            return SimulationEstimate(trouble=error.message)
        except TimeoutError:
            return SimulationEstimate(trouble=f"the sandbox said nothing for {SIMULATION_SECONDS:g} s.")
        if estimate is not None and estimate.refusal:
            advice = (
                "Use fewer qubits, gates or shots. A program of Clifford gates alone can use every qubit; "
                "level 1 keeps it so."
            )
            raise QdeckError(ErrorKind.CIRCUIT, estimate.refusal, advice)
        return estimate

    async def search(
        self, qasm: str, backend: str, options: SearchOptions, tell: Listener = lambda _: None
    ) -> SearchResult:
        """Search for the best candidate; cancelling the task stops the work.

        Args:
            qasm: the program.
            backend: name of the backend.
            options: what is tried, and for how long.
            tell: called with each candidate as soon as it is made, and now and then with the progress.

        Returns:
            The candidates of all makers that were asked, best first, and why others made none.

        Raises:
            QdeckError: the program cannot be transpiled, or the backend's data cannot be had.
        """
        return await self._searches.on_backend(qasm, backend, options, tell)

    async def measured(self, candidate: Candidate, source: str) -> Candidate:
        """Return a candidate with the figures of the device's present calibration; its circuit stays.

        Args:
            source: the program it was made from.

        Raises:
            QdeckError: the circuit is none for the device any more, or the backend's data cannot be had.
        """
        target = await self._backends.data(candidate.backend)
        layouts = (candidate.layout, candidate.final_layout)
        measured = await self._compiler.review(
            source, candidate.qasm, target, candidate.options, layouts, candidate.seconds
        )
        return replace(
            candidate,
            estimated_success=measured.estimated_success,
            estimated_success_idle=measured.estimated_success_idle,
            duration_us=measured.duration_us,
            idle_us=measured.idle_us,
            at_most=measured.at_most,
            stages=measured.stages,
            flags=measured.flags,
            warnings=measured.warnings,
            calibrated=calibration_time(target),
        )

    async def search_backends(
        self,
        qasm: str,
        names: Sequence[str],
        options: SearchOptions,
        tell: BackendListener = lambda _, __: None,
    ) -> tuple[BackendFound, ...]:
        """Search for the best candidate on each of several backends; cancelling the task stops the work.

        Args:
            qasm: the program.
            names: of the backends.
            options: what is tried on each, and for how long.
            tell: called with the name of a backend and each candidate, the progress, and at last the result.

        Returns:
            The backends, the one to run on first: by success, of ties by the shorter queue. One that does
            not take the circuit says why.

        Raises:
            QdeckError: Qiskit, the service or the scheduler is not to be had.
        """
        try:
            return await self._searches.on_backends(qasm, names, options, tell)
        except* QdeckError as errors:
            raise errors.exceptions[0] from None

    async def timeline(self, candidate: Candidate) -> CircuitTimeline:
        """Schedule a candidate as late as possible.

        Raises:
            QdeckError: the device does not tell its durations, or the backend's data cannot be had.
        """
        target = await self._backends.data(candidate.backend)
        fractional = candidate.options.fractional_gates
        return await self._compiler.timeline(candidate.qasm, target, fractional=fractional)

    async def gate_facts(
        self,
        program: str,
        signature: tuple[tuple[str, ...], tuple[str, ...]],
        backend: str,
        qubits: tuple[int, ...] = (),
    ) -> GateFacts:
        """Return what a gate is made of, and what becomes of it on a backend.

        Args:
            program: one that applies the gate last.
            signature: names of the gate's parameters, and of its qubits.
            backend: name of the backend; empty: none.
            qubits: physical qubits that it is applied to; empty: any.

        Raises:
            QdeckError: Qiskit does not know it, or the backend's data cannot be had.
        """
        target = await self._backends.data(backend) if backend else None
        return await self._compiler.describe_gate(program, signature, target, qubits)

    async def diagram(self, candidate: Candidate) -> CircuitDiagram:
        """Lay out a candidate in rows and columns, both numbers of its qubits at each row."""
        return await self._compiler.diagram(candidate.qasm, candidate.layout)

    async def transpile(self, qasm: str, backend: str, options: TranspileOptions) -> Candidate:
        """Transpile a program locally or, with `options.cloud`, on the service.

        Cancelling the task stops the work.

        Raises:
            QdeckError: the program cannot be transpiled, or the backend's data cannot be had.
        """
        target = await self._backends.data(backend)
        if not options.cloud:
            candidate = await self._compiler.transpile(qasm, target, options)
        else:
            began = time.perf_counter()
            made = await self._app_state.connection.need_service().cloud_transpile(qasm, backend, options)
            took = time.perf_counter() - began
            isa = made.qasm or (await self._compiler.decode_qpy(made.qpy))[0]
            layouts = (made.initial, made.final)
            candidate = await self._compiler.review(qasm, isa, target, options, layouts, took)
        return replace(candidate, at=self._app_state.clock.now(), calibrated=calibration_time(target))

    @property
    def prepares_programs(self) -> bool:
        """Return whether primitives are submitted as quantum programs where a submission does not say."""
        service = self._app_state.connection.service
        classic = service is None or service.account.channel is Channel.CLASSIC
        return not classic and self._program is JobProgram.EXECUTOR

    async def dt_seconds(self, backend: str) -> float | None:
        """Return the length of a backend's `dt` in seconds; `None` where it does not say.

        Raises:
            QdeckError: the backend's data cannot be had.
        """
        return dt_seconds((await self._backends.data(backend)).configuration)

    async def prepared(self, submission: Submission) -> Submission:
        """Return the submission as it is sent: a quantum program of it prepared, where that is asked for.

        One that was prepared before, for its price, stays as it is.

        Raises:
            QdeckError: `INVALID` for options that its program has not, for parameters without values, and
                beyond a limit of the service;
                `CIRCUIT` when IBM's client refuses it; `UNAVAILABLE` when that is not installed;
                the backend's data cannot be had.
        """
        if submission.params:
            return submission
        classic = self._app_state.connection.need_service().account.channel is Channel.CLASSIC
        _check_inputs(submission)
        if classic and submission.program is JobProgram.EXECUTOR:
            raise QdeckError(ErrorKind.INVALID, "The classic service runs no quantum programs.", _USE_LEGACY)
        if classic or (submission.program or self._program) is JobProgram.LEGACY:
            if submission.options != PrimitiveOptions():
                raise QdeckError(
                    ErrorKind.INVALID,
                    "Twirling, decoupling and resilience are for quantum programs, "
                    "not for the service's own primitives.",
                    "Leave them out." if classic else "Leave them out, or submit an executor job.",
                )
            if submission.sweep is None and not submission.further:
                return submission
            params = await asyncio.to_thread(encoded_params, submission)
            return _without_pubs(replace(submission, params=params, program=JobProgram.LEGACY))
        target = await self._backends.data(submission.backend)
        prepared = await self._compiler.prepare(submission, target)
        prepared.work.check_limits()
        return replace(
            _without_pubs(submission),
            params=prepared.params,
            formula_seconds=prepared.work.seconds(rep_delay_us(target.configuration)),
        )


def _check_inputs(submission: Submission) -> None:
    """Refuse parameters without values, and more executions than the service takes.

    Raises:
        QdeckError: `INVALID`.
    """
    shots = DEFAULT_SHOTS if submission.shots is None else submission.shots
    try:
        for pub in submission.pubs:
            check_bound(pub.parameters, pub.sweep)
        if submission.primitive is Primitive.SAMPLER:
            sets = [pub.sweep.sets if pub.sweep is not None else 1 for pub in submission.pubs]
            check_executions(sets, shots)
    except ValueError as error:
        raise QdeckError(ErrorKind.INVALID, str(error)) from error


def _without_pubs(submission: Submission) -> Submission:
    """Return a submission whose params say everything; its inputs are kept to show the job with."""
    return replace(submission, inputs=encode_inputs(submission.pubs), sweep=None, further=())
