"""Circuits that other programs submitted, from Qiskit's binary form (QPY) into OpenQASM 3.

What comes is another's bytes. QPY from version 13 on holds no code: it is read as data, never unpickled.
Before that, Qiskit itself has run code out of it (CVE-2025-2000), so older versions are refused.
"""

from __future__ import annotations

import base64
import binascii
import io
import zlib
from typing import Final

from qiskit import QuantumCircuit, qasm3, qpy
from qiskit.qpy.common import QPY_VERSION

from tui.compiler.qiskit.circuit_stats import walk
from tui.compiler.qiskit.diagnostics import NotPossible
from tui.compiler.qiskit.parser import LONGEST_TEXT

OLDEST: Final = 13
MOST_BYTES: Final = 64 * 1024 * 1024
MOST_OPERATIONS: Final = 200_000
MOST_CIRCUITS: Final = 200
_MAGIC: Final = b"QISKIT"


def unpack(payload: str) -> tuple[str, ...]:
    """The circuits in `payload` as OpenQASM 3, up to one that cannot be written, `MOST_CIRCUITS` at most.

    Args:
        payload: base64 of QPY, which may be packed with zlib.

    Raises:
        NotPossible: it is no QPY that is read here, or OpenQASM 3 cannot say what is in the first circuit.
    """
    data = _bytes(payload)
    if data[:6] != _MAGIC or len(data) < 7:
        raise NotPossible("The circuit is not in Qiskit's binary form.")
    version = data[6]
    if version < OLDEST:
        raise NotPossible(
            f"The circuit is in version {version} of Qiskit's binary form, which could hold code: "
            f"only versions {OLDEST} and later are read."
        )
    if version > QPY_VERSION:
        raise NotPossible(
            f"The circuit is in version {version} of Qiskit's binary form, newer than the installed Qiskit "
            f"reads ({QPY_VERSION}).",
            "Update Qiskit.",
        )
    try:
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
    programs = [_written(circuits[0])]
    length = len(programs[0])
    for circuit in circuits[1:MOST_CIRCUITS]:
        if not isinstance(circuit, QuantumCircuit):
            break
        try:
            programs.append(_written(circuit))
        except NotPossible:
            break
        length += len(programs[-1])
        if length > LONGEST_TEXT:
            break
    return tuple(programs)


def _written(circuit: QuantumCircuit) -> str:
    if sum(1 for _ in walk(circuit)) > MOST_OPERATIONS:
        raise NotPossible(f"The circuit has more than {MOST_OPERATIONS:,} operations: it is not unpacked.")
    try:
        text = str(qasm3.dumps(circuit))
    except qasm3.QASM3ExporterError as problem:
        raise NotPossible(f"OpenQASM 3 cannot say what is in the circuit: {problem.message}") from problem
    if len(text) > LONGEST_TEXT:
        raise NotPossible(f"The circuit is longer than {LONGEST_TEXT:,} characters as OpenQASM.")
    return text


def _bytes(payload: str) -> bytes:
    try:
        data = base64.b64decode(payload, validate=True)
    except (binascii.Error, ValueError):
        raise NotPossible("The circuit is not in Qiskit's binary form.") from None
    if data[:6] == _MAGIC:
        return data
    try:
        unpacker = zlib.decompressobj()
        unpacked = unpacker.decompress(data, MOST_BYTES)
    except zlib.error:
        raise NotPossible("The circuit is not in Qiskit's binary form.") from None
    if unpacker.unconsumed_tail:
        raise NotPossible(f"The circuit has more than {MOST_BYTES // 1024 // 1024} MB: it is not unpacked.")
    return unpacked
