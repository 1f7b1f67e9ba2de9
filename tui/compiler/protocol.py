"""What qdeck asks of Qiskit, which lives in another process."""

from __future__ import annotations

from typing import Protocol

from tui.domain.backends import BackendData
from tui.domain.circuits import Candidate, CheckReport, TranspileOptions


class Compiler(Protocol):
    """Qiskit behind a process boundary. Cancelling the awaiting task really stops the work.

    Methods raise `QdeckError`: `UNAVAILABLE` with the way to install it when Qiskit is not there,
    `CIRCUIT` when the program cannot be read or transpiled.
    """

    async def start(self) -> None:
        """Start the worker and let it warm up in the background; returns at once."""
        ...

    async def check(self, qasm: str) -> CheckReport:
        """What Qiskit says of an OpenQASM 2 or 3 program. Errors are in the report, not raised."""
        ...

    async def draw(self, qasm: str, *, width: int = 100) -> str:
        """The circuit as text, folded at `width` columns, idle qubits left out."""
        ...

    async def decode_qpy(self, payload: str) -> tuple[str, ...]:
        """The OpenQASM 3 of the circuits in Qiskit's binary form, as other programs submit them.

        At least the first one is there; it ends where a circuit cannot be written, or with all that is taken.

        Args:
            payload: base64 of QPY, zlib-packed or not.
        """
        ...

    async def transpile(self, qasm: str, target: BackendData, options: TranspileOptions) -> Candidate:
        """Transpile for the backend's real target, built from its configuration and properties."""
        ...

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
            layouts: initial and final layout, one physical qubit per device qubit, the circuit's own first.
        """
        ...

    async def aclose(self) -> None:
        """End the worker."""
        ...
