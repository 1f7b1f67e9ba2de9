"""A Qiskit target from a backend's configuration and properties, as IBM's client builds it.

IBM's own code for this is `qiskit_ibm_runtime.utils.backend_converter.convert_to_target`, applied to what
`backend_decoder` keeps by default (`use_fractional_gates=False`). Importing it imports all of
qiskit_ibm_runtime, which takes 3.5 s and 90 MB, so it is done here again; a test compares the two.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeVar

import msgspec
from qiskit.circuit import (
    Delay,
    ForLoopOp,
    Gate,
    IfElseOp,
    Instruction,
    Parameter,
    Qubit,
    SwitchCaseOp,
    WhileLoopOp,
)
from qiskit.circuit.library import PhaseGate, RZGate, RZZGate, U1Gate, XGate
from qiskit.circuit.library.standard_gates import get_standard_gate_name_mapping
from qiskit.dagcircuit import DAGCircuit
from qiskit.providers import QubitProperties
from qiskit.transpiler import InstructionProperties, Target
from qiskit.transpiler.passes import WrapAngles
from qiskit.utils.units import apply_prefix

T = TypeVar("T")
_CONTROL_FLOW: Final[Mapping[str, Any]] = {
    "if_else": IfElseOp,
    "while_loop": WhileLoopOp,
    "for_loop": ForLoopOp,
    "switch_case": SwitchCaseOp,
}
_NON_UNITARY: Final = frozenset({"measure", "delay", "reset"})
ANGLE_BOUNDS: Final = {"rzz": [(0.0, math.pi / 2)]}
"""Angles that a gate may have on a device, by its name."""
_VIRTUAL: Final = (RZGate, PhaseGate, U1Gate, Delay)
"""Gates whose parameter costs no time: allowed beside control flow."""


class DeviceDataError(Exception):
    """A backend's configuration or properties cannot be used; the text says why."""


class DeviceTarget(Target):  # type: ignore[misc]
    """A target that remembers what it leaves out.

    Attributes:
        faulty: qubits and couplers (in both directions) that the calibration calls not operational.
        misread: by qubit the probabilities of 1 for a prepared 0 and of 0 for a prepared 1; `None` where the
            calibration has the readout error alone.
        fractional: names of its fractional gates.
    """

    faulty: frozenset[tuple[int, ...]] = frozenset()
    misread: tuple[tuple[float, float] | None, ...] = ()
    fractional: frozenset[str] = frozenset()


class Nduv(msgspec.Struct, frozen=True):
    """A calibrated value: name, date, unit, value."""

    name: str
    value: float | None = None
    unit: str = ""

    @property
    def si(self) -> float | None:
        """The value in SI units; `None` when there is none."""
        return None if self.value is None else float(apply_prefix(self.value, self.unit))


class GateEntry(msgspec.Struct, frozen=True):
    """The calibration of a gate on some qubits."""

    gate: str
    qubits: tuple[int, ...]
    parameters: tuple[Nduv, ...] = ()


class Properties(msgspec.Struct, frozen=True):
    """The calibration of a backend, as far as a target needs it (contract section 5.4)."""

    qubits: tuple[tuple[Nduv, ...], ...] = ()
    gates: tuple[GateEntry, ...] = ()


class GateConfig(msgspec.Struct, frozen=True):
    """A gate of the configuration; `coupling_map` holds the qubits it acts on."""

    name: str
    parameters: tuple[str, ...] | None = None
    coupling_map: tuple[tuple[int, ...], ...] | None = None


class Signature(msgspec.Struct, frozen=True):
    """An instruction that Qiskit does not know, such as `measure_2`."""

    name: str
    num_qubits: int = 1
    num_clbits: int = 0
    parameters: tuple[str, ...] = ()


class Configuration(msgspec.Struct, frozen=True):
    """The configuration of a backend, as far as a target needs it (contract section 5.3)."""

    n_qubits: int
    basis_gates: tuple[str, ...] = ()
    gates: tuple[GateConfig, ...] = ()
    supported_instructions: tuple[str, ...] | None = None
    timing_constraints: dict[str, int] | None = None
    dt: float | None = None
    """Nanoseconds."""
    instruction_signatures: tuple[Signature, ...] | None = None


def build_target(
    name: str,
    configuration: bytes | Mapping[str, Any],
    properties: bytes | Mapping[str, Any],
    *,
    fractional: bool = False,
) -> DeviceTarget:
    """Build the target of a backend: what can be done on which qubits, how well and how fast.

    Qubits and gates that the calibration calls not operational are left out. Fractional gates are left
    out, as by IBM's client unless it is asked for them. Durations are seconds.

    Args:
        name: the backend's name, for errors.
        configuration: the body of `/configuration`, as JSON or decoded.
        properties: the body of `/properties`; `{}` or nothing when the backend has no calibration.
        fractional: keep the fractional gates, `rx` and `rzz` of any angle.

    Raises:
        DeviceDataError: the data is not what the contract says.
    """
    try:
        calibration = Properties() if _absent(properties) else _decode(properties, Properties)
        return _Builder(_decode(configuration, Configuration), calibration, fractional).build()
    except (msgspec.DecodeError, ValueError, KeyError, IndexError) as error:
        raise DeviceDataError(f"The device data of {name} cannot be used: {error}.") from error


def folded_rzz(angles: Sequence[float], qubits: Sequence[int]) -> DAGCircuit:
    """Return an `rzz` of any angle by one within `ANGLE_BOUNDS`, equal to it with its global phase.

    By multiples of π: `rzz(π)` is `rz(π)` on both qubits, with the phase π/2. A negative rest is turned round
    by an `x` before and after it on one of the qubits.

    Args:
        angles: that of the gate, in radians.
        qubits: its qubits on the device; all are alike.
    """
    halves = round(angles[0] / math.pi)
    rest = angles[0] - halves * math.pi
    folded = DAGCircuit()
    pair = (Qubit(), Qubit())
    folded.add_qubits(pair)
    folded.global_phase = halves % 4 * math.pi / 2
    if halves % 2:
        for qubit in pair:
            folded.apply_operation_back(RZGate(math.pi), (qubit,))
    turn = [(XGate(), pair[:1])] if rest < 0 else []
    if not math.isclose(rest, 0, abs_tol=1e-9):
        for gate, on in (*turn, (RZZGate(abs(rest)), pair), *turn):
            folded.apply_operation_back(gate, on)
    return folded


# IBM's client enters its own when it is imported, which a worker does not do for a search.
WrapAngles.DEFAULT_REGISTRY.add_wrapper("rzz", folded_rzz)


def _absent(data: bytes | Mapping[str, Any]) -> bool:
    return not data or (isinstance(data, bytes) and data.strip() in (b"", b"null", b"{}"))


def _decode(data: bytes | Mapping[str, Any], kind: type[T]) -> T:
    return msgspec.json.decode(data, type=kind) if isinstance(data, bytes) else msgspec.convert(data, kind)


def _values(entries: Sequence[Nduv]) -> dict[str, float | None]:
    return {entry.name: entry.si for entry in entries}


def _misread(values: Mapping[str, float | None]) -> tuple[float, float] | None:
    up, down = values.get("prob_meas1_prep0"), values.get("prob_meas0_prep1")
    if up is None or down is None or not (0 <= up <= 1 and 0 <= down <= 1):
        return None
    return up, down


def _operational(values: Mapping[str, float | None]) -> bool:
    return bool(values.get("operational", 1))


class _Builder:
    def __init__(self, device: Configuration, calibration: Properties, fractional: bool) -> None:
        self._fractional_too = fractional
        self._device = device
        self._calibration = calibration
        self._standard: Mapping[str, Any] = get_standard_gate_name_mapping()
        self._gates = {gate.name: gate for gate in device.gates if not self._left_out(gate.name)}
        self._instructions: dict[str, Any] = {}
        self._faulty: set[tuple[int, ...]] = set()
        self._properties: dict[str, dict[tuple[int, ...], InstructionProperties | None] | None] = {}

    def build(self) -> DeviceTarget:
        device = self._device
        self._name_instructions()
        for name in self._instructions:
            gate = self._gates.get(name)
            self._properties[name] = dict.fromkeys(gate.coupling_map) if gate and gate.coupling_map else None
        qubits = [_values(entries) for entries in self._calibration.qubits]
        faulty = {index for index, values in enumerate(qubits) if not _operational(values)}
        self._calibrate(qubits, faulty)
        working = [index for index in range(device.n_qubits) if index not in faulty]
        for name in _NON_UNITARY & self._instructions.keys():
            if self._properties[name] is None:
                self._properties[name] = {(index,): None for index in working}
        target = DeviceTarget(
            num_qubits=device.n_qubits,
            dt=None if device.dt is None else device.dt * 1e-9,
            qubit_properties=[
                QubitProperties(t1=values.get("T1"), t2=values.get("T2"), frequency=values.get("frequency"))
                for values in qubits
            ]
            or None,
            **(device.timing_constraints or {}),
        )
        target.misread = tuple(map(_misread, qubits))
        target.faulty = frozenset((*self._faulty, *((index,) for index in faulty)))
        for name, instruction in self._instructions.items():
            if name in _CONTROL_FLOW:
                target.add_instruction(instruction, name=name)
                continue
            bounds = ANGLE_BOUNDS.get(name)
            target.add_instruction(instruction, self._properties[name], name=name, angle_bounds=bounds)
        target.fractional = frozenset(name for name in self._instructions if self._fractional(name))
        return target

    def _left_out(self, name: str) -> bool:
        return not self._fractional_too and self._fractional(name)

    def _fractional(self, name: str) -> bool:
        gate = self._standard.get(name)
        return gate is not None and len(gate.params) > 0 and not isinstance(gate, _VIRTUAL)

    def _name_instructions(self) -> None:
        device = self._device
        supported = device.supported_instructions
        extra = {"measure", "reset", "delay"} if supported is None else set(supported)
        names = dict.fromkeys(device.basis_gates) | dict.fromkeys(
            sorted(extra & (_NON_UNITARY | _CONTROL_FLOW.keys()))
        )
        if self._fractional_too:
            # Recorded configurations leave out what the calibration has.
            calibrated = {entry.gate for entry in self._calibration.gates}
            names |= dict.fromkeys(sorted(name for name in calibrated if self._fractional(name)))
        for name in names:
            if name in _CONTROL_FLOW:
                self._instructions[name] = _CONTROL_FLOW[name]
            elif self._left_out(name):
                continue
            elif name in self._standard:
                self._instructions[name] = self._standard[name]
            elif (gate := self._gates.get(name)) is not None:
                width = len(gate.coupling_map[0]) if gate.coupling_map else 0
                self._instructions[name] = Gate(name, width, [Parameter(p) for p in gate.parameters or ()])
        for signature in device.instruction_signatures or ():
            self._instructions[signature.name] = Instruction(
                signature.name,
                signature.num_qubits,
                signature.num_clbits,
                [Parameter(parameter) for parameter in signature.parameters],
            )

    def _calibrate(self, qubits: list[dict[str, float | None]], faulty: set[int]) -> None:
        for entry in self._calibration.gates:
            if entry.gate not in self._instructions or entry.gate in _CONTROL_FLOW:
                continue
            known = self._properties[entry.gate]
            known = self._properties[entry.gate] = {} if known is None else known
            values = _values(entry.parameters)
            if faulty.intersection(entry.qubits) or not _operational(values):
                known.pop(entry.qubits, None)
                if len(entry.qubits) == 2 and not _operational(values):
                    self._faulty |= {entry.qubits, entry.qubits[::-1]}
                continue
            known[entry.qubits] = InstructionProperties(
                error=values.get("gate_error"), duration=values.get("gate_length")
            )
        if qubits and "measure" in self._instructions:
            self._properties["measure"] = {
                (index,): InstructionProperties(
                    error=values.get("readout_error"), duration=values.get("readout_length")
                )
                for index, values in enumerate(qubits)
                if index not in faulty
            }
