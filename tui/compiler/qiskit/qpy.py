"""Circuits from QPY, Qiskit's binary form, as OpenQASM 3, and back."""

from __future__ import annotations

import base64
import binascii
import io
import struct
import zlib
from collections.abc import Sequence
from typing import Final

from qiskit import QuantumCircuit, qasm3, qpy
from qiskit.qpy.common import QPY_VERSION

from tui.common.worker_process import memory_headroom
from tui.compiler.qiskit.circuit_summary import NotPossible, operations
from tui.compiler.qiskit.parser import LONGEST_TEXT, read
from tui.qiskit_common.standard_gates import RedefinedGate, with_standard_gates

# QPY from version 13 on holds no code: it is read as data, never unpickled. Before that, Qiskit itself has
# run code out of it (CVE-2025-2000), so older versions are refused.
OLDEST_QPY: Final = 13
MOST_QPY_BYTES: Final = 64 * 1024 * 1024
MOST_OPERATIONS: Final = 200_000
MOST_CIRCUITS: Final = 200
MOST_BITS: Final = 100_000
"""Qubits, and clbits, of a circuit. Qiskit makes as many as a header says, in 230 bytes and 3 us each."""
MOST_MEMORY: Final = 1 << 29
"""Bytes that reading may take: the headers of inner circuits, which may lie too, are not looked at before."""
_MAGIC: Final = b"QISKIT"
# Places in a file (qiskit.qpy.formats): number of circuits, type of what follows, its table of places (from
# version 16 on), or the first circuit itself; in its header the numbers of qubits and clbits.
_PROGRAMS, _TYPE, _FIRST, _BITS = 10, 19, 20, 5
_WITH_PLACES: Final = 16


def decode_qpy(payload: str) -> tuple[str, ...]:
    """Translate circuits in Qiskit's binary form to OpenQASM 3.

    Args:
        payload: base64 of QPY, which may be packed with zlib.

    Returns:
        One program a circuit, at least the first, at most `MOST_CIRCUITS`; it ends before a circuit that
        cannot be written, or with the one that makes it longer than `LONGEST_TEXT`.

    Raises:
        NotPossible: it is no QPY that is read here, or OpenQASM 3 cannot say what is in the first circuit.
    """
    data = _qpy_bytes(payload)
    if data[:6] != _MAGIC or len(data) < 7:
        raise NotPossible("The circuit is not in Qiskit's binary form.")
    version = data[6]
    if version < OLDEST_QPY:
        raise NotPossible(
            f"The circuit is in version {version} of Qiskit's binary form, which could hold code: "
            f"only versions {OLDEST_QPY} and later are read."
        )
    if version > QPY_VERSION:
        raise NotPossible(
            f"The circuit is in version {version} of Qiskit's binary form, newer than the installed Qiskit "
            f"reads ({QPY_VERSION}).",
            "Update Qiskit.",
        )
    _check_bits(data, version)
    try:
        with memory_headroom(MOST_MEMORY):
            circuits = qpy.load(io.BytesIO(data))
    except MemoryError:
        raise
    except Exception as problem:
        # The loader was written for files that are whole: a broken one ends in any exception there is.
        raise NotPossible(
            f"The circuit cannot be read: its binary form is broken ({type(problem).__name__})."
        ) from problem
    if not circuits or not isinstance(circuits[0], QuantumCircuit):
        raise NotPossible("There is no circuit in it.")
    programs = [_openqasm3(circuits[0])]
    length = len(programs[0])
    for circuit in circuits[1:MOST_CIRCUITS]:
        if not isinstance(circuit, QuantumCircuit):
            break
        try:
            programs.append(_openqasm3(circuit))
        except NotPossible:
            break
        length += len(programs[-1])
        if length > LONGEST_TEXT:
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


def _check_bits(data: bytes, version: int) -> None:
    """Refuse a file that says of a circuit that it has more bits than are read, before Qiskit makes them."""
    programs = int.from_bytes(data[_PROGRAMS : _PROGRAMS + 8], "big")
    places: tuple[int, ...] = (_FIRST,)
    if version >= _WITH_PLACES:
        if _FIRST + 8 * programs > len(data):
            raise NotPossible("The circuit cannot be read: its binary form is broken (it ends too early).")
        places = struct.unpack_from(f"!{programs}Q", data, _FIRST)
    if not programs or data[_TYPE : _TYPE + 1] != b"q":
        raise NotPossible("There is no circuit in it.")
    for place in places:
        header = data[place + _BITS : place + _BITS + 8]
        if len(header) < 8:
            raise NotPossible("The circuit cannot be read: its binary form is broken (it ends too early).")
        if max(struct.unpack("!II", header)) > MOST_BITS:
            raise NotPossible(
                f"The circuit has more than {MOST_BITS:,} qubits or clbits: it is not unpacked."
            )


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


def _qpy_bytes(payload: str) -> bytes:
    unpacker = zlib.decompressobj()
    try:
        data = base64.b64decode(payload, validate=True)
        if data[:6] != _MAGIC:
            data = unpacker.decompress(data, MOST_QPY_BYTES)
    except (binascii.Error, ValueError, zlib.error):
        raise NotPossible("The circuit is not in Qiskit's binary form.") from None
    if unpacker.unconsumed_tail:
        raise NotPossible(f"The circuit has more than {MOST_QPY_BYTES >> 20} MB: it is not unpacked.")
    return data
