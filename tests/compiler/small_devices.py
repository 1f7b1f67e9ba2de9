"""Devices of a few qubits, as a service would describe them, with errors and directions as wanted."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping

from tui.domain.devices.backends import BackendData

Edge = tuple[int, int]


def small_device(
    qubits: int,
    couplers: Mapping[Edge, float],
    *,
    gate: str = "ecr",
    both_ways: bool = False,
    fractional: bool = False,
    readout: Mapping[int, float] | None = None,
    name: str = "small",
) -> BackendData:
    """Describe a device.

    Args:
        qubits: how many.
        couplers: error of each; the gate points from the first qubit to the second.
        gate: the two-qubit gate.
        both_ways: it may be used the other way round as well.
        fractional: it has `rx` and `rzz` of any angle, too.
        readout: errors by qubit; 0.01 for those that are left out.
        name: the backend's.
    """
    pairs = [*couplers, *([edge[::-1] for edge in couplers] if both_ways else [])]
    one_qubit = [[qubit] for qubit in range(qubits)]
    ones = ("rz", "sx", "x", *(["rx"] if fractional else []))
    twos = (gate, *(["rzz"] if fractional else []))
    configuration = {
        "n_qubits": qubits,
        "basis_gates": [*twos, *ones],
        "gates": [
            *({"name": two, "coupling_map": pairs} for two in twos),
            *({"name": one, "coupling_map": one_qubit} for one in ones),
        ],
        "supported_instructions": [*twos, *ones, "measure", "reset", "delay", "if_else"],
        "dt": 0.5,
    }
    errors = {**couplers, **{edge[::-1]: error for edge, error in couplers.items()}}
    properties = {
        "qubits": [
            [
                _value("T1", "us", 200.0),
                _value("T2", "us", 150.0),
                _value("readout_error", "", (readout or {}).get(qubit, 0.01)),
                _value("readout_length", "ns", 1200.0),
            ]
            for qubit in range(qubits)
        ],
        "gates": [
            *(_gate(one, [q], 0.0 if one == "rz" else 3e-4) for one in ones for q in range(qubits)),
            *(_gate(two, list(pair), errors[pair]) for two in twos for pair in pairs),
        ],
    }
    return BackendData(name, json.dumps(configuration).encode(), json.dumps(properties).encode())


def ladder(rows: int, *, seed: int = 1, dead: int = 0, **more: object) -> BackendData:
    """A device of two rows of qubits, of random errors and directions; the first `dead` couplers are dead."""
    chance = random.Random(seed)
    edges = [(row, row + 1) for row in range(rows - 1)]
    edges += [(rows + row, rows + row + 1) for row in range(rows - 1)] + [
        (row, rows + row) for row in range(rows)
    ]
    chance.shuffle(edges)
    couplers = {
        (edge if chance.random() < 0.5 else edge[::-1]): 1.0 if index < dead else chance.uniform(0.003, 0.05)
        for index, edge in enumerate(edges)
    }
    return small_device(2 * rows, couplers, name=f"ladder-{rows}-{seed}-{dead}")


def _value(name: str, unit: str, value: float) -> dict[str, object]:
    return {"name": name, "unit": unit, "value": value, "date": "2026-01-01T00:00:00Z"}


def _gate(name: str, qubits: list[int], error: float) -> dict[str, object]:
    return {
        "gate": name,
        "qubits": qubits,
        "parameters": [_value("gate_error", "", error), _value("gate_length", "ns", 40.0 * len(qubits))],
    }
