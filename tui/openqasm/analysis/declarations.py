"""Declarations of a program and the scopes they are made in, whatever state the text is in."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final

from tui.common.values import Value
from tui.openqasm.analysis.standard import TYPES
from tui.openqasm.analysis.statements import Statement
from tui.openqasm.lexemes import NAME, SIZE

_WORD: Final = re.compile(NAME)
_DECLARED: Final = re.compile(
    rf"(?:(const|input|output|readonly|mutable)\s++)?+"
    rf"((qubit|bit|int|uint|float|angle|bool|complex|duration|stretch|array)\s*+({SIZE})?+)\s*+({NAME})"
    rf"\s*+(?:=\s*+(.*))?+",
    re.DOTALL,
)
_REGISTER: Final = re.compile(rf"(qreg|creg)\s++({NAME})\s*+({SIZE})?+")
_GATE: Final = re.compile(rf"(gate|opaque)\s++({NAME})\s*+(?:\(([^)]*+)\))?+([^)]*+)", re.DOTALL)
_DEF: Final = re.compile(rf"(def|extern)\s++({NAME})\s*+(?:\((.*)\))?+(.*)", re.DOTALL)
_LET: Final = re.compile(rf"(let)\s++({NAME})\s*+(?:=\s*+(.*))?+", re.DOTALL)
_FOR: Final = re.compile(rf"(for)\s++(?:{NAME}(?:\s*+{SIZE}\s*+|\s++(?!in\b)))?+({NAME})\s++in\b")
_MARK: Final = re.compile(rf"[][,]|{NAME}|\Z")
_NUMBER: Final = re.compile(r"\d{1,9}\Z")


class SymbolKind(StrEnum):
    """What a name was declared as."""

    QUBITS = "qubits"
    """A register of qubits, or one qubit."""
    BITS = "bits"
    """A register of bits, or one bit."""
    VARIABLE = "variable"
    CONSTANT = "constant"
    INPUT = "input"
    OUTPUT = "output"
    GATE = "gate"
    SUBROUTINE = "subroutine"
    """Of `def` or `extern`."""
    ALIAS = "alias"
    """Of `let`."""
    PARAMETER = "parameter"
    """An angle of a gate under definition."""
    OPERAND = "operand"
    """A qubit of a gate under definition."""
    ARGUMENT = "argument"
    """An argument of a subroutine under definition."""
    LOOP = "loop variable"


class Symbol(Value, frozen=True):
    """A declared name.

    Attributes:
        name: as it is written.
        kind: what it was declared as.
        detail: how it is declared, for a reader: `qubit[3]`, `gate g(theta) a, b`.
        start, end: offsets of the name in its declaration.
        scope: index of the scope it belongs to.
        statement: offsets of the start of its declaration and of its end; of a gate or `def`, of the head.
        size: bits or qubits of a register, where that is a number; `None` for a single one, too.
        parameters: names of a gate's parameters, or of a subroutine's arguments.
        operands: names of a gate's qubits.
        value: of a constant, as written.
    """

    name: str
    kind: SymbolKind
    detail: str
    start: int
    end: int
    scope: int
    statement: tuple[int, int]
    size: int | None = None
    parameters: tuple[str, ...] = ()
    operands: tuple[str, ...] = ()
    value: str = ""


class Scope(Value, frozen=True):
    """A stretch of text in which names are known.

    Attributes:
        start, end: offsets; the parameters of a gate belong to the scope of its block.
        parent: index of the scope around it; -1 for the whole program.
        kind: the word its head begins with: `gate`, `def`, `for`, `if`, ...; empty for the whole program.
        head: offset of that word.
    """

    start: int
    end: int
    parent: int = -1
    kind: str = ""
    head: int = 0


class DeclarationReader:
    """Reads declarations, statement by statement.

    Args:
        length: of the program.

    Attributes:
        symbols: what is declared, in order.
        scopes: in order of their beginning; those that were not closed end with the program.
    """

    def __init__(self, length: int) -> None:
        self.symbols: list[Symbol] = []
        self.scopes = [Scope(0, length + 1)]
        self._open = [0]
        self._numbers: dict[str, int] = {}

    def read(self, statement: Statement) -> None:
        """Take in a statement."""
        first = _WORD.match(statement.text)
        word = first[0] if first is not None else ""
        inner = -1
        if statement.ended_by == "{":
            inner = self._begin(statement, word)
        if word in _READ:
            _READ[word](self, statement, inner)
        if statement.ended_by == "}" and len(self._open) > 1:
            self._end(statement.end)

    def _begin(self, statement: Statement, word: str) -> int:
        self.scopes.append(Scope(statement.end, self.scopes[0].end, self._open[-1], word, statement.start))
        self._open.append(len(self.scopes) - 1)
        return self._open[-1]

    def _heads(self, inner: int, start: int) -> None:
        """Names of the head belong to the block: it begins at `start`."""
        scope = self.scopes[inner]
        self.scopes[inner] = Scope(start, scope.end, scope.parent, scope.kind, scope.head)

    def _end(self, end: int) -> None:
        index = self._open.pop()
        scope = self.scopes[index]
        self.scopes[index] = Scope(scope.start, end, scope.parent, scope.kind, scope.head)

    def _add(
        self,
        statement: Statement,
        place: int,
        name: str,
        kind: SymbolKind,
        detail: str,
        *,
        scope: int | None = None,
        size: int | None = None,
        parameters: tuple[str, ...] = (),
        operands: tuple[str, ...] = (),
        value: str = "",
    ) -> None:
        start = statement.start + place
        if scope is None:
            scope = self._open[-1]
        whole = (statement.start, statement.end)
        end = start + len(name)
        self.symbols.append(
            Symbol(name, kind, detail, start, end, scope, whole, size, parameters, operands, value)
        )

    def _number(self, text: str) -> int | None:
        words = text.strip()
        return int(words) if _NUMBER.match(words) else self._numbers.get(words)

    def _variable(self, statement: Statement, inner: int) -> None:
        found = _DECLARED.match(statement.text)
        if found is None:
            return
        how, whole, kind, brackets, name, value = found.groups()
        size = self._number(brackets[1:-1]) if brackets and kind in {"qubit", "bit"} else None
        named = {"qubit": SymbolKind.QUBITS, "bit": SymbolKind.BITS}.get(kind, SymbolKind.VARIABLE)
        named = {
            "const": SymbolKind.CONSTANT, "input": SymbolKind.INPUT, "output": SymbolKind.OUTPUT,
        }.get(how or "", named)  # fmt: skip
        if how == "const" and value is not None and (number := self._number(value)) is not None:
            self._numbers[name] = number
        detail = " ".join(f"{how or ''} {whole}".split())
        outer = self._outer(inner)
        words = (value or "").strip()
        self._add(statement, found.start(5), name, named, detail, scope=outer, size=size, value=words)

    def _register(self, statement: Statement, inner: int) -> None:
        found = _REGISTER.match(statement.text)
        if found is not None:
            kind = SymbolKind.QUBITS if found[1] == "qreg" else SymbolKind.BITS
            size = self._number(found[3][1:-1]) if found[3] else None
            detail = f"{found[1]} {''.join((found[3] or '').split())}"
            outer = self._outer(inner)
            self._add(statement, found.start(2), found[2], kind, detail.strip(), scope=outer, size=size)

    def _gate(self, statement: Statement, inner: int) -> None:
        found = _GATE.match(statement.text)
        if found is None:
            return
        parameters = _names(found[3] or "", found.start(3))
        operands = _names(found[4], found.start(4))
        self._add(
            statement,
            found.start(2),
            found[2],
            SymbolKind.GATE,
            " ".join(statement.text.split()),
            scope=self._outer(inner),
            parameters=tuple(name for name, _ in parameters),
            operands=tuple(name for name, _ in operands),
        )
        if inner >= 0:
            self._heads(inner, statement.start + found.end(2))
            for name, place in parameters:
                self._add(
                    statement, place, name, SymbolKind.PARAMETER, f"parameter of {found[2]}", scope=inner
                )
            for name, place in operands:
                self._add(statement, place, name, SymbolKind.OPERAND, f"qubit of {found[2]}", scope=inner)

    def _subroutine(self, statement: Statement, inner: int) -> None:
        found = _DEF.match(statement.text)
        if found is None:
            return
        arguments = _arguments(found[3] or "", found.start(3)) if found[1] == "def" else []
        detail = " ".join(statement.text.split())
        names = tuple(name for name, _, _ in arguments)
        self._add(
            statement, found.start(2), found[2], SymbolKind.SUBROUTINE, detail,
            scope=self._outer(inner), parameters=names,
        )  # fmt: skip
        if inner >= 0:
            self._heads(inner, statement.start + found.end(2))
            for name, place, words in arguments:
                self._add(statement, place, name, SymbolKind.ARGUMENT, words, scope=inner)

    def _alias(self, statement: Statement, inner: int) -> None:
        found = _LET.match(statement.text)
        if found is not None:
            value = (found[3] or "").strip()
            detail = " ".join(statement.text.split())
            outer = self._outer(inner)
            self._add(statement, found.start(2), found[2], SymbolKind.ALIAS, detail, scope=outer, value=value)

    def _loop(self, statement: Statement, inner: int) -> None:
        found = _FOR.match(statement.text)
        if found is None:
            return
        if inner < 0:
            inner = self._begin(statement, "for")
            self._end(statement.end)
        self._heads(inner, statement.start + found.start(2))
        detail = " ".join(statement.text[: found.start(2)].split())
        self._add(statement, found.start(2), found[2], SymbolKind.LOOP, f"{detail} {found[2]}", scope=inner)

    def _outer(self, inner: int) -> int:
        return self.scopes[inner].parent if inner >= 0 else self._open[-1]


_READ: Final = {
    **dict.fromkeys(
        (*(TYPES - {"qreg", "creg"}), "const", "input", "output"),
        DeclarationReader._variable,
    ),
    "qreg": DeclarationReader._register,
    "creg": DeclarationReader._register,
    "gate": DeclarationReader._gate,
    "opaque": DeclarationReader._gate,
    "def": DeclarationReader._subroutine,
    "extern": DeclarationReader._subroutine,
    "let": DeclarationReader._alias,
    "for": DeclarationReader._loop,
}
"""What reads a declaration, by the word it begins with."""


def declares(statement: Statement) -> bool:
    """True when a statement declares a name, or a block begins or ends with it."""
    first = _WORD.match(statement.text)
    return statement.ended_by in {"{", "}"} or (first is not None and first[0] in _READ)


def _names(text: str, start: int) -> list[tuple[str, int]]:
    """Each name of a list, and where it is."""
    return [(found[0], start + found.start()) for found in _WORD.finditer(text)]


def _arguments(text: str, start: int) -> list[tuple[str, int, str]]:
    """Each argument of a subroutine: name, where it is, how it is declared."""
    found: list[tuple[str, int, str]] = []
    depth = first = 0
    names: list[tuple[str, int]] = []
    for mark in _MARK.finditer(text):
        if mark[0] == "[":
            depth += 1
        elif mark[0] == "]":
            depth = max(0, depth - 1)
        elif depth == 0 and mark[0] not in {",", ""}:
            names.append((mark[0], start + mark.start()))
        elif depth == 0:
            if names:
                found.append((*names[-1], " ".join(text[first : mark.start()].split())))
            names, first = [], mark.end()
    return found
