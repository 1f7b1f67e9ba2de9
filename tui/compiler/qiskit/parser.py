"""Reads OpenQASM 2 and 3 into circuits, and says in words and places what is wrong with a program."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from qiskit import QuantumCircuit, qasm2, qasm3

from tui.compiler.qiskit.circuit_stats import stats
from tui.compiler.qiskit.circuit_summary import measures
from tui.compiler.qiskit.wording import building, importing, syntax
from tui.domain.circuits import CheckReport, Diagnostic
from tui.domain.openqasm import is_blank, version_of
from tui.openqasm.analysis.brackets import OPENING, misplaced_closing, open_brackets, unpaired_brace
from tui.openqasm.analysis.statements import without_comments
from tui.qiskit_common.openqasm3 import MOST_BITS, OpenQasm3Error, Problem, load, load_with_lines

LONGEST_TEXT: Final = 8_000_000
_PLACE: Final = re.compile(r"<input>:(\d+),(\d+): (.*)$", re.DOTALL)
_REGISTER: Final = re.compile(r"\b[qc]reg\s+\w+\s*\[\s*(\d+)")
_STATEMENT_END: Final = re.compile(r"[;{}]")
_COMMENT: Final = re.compile(r"//[^\n]*")
_HEADER: Final = re.compile(r"\bOPENQASM\s+[\d.]+\s*;")
_UNKNOWN_GATE: Final = re.compile(r"There is no gate (\w+)\.$")
_STANDARD_GATES: Final = frozenset(gate.name for gate in qasm3.STDGATES_INC_GATES)
# Qiskit's reader of OpenQASM 2 panics at numbers that do not fit into 64 bits.
_HUGE_NUMBER: Final = re.compile(r"(?<![\w.])\d{20,}+(?![\w.])|\bOPENQASM\s+[\d.]{20,}+")
# Its lexer alone tells no place for this one.
_SINGLE_EQUALS: Final = re.compile(r"(?<!=)(?:==)*+=(?!=)")


class Unreadable(Exception):
    """Qiskit does not accept the program. `diagnostics` says why; there is at least one."""

    def __init__(self, diagnostics: tuple[Diagnostic, ...]) -> None:
        super().__init__(diagnostics[0].message)
        self.diagnostics = diagnostics


def unreadable(message: str, line: int = 0, column: int = 0) -> Unreadable:
    """Make the error with one diagnostic.

    Args:
        message: what is wrong, as a sentence.
        line: from 1; 0 when the place is not known.
        column: from 1; 0 when the place is not known.
    """
    return Unreadable((Diagnostic(line, column, message),))


def of_openqasm3(error: OpenQasm3Error, text: str) -> Unreadable:
    """Return the diagnostics of the problems that the importer has with the program `text`."""
    found = (_diagnostic(problem, text) for problem in error.problems)
    return Unreadable(tuple(sorted(found, key=lambda diagnostic: (diagnostic.line, diagnostic.column))))


def _diagnostic(problem: Problem, text: str) -> Diagnostic:
    line, column = problem.line, problem.column
    if problem.cause is not None:
        return Diagnostic(line, column, building(problem.cause, problem.gate))
    if problem.kind == "import":
        message = importing(problem.message)
        gate = _UNKNOWN_GATE.match(message)
        if gate is not None and "stdgates.inc" not in text and gate[1] in _STANDARD_GATES:
            return _without_include("stdgates.inc", gate[1], line, text)
        return Diagnostic(line, column, message)
    seen, start = getattr(problem.token, "text", None), getattr(problem.token, "start", len(text))
    if text.startswith("/*", start):
        return Diagnostic(line, column, "This comment does not end: */ is missing.")
    if seen in OPENING or seen == "<EOF>":
        bare = without_comments(text)
        if seen in ("}", "<EOF>") and (found := unpaired_brace(bare)) is not None:
            return found
        if seen in OPENING and (message := misplaced_closing(bare[:start], seen)):
            return Diagnostic(line, column, message)
        if seen == "<EOF>" and (opened := open_brackets(bare)):
            message = f"This '{bare[opened[-1]]}' is not closed."
            return Diagnostic(*_place(text, opened[-1]), message)
    if problem.statement_end is not None:
        # What lacks is seen only at the next token; the line to mend is the one before it.
        return Diagnostic(*problem.statement_end, "';' is missing at the end of this line.")
    return Diagnostic(line, column, syntax(problem.message, seen))


def _without_include(file: str, gate: str, line: int, text: str) -> Diagnostic:
    """The diagnostic of a standard gate without its file, at the end of the header, where that belongs."""
    header = _HEADER.search(without_comments(text))
    place = _place(text, header.end()) if header is not None else (1, 1)
    message = f'include "{file}"; is missing here: {gate} on line {line} is a standard gate.'
    return Diagnostic(*place, message)


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


@lru_cache(maxsize=1)
def read_with_lines(text: str) -> tuple[QuantumCircuit, list[tuple[int, ...]]]:
    """Read an OpenQASM 3 program, and tell where its operations come from: as `load_with_lines`.

    The last one is kept: an editor asks for its diagram after it was checked. Nobody may change it.

    Raises:
        Unreadable: Qiskit does not accept it.
    """
    if len(text) > LONGEST_TEXT:
        raise unreadable(f"The program is longer than {LONGEST_TEXT:,} characters.")
    try:
        return load_with_lines(text)
    except OpenQasm3Error as error:
        raise of_openqasm3(error, text) from error


def check(text: str) -> CheckReport:
    """Check a program with Qiskit's importers.

    Returns:
        The report: diagnostics of a program that is not accepted, else sizes and names of parameters.
    """
    try:
        circuit = read_with_lines(text)[0] if version_of(text) == 3 and not is_blank(text) else read(text)
    except Unreadable as error:
        return CheckReport(error.diagnostics)
    return CheckReport(
        (),
        stats(circuit),
        tuple(parameter.name for parameter in circuit.parameters),
        measures=measures(circuit),
    )


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
    if (number := _HUGE_NUMBER.search(without_comments(text))) is not None:
        raise unreadable("This number is too large.", *_place(text, number.start()))
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
        equals = (
            _SINGLE_EQUALS.search(without_comments(text)) if message.startswith("single equals") else None
        )
        if equals is None:
            return unreadable(message)
        return unreadable("A single '=' cannot stand here.", *_place(text, equals.end() - 1))
    line, column, said = int(found[1]), int(found[2]) + 1, found[3]
    custom = re.match(r"cannot use non-builtin custom instruction '(\w+)' before definition", said)
    if custom is not None and "qelib1.inc" not in text:
        return Unreadable((_without_include("qelib1.inc", custom[1], line, text),))
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
    ends = [end.end() for end in _STATEMENT_END.finditer(bare)]
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
