"""`qdeck backends`: the backends of the instance, or one of them qubit by qubit."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from tui.commands.circuits.run_circuits import require_backend_name
from tui.commands.jobs.jobs import LIST_SECONDS
from tui.commands.shared.context import signed_in_services, waiting_for_service
from tui.commands.shared.listing import AS_TABLE, Output, Table, emit_listing
from tui.commands.shared.output import Exit, say
from tui.commands.shared.selection import ServiceChoice, service_facts
from tui.common.errors import QdeckError
from tui.domain.accounts import Identity
from tui.domain.devices.backends import NONE_LISTED, Backend
from tui.domain.devices.calibration_changes import (
    CalibrationChange,
    calibration_changes,
    comparison_for,
    count_changes,
)
from tui.domain.devices.calibrations import Coupler, DeviceCalibration, QubitCalibration
from tui.monitor.services import AppServices

LIST_HEAD = ("STATUS", "NAME", "QUEUE", "QUBITS", "PROCESSOR", "2Q ERR %", "READ ERR %")
QUBITS_HEAD = ("PART", "QUBIT", "READ ERR %", "T1 us", "T2 us", "1Q ERR %", "STATE", "SINCE")
COUPLERS_HEAD = ("PART", "QUBITS", "2Q ERR %", "GATE", "LENGTH ns", "STATE", "SINCE")


async def list_backends(
    choice: ServiceChoice, environ: Mapping[str, str], name: str = "", listing: Output = AS_TABLE
) -> Exit:
    """Print the backends, or the calibration of one by qubit and coupler.

    Args:
        choice: the service meant.
        environ: the environment.
        name: of the backend; empty: all are listed.
        listing: the form and the file.

    Returns:
        The exit status.

    Raises:
        UsageFault: there is no account.
        QdeckError: signing in failed, the service did not answer, or it has no such backend.
    """
    async with signed_in_services(choice, environ, seconds=LIST_SECONDS) as opened:
        services, identity = opened.services, opened.identity
        async with waiting_for_service(choice.timeout):
            if not name:
                await _complete(services)
            else:
                await require_backend_name(services, name)
                calibration = await services.backends.calibration(name)
                await services.backends.details(name)
        backends = services.backends.all()
        if not name:
            return print_backends(identity, backends, listing)
        seen = services.backends.seen_calibrations(name)
        backend = next(one for one in backends if one.name == name)
        return print_device(identity, backend, calibration, comparison_for(calibration, seen), listing)


async def _complete(services: AppServices) -> None:
    """Ask for the list, and for the errors of those of which it does not tell them."""
    if not services.backends.all():
        await services.polling.refresh()
    for backend in services.backends.all():
        if backend.median_2q_error is None:
            # Without its errors it is still one of the list.
            with contextlib.suppress(QdeckError):
                await services.backends.details(backend.name)


def print_backends(identity: Identity, backends: Sequence[Backend], listing: Output) -> Exit:
    """Print the backends in the form asked for."""
    facts = [backend_facts(one) for one in backends]
    rows = [_row(one) for one in backends]
    emit_listing(
        listing,
        answer={**service_facts(identity), "backends": facts},
        entries=facts,
        tables=[Table(LIST_HEAD, rows)] if rows else [],
        empty=NONE_LISTED,
    )
    return Exit.DONE


def _row(backend: Backend) -> tuple[str, ...]:
    return (
        backend.status,
        backend.name,
        _text(backend.queue_length),
        _text(backend.qubits),
        backend.processor,
        _percent(backend.median_2q_error),
        _percent(backend.median_readout_error),
    )


def print_device(
    identity: Identity,
    backend: Backend,
    calibration: DeviceCalibration,
    compared: DeviceCalibration | None,
    listing: Output,
) -> Exit:
    """Print an entry a qubit and an entry a coupler.

    Args:
        identity: who is signed in.
        backend: with its medians.
        calibration: its figures.
        compared: the calibration of the day before; `None`: none was seen here.
        listing: the form and the file.
    """
    changes = () if compared is None else calibration_changes(compared, calibration)
    if calibration.calibrated is not None:
        say(f"{backend.name}: calibrated {calibration.calibrated:%Y-%m-%d %H:%M:%S %Z}.")
    if compared is not None and compared.calibrated is not None:
        say(f"Since {compared.calibrated:%Y-%m-%d %H:%M:%S %Z}: {count_changes(changes)}.")
    words = _since(changes)
    qubits = Table(QUBITS_HEAD, [_qubit_row(*one, words) for one in enumerate(calibration.qubits)])
    couplers = Table(COUPLERS_HEAD, [_coupler_row(one, words) for one in calibration.couplers])
    facts = calibration_facts(calibration, compared, changes)
    emit_listing(
        listing,
        answer={**service_facts(identity), "backend": backend_facts(backend), **facts},
        entries=_parts(calibration),
        tables=[qubits, couplers],
    )
    return Exit.DONE


def _parts(calibration: DeviceCalibration) -> list[dict[str, object]]:
    """Describe the qubits, then the couplers, each with the kind of part it is."""
    qubits = [{"part": "qubit", **_qubit_facts(*one)} for one in enumerate(calibration.qubits)]
    return [*qubits, *({"part": "coupler", **_coupler_facts(one)} for one in calibration.couplers)]


def _qubit_row(number: int, qubit: QubitCalibration, words: Mapping[tuple[int, ...], str]) -> tuple[str, ...]:
    return (
        "qubit",
        str(number),
        _percent(qubit.readout_error),
        _rounded(qubit.t1_us),
        _rounded(qubit.t2_us),
        _percent(qubit.single_qubit_error),
        "dead" if qubit.dead else "ok",
        words.get((number,), ""),
    )


def _coupler_row(coupler: Coupler, words: Mapping[tuple[int, ...], str]) -> tuple[str, ...]:
    return (
        "coupler",
        f"{coupler.first}-{coupler.second}",
        _percent(coupler.error),
        coupler.gate,
        _rounded(coupler.length_ns),
        "dead" if coupler.dead else "ok",
        words.get(coupler.qubits, ""),
    )


def _since(changes: Iterable[CalibrationChange]) -> dict[tuple[int, ...], str]:
    """Return the changes of each part in words."""
    found: dict[tuple[int, ...], list[str]] = {}
    for change in changes:
        words = (_figure_name(change), change.trend.value)
        found.setdefault(change.qubits, []).append(" ".join(word for word in words if word))
    return {part: ", ".join(words) for part, words in found.items()}


def backend_facts(backend: Backend) -> dict[str, object]:
    """Describe a backend for a JSON answer: errors from 0 to 1, times in microseconds, null: not told."""
    return {
        "name": backend.name,
        "status": backend.status,
        "operational": backend.operational,
        "queue_length": backend.queue_length,
        "qubits": backend.qubits,
        "processor": backend.processor,
        "simulated": backend.simulated,
        "median_2q_error": backend.median_2q_error,
        "median_readout_error": backend.median_readout_error,
        "median_1q_error": backend.median_1q_error,
        "median_t1_us": backend.median_t1_us,
        "median_t2_us": backend.median_t2_us,
        "calibrated": _iso(backend.calibrated),
        "message": backend.message,
    }


def calibration_facts(
    calibration: DeviceCalibration,
    compared: DeviceCalibration | None,
    changes: Sequence[CalibrationChange],
) -> dict[str, object]:
    """Describe a calibration for a JSON answer: a member a qubit and a coupler, and what changed."""
    return {
        "calibrated": _iso(calibration.calibrated),
        "compared_with": _iso(compared.calibrated if compared is not None else None),
        "coordinates": [list(place) for place in calibration.coordinates] or None,
        "qubits": [_qubit_facts(*one) for one in enumerate(calibration.qubits)],
        "couplers": [_coupler_facts(one) for one in calibration.couplers],
        "changes": [
            {
                "qubits": list(change.qubits),
                "trend": change.trend.value,
                "figure": _figure_name(change),
                "before": change.before,
                "after": change.after,
            }
            for change in changes
        ],
    }


def _qubit_facts(number: int, qubit: QubitCalibration) -> dict[str, object]:
    return {
        "qubit": number,
        "readout_error": qubit.readout_error,
        "t1_us": qubit.t1_us,
        "t2_us": qubit.t2_us,
        "single_qubit_error": qubit.single_qubit_error,
        "dead": qubit.dead,
    }


def _coupler_facts(coupler: Coupler) -> dict[str, object]:
    return {
        "qubits": list(coupler.qubits),
        "gate": coupler.gate,
        "error": coupler.error,
        "length_ns": coupler.length_ns,
        "dead": coupler.dead,
    }


def _figure_name(change: CalibrationChange) -> str | None:
    """Return the name of the figure that changed; `None`: the part as a whole."""
    if change.metric is not None:
        return change.metric.value
    return None if change.before is None else "2Q error"


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _text(value: int | None) -> str:
    return "" if value is None else str(value)


def _percent(value: float | None) -> str:
    return "" if value is None else f"{value * 100:.3g}"


def _rounded(value: float | None) -> str:
    return "" if value is None else f"{value:.0f}"
