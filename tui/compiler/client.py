"""Qiskit for the app: the `Compiler`, whose work is done by worker processes."""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping
from dataclasses import replace
from typing import Final, TypeVar

import msgspec

from tui.common.processors import usable_processors
from tui.common.worker_queue import WorkerQueue
from tui.compiler import messages
from tui.compiler.candidate_search import Listener
from tui.compiler.messages import GateFacts, PreparedProgram, Request
from tui.compiler.requests import (
    CANCELLED_SECONDS,
    CHECK_SECONDS,
    WORKER,
    MakeRequest,
    qiskit_environment,
    request,
    request_with_target,
)
from tui.compiler.search_workers import SearchWorkers
from tui.compiler.simulations import Simulations
from tui.domain.circuits import Candidate, CheckReport, TranspileOptions
from tui.domain.devices.backends import BackendData, device_qubits, rep_delay_us
from tui.domain.export.pictures import Picture
from tui.domain.results import ExpectationValue
from tui.domain.search import SearchOptions, SearchResult
from tui.domain.submissions import Submission
from tui.domain.views.diagram import CircuitDiagram
from tui.domain.views.timeline import CircuitTimeline

TRANSPILE_SECONDS: Final = 300.0
"""Time a transpile run may take; a Fourier transform of 127 qubits takes about 20 seconds at level 3."""
IDLE_SECONDS: Final = 600.0
"""Time without a request after which a worker is ended: it takes 110 MB, and two seconds to come again."""

T = TypeVar("T")


class Compiler:
    """Qiskit behind a process boundary. Cancelling the awaiting task stops the work.

    One worker process does everything, started by `start` or the first request, and ended when nothing was
    asked for a while. A check or a drawing that finds it busy goes to a second one, which is started then: an
    editor is not to wait for a transpiler. The app's process never imports Qiskit.

    All methods but `start` and `aclose` raise `QdeckError`: `UNAVAILABLE` when Qiskit is not installed or its
    process ended, `CIRCUIT` when the program cannot be read or transpiled.

    Args:
        environment: variables for the workers beside those that every worker gets.
        idle_seconds: time without a request after which a worker is ended.
        transpile_seconds: time a transpile run may take.
        search_workers, dask: which workers search, as of `SearchWorkers`.

    Attributes:
        searching, simulations: what has more than one method.
    """

    def __init__(
        self,
        environment: Mapping[str, str] | None = None,
        *,
        idle_seconds: float = IDLE_SECONDS,
        transpile_seconds: float = TRANSPILE_SECONDS,
        search_workers: int | None = None,
        dask: str = "",
    ) -> None:
        self._transpile_seconds = transpile_seconds
        threads = max(1, usable_processors(os.environ) - 1)
        variables = qiskit_environment(threads) | dict(environment or {})
        self._main, self._second = (
            WorkerQueue(WORKER, environment=variables, idle_seconds=idle_seconds) for _ in range(2)
        )
        self.simulations = Simulations(self._idle)
        self.searching = SearchWorkers(
            search_workers, dask, transpile_seconds, idle_seconds=idle_seconds, environment=environment
        )

    @property
    def pids(self) -> tuple[int, ...]:
        """Process ids of the workers that run."""
        own = tuple(pid for pid in (self._main.pid, self._second.pid) if pid is not None)
        return own + self.searching.pids

    async def start(self) -> None:
        """Start the worker and let it warm up in the background; returns at once."""
        self._main.start()

    async def version(self) -> str:
        """Return the version of Qiskit, once the worker is warm."""
        return await request(self._main, messages.Version(), str)

    async def check(self, qasm: str) -> CheckReport:
        """Check an OpenQASM 2 or 3 program.

        Returns:
            The report, with the program's errors as diagnostics; they are not raised.
        """
        return await self._request_soon(messages.Check(qasm), CheckReport)

    async def convert(self, qasm: str, version: int) -> str:
        """Write a program in another version of OpenQASM.

        Args:
            qasm: the program.
            version: 2 or 3.

        Returns:
            The program as Qiskit writes it, without comments; read again it is the same circuit.
        """
        return await self._request_soon(messages.Convert(qasm, version), str)

    async def diagram(self, qasm: str, layout: tuple[int, ...] = ()) -> CircuitDiagram:
        """Lay out the operations of an OpenQASM program in rows and columns, idle qubits left out.

        Args:
            qasm: the program.
            layout: of an ISA program, physical qubit by virtual qubit; both numbers stand at a row.
        """
        return await self._request_soon(messages.DiagramOf(qasm, layout), CircuitDiagram)

    async def describe_gate(
        self,
        program: str,
        signature: tuple[tuple[str, ...], tuple[str, ...]],
        target: BackendData | None = None,
        qubits: tuple[int, ...] = (),
    ) -> GateFacts:
        """Describe the gate that a program applies last.

        Args:
            program: the program.
            signature: names of the gate's parameters, and of its qubits.
            target: a backend, for what becomes of it there.
            qubits: physical qubits of that backend; empty: any.
        """
        asked = messages.DescribeGate(program, *signature, qubits=qubits)
        if target is None:
            return await self._request_soon(asked, GateFacts)
        return await self._with_target(
            target,
            lambda data: msgspec.structs.replace(asked, target=data),
            GateFacts,
            grace=CANCELLED_SECONDS,
        )

    async def timeline(self, isa: str, target: BackendData, *, fractional: bool = False) -> CircuitTimeline:
        """Schedule an ISA program as late as possible.

        Args:
            isa: the program.
            target: the backend.
            fractional: with its fractional gates.
        """
        return await self._with_target(
            target,
            lambda data: messages.TimelineOf(isa, data),
            CircuitTimeline,
            fractional=fractional,
            grace=CANCELLED_SECONDS,
        )

    async def decode_qpy(self, payload: str) -> tuple[str, ...]:
        """Translate circuits in Qiskit's binary form, as other programs submit them, to OpenQASM 3.

        Args:
            payload: base64 of QPY, zlib-packed or not.

        Returns:
            One program a circuit, in order, at least the first one; it ends before a circuit that cannot be
            written, or when the programs grow too long.
        """
        return await self._request_soon(messages.DecodeQpy(payload), tuple[str, ...])

    async def read_qpy(self, file: bytes) -> tuple[str, ...]:
        """Translate the circuits of a QPY file of the user's to OpenQASM 3.

        Args:
            file: its bytes.

        Returns:
            One program a circuit, in order.

        Raises:
            QdeckError: `CIRCUIT` where one cannot be written, too: nothing is left out.
        """
        payload = base64.b64encode(file).decode("ascii")
        return await self._request_soon(messages.DecodeQpy(payload, whole=True), tuple[str, ...])

    async def encode_qpy(self, programs: tuple[str, ...], names: tuple[str, ...]) -> bytes:
        """Write OpenQASM programs as one file in Qiskit's binary form.

        Args:
            programs: OpenQASM 2 or 3.
            names: of the circuits.
        """
        return await self._request_soon(messages.EncodeQpy(programs, names), bytes)

    async def plot(self, picture: Picture, form: str) -> bytes:
        """Draw a picture with Qiskit's drawers and Matplotlib.

        Args:
            picture: what it shows.
            form: `svg` or `png`.

        Returns:
            The file's content.

        Raises:
            QdeckError: also `UNAVAILABLE` when Matplotlib is not installed.
        """
        return await self._request_soon(messages.Plot(picture, form), bytes)

    async def estimator_values(self, body: bytes) -> tuple[tuple[ExpectationValue, ...], ...]:
        """Work out the values of an estimator that ran as a program of the executor.

        Args:
            body: the result as the service sent it.

        Returns:
            The values of each PUB, in C order of the PUB's shape.

        Raises:
            QdeckError: also `PROTOCOL`, when they cannot be worked out from it.
        """
        kind = tuple[tuple[ExpectationValue, ...], ...]
        return await self._request_soon(messages.EstimatorValues(body), kind)

    async def transpile(self, qasm: str, target: BackendData, options: TranspileOptions) -> Candidate:
        """Transpile for the backend's real target, built from its configuration and properties."""
        candidate = await self._with_target(
            target,
            lambda data: messages.Transpile(qasm, data, options),
            Candidate,
            fractional=options.fractional_gates,
        )
        return replace(candidate, rep_delay_us=rep_delay_us(target.configuration))

    async def search(
        self, qasm: str, target: BackendData, options: SearchOptions, tell: Listener = lambda _: None
    ) -> SearchResult:
        """Search for the best candidate, with processes of their own.

        Args:
            qasm: the program.
            target: the backend.
            options: what is tried, and for how long.
            tell: called with each candidate as soon as it is made, and now and then with the progress.

        Returns:
            The candidates, best first.
        """
        return await self.searching.search(qasm, target, options, tell)

    async def review(
        self,
        source: str,
        isa: str,
        target: BackendData,
        options: TranspileOptions,
        layouts: tuple[tuple[int, ...], tuple[int, ...]],
        seconds: float,
    ) -> Candidate:
        """Measure a circuit that was transpiled elsewhere (the cloud) and make it a `Candidate`.

        Args:
            source: the original program.
            isa: the transpiled program.
            target: the backend it was made for.
            options: how it was asked for.
            layouts: initial and final layout, one physical qubit per device qubit, the circuit's own first.
            seconds: how long it took.
        """
        candidate = await self._with_target(
            target,
            lambda data: messages.Review(source, isa, data, options, layouts, seconds),
            Candidate,
            fractional=options.fractional_gates,
        )
        return replace(candidate, rep_delay_us=rep_delay_us(target.configuration))

    async def prepare(self, submission: Submission, target: BackendData) -> PreparedProgram:
        """Prepare a submission as a quantum program, as IBM's client does.

        Args:
            submission: the PUBs and their options.
            target: the backend it is for.

        Returns:
            The job's params, and the work that they are.
        """
        asked = messages.PrepareProgram(
            submission.primitive,
            tuple(messages.ProgramPub(pub.qasm, pub.sweep, pub.observables) for pub in submission.pubs),
            device_qubits(target.configuration),
            submission.shots,
            submission.precision,
            submission.options,
        )
        return await self._with_target(
            target,
            lambda data: msgspec.structs.replace(asked, target=data),
            PreparedProgram,
            fractional=submission.fractional_gates,
            grace=CANCELLED_SECONDS,
        )

    async def aclose(self) -> None:
        """End the workers."""
        await self._main.aclose()
        await self._second.aclose()
        await self.searching.aclose()

    async def _request_soon(self, asked: Request, kind: type[T]) -> T:
        return await request(self._idle(), asked, kind, timeout=CHECK_SECONDS, grace=CANCELLED_SECONDS)

    def _idle(self) -> WorkerQueue:
        return self._second if self._main.busy else self._main

    async def _with_target(
        self,
        target: BackendData,
        make: MakeRequest,
        kind: type[T],
        *,
        fractional: bool = False,
        grace: float = 0.0,
    ) -> T:
        seconds = self._transpile_seconds
        return await request_with_target(
            self._main, make, target, kind, timeout=seconds, grace=grace, fractional=fractional
        )
