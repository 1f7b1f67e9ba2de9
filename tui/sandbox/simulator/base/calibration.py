"""A device's calibration in SI units, and the Qiskit target made of it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from qiskit.circuit import IfElseOp, Parameter, SwitchCaseOp
from qiskit.circuit.controlflow import ForLoopOp, WhileLoopOp
from qiskit.circuit.library.standard_gates import get_standard_gate_name_mapping
from qiskit.providers import QubitProperties
from qiskit.transpiler import InstructionProperties, Target

from tui.sandbox.core.devices import Device, device

_SECONDS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}
_CONTROL_FLOW = {
    "if_else": IfElseOp,
    "for_loop": ForLoopOp,
    "switch_case": SwitchCaseOp,
    "while_loop": WhileLoopOp,
}
FRACTIONAL = ("rx", "rzz")


@dataclass(frozen=True)
class QubitData:
    """T1 and T2 in seconds (None: not recorded); the two ways to misread; the readout's length in seconds."""

    t1: float | None
    t2: float | None
    read_1_when_0: float
    read_0_when_1: float
    readout_error: float
    readout_length: float


@dataclass(frozen=True)
class GateData:
    """Average infidelity of a gate (None: not recorded) and its length in seconds."""

    error: float | None
    length: float


@dataclass(frozen=True)
class Calibration:
    """All that is known about a device's quality. Gates by name and qubits in order."""

    name: str
    qubits: tuple[QubitData, ...]
    gates: Mapping[tuple[str, tuple[int, ...]], GateData]
    dt: float
    rep_delay: float
    rep_delay_range: tuple[float, float]
    max_shots: int


@cache
def calibration(name: str) -> Calibration:
    """The calibration of a device, from its recorded bodies. Raises `UnknownDevice`."""
    recorded = device(name)
    configuration = recorded.configuration()
    properties = recorded.properties()
    low, high = configuration["rep_delay_range"]
    return Calibration(
        name=name,
        qubits=tuple(_qubit(entries) for entries in properties["qubits"]),
        gates={(gate["gate"], tuple(gate["qubits"])): _gate(gate) for gate in properties["gates"]},
        dt=configuration["dt"] * 1e-9,
        rep_delay=configuration["default_rep_delay"] * 1e-6,
        rep_delay_range=(low * 1e-6, high * 1e-6),
        max_shots=configuration["max_shots"],
    )


@cache
def target(name: str, fractional: bool = True) -> Target:
    """What circuits for a device may consist of, with errors and durations.

    `fractional` adds the gates rx and rzz where they are calibrated. The same as IBM's own
    `qiskit_ibm_runtime.utils.backend_converter.convert_to_target`, without importing that package.
    """
    recorded = device(name)
    configuration = recorded.configuration()
    data = calibration(name)
    built = Target(
        num_qubits=recorded.n_qubits,
        dt=data.dt,
        qubit_properties=[
            QubitProperties(t1=qubit.t1, t2=qubit.t2, frequency=_frequency(entries))
            for qubit, entries in zip(data.qubits, recorded.properties()["qubits"], strict=True)
        ],
        **configuration.get("timing_constraints", {}),
    )
    standard = get_standard_gate_name_mapping()
    for gate, places in _places(recorded, data, fractional).items():
        instruction = standard[gate]
        bounds = [(0, math.pi / 2)] if gate == "rzz" else None
        built.add_instruction(instruction, places, name=gate, angle_bounds=bounds)
    every = range(recorded.n_qubits)
    built.add_instruction(
        standard["measure"],
        {
            (q,): InstructionProperties(
                error=data.qubits[q].readout_error, duration=data.qubits[q].readout_length
            )
            for q in every
        },
    )
    resets = {(q,): _instruction_properties(data.gates.get(("reset", (q,)))) for q in every}
    built.add_instruction(standard["reset"], resets)
    built.add_instruction(_delay(), {(q,): None for q in every})
    for name_, operation in _CONTROL_FLOW.items():
        if name_ in configuration["supported_instructions"]:
            built.add_instruction(operation, name=name_)
    return built


def _places(
    recorded: Device, data: Calibration, fractional: bool
) -> dict[str, dict[tuple[int, ...], InstructionProperties | None]]:
    configured = {
        gate["name"]: [tuple(qubits) for qubits in gate["coupling_map"]]
        for gate in recorded.configuration()["gates"]
        if gate["name"] not in ("measure", "reset", "delay")
    }
    if fractional:
        for name in FRACTIONAL:
            calibrated = [qubits for gate, qubits in data.gates if gate == name]
            if calibrated:
                configured[name] = calibrated
    return {
        name: {qubits: _instruction_properties(data.gates.get((name, qubits))) for qubits in places}
        for name, places in configured.items()
    }


def _instruction_properties(gate: GateData | None) -> InstructionProperties | None:
    return None if gate is None else InstructionProperties(error=gate.error, duration=gate.length)


def _delay() -> Any:
    from qiskit.circuit import Delay

    return Delay(Parameter("t"))


def _qubit(entries: list[dict[str, Any]]) -> QubitData:
    values = {entry["name"]: entry["value"] * _SECONDS.get(entry["unit"], 1.0) for entry in entries}
    error = values.get("readout_error", 0.0)
    return QubitData(
        t1=values.get("T1"),
        t2=values.get("T2"),
        read_1_when_0=values.get("prob_meas1_prep0", error),
        read_0_when_1=values.get("prob_meas0_prep1", error),
        readout_error=error,
        readout_length=values.get("readout_length", 0.0),
    )


def _gate(gate: dict[str, Any]) -> GateData:
    values = {
        entry["name"]: entry["value"] * _SECONDS.get(entry["unit"], 1.0) for entry in gate["parameters"]
    }
    return GateData(error=values.get("gate_error"), length=values.get("gate_length", 0.0))


def _frequency(entries: list[dict[str, Any]]) -> float | None:
    for entry in entries:
        if entry["name"] == "frequency":
            return float(entry["value"]) * 1e9
    return None
