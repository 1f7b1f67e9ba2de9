"""Walk through and rewrite circuits, blocks of control flow included; reduce them to some qubits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from qiskit.circuit import CircuitInstruction, ControlFlowOp, QuantumCircuit, QuantumRegister

Numbers = Mapping[Any, int]
"""Qubit of a circuit or block to its number in the outermost circuit."""
IDLE: Final = frozenset({"barrier", "delay"})
"""Instructions that alone do not make a qubit count as used: nothing is ever read from it."""


def walk(
    circuit: QuantumCircuit, numbers: Numbers | None = None
) -> Iterator[tuple[CircuitInstruction, tuple[int, ...]]]:
    """Yield every instruction in program order, a control flow operation before those of its blocks.

    Args:
        circuit: The circuit to walk through.
        numbers: The number of each of its qubits; by default their index in the circuit.

    Yields:
        The instruction and the numbers of its qubits, for instructions in blocks, too, those of the
        outermost circuit.
    """
    if numbers is None:
        numbers = {qubit: index for index, qubit in enumerate(circuit.qubits)}
    for instruction in circuit.data:
        yield instruction, tuple(numbers[qubit] for qubit in instruction.qubits)
        # Making a Python object of each operation only to look at its type would take most of the time.
        if instruction.is_control_flow():
            for block in instruction.operation.blocks:
                yield from walk(block, block_numbers(block, instruction, numbers))


def rewrite(
    circuit: QuantumCircuit,
    replace: Callable[[CircuitInstruction, tuple[int, ...]], Iterable[CircuitInstruction]],
    numbers: Numbers | None = None,
) -> QuantumCircuit:
    """Return the circuit with every instruction that is no control flow replaced, in blocks, too.

    Args:
        circuit: The circuit, which is not changed.
        replace: Called with an instruction and the numbers of its qubits; returns what takes its place.
        numbers: The number of each qubit; by default their index in the circuit.
    """
    if numbers is None:
        numbers = {qubit: index for index, qubit in enumerate(circuit.qubits)}
    rewritten = circuit.copy_empty_like()
    for instruction in circuit.data:
        operation = instruction.operation
        if isinstance(operation, ControlFlowOp):
            blocks = [
                rewrite(block, replace, block_numbers(block, instruction, numbers))
                for block in operation.blocks
            ]
            rewritten._append(instruction.replace(operation=operation.replace_blocks(blocks)))
        else:
            for new in replace(instruction, tuple(numbers[qubit] for qubit in instruction.qubits)):
                rewritten._append(new)
    return rewritten


def block_numbers(block: QuantumCircuit, instruction: CircuitInstruction, numbers: Numbers) -> Numbers:
    """Return the outermost number of each qubit of a block of `instruction`."""
    return {inner: numbers[outer] for inner, outer in zip(block.qubits, instruction.qubits, strict=True)}


def longest_path(
    circuit: QuantumCircuit,
    length: Callable[[CircuitInstruction, tuple[int, ...]], float],
    rounds: Callable[[CircuitInstruction], int] = lambda _: 1,
    numbers: Numbers | None = None,
) -> float:
    """Return the length of the longest chain of instructions on shared qubits and bits.

    With durations it is the time that a circuit takes, scheduled as soon or as late as possible. Of the
    branches of control flow the longest counts.

    Args:
        circuit: The circuit.
        length: Called with an instruction that is no control flow and the numbers of its qubits.
        rounds: How often the blocks of a control flow instruction run; by default once.
        numbers: The number of each qubit; by default their index in the circuit.
    """
    if numbers is None:
        numbers = {qubit: index for index, qubit in enumerate(circuit.qubits)}
    ends: dict[Any, float] = {}
    for instruction in circuit.data:
        bits = (*instruction.qubits, *instruction.clbits)
        if isinstance(instruction.operation, ControlFlowOp):
            branches = [
                longest_path(block, length, rounds, block_numbers(block, instruction, numbers))
                for block in instruction.operation.blocks
            ]
            added = max(branches, default=0.0) * rounds(instruction)
        else:
            added = length(instruction, tuple(numbers[qubit] for qubit in instruction.qubits))
        end = max((ends.get(bit, 0.0) for bit in bits), default=0.0) + added
        ends.update(dict.fromkeys(bits, end))
    return max(ends.values(), default=0.0)


def used_qubits(circuit: QuantumCircuit) -> list[int]:
    """Return the numbers of the qubits that have operations, ascending."""
    return sorted({n for entry, numbers in walk(circuit) if entry.name not in IDLE for n in numbers})


def on_qubits(circuit: QuantumCircuit, used: Sequence[int]) -> QuantumCircuit:
    """Return the circuit on some of its qubits; classical bits, registers and variables stay as they are.

    Args:
        circuit: The circuit.
        used: Numbers of all qubits that have operations, and of others that are to be there, in the
            order that they get.
    """
    register = QuantumRegister(len(used), "q")
    reduced = QuantumCircuit(register, global_phase=circuit.global_phase)
    reduced.add_bits(circuit.clbits)
    for classical in circuit.cregs:
        reduced.add_register(classical)
    for variable in circuit.iter_input_vars():
        reduced.add_input(variable)
    for variable in circuit.iter_declared_vars():
        reduced.add_uninitialized_var(variable)
    inside = ((place, qubit) for place, qubit in enumerate(used) if qubit < circuit.num_qubits)
    moved = {circuit.qubits[qubit]: register[place] for place, qubit in inside}
    for entry in circuit.data:
        kept = tuple(moved[qubit] for qubit in entry.qubits if qubit in moved)
        if len(kept) == len(entry.qubits):
            reduced._append(entry.replace(qubits=kept))
        elif entry.name == "barrier" and kept:
            reduced.barrier(kept)
    return reduced


def has_feedback(circuit: QuantumCircuit) -> bool:
    """Return True when an operation of the circuit may depend on a measurement outcome."""
    return any(
        isinstance(instruction.operation, ControlFlowOp) or instruction.operation.name == "store"
        for instruction in circuit.data
    )
