"""Backends: the QPUs a job can run on."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from math import inf

import msgspec

from tui.common.values import Value
from tui.domain.circuits import DEFAULT_REP_DELAY_US

MOCK = "mock_"


def is_mock(name: str) -> bool:
    """Return whether jobs on the backend of this name are dry runs, with random results (contract 5.16)."""
    return name.startswith(MOCK)


def twin_of(name: str) -> str:
    """Return the name of the backend on which a job for this one runs dry, as IBM's client makes it."""
    return re.sub("^[^_]+", MOCK.rstrip("_"), name)


class Backend(Value, frozen=True):
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


class BackendData(Value, frozen=True):
    """What a target is built from: the bodies of `/configuration` and `/properties`, as sent (JSON bytes)."""

    name: str
    configuration: bytes
    properties: bytes


class DeviceLimits(Value, frozen=True):
    """What a program must not ask more of than the backend has.

    Attributes:
        name: the backend's.
        qubits: how many it has; `None` where not told.
        instructions: names of the instructions it runs; empty where not told.
    """

    name: str
    qubits: int | None = None
    instructions: tuple[str, ...] = ()


class _Configuration(Value, frozen=True):
    n_qubits: int = 0
    default_rep_delay: float | None = None
    dt: float | None = None
    supported_instructions: tuple[str, ...] = ()


def _configuration(configuration: bytes) -> _Configuration:
    try:
        return msgspec.json.decode(configuration, type=_Configuration)
    except msgspec.DecodeError:
        return _Configuration()


def rep_delay_us(configuration: bytes) -> float:
    """Read the default pause between two shots from a backend's `/configuration` body.

    Returns:
        Microseconds; `DEFAULT_REP_DELAY_US` when the body does not say.
    """
    delay = _configuration(configuration).default_rep_delay
    return DEFAULT_REP_DELAY_US if delay is None else delay


def dt_seconds(configuration: bytes) -> float | None:
    """Read the length of a `dt` from a backend's `/configuration` body, which has it in nanoseconds.

    Returns:
        Seconds; `None` when the body does not say.
    """
    dt = _configuration(configuration).dt
    return None if dt is None else dt * 1e-9


def device_qubits(configuration: bytes) -> int:
    """Read the number of qubits from a backend's `/configuration` body; 0 when it does not say."""
    return _configuration(configuration).n_qubits


def limits_of(data: BackendData) -> DeviceLimits:
    """Return the limits that a backend's configuration tells; none where it cannot be read."""
    told = _configuration(data.configuration)
    return DeviceLimits(data.name, told.n_qubits or None, told.supported_instructions)


NONE_LISTED = "An archived instance lists no backends: its jobs can be read, but nothing new is accepted."
"""What it may mean that an instance has no backends."""


def undecided(backends: Iterable[Backend], qubits: int = 0) -> tuple[str, ...]:
    """List the backends whose unknown two-qubit error would decide which is the best for `qubits` qubits.

    That is so when several are equally good in all that goes before it.

    Args:
        backends: the candidates.
        qubits: qubits that the circuit needs; 0: any number.

    Returns:
        Names of backends; none when the choice does not hang on an unknown error.
    """
    fitting = [one for one in backends if _fits(one, qubits)]
    first = min((_before_errors(one) for one in fitting), default=None)
    equal = [one for one in fitting if _before_errors(one) == first]
    return tuple(one.name for one in equal if one.median_2q_error is None) if len(equal) > 1 else ()


def best_backend(backends: Iterable[Backend], qubits: int = 0) -> Backend | None:
    """Choose the backend to offer first for a circuit of `qubits` qubits.

    Real hardware before simulators, then the fewest jobs queued, then the smallest median two-qubit error,
    then by name. An unknown figure counts as the worst one; an unknown number of qubits as enough.

    Args:
        backends: the candidates.
        qubits: qubits that the circuit needs; 0: any number.

    Returns:
        The backend; `None` when none is online and large enough.
    """

    def rank(backend: Backend) -> tuple[tuple[bool, float], float, str]:
        return _before_errors(backend), _or_worst(backend.median_2q_error), backend.name

    return min((one for one in backends if _fits(one, qubits)), key=rank, default=None)


def fitting_backends(backends: Iterable[Backend], qubits: int) -> tuple[Backend, ...]:
    """Return the backends that are online and have so many qubits, or do not say, by name; no dry runs."""
    fitting = (one for one in backends if _fits(one, qubits) and not is_mock(one.name))
    return tuple(sorted(fitting, key=lambda one: one.name))


def _fits(backend: Backend, qubits: int) -> bool:
    return backend.operational and (backend.qubits is None or backend.qubits >= qubits)


def _before_errors(backend: Backend) -> tuple[bool, float]:
    return backend.simulated, _or_worst(backend.queue_length)


def _or_worst(value: float | None) -> float:
    return inf if value is None else value
