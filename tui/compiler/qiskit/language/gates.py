"""What a gate is made of, and what becomes of it on a device, by Qiskit."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from statistics import median
from typing import Any, Final

from qiskit import QuantumCircuit, transpile
from qiskit.circuit import Gate, Parameter
from qiskit.circuit.tools import pi_check
from qiskit.exceptions import QiskitError
from qiskit.quantum_info import Operator
from qiskit.transpiler import Target

from tui.compiler.messages import DescribeGate, GateFacts
from tui.compiler.qiskit.circuit_summary import NotPossible
from tui.compiler.qiskit.parser import read

MOST_STEPS: Final = 60
"""Gates of a definition, or of what becomes of it, that are listed."""
MOST_MATRIX_QUBITS: Final = 2
_NOT_GATES: Final = frozenset({"measure", "reset", "delay", "barrier", "box", "store", "measure_2"})
_HALF: Final = re.compile(r"(?:(\(-0\.5\))|\b0\.5)\*(\w+)")
_BROKEN: Final = 1.0
"""The error that services report for what does not work."""
_CALLED: Final = {"u": "U", "global_phase": "gphase"}
"""Gates that OpenQASM calls otherwise than Qiskit."""


def describe_gate(request: DescribeGate, target: Target | None) -> GateFacts:
    """Describe the gate that a program applies last.

    Args:
        request: the program, names of the gate's parameters and qubits, and physical qubits.
        target: the device; `None`: none is chosen.

    Returns:
        Its definition as statements, and what becomes of it. Parameters are symbols, where Qiskit can make it
        with symbols.

    Raises:
        Unreadable: the program is not accepted.
        NotPossible: it applies no gate.
    """
    circuit = read(request.program)
    gate = circuit.data[-1].operation if circuit.data else None
    if not isinstance(gate, Gate):
        raise NotPossible("There is no such gate.")
    gate, symbolic = _with_symbols(gate, request.parameters)
    definition = gate.definition
    matrix: tuple[tuple[str, ...], ...] = ()
    if not gate.params and gate.num_qubits <= MOST_MATRIX_QUBITS:
        matrix = _matrix(gate)
    facts = GateFacts(
        tuple(_statements(definition, request.operands)) if definition is not None else (),
        matrix,
        symbolic=symbolic or not gate.params,
    )
    return facts if target is None else _on_device(facts, gate, request, target)


def _with_symbols(gate: Gate, names: Sequence[str]) -> tuple[Gate, bool]:
    if not gate.params or len(gate.params) != len(names):
        return gate, False
    try:
        made = type(gate)(*map(Parameter, names))
        return (made, True) if made.definition is not None or made.name == "u" else (gate, False)
    except Exception:  # a class of the importer's that takes numbers alone
        return gate, False


def _matrix(gate: Gate) -> tuple[tuple[str, ...], ...]:
    """The matrix with its numbers as text; the first qubit is the left one of a state."""
    try:
        data = Operator(gate).reverse_qargs().data
    except QiskitError:
        return ()
    return tuple(tuple(_number(complex(entry)) for entry in row) for row in data)


def _number(value: complex) -> str:
    real, imaginary = (0.0 if abs(part) < 1e-10 else part for part in (value.real, value.imag))
    if not imaginary:
        return f"{real:.4g}"
    sign = "-" if imaginary < 0 else "+" if real else ""
    unit = "" if math.isclose(abs(imaginary), 1) else f"{abs(imaginary):.4g}"
    return f"{f'{real:.4g}' if real else ''}{sign}{unit}i"


def _statements(circuit: QuantumCircuit, operands: Sequence[str]) -> Iterator[str]:
    """Yield the gates of a circuit as OpenQASM has them, at most `MOST_STEPS`."""
    for count, instruction in enumerate(circuit.data):
        if count >= MOST_STEPS:
            yield f"// and {len(circuit.data) - count} more"
            return
        operation = instruction.operation
        places = [circuit.find_bit(bit).index for bit in instruction.qubits]
        names = ", ".join(operands[place] if place < len(operands) else f"q{place}" for place in places)
        yield f"{_called(operation)} {names};"


def _called(operation: Any) -> str:
    name = str(_CALLED.get(operation.name, operation.name))
    if not operation.params:
        return name
    return f"{name}({', '.join(_angle(value) for value in operation.params)})"


def _angle(value: Any) -> str:
    """An angle as people write it: `-theta/2` for `(-0.5)*theta`."""
    try:
        text = str(pi_check(value, output="qasm", eps=1e-9))
    except (QiskitError, TypeError, ValueError):
        text = str(value)
    return _HALF.sub(lambda found: f"{'-' if found[1] else ''}{found[2]}/2", text)


def _on_device(facts: GateFacts, gate: Gate, request: DescribeGate, target: Target) -> GateFacts:
    names = [name for name in target.operation_names if name not in _NOT_GATES and _is_gate(target, name)]
    circuit = QuantumCircuit(gate.num_qubits)
    circuit.append(gate, range(gate.num_qubits))
    try:
        made = transpile(circuit, basis_gates=names, optimization_level=1, seed_transpiler=0)
    except QiskitError:
        return facts
    figures = [_figures(target, one, made, request.qubits) for one in made.data]
    errors = [error for error, _ in figures]
    known = None if None in errors else 1 - math.prod(1 - error for error in errors if error is not None)
    return GateFacts(
        facts.definition,
        facts.matrix,
        symbolic=facts.symbolic,
        native=gate.name in names,
        becomes=tuple(_statements(made, request.operands)),
        two_qubit_gates=sum(len(one.qubits) > 1 for one in made.data),
        error=known,
        duration_s=_duration(made, [duration for _, duration in figures]),
        coupled=not request.qubits or all(_coupled(target, one, made, request.qubits) for one in made.data),
    )


def _is_gate(target: Target, name: str) -> bool:
    return isinstance(target.operation_from_name(name), Gate)


def _places(instruction: Any, circuit: QuantumCircuit, qubits: Sequence[int]) -> tuple[int, ...]:
    return tuple(qubits[circuit.find_bit(bit).index] for bit in instruction.qubits)


def _coupled(target: Target, instruction: Any, circuit: QuantumCircuit, qubits: Sequence[int]) -> bool:
    places = _places(instruction, circuit, qubits)
    known = target[instruction.operation.name] or {}
    return places in known or places[::-1] in known or None in known


def _figures(
    target: Target, instruction: Any, circuit: QuantumCircuit, qubits: Sequence[int]
) -> tuple[float | None, float | None]:
    """Error, and seconds, of a gate on physical qubits; without these the medians of the device."""
    known = target[instruction.operation.name] or {}
    if qubits:
        places = _places(instruction, circuit, qubits)
        here = known.get(places) or known.get(places[::-1])
        return (here.error, here.duration) if here is not None else (None, None)
    entries = [entry for entry in known.values() if entry is not None]
    errors = [entry.error for entry in entries if entry.error is not None and entry.error < _BROKEN]
    durations = [entry.duration for entry in entries if entry.duration is not None]
    return (median(errors) if errors else None), (median(durations) if durations else None)


def _duration(circuit: QuantumCircuit, durations: Iterable[float | None]) -> float | None:
    """Seconds from the first gate to the end of the last."""
    ends = [0.0] * circuit.num_qubits
    for instruction, duration in zip(circuit.data, durations, strict=True):
        if duration is None:
            return None
        places = [circuit.find_bit(bit).index for bit in instruction.qubits]
        end = max((ends[place] for place in places), default=0.0) + duration
        for place in places:
            ends[place] = end
    return max(ends, default=0.0)
