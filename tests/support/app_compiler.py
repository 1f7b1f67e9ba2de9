"""The compiler of the app in a test: it records what is asked, and answers what the test says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from tests.monitor.fake_compiler import FakeSimulations, PreparingCompiler
from tests.support.circuits import BELL
from tui.common.errors import ErrorKind, QdeckError
from tui.compiler.candidate_search import Listener
from tui.compiler.messages import GateFacts
from tui.compiler.simulations import Values
from tui.domain.circuits import (
    Candidate,
    CheckReport,
    TranspileOptions,
)
from tui.domain.devices.backends import BackendData
from tui.domain.jobs import (
    DEFAULT_SHOTS,
)
from tui.domain.search import SearchOptions, SearchProgress, SearchResult
from tui.domain.statistics.distributions import Distribution
from tui.domain.statistics.predictions import ForetoldValues
from tui.domain.views.diagram import CircuitDiagram
from tui.domain.views.timeline import CircuitTimeline

if TYPE_CHECKING:
    from tests.support.app_services import AppServicesHarness


IDEAL_BELL = Distribution({"00": 0.5, "11": 0.5}, (("c", 2),), 2, "state vector")
NOISY_BELL = Distribution(
    {"00": 0.492, "01": 0.013, "10": 0.015, "11": 0.48}, (("c", 2),), 2, "density matrix", 1000, waiting=True
)
"""What simulations say of the job "bell"."""


class RecordingSimulations(FakeSimulations):
    """Simulations that answer with the values of the test."""

    def __init__(self, harness: AppServicesHarness) -> None:
        super().__init__()
        self._harness = harness

    async def ideal(self, qasm: str, *, values: Values = (), shots: int = DEFAULT_SHOTS) -> Distribution:
        self._harness.record("simulate", qasm, tuple(values))
        return self._harness.simulated(self._harness.ideal)

    async def noisy(
        self, isa: str, target: BackendData, *, values: Values = (), shots: int = DEFAULT_SHOTS
    ) -> Distribution:
        self._harness.record("simulate_noisy", isa, target.name)
        return self._harness.simulated(self._harness.noisy)

    async def sweep(
        self,
        qasm: str,
        sets: Sequence[Values],
        *,
        target: BackendData | None = None,
        of: int = 1,
        shots: int = DEFAULT_SHOTS,
    ) -> tuple[Distribution, ...]:
        found = self._harness.simulated(self._harness.ideal if target is None else self._harness.noisy)
        return (found,) * len(sets)

    async def values(
        self,
        qasm: str,
        observables: Sequence[str],
        sets: Sequence[Values],
        *,
        target: BackendData | None = None,
        of: int = 1,
    ) -> ForetoldValues:
        self._harness.record("simulate_values", qasm, tuple(observables), target is not None)
        return self._harness.foretold_values(tuple(observables), sets, noisy=target is not None)


class RecordingCompiler(PreparingCompiler):
    """A compiler that answers with the values of the test."""

    def __init__(self, harness: AppServicesHarness) -> None:
        super().__init__()
        self._harness = harness
        self.simulations = RecordingSimulations(harness)

    async def start(self) -> None:
        self._harness.record("warm_up")

    async def check(self, qasm: str) -> CheckReport:
        self._harness.record("check", qasm)
        return self._harness.report

    async def read_qpy(self, file: bytes) -> tuple[str, ...]:
        self._harness.record("read_qpy", file)
        if file.endswith(b"old"):
            raise QdeckError(ErrorKind.CIRCUIT, "The circuit is in version 12, which could hold code.")
        return (BELL, "OPENQASM 3.0; // second")

    async def convert(self, qasm: str, version: int) -> str:
        self._harness.record("convert", qasm, version)
        return f"OPENQASM {version}.0;\nqreg q[2];\n"

    async def describe_gate(
        self,
        program: str,
        signature: tuple[tuple[str, ...], tuple[str, ...]],
        target: BackendData | None = None,
        qubits: tuple[int, ...] = (),
    ) -> GateFacts:
        self._harness.record("describe_gate", program, target.name if target is not None else "", qubits)
        on_device = GateFacts(becomes=("rz(pi/2) b;", "cz a, b;"), two_qubit_gates=1, error=0.0043)
        return on_device if target is not None else GateFacts(("h b;", "cz a, b;", "h b;"))

    async def transpile(self, qasm: str, target: BackendData, options: TranspileOptions) -> Candidate:
        await self._harness.wait()
        self._harness.record("transpile", qasm, target.name, options)
        return replace(self._harness.candidate, backend=target.name, options=options)

    async def diagram(self, qasm: str, layout: tuple[int, ...] = ()) -> CircuitDiagram:
        self._harness.record("diagram", qasm, layout)
        return self._harness.isa_diagram if "$" in qasm else self._harness.diagram

    async def timeline(self, isa: str, target: BackendData, *, fractional: bool = False) -> CircuitTimeline:
        await self._harness.wait()
        self._harness.record("timeline", isa, target.name)
        if isinstance(self._harness.timeline, QdeckError):
            raise self._harness.timeline
        return self._harness.timeline

    async def search(
        self, qasm: str, target: BackendData, options: SearchOptions, tell: Listener = lambda _: None
    ) -> SearchResult:
        await self._harness.wait()
        self._harness.record("search", qasm, target.name)
        best = self._harness.found_by_search or self._harness.candidate
        found = [
            replace(best, backend=target.name, options=TranspileOptions(level, seed=0))
            for level in self._harness.searched_levels
        ]
        for candidate in found:
            tell(candidate)
        progress = SearchProgress(len(found), 1, 0, 2.0)
        tell(progress)
        if self._harness.search_gate is not None:
            await self._harness.search_gate.wait()
        return SearchResult(tuple(found), progress, self._harness.unavailable)

    async def review(
        self,
        source: str,
        isa: str,
        target: BackendData,
        options: TranspileOptions,
        layouts: tuple[tuple[int, ...], tuple[int, ...]],
        seconds: float,
    ) -> Candidate:
        return replace(self._harness.candidate, backend=target.name, options=options)
