"""Circuits from OpenQASM 2 and 3, with the place of what is wrong, and from QPY; checks of programs."""

from __future__ import annotations

import base64
import binascii
import io
import re
import zlib
from typing import Final

from qiskit import QuantumCircuit, qasm2, qasm3, qpy
from qiskit.qpy.common import QPY_VERSION

from tui.compiler.qiskit.circuit_summary import measures, operations, stats
from tui.compiler.qiskit.diagnostics import NotPossible, Unreadable, building, of_openqasm3, unreadable
from tui.domain.circuits import CheckReport, is_blank, version_of
from tui.qiskit_common.openqasm3 import MOST_BITS, OpenQasm3Error, load

LONGEST_TEXT: Final = 8_000_000
_PLACE: Final = re.compile(r"<input>:(\d+),(\d+): (.*)$", re.DOTALL)
_REGISTER: Final = re.compile(r"\b[qc]reg\s+\w+\s*\[\s*(\d+)")
_STATEMENT: Final = re.compile(r"[^;{}]*[;{}]")
_COMMENT: Final = re.compile(r"//[^\n]*")
# QPY from version 13 on holds no code: it is read as data, never unpickled. Before that, Qiskit itself has
# run code out of it (CVE-2025-2000), so older versions are refused.
OLDEST_QPY: Final = 13
MOST_QPY_BYTES: Final = 64 * 1024 * 1024
MOST_OPERATIONS: Final = 200_000
MOST_CIRCUITS: Final = 200
_MAGIC: Final = b"QISKIT"


def read(text: str) -> QuantumCircuit:
    """Read an OpenQASM 2 or 3 program.

    Returns:
        The circuit. One with hardware qubits (`$3`) has a layout, and its qubit i is `$i`.

    Raises:
        Unreadable: Qiskit does not accept it.
    """
    if len(text) > LONGEST_TEXT:
        raise unreadable(f"The program is longer than {LONGEST_TEXT:,} characters.")
    if is_blank(text):
        raise unreadable("The program is empty.", 1, 1)
    version = version_of(text)
    if version == 2:
        return _read_openqasm2(text)
    if version == 3:
        try:
            return load(text)
        except OpenQasm3Error as error:
            raise of_openqasm3(error, text) from error
    line = text.count("\n", 0, text.index("OPENQASM")) + 1
    raise unreadable(f"There is no OpenQASM {version} here: 2 and 3 are read.", line, 1)


def check(text: str) -> CheckReport:
    """Check a program with Qiskit's importers.

    Returns:
        The report: diagnostics of a program that is not accepted, else sizes and names of parameters.
    """
    try:
        circuit = read(text)
    except Unreadable as error:
        return CheckReport(error.diagnostics)
    return CheckReport(
        (),
        stats(circuit),
        tuple(sorted(parameter.name for parameter in circuit.parameters)),
        measures=measures(circuit),
    )


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


def _read_openqasm2(text: str) -> QuantumCircuit:
    """Read an OpenQASM 2 program as `QuantumCircuit.from_qasm_str` does.

    Included files other than `qelib1.inc` are not looked for: what is submitted must stand alone.

    Raises:
        Unreadable: Qiskit does not accept it.
    """
    for register in _REGISTER.finditer(text):
        if len(register[1]) > 9 or int(register[1]) > MOST_BITS:
            line, column = _place(text, register.start())
            raise unreadable(f"A register of more than {MOST_BITS:,} bits is not read.", line, column)
    try:
        return _load(text)
    except qasm2.QASM2ParseError as error:
        raise _from_parser(error.message, text) from error
    except Exception as error:
        # Qiskit builds a gate without checking what it was given, and raises whatever that raises.
        statement = _first_that_raises(text, type(error))
        gate = re.match(r"\w*", text[statement:])
        line, column = _place(text, statement)
        raise unreadable(building(error, gate[0] if gate else ""), line, column) from error


def _load(text: str) -> QuantumCircuit:
    return qasm2.loads(
        text,
        include_path=(),
        custom_instructions=qasm2.LEGACY_CUSTOM_INSTRUCTIONS,
        custom_classical=qasm2.LEGACY_CUSTOM_CLASSICAL,
    )


def _from_parser(message: str, text: str) -> Unreadable:
    if (found := _PLACE.match(message)) is None:
        return unreadable(message)
    line, column, said = int(found[1]), int(found[2]) + 1, found[3]
    if "to see ';'" in said and "end-of-file" in said:
        said = "a ';' is missing at the end of the program"
    if said.startswith("needed ';'") and (end := _line_before(text, line, column)) is not None:
        line, column = end
        said = "';' is missing at the end of this line"
    if (include := re.match(r"unable to find '(.*)' in the include", said)) is not None:
        said = f'the file "{include[1]}" is not read: only "qelib1.inc" can be included'
    return unreadable(said[:1].upper() + said[1:].rstrip(".") + ".", line, column)


def _line_before(text: str, line: int, column: int) -> tuple[int, int] | None:
    """The end of the last line with code before a place that is the first on its line."""
    lines = [_COMMENT.sub("", content).rstrip() for content in text.split("\n")[:line]]
    if lines[-1][: column - 1].strip():
        return None
    for number in range(line - 1, 0, -1):
        if lines[number - 1]:
            return number, len(lines[number - 1]) + 1
    return None


def _first_that_raises(text: str, kind: type[Exception]) -> int:
    """Where the first statement starts with which the program raises `kind`, found by halving."""
    bare = _COMMENT.sub(lambda comment: " " * len(comment[0]), text)
    ends = [statement.end() for statement in _STATEMENT.finditer(bare)]
    low, high = 0, len(ends) - 1
    while low < high:
        middle = (low + high) // 2
        try:
            _load(bare[: ends[middle]])
            raised = False
        except Exception as error:
            raised = isinstance(error, kind) and not isinstance(error, qasm2.QASM2ParseError)
        low, high = (low, middle) if raised else (middle + 1, high)
    start = ends[low - 1] if low else 0
    return start + len(bare[start:]) - len(bare[start:].lstrip())


def _place(text: str, offset: int) -> tuple[int, int]:
    line = text.count("\n", 0, offset)
    return line + 1, offset - (text.rfind("\n", 0, offset) + 1) + 1


def _openqasm3(circuit: QuantumCircuit) -> str:
    if sum(1 for _ in operations(circuit)) > MOST_OPERATIONS:
        raise NotPossible(f"The circuit has more than {MOST_OPERATIONS:,} operations: it is not unpacked.")
    try:
        text = str(qasm3.dumps(circuit))
    except qasm3.QASM3ExporterError as problem:
        raise NotPossible(f"OpenQASM 3 cannot say what is in the circuit: {problem.message}") from problem
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
