"""Programs of OpenQASM 2 in OpenQASM 3 and the reverse, by Qiskit, held to be the same circuit."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import zip_longest
from typing import Any, Final

from qiskit import QuantumCircuit, qasm2, qasm3
from qiskit.circuit import ControlFlowOp
from qiskit.exceptions import QiskitError

from tui.compiler.qiskit.circuit_summary import NotPossible, operations
from tui.compiler.qiskit.parser import Unreadable, read

_LACKS: Final = {
    "for_loop": "loops",
    "while_loop": "loops",
    "switch_case": "switches",
    "box": "boxes",
    "store": "assignments",
    "delay": "delays",
}
"""Instructions that OpenQASM 2 does not have, and what to call them."""
_CLOSE: Final = 1e-9

Step = tuple[tuple[Any, ...], tuple[int, ...], tuple[int, ...]]
"""Parameters of an instruction, its qubits and its clbits."""


def convert(text: str, version: int) -> str:
    """Write a program in another version of OpenQASM.

    Args:
        text: the program, of either version.
        version: 2 or 3.

    Returns:
        The program as Qiskit writes it, without comments. Read again it is the same circuit, but for names of
        single qubits and of gates, and for a global phase.

    Raises:
        Unreadable: Qiskit does not accept the program.
        NotPossible: the other version cannot say what is in it.
    """
    circuit = read(text)
    if version == 2:
        _refuse_what_openqasm2_lacks(circuit)
    try:
        written = str(qasm2.dumps(circuit) if version == 2 else qasm3.dumps(circuit))
        again = read(written)
    except (QiskitError, Unreadable) as error:
        raise NotPossible(f"Qiskit cannot write this in OpenQASM {version}: {_reason(error)}") from error
    if not all(_same(one, other) for one, other in zip_longest(_steps(circuit), _steps(again))):
        raise NotPossible(f"What Qiskit writes in OpenQASM {version} is not the same circuit.")
    return written


def _reason(error: Exception) -> str:
    text = str(getattr(error, "message", error)).strip().rstrip(".")
    return f"{text}." if text.startswith("OpenQASM") else f"{text[:1].lower()}{text[1:]}."


def _refuse_what_openqasm2_lacks(circuit: QuantumCircuit) -> None:
    if circuit.layout is not None:
        message = "OpenQASM 2 has no hardware qubits such as $0."
        raise NotPossible(message, "Declare a register of qubits instead.")
    if names := [parameter.name for parameter in circuit.parameters]:
        message = f"OpenQASM 2 has no inputs such as {names[0]}."
        raise NotPossible(message, "Write numbers in their place.")
    for instruction in operations(circuit):
        if instruction.name in _LACKS:
            raise NotPossible(f"OpenQASM 2 has no {_LACKS[instruction.name]}.")


def _steps(circuit: QuantumCircuit) -> Iterator[Step]:
    """Yield the instructions in order, each block of control flow behind its own."""
    for instruction in circuit.data:
        qubits = tuple(circuit.find_bit(bit).index for bit in instruction.qubits)
        clbits = tuple(sorted(circuit.find_bit(bit).index for bit in instruction.clbits))
        operation = instruction.operation
        inner = operation.blocks if isinstance(operation, ControlFlowOp) else ()
        yield () if inner else tuple(operation.params), qubits, clbits
        for block in inner:
            yield from _steps(block)


def _same(one: Step | None, other: Step | None) -> bool:
    if one is None or other is None or one[1:] != other[1:] or len(one[0]) != len(other[0]):
        return False
    return all(map(_close, one[0], other[0]))


def _close(one: Any, other: Any) -> bool:
    """True for numbers that agree, and for anything else."""
    if isinstance(one, (int, float)) and isinstance(other, (int, float)):
        return math.isclose(one, other, rel_tol=_CLOSE, abs_tol=_CLOSE)
    return True
