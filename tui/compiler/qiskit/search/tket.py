"""TKET's optimization of a program, before Qiskit lays it out and routes it (extra `pytket`).

TKET resynthesizes what Qiskit's passes leave as it is (pairs and triples of qubits by their matrices, swaps
by renaming wires); on random circuits up to a tenth of the two-qubit gates goes, on regular ones none. For
routing its own extension for IBM's devices takes Qiskit's LightSABRE, so that is done as for any candidate.
https://docs.quantinuum.com/tket/user-guide/manual/manual_compiler.html
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from qiskit import QuantumCircuit
from qiskit.circuit import CircuitInstruction

from tui.compiler.qiskit.circuit_summary import NotPossible
from tui.qiskit_common.traversal import has_feedback

INSTALL = 'Install it with: pip install "qdeck[pytket]".'


def optimized(source: QuantumCircuit) -> QuantumCircuit:
    """Let TKET optimize a program.

    Args:
        source: the program; its qubits and bits keep their order and their names.

    Returns:
        An equivalent circuit. Measurements at its end stay there; swaps are gates, which Qiskit's passes
        take away by renaming.

    Raises:
        NotPossible: pytket is not installed, or does not take such a circuit.
    """
    if has_feedback(source):
        raise NotPossible("Not for circuits with control flow.")
    if source.parameters:
        raise NotPossible("Not for circuits with free parameters.")
    try:
        from pytket.extensions.qiskit.qiskit_convert import qiskit_to_tk, tk_to_qiskit
        from pytket.passes import DecomposeBoxes, FullPeepholeOptimise
    except ImportError as error:
        raise NotPossible(f"Not installed ({error.name or error}).", INSTALL) from error
    gates, ends = _split(source)
    try:
        circuit = qiskit_to_tk(_flat(source, gates))
        DecomposeBoxes().apply(circuit)
        FullPeepholeOptimise(allow_swaps=bool(ends)).apply(circuit)
        made = tk_to_qiskit(circuit, replace_implicit_swaps=True)
    except (NotImplementedError, RuntimeError, ValueError, TypeError, KeyError) as error:
        raise NotPossible(f"pytket does not take it: {str(error)[:200]}") from error
    return _with_names(source, made, ends)


def _split(source: QuantumCircuit) -> tuple[list[CircuitInstruction], list[CircuitInstruction]]:
    """Part the measurements at the end from all that goes before; one of them in the middle: part nothing."""
    measured: set[Any] = set()
    gates: list[CircuitInstruction] = []
    ends: list[CircuitInstruction] = []
    for instruction in source.data:
        if instruction.name == "measure":
            measured.update(instruction.qubits)
            ends.append(instruction)
        elif instruction.name != "barrier" and measured.intersection(instruction.qubits):
            return list(source.data), []
        elif not measured.intersection(instruction.qubits):
            gates.append(instruction)
    return gates, ends


def _flat(source: QuantumCircuit, instructions: Iterable[CircuitInstruction]) -> QuantumCircuit:
    """Return a circuit of one register each, since TKET puts registers in the order of their names."""
    flat = QuantumCircuit(source.num_qubits, source.num_clbits)
    for instruction in instructions:
        flat.append(
            instruction.operation,
            [source.find_bit(qubit).index for qubit in instruction.qubits],
            [source.find_bit(bit).index for bit in instruction.clbits],
        )
    return flat


def _with_names(
    source: QuantumCircuit, made: QuantumCircuit, ends: Iterable[CircuitInstruction]
) -> QuantumCircuit:
    """Return what TKET made on the qubits and bits of the program, the measurements at its end."""
    whole = source.copy_empty_like()
    whole.global_phase = made.global_phase
    for instruction in made.data:
        whole.append(
            instruction.operation,
            [source.qubits[made.find_bit(qubit).index] for qubit in instruction.qubits],
            [source.clbits[made.find_bit(bit).index] for bit in instruction.clbits],
        )
    for end in ends:
        whole.append(end)
    return whole
