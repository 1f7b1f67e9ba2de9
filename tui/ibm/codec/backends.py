"""Backends on the wire into `Backend` (contract 3.1, 5.2 to 5.5)."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime
from statistics import median
from typing import Any

import msgspec

from tui.common.values import Listed
from tui.domain.devices.backends import Backend
from tui.ibm.codec.calibrations import MICROSECONDS, Properties
from tui.ibm.codec.decoding import decode, decode_any_size, moment, read_entries

_UP = {"online", "active", "available"}


class _Status(msgspec.Struct, frozen=True):
    name: str | None = None
    reason: str | None = None


class _Processor(msgspec.Struct, frozen=True):
    family: str | None = None
    revision: str | int | float | None = None
    segment: str | None = None


class _Metric(msgspec.Struct, frozen=True):
    value: float | None = None


class _Performance(msgspec.Struct, frozen=True):
    two_q_error_median: _Metric | None = None
    readout_error_median: _Metric | None = None


class _Device(msgspec.Struct, frozen=True):
    name: str
    status: _Status | str | None = None
    queue_length: int | None = None
    is_simulator: bool | None = None
    qubits: int | None = None
    clops: _Metric | float | None = None
    processor_type: _Processor | None = None
    performance_metrics: _Performance | None = None


class _Devices(msgspec.Struct, frozen=True):
    devices: list[msgspec.Raw]


class _RuntimeStatus(msgspec.Struct, frozen=True):
    state: bool | None = None
    status: str | None = None
    message: str | None = None
    length_queue: int | None = None
    backend_version: str | None = None


class _Gate(msgspec.Struct, frozen=True):
    name: str
    coupling_map: list[list[int]] | None = None


class _Configuration(msgspec.Struct, frozen=True):
    n_qubits: int | None = None
    backend_version: str | None = None
    basis_gates: list[str] | None = None
    simulator: bool | None = None
    processor_type: _Processor | None = None
    clops: float | None = None
    clops_h: float | None = None


def decode_devices(body: bytes, where: str, now: datetime) -> Listed[Backend]:
    """Return the backends in a list of objects, or of names alone (classic, and old API versions).

    Args:
        body: JSON bytes.
        where: the request, for messages.
        now: when it was received.

    Raises:
        QdeckError: `PROTOCOL`, as every function here: it is not what the contract says.
    """
    # mypy takes no union for a type.
    kind: Any = _Device | str

    def backend(device: _Device | str) -> Backend:
        return Backend(device, confirmed=now) if isinstance(device, str) else _device(device, now)

    return read_entries(map(bytes, decode(body, _Devices, where).devices), kind, where, backend)


def with_status(backend: Backend, body: bytes, where: str, now: datetime) -> Backend:
    """Return the backend with the state and the queue length of its `/status`."""
    current = decode(body, _RuntimeStatus, where)
    message = current.message or ""
    status = current.status or ("active" if current.state else "unknown")
    # `state` is whether it runs; a paused device may still be "up".
    up = current.state is not False and status.lower() in _UP
    return replace(
        backend,
        status=status,
        operational=up,
        queue_length=current.length_queue,
        message="" if message.lower() in _UP or message == status else message,
        version=current.backend_version or backend.version,
        confirmed=now,
    )


def with_configuration(backend: Backend, body: bytes, where: str) -> Backend:
    """Return the backend with the facts of its `/configuration`; those that it leaves out stay."""
    configuration = decode(body, _Configuration, where)
    clops = configuration.clops_h if configuration.clops_h is not None else configuration.clops
    return replace(
        backend,
        qubits=configuration.n_qubits if configuration.n_qubits is not None else backend.qubits,
        version=configuration.backend_version or backend.version,
        basis_gates=tuple(configuration.basis_gates or backend.basis_gates),
        simulated=bool(configuration.simulator) or backend.simulated,
        processor=_processor(configuration.processor_type) or backend.processor,
        clops=backend.clops if clops is None else int(clops),
    )


async def with_properties(backend: Backend, body: bytes, where: str) -> Backend:
    """Return the backend with the medians of its `/properties`: times in microseconds, errors from 0 to 1.

    An empty body (simulators) changes nothing. Medians are over qubits, and over pairs for two-qubit gates;
    couplers and qubits marked dead (error of 1 or more) are left out, for they would not be used.
    """
    if not body.strip():
        return backend
    return await decode_any_size(body, lambda: _medians(backend, body, where))


def _medians(backend: Backend, body: bytes, where: str) -> Backend:
    properties = decode(body, Properties, where)
    qubits: dict[str, list[float]] = {"T1": [], "T2": [], "readout_error": []}
    for values in properties.qubits or []:
        for item in values:
            if item.name in qubits and item.value is not None:
                scale = MICROSECONDS.get(item.unit or "us", 1.0) if item.name != "readout_error" else 1.0
                qubits[item.name].append(item.value * scale)
    pairs: list[float] = []
    single: list[float] = []
    names: Counter[str] = Counter()
    for gate in properties.gates or []:
        error = next((item.value for item in gate.parameters or [] if item.name == "gate_error"), None)
        if error is None or not 0.0 <= error < 1.0:
            continue
        if len(gate.qubits) == 2:
            pairs.append(error)
            names[gate.gate] += 1
        elif gate.gate == "sx":
            single.append(error)
    readout = [error for error in qubits["readout_error"] if 0.0 <= error < 1.0]
    return replace(
        backend,
        median_2q_error=_listed_or(backend.median_2q_error, pairs),
        median_readout_error=_listed_or(backend.median_readout_error, readout),
        median_1q_error=_median(single, backend.median_1q_error),
        median_t1_us=_median(qubits["T1"], backend.median_t1_us),
        median_t2_us=_median(qubits["T2"], backend.median_t2_us),
        calibrated=moment(properties.last_update_date) or backend.calibrated,
        two_qubit_gate=names.most_common(1)[0][0] if names else backend.two_qubit_gate,
    )


def _median(values: list[float], known: float | None) -> float | None:
    return median(values) if values else known


def _listed_or(listed: float | None, values: list[float]) -> float | None:
    """Return the service's own median where there is one: it knows which gates of its device count."""
    return _median(values, None) if listed is None else listed


def _device(device: _Device, now: datetime) -> Backend:
    status = device.status if isinstance(device.status, _Status) else _Status(name=device.status)
    name = status.name or "unknown"
    reason = status.reason or ""
    performance = device.performance_metrics or _Performance()
    clops = device.clops.value if isinstance(device.clops, _Metric) else device.clops
    return Backend(
        name=device.name,
        qubits=device.qubits,
        status=name,
        operational=name.lower() in _UP,
        queue_length=device.queue_length,
        simulated=bool(device.is_simulator),
        processor=_processor(device.processor_type),
        median_2q_error=_value(performance.two_q_error_median),
        median_readout_error=_value(performance.readout_error_median),
        clops=None if clops is None else int(clops),
        message="" if reason.lower() in _UP else reason,
        confirmed=now,
    )


def _value(metric: _Metric | None) -> float | None:
    return metric.value if metric else None


def _processor(kind: _Processor | None) -> str:
    if kind is None or not kind.family:
        return ""
    revision = "" if kind.revision is None or kind.revision == "" else f" r{kind.revision}"
    return f"{kind.family}{revision}{kind.segment or ''}"
