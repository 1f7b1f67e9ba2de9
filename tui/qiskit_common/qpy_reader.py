"""QPY, Qiskit's binary form of circuits, read with bounds: its version first, then the sizes it claims."""

from __future__ import annotations

import base64
import binascii
import io
import struct
import zlib
from typing import Final

from qiskit import QuantumCircuit, qpy
from qiskit.qpy.common import QPY_VERSION

from tui.common.worker_process import memory_headroom

# QPY from version 13 on holds no code: it is read as data, never unpickled. Before that, Qiskit itself has
# run code out of it (CVE-2025-2000), so older versions are refused.
OLDEST_QPY: Final = 13
MOST_BITS: Final = 100_000
"""Qubits, and clbits, of a circuit. Qiskit makes as many as a header says, in 230 bytes and 3 us each."""
MAGIC: Final = b"QISKIT"
# Places in a file (qiskit.qpy.formats): number of circuits, type of what follows, its table of places (from
# version 16 on), or the first circuit itself; in its header the numbers of qubits and clbits.
_PROGRAMS, _TYPE, _FIRST, _BITS = 10, 19, 20, 5
_WITH_PLACES: Final = 16
_BROKEN: Final = "The circuit cannot be read: its binary form is broken"


class QpyError(Exception):
    """It is no QPY that is read here; the message is for the user.

    Attributes:
        advice: what helps; mostly empty.
    """

    def __init__(self, message: str, advice: str = "") -> None:
        super().__init__(message)
        self.advice = advice


def unpack(payload: str, most: int) -> bytes:
    """Return the bytes of base64, unpacked where zlib packed them.

    Args:
        payload: as circuits travel in JSON.
        most: bytes that packed ones may become.

    Raises:
        QpyError: it is no base64, broken, or larger.
    """
    unpacker = zlib.decompressobj()
    try:
        data = base64.b64decode(payload, validate=True)
        if data[:6] != MAGIC:
            data = unpacker.decompress(data, most)
    except (binascii.Error, ValueError, zlib.error):
        raise QpyError("The circuit is not in Qiskit's binary form.") from None
    if unpacker.unconsumed_tail:
        raise QpyError(f"The circuit has more than {most >> 20} MB: it is not unpacked.")
    return data


def read_qpy(data: bytes, memory: int) -> list[QuantumCircuit]:
    """Read circuits.

    Args:
        data: the whole file.
        memory: bytes of addresses that reading may take: headers of inner circuits, which may lie, too, are
            not looked at before.

    Returns:
        At least one circuit.

    Raises:
        QpyError: it is no QPY, of a version that is not read, broken, or holds something else.
        MemoryError: there is not enough of it for what the headers say.
    """
    _check_version(data)
    _check_bits(data)
    try:
        with memory_headroom(memory):
            circuits = qpy.load(io.BytesIO(data))
    except MemoryError:
        raise
    except Exception as problem:
        # The loader was written for files that are whole: a broken one ends in any exception there is.
        raise QpyError(f"{_BROKEN} ({type(problem).__name__}).") from problem
    if not circuits or not all(isinstance(circuit, QuantumCircuit) for circuit in circuits):
        raise QpyError("There is no circuit in it, or something else beside.")
    return list(circuits)


def _check_version(data: bytes) -> None:
    if data[:6] != MAGIC or len(data) < 7:
        raise QpyError("The circuit is not in Qiskit's binary form.")
    version = data[6]
    if version < OLDEST_QPY:
        raise QpyError(
            f"The circuit is in version {version} of Qiskit's binary form, which could hold code: "
            f"only versions {OLDEST_QPY} and later are read.",
            "Write it anew with a Qiskit of today (qiskit.qpy.dump), or as OpenQASM.",
        )
    if version > QPY_VERSION:
        raise QpyError(
            f"The circuit is in version {version} of Qiskit's binary form, newer than the installed Qiskit "
            f"reads ({QPY_VERSION}).",
            "Update Qiskit.",
        )


def _check_bits(data: bytes) -> None:
    """Refuse a file that says of a circuit that it has more bits than are read, before Qiskit makes them."""
    programs = int.from_bytes(data[_PROGRAMS : _PROGRAMS + 8], "big")
    places: tuple[int, ...] = (_FIRST,)
    if data[6] >= _WITH_PLACES:
        if _FIRST + 8 * programs > len(data):
            raise QpyError(f"{_BROKEN} (it ends too early).")
        places = struct.unpack_from(f"!{programs}Q", data, _FIRST)
    if not programs or data[_TYPE : _TYPE + 1] != b"q":
        raise QpyError("There is no circuit in it.")
    for place in places:
        header = data[place + _BITS : place + _BITS + 8]
        if len(header) < 8:
            raise QpyError(f"{_BROKEN} (it ends too early).")
        if max(struct.unpack("!II", header)) > MOST_BITS:
            raise QpyError(f"The circuit has more than {MOST_BITS:,} qubits or clbits: it is not unpacked.")
