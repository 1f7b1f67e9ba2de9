"""Calibrations made of the recorded one by seeded noise, as a device drifts from one day to the next.

Spreads and probabilities are chosen, not measured: figures move by a sixth to a quarter. A coupler dies for
one calibration now and then, and some of those that were out of order when they were recorded come back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from math import exp
from random import Random
from statistics import median
from typing import Any

_TIMES, _READOUT, _SINGLE, _PAIR = 0.2, 0.25, 0.15, 0.25
"""Standard deviations of the logarithm of a figure: T1 and T2, readout, gates of one qubit and of two."""
_DIES, _COMES_BACK = 0.004, 0.2
"""Probabilities that a coupler is out of order, and that one which was when recorded is not."""
_USELESS = 0.45
"""Error from which on a qubit or coupler was out of order when recorded, and up to which others drift."""
_DEAD = 1.0
_ERRORS = ("prob_meas0_prep1", "prob_meas1_prep0")
Entry = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Drift:
    """A calibration made by noise.

    Attributes:
        seed: of the noise.
        number: of the calibration, from 1; each has noise of its own.
        moment: its time; `None` where that does not matter.
    """

    seed: int
    number: int
    moment: datetime | None = None


def drifted(properties: Mapping[str, Any], device: str, drift: Drift) -> dict[str, Any]:
    """Return the body of a device's properties with drifted figures; nothing of the recorded one changes.

    Args:
        properties: the recorded body.
        device: what the noise depends on beside the drift; a device and its twin have the same.
        drift: seed, number and time.
    """
    chance = Random(f"{drift.seed}/{device}/{drift.number}")
    date = None if drift.moment is None else drift.moment.isoformat(timespec="seconds")
    qubits = [_qubit(entries, chance, date) for entries in properties["qubits"]]
    singles = [_factor(chance, _SINGLE) for _ in qubits]
    pairs = _pairs(properties["gates"], chance)
    gates = [
        _gate(gate, singles[gate["qubits"][0]], date)
        if len(gate["qubits"]) == 1
        else _pair_gate(gate, pairs[tuple(sorted(gate["qubits"]))], date)
        for gate in properties["gates"]
    ]
    return {
        **properties,
        "qubits": qubits,
        "gates": gates,
        "last_update_date": date or properties["last_update_date"],
    }


def _factor(chance: Random, spread: float) -> float:
    return exp(chance.gauss(0.0, spread))


def _with(entry: Entry, value: float, date: str | None) -> Entry:
    """Return an entry with another value, of six significant digits, and another date."""
    changed = {**entry, "value": float(f"{value:.6g}")}
    return {**changed, "date": date} if date else changed


def _qubit(entries: list[Entry], chance: Random, date: str | None) -> list[Entry]:
    t1, t2, readout = (_factor(chance, spread) for spread in (_TIMES, _TIMES, _READOUT))
    known = {entry["name"]: entry["value"] for entry in entries}
    values: dict[str, float] = {}
    if "T1" in known:
        values["T1"] = known["T1"] * t1
    if "T2" in known:
        # Longer than twice T1 it cannot be.
        values["T2"] = min(known["T2"] * t2, 2 * values.get("T1", float("inf")))
    if known.get("readout_error", 1.0) < _USELESS:
        values |= {name: min(known[name] * readout, _USELESS) for name in _ERRORS if name in known}
        errors = [values[name] for name in _ERRORS if name in values]
        mean = sum(errors) / 2 if len(errors) == 2 else known["readout_error"] * readout
        values["readout_error"] = min(mean, _USELESS)
    return [
        _with(entry, values[entry["name"]], date) if entry["name"] in values else entry for entry in entries
    ]


def _pairs(gates: Iterable[Mapping[str, Any]], chance: Random) -> dict[tuple[int, ...], tuple[float, float]]:
    """Return for each pair of qubits a factor of its errors, and the error that it has instead, or 0."""
    recorded: dict[tuple[int, ...], list[float]] = {}
    for gate in gates:
        if len(gate["qubits"]) == 2:
            errors = [entry["value"] for entry in gate["parameters"] if entry["name"] == "gate_error"]
            recorded.setdefault(tuple(sorted(gate["qubits"])), []).extend(errors)
    dead = {pair for pair, errors in recorded.items() if not errors or max(errors) >= _USELESS}
    usual = median([min(errors) for pair, errors in recorded.items() if pair not in dead] or [_DEAD])
    drawn: dict[tuple[int, ...], tuple[float, float]] = {}
    for pair in sorted(recorded):
        factor, fate = _factor(chance, _PAIR), chance.random()
        if pair in dead:
            # Fresh from repair it is not one of the best.
            drawn[pair] = (1.0, 2 * usual * factor) if fate < _COMES_BACK else (1.0, 0.0)
        else:
            drawn[pair] = (factor, _DEAD if fate < _DIES else 0.0)
    return drawn


def _gate(gate: Mapping[str, Any], factor: float, date: str | None) -> dict[str, Any]:
    parameters = [
        _with(entry, min(entry["value"] * factor, _USELESS), date)
        if entry["name"] == "gate_error" and 0 < entry["value"] < _USELESS
        else entry
        for entry in gate["parameters"]
    ]
    return {**gate, "parameters": parameters}


def _pair_gate(gate: Mapping[str, Any], drawn: tuple[float, float], date: str | None) -> dict[str, Any]:
    factor, instead = drawn
    if instead:
        parameters = [
            _with(entry, instead, date) if entry["name"] == "gate_error" else entry
            for entry in gate["parameters"]
        ]
        return {**gate, "parameters": parameters}
    return _gate(gate, factor, date)
