"""Backends: the QPUs a job can run on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Backend:
    """One QPU as listed. Errors are probabilities (0..1); `None` where not told.

    `status` is the service's word: `online`/`active`, `paused`, `maintenance`, `offline`, ...
    """

    name: str
    qubits: int | None = None
    status: str = "unknown"
    operational: bool = False
    """Whether it takes and runs jobs now."""
    queue_length: int | None = None
    simulated: bool = False
    processor: str = ""
    """Family and revision, e.g. `Falcon r5.10`."""
    version: str = ""
    median_2q_error: float | None = None
    median_readout_error: float | None = None
    median_1q_error: float | None = None
    median_t1_us: float | None = None
    median_t2_us: float | None = None
    calibrated: datetime | None = None
    basis_gates: tuple[str, ...] = ()
    two_qubit_gate: str = ""
    clops: int | None = None
    message: str = ""
    confirmed: datetime | None = None


@dataclass(frozen=True, slots=True)
class BackendData:
    """What a target is built from: the bodies of `/configuration` and `/properties`, as sent (JSON bytes)."""

    name: str
    configuration: bytes
    properties: bytes


def best_backend(backends: Iterable[Backend], qubits: int = 0) -> Backend | None:
    """The backend to offer first for a circuit of `qubits` qubits; `None`: none is online and large enough.

    Real hardware before simulators, then the fewest jobs queued, then the smallest median two-qubit error,
    then by name. What the service does not tell counts as worst; an unknown number of qubits as enough.
    """
    worst = float("inf")

    def rank(backend: Backend) -> tuple[bool, float, float, str]:
        queued, error = backend.queue_length, backend.median_2q_error
        return (
            backend.simulated,
            worst if queued is None else queued,
            worst if error is None else error,
            backend.name,
        )

    fitting = (one for one in backends if one.operational and (one.qubits is None or one.qubits >= qubits))
    return min(fitting, key=rank, default=None)
