"""The compiler and the analyzer without their worker processes."""

from __future__ import annotations

import asyncio
from typing import NoReturn

from tui.common.errors import ErrorKind, QdeckError
from tui.compiler.client import Compiler
from tui.compiler.messages import PreparedProgram
from tui.compiler.simulations import Simulations
from tui.domain.circuits import Analysis, Candidate, CheckReport, CircuitStats, TranspileOptions
from tui.domain.devices.backends import BackendData, DeviceLimits
from tui.domain.pricing import ProgramWork
from tui.domain.submissions import Submission
from tui.openqasm.analysis.client import Analyzer
from tui.openqasm.analysis.declarations import Scope, Symbol
from tui.openqasm.analysis.fast import analyse
from tui.openqasm.analysis.symbols import SymbolTable
from tui.openqasm.formatter import format_with_places


class InProcessAnalyzer(Analyzer):
    """The fast analysis without its worker process, and without QDK."""

    def start(self) -> None:
        """Nothing to start."""

    async def analyse(self, qasm: str, device: DeviceLimits | None = None, *, own: bool = False) -> Analysis:
        return analyse(qasm, device)

    async def format(self, qasm: str, places: tuple[int, ...]) -> tuple[str, tuple[int, ...]]:
        return format_with_places(qasm, places)

    async def names(self, qasm: str) -> tuple[tuple[Symbol, ...], tuple[Scope, ...]]:
        table = SymbolTable.of(qasm)
        return table.symbols, table.scopes


class FakeSimulations(Simulations):
    """Simulations without Qiskit: there are none."""

    def __init__(self) -> None:
        super().__init__(self._nothing)

    def _nothing(self) -> NoReturn:
        raise QdeckError(ErrorKind.UNAVAILABLE, "Qiskit is not installed.")


class FakeCompiler(Compiler):
    """A compiler without worker processes, which accepts every program."""

    def __init__(self) -> None:
        super().__init__()
        self.ended = False
        self.simulations = FakeSimulations()

    async def start(self) -> None:
        """Nothing to warm up."""

    async def check(self, qasm: str) -> CheckReport:
        return CheckReport(())

    async def decode_qpy(self, payload: str) -> tuple[str, ...]:
        if payload.startswith("broken"):
            raise QdeckError(ErrorKind.CIRCUIT, "The circuit cannot be read.")
        return tuple(f"OPENQASM 3; // from {part}" for part in payload.split("+"))

    async def transpile(self, qasm: str, target: BackendData, options: TranspileOptions) -> Candidate:
        size = CircuitStats(1, 1, 1, 1, 0, 0)
        return Candidate(target.name, qasm, options, size, size, (0,), (0,), 127, 0.1, "local")

    async def review(
        self,
        source: str,
        isa: str,
        target: BackendData,
        options: TranspileOptions,
        layouts: tuple[tuple[int, ...], tuple[int, ...]],
        seconds: float,
    ) -> Candidate:
        size = CircuitStats(1, 1, 1, 1, 0, 0)
        return Candidate(target.name, isa, options, size, size, *layouts, 127, seconds, "cloud")

    async def aclose(self) -> None:
        self.ended = True


class PreparingCompiler(FakeCompiler):
    """One that also prepares programs.

    Attributes:
        work: of what it prepares.
        preparing: what it waits for before it has prepared one.
        prepared: what it was asked to prepare, as far as it was done.
    """

    def __init__(self) -> None:
        super().__init__()
        self.work = ProgramWork(8192, 0.05, 0, 0, 0, 0)
        self.preparing: asyncio.Event | None = None
        self.prepared: list[Submission] = []

    async def prepare(self, submission: Submission, target: BackendData) -> PreparedProgram:
        if self.preparing is not None:
            await self.preparing.wait()
        self.prepared.append(submission)
        return PreparedProgram('{"quantum_program":{}}', self.work)
