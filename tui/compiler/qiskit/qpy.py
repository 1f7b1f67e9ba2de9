"""Circuits from QPY, Qiskit's binary form, as OpenQASM 3, and back."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Final

from qiskit import QuantumCircuit, qasm3, qpy

from tui.compiler.qiskit.circuit_summary import NotPossible, operations
from tui.compiler.qiskit.parser import LONGEST_TEXT, read
from tui.qiskit_common.qpy_reader import QpyError, read_qpy, unpack
from tui.qiskit_common.standard_gates import RedefinedGate, with_standard_gates

MOST_QPY_BYTES: Final = 64 * 1024 * 1024
MOST_OPERATIONS: Final = 200_000
MOST_CIRCUITS: Final = 200
MOST_MEMORY: Final = 1 << 29


def decode_qpy(payload: str, *, whole: bool = False) -> tuple[str, ...]:
    """Translate circuits in Qiskit's binary form to OpenQASM 3.

    Args:
        payload: base64 of QPY, which may be packed with zlib.
        whole: refuse what cannot be given back in full.

    Returns:
        One program a circuit, at least the first, at most `MOST_CIRCUITS`; unless `whole` it ends before a
        circuit that cannot be written, or with the one that makes it longer than `LONGEST_TEXT`.

    Raises:
        NotPossible: it is no QPY that is read here, or OpenQASM 3 cannot say what is in the first circuit,
            or, of the `whole`, in any.
    """
    try:
        circuits = read_qpy(unpack(payload, MOST_QPY_BYTES), MOST_MEMORY)
    except QpyError as error:
        raise NotPossible(str(error), error.advice) from error
    if whole and len(circuits) > MOST_CIRCUITS:
        raise NotPossible(f"There are {len(circuits):,} circuits in it: at most {MOST_CIRCUITS} are read.")
    programs: list[str] = []
    length = 0
    for circuit in circuits[:MOST_CIRCUITS]:
        try:
            programs.append(_openqasm3(circuit))
        except NotPossible as problem:
            if whole and len(circuits) > 1:
                raise NotPossible(f"Circuit {len(programs) + 1}: {problem}", problem.advice) from problem
            if whole or not programs:
                raise
            break
        length += len(programs[-1])
        if length > LONGEST_TEXT:
            if whole and len(programs) < len(circuits):
                raise NotPossible(f"Its circuits are longer than {LONGEST_TEXT:,} characters as OpenQASM.")
            break
    return tuple(programs)


def encode_qpy(programs: Sequence[str], names: Sequence[str]) -> bytes:
    """Write OpenQASM programs as circuits in Qiskit's binary form, with Qiskit's own gates.

    Args:
        programs: OpenQASM 2 or 3; qubit i of one with hardware qubits is `$i`.
        names: of the circuits.

    Returns:
        The file, of the version that the installed Qiskit writes.

    Raises:
        Unreadable: one is no program.
        NotPossible: there are too many, or a gate does something else under the name of one of Qiskit's.
    """
    if len(programs) > MOST_CIRCUITS:
        raise NotPossible(f"{len(programs):,} circuits are more than one file takes: {MOST_CIRCUITS}.")
    circuits = []
    for program, name in zip(programs, names, strict=True):
        try:
            circuit = with_standard_gates(read(program))
        except RedefinedGate as error:
            raise NotPossible(str(error)) from error
        circuit.name = name
        circuits.append(circuit)
    file = io.BytesIO()
    qpy.dump(circuits, file)
    return file.getvalue()


def _openqasm3(circuit: QuantumCircuit) -> str:
    if sum(1 for _ in operations(circuit)) > MOST_OPERATIONS:
        raise NotPossible(f"The circuit has more than {MOST_OPERATIONS:,} operations: it is not unpacked.")
    try:
        text = str(qasm3.dumps(circuit))
    except qasm3.QASM3ExporterError as problem:
        raise NotPossible(f"OpenQASM 3 cannot say what is in the circuit: {problem.message}") from problem
    except MemoryError:
        raise
    except Exception as problem:
        # What the loader made of a broken file may fail in any way.
        raise NotPossible(
            f"OpenQASM 3 cannot say what is in the circuit ({type(problem).__name__})."
        ) from problem
    if len(text) > LONGEST_TEXT:
        raise NotPossible(f"The circuit is longer than {LONGEST_TEXT:,} characters as OpenQASM.")
    return text
