"""Errors that Microsoft's QDK finds: the whole grammar and types. In a worker process alone.

QDK reads OpenQASM by its own rules: it takes gates that Qiskit has not, and refuses integers for angles.
Names, arity and indices are therefore left to `mistakes`, and of types only what no reader accepts is taken.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Final

from tui.domain.circuits import Diagnostic
from tui.openqasm.analysis.symbols import SymbolTable

MOST: Final = 200
"""Errors that are taken over."""
LONG: Final = 1_000_000
"""Characters from which on types are left to Qiskit: they take QDK thrice as long as the grammar."""
_ITEMS: Final = {
    "identifier": "a name",
    "EOF": "the end of the program",
    "expression": "a value",
    "string literal": "a file name in quotes",
    "hardware bit": "a qubit",
    "scalar type": "a type, such as int or float,",
    "scalar or array type": "a type, such as float,",
    "statement": "a statement",
}
_EXPECTED: Final = re.compile(r"expected (.{1,60}?), found (.{1,60})\Z", re.DOTALL)
_CAST: Final = re.compile(r"cannot cast (?:literal )?expression of type (.{1,60}?) to type (.{1,60})\Z")
_SAYS: Final[Mapping[str, str]] = {
    "Lex.UnknownChar": "",
    "Lex.UnterminatedString": "This text does not end: a second \" is missing.",
    "Lex.UnterminatedBlockComment": "This comment does not end: */ is missing.",
    "Lex.Incomplete": "This character cannot stand here.",
    "Lex.IncompleteEof": "The program ends in the middle of a word.",
    "Parser.EmptyStatement": "This ';' is one too many.",
    "Parser.FloatingAnnotation": "This annotation has no statement behind it.",
    "Parser.Literal": "This is no number that can be read.",
    "Parser.MissingGateCallOperands": "The gate has no qubits: write them behind it.",
    "Parser.MissingSwitchCases": "This `switch` has no `case`.",
    "Parser.MissingSwitchCaseLabels": "This `case` has no value.",
    "Parser.MissingParens": "Parentheses are missing here.",
    "Parser.MissingSeqEntry": "Something is missing between these commas.",
    "Lowerer.DivisionByZero": "This divides by zero.",
    "Lowerer.EmptyIndexOperator": "An index is missing between '[' and ']'.",
    "Lowerer.GateCalledLikeFunc": "A gate is written without parentheses around its qubits: x q[0];",
    "Lowerer.CannotUpdateConstVariable": "A constant keeps its value.",
    "Lowerer.GateDeclarationInNonGlobalScope": "A gate is defined in a block: move it to the top.",
    "Lowerer.DefDeclarationInNonGlobalScope": "A subroutine is defined in a block: move it to the top.",
    "Lowerer.QubitDeclarationInNonGlobalScope": "Qubits are declared in a block: move this to the top.",
    "Lowerer.CannotCallNonFunction": "Only a function can be called so.",
    "Lowerer.InvalidIndexedGateOperand": "Only a register has an index.",
}  # fmt: skip
"""Words for codes of errors; those that are not here are words of the message, or are left out."""
_SCOPES: Final = {
    "return": "`return` stands in subroutines alone.",
    "break": "`break` stands in loops alone.",
    "continue": "`continue` stands in loops alone.",
}


class Qdk:
    """QDK's analysis. Making one imports it, which takes some 0.1 s.

    Raises:
        ImportError: it is not installed.
    """

    def __init__(self) -> None:
        # Its release sends figures of use to Microsoft unless this is set before it is imported.
        os.environ["QDK_PYTHON_TELEMETRY"] = "none"
        from qdk.openqasm import analyze, parse

        self._analyze, self._parse = analyze, parse

    def errors(self, table: SymbolTable) -> list[Diagnostic]:
        """Return the errors in a program, in plain words, one a line.

        Args:
            table: of the program.
        """
        text = table.text
        encoded = None if text.isascii() else text.encode("utf-8", "surrogatepass")
        found: dict[int, Diagnostic] = {}
        result = self._analyze(text) if len(text) < LONG else self._parse(text)
        for one in result.diagnostics:
            code = (one.code or "").removeprefix("Qdk.Qasm.")
            if not one.labels or not (message := words(code, one.message)):
                continue
            start, end = (_offset(encoded, place) for place in (one.labels[0].span.lo, one.labels[0].span.hi))
            if not 0 <= start <= end <= len(text):
                continue  # in an included file
            row, column = table.location(start)
            found.setdefault(row, Diagnostic(row + 1, column + 1, message, max(1, end - start)))
            if len(found) >= MOST:
                break
        return list(found.values())


def words(code: str, message: str) -> str:
    """Return an error in plain words.

    Args:
        code: QDK's, such as `Parser.Token`.
        message: QDK's.

    Returns:
        A sentence; empty for an error that is not taken over.
    """
    if (said := _SAYS.get(code)) is not None:
        return said
    if code == "Lowerer.InvalidScope":
        return _SCOPES.get(message.partition(" ")[0], "")
    if code in {"Lowerer.CannotCast", "Lowerer.CannotCastLiteral"}:
        return _cast(message)
    if not code.startswith("Parser."):
        return ""
    expected = _EXPECTED.match(message)
    if expected is None:
        return f"{message[:1].upper()}{message[1:].rstrip('.')}."
    wanted, seen = (_item(part) for part in expected.groups())
    if expected[1] == "EOF":
        return f"{seen[:1].upper()}{seen[1:]} cannot stand here."
    return f"{wanted[:1].upper()}{wanted[1:]} is needed here, not {seen}."


def _cast(message: str) -> str:
    """Words for a value of a wrong type: only where qubits are taken for something else, or the reverse."""
    found = _CAST.match(message)
    if found is None:
        return ""
    given, wanted = found.groups()
    if given.startswith("qubit") and not wanted.startswith(("qubit", "unknown")):
        return f"This is a qubit, and a value of type {wanted} is needed: measure it first."
    if wanted.startswith("qubit") and not given.startswith(("qubit", "unknown")):
        return f"A qubit is needed here, not a value of type {given.removeprefix('const ')}."
    return ""


def _item(text: str) -> str:
    bare = text.strip("`")
    if text.startswith("literal"):
        return "a number" if "string" not in text else "a text in quotes"
    if text.startswith("keyword"):
        return text.removeprefix("keyword ")
    return _ITEMS.get(bare, f"'{bare}'")


def _offset(encoded: bytes | None, place: int) -> int:
    """The offset in characters of one in bytes."""
    return place if encoded is None else len(encoded[:place].decode("utf-8", "ignore"))


def analysis_by_qdk() -> Qdk | None:
    """Return QDK's analysis; `None` where it is not installed, or does not work."""
    try:
        return Qdk()
    except ImportError:
        return None
