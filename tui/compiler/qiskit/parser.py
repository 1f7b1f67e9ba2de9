"""Reads OpenQASM 2 and 3 into circuits, and says in words and places what is wrong with a program."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from qiskit import QuantumCircuit, qasm2

from tui.compiler.qiskit.circuit_summary import measures, stats
from tui.domain.circuits import CheckReport, Diagnostic, is_blank, version_of
from tui.qiskit_common.openqasm3 import MOST_BITS, OpenQasm3Error, Problem, load

_UNSUPPORTED: Final = {
    "AliasStatement": "this `let` alias",
    "AngleType": "variables of type angle",
    "BreakStatement": "`break` here",
    "CalibrationDefinition": "`defcal` calibrations",
    "CalibrationGrammarDeclaration": "`defcalgrammar`",
    "CalibrationStatement": "`cal` blocks",
    "ClassicalAssignment": "assignments other than `= measure`",
    "CompoundStatement": "bare `{ ... }` blocks",
    "ConstantDeclaration": "`const` declarations; write the value itself where it is used",
    "EndStatement": "`end`",
    "ExpressionStatement": "expressions that stand alone, such as the call of a subroutine",
    "ExternDeclaration": "`extern` functions",
    "Pragma": "pragmas; remove the line",
    "ReturnStatement": "`return`",
    "SubroutineDefinition": "`def` subroutines; a `gate` definition may do",
    "SwitchStatement": "`switch`; use `if`",
}
_TOKENS: Final = {
    "<EOF>": "the end of the program",
    "Identifier": "a name",
    "StringLiteral": 'a file name in quotes, such as "stdgates.inc"',
    "BitstringLiteral": "a bit string",
    "CalibrationBlock": "a calibration block",
    "HardwareQubit": "a physical qubit, such as $0",
    "DecimalIntegerLiteral": "a whole number",
    "FloatLiteral": "a number",
    "VersionSpecifier": "a version, such as 3.0",
}
_IMPORTING: Final = {
    r"declarations of type '(\w+)' are not supported": "Qiskit cannot import variables of type {0}.",
    r"non-stdgates": 'Qiskit reads no included file but "stdgates.inc" ("qelib1.inc" belongs to OpenQASM 2).',
    r"Symbol '(.+)' already": "The name {0} is taken: a gate, register or variable has it already.",
    r"gate '(.+)' is not defined": "There is no gate {0}.",
    r"Undefined symbol '(.+)'": "There is no {0}: it is not declared above.",
    r"conditions": "Qiskit reads a condition only as `bit`, `!bit`, `bit == true` or `register == number`.",
    r"measurements must": "Qiskit needs a bit for the result of a measurement: c[0] = measure q[0];",
    r"initialisation": "Qiskit cannot import a bit that starts with a value; only with a measurement.",
}
"""Beginnings of messages of `qiskit_qasm3_import`, and their wording."""
_BUILDING: Final = {
    r".*positional argument.*given": "{gate} was given too many parameters.",
    r".*qubit\((\d+)\)/clbit.*expectation \((\d+)\)": "{gate} acts on {1} qubits, not on {0}.",
    r".*duplicate (?:bit|qubit) arguments": "{gate} uses the same qubit twice.",
    r".*register size error": "The two sides have different numbers of qubits and bits.",
    r".*index must be int": "Qiskit reads only a number as an index, not a loop variable.",
}
"""Messages of Qiskit's errors while it builds a circuit, and their wording."""
_RAISED: Final[Mapping[type[BaseException], str]] = {
    IndexError: "The index is outside the register.",
    ZeroDivisionError: "This divides by zero.",
    RecursionError: "The program is nested too deeply.",
    MemoryError: "The program is too large for the memory it may use.",
}
_OPENING: Final = {"}": "{", ")": "(", "]": "["}


LONGEST_TEXT: Final = 8_000_000
_PLACE: Final = re.compile(r"<input>:(\d+),(\d+): (.*)$", re.DOTALL)
_REGISTER: Final = re.compile(r"\b[qc]reg\s+\w+\s*\[\s*(\d+)")
_STATEMENT: Final = re.compile(r"[^;{}]*[;{}]")
_COMMENT: Final = re.compile(r"//[^\n]*")


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
    return Unreadable(tuple(_diagnostic(problem, text) for problem in error.problems))


def _diagnostic(problem: Problem, text: str) -> Diagnostic:
    line, column = problem.line, problem.column
    if problem.cause is not None:
        return Diagnostic(line, column, building(problem.cause, problem.gate))
    if problem.kind == "import":
        message = _importing(problem.message)
        if message.startswith("There is no gate") and "stdgates.inc" not in text:
            message += ' The standard gates need: include "stdgates.inc";'
    elif text.startswith("/*", getattr(problem.token, "start", len(text))):
        message = "This comment does not end: */ is missing."
    elif problem.statement_end is not None:
        # What lacks is seen only at the next token; the line to mend is the one before it.
        line, column = problem.statement_end
        message = "';' is missing at the end of this line."
    else:
        message = _syntax(problem.message, getattr(problem.token, "text", None))
    return Diagnostic(line, column, message)


def _token(name: str) -> str:
    bare = name.strip("'")
    return _TOKENS.get(bare, f"'{bare}'")


def _syntax(message: str, offending: str | None) -> str:
    """Word an ANTLR message (`extraneous input 'q' expecting ';'`).

    ANTLR lists all that could stand there, up to sixty kinds of token; more than three are left out.

    Args:
        message: the message as given to an `ErrorListener`.
        offending: the text of the token it is about, when there is one.
    """
    if (unknown := re.match(r"token recognition error at: '(.*)'$", message, re.DOTALL)) is not None:
        text = unknown[1].strip()[:1] or " "
        if text in {'"', "'"}:
            return f"The text that starts with {text} does not end, or may not stand here."
        return f"{text!r} cannot stand here."
    if (missing := re.match(r"missing (.+) at '(.*)'$", message, re.DOTALL)) is not None:
        return _sentence(f"{_token(missing[1])} is missing before {_token(missing[2])}")
    seen = _token(offending) if offending is not None else "this"
    if offending in _OPENING and "expecting" in message:
        return f"{seen} closes nothing: there is no '{_OPENING[offending]}' for it."
    expected = re.search(r"expecting (.+)$", message, re.DOTALL)
    wanted = re.findall(r"'[^']*'|<EOF>|\w+", expected[1].strip("{}")) if expected is not None else []
    if offending == "<EOF>" and (len(wanted) > 3 or "'}'" in wanted):
        return "The program ends in the middle of a block: a '}' is missing."
    if 0 < len(wanted) <= 3:
        return _sentence(f"{' or '.join(_token(name) for name in wanted)} was expected here, not {seen}")
    if "'bool'" in wanted and "'int'" in wanted and len(wanted) < 12:
        return f"A type, such as int or bit, was expected here, not {seen}."
    if offending == ";":
        return "This ';' is one too many, or something is missing before it."
    return _sentence(f"{seen} cannot stand here")


def _importing(message: str) -> str:
    """Word a message of `qiskit_qasm3_import`: what Qiskit lacks is named as it is written."""
    if (node := re.match(r"node of type (\w+) is not supported", message)) is not None:
        return f"Qiskit cannot import {_UNSUPPORTED.get(node[1], node[1])}."
    return _worded(_IMPORTING, message) or _sentence(message)


def building(error: BaseException, gate: str) -> str:
    """Word an error that Qiskit's Python raises while it builds the circuit.

    Args:
        error: the exception.
        gate: the gate that was being applied; empty when it was something else.
    """
    text = str(error).strip("'\"")
    gate = gate or "The gate"
    if (lacking := re.search(r"missing \d+ required positional arguments?: (.+)$", text)) is not None:
        names = lacking[1].replace("'", "")
        return f"{gate} needs more parameters: {names}."
    if wording := _worded(_BUILDING, text, gate=gate):
        return wording
    raised = (wording for kind, wording in _RAISED.items() if isinstance(error, kind))
    return next(raised, "") or _sentence(text or type(error).__name__)


def _worded(rules: Mapping[str, str], message: str, **names: str) -> str:
    """The wording of the first pattern that a message starts with; empty when there is none."""
    for pattern, wording in rules.items():
        if (found := re.match(pattern, message, re.DOTALL)) is not None:
            return wording.format(*found.groups(), **names)
    return ""


def _sentence(text: str) -> str:
    text = text.strip()
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")


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
