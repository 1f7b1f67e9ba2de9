"""What may be typed next in OpenQASM, and which argument is due: from the line and the names that are known.

A key must cost the same in every text: a `Vocabulary` is made when typing pauses, and asked at each key of
one line.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from enum import Enum, auto
from typing import Final, NamedTuple

from tui.openqasm.analysis.declarations import Symbol, SymbolKind
from tui.openqasm.analysis.standard import CONSTANTS, FUNCTIONS_2, FUNCTIONS_3, MODIFIERS, Signature
from tui.openqasm.analysis.symbols import SymbolTable
from tui.openqasm.gates import MEANINGS

LEAST: Final = 2
"""Letters of a word from which on it is completed: one letter is a gate as often as not."""
MOST_OFFERED: Final = 8
_LOOKED_AT: Final = 400
"""Characters before the cursor that are looked at."""
_MATCHES: Final = 40
"""Names with the same beginning that are looked at."""
_WORD: Final = re.compile(r"(?<!\w)[^\W\d]\w*+\Z")
_STATEMENT: Final = re.compile(r"[^;{}]*\Z")
_GATE_CALL: Final = re.compile(
    r"\s*(?:(?:ctrl|negctrl|inv|pow)\s*(?:\([^()]*\)\s*)?@\s*)*([^\W\d]\w*)\s*(\(.*\))?\s+([^=]*)\Z"
)
_CALLED: Final = re.compile(r"(?<!\w)([^\W\d]\w*+)\s*+\Z")
_STATEMENT_WORDS: Final = {
    "OPENQASM": 'OPENQASM 3.0;\ninclude "stdgates.inc";\n\n|',
    "include": 'include "stdgates.inc";|',
    "input": "input float |theta;",
    "qubit": "qubit[|2] q;",
    "bit": "bit[|2] c;",
    "gate": "gate |name a {\n  \n}",
    "def": "def |name(qubit a) {\n  \n}",
    "for": "for int i in [0:|3] {\n  \n}",
    "while": "while (|) {\n  \n}",
    "if": "if (|) {\n  \n}",
    "switch": "switch (|) {\n  case 0 {\n  }\n}",
    "box": "box {\n  |\n}",
}
"""What begins a statement of OpenQASM 3, as a snippet; the cursor comes to the bar."""
_STATEMENT_WORDS_2: Final = {
    "OPENQASM": 'OPENQASM 2.0;\ninclude "qelib1.inc";\n\n|',
    "include": 'include "qelib1.inc";|',
    "qreg": "qreg |q[2];",
    "creg": "creg |c[2];",
    "gate": "gate |name a {\n  \n}",
    "if": "if (c == |1) ",
}
_PLAIN_WORDS: Final = (
    "measure reset barrier delay const output let else end return break continue extern opaque array angle"
    " float int uint bool complex duration stretch switch case default readonly mutable"
)
_PLAIN_WORDS_2: Final = "measure reset barrier opaque"
_TOLD: Final = {
    "OPENQASM": "The version, on the first line.",
    "include": "Takes in the standard gates.",
    "input": "A parameter, given a value when it is run.",
    "qubit": "Declares qubits.",
    "bit": "Declares bits.",
    "qreg": "Declares qubits.",
    "creg": "Declares bits.",
    "gate": "Defines a gate.",
    "def": "Defines a subroutine.",
    "for": "Repeats a block for each value.",
    "while": "Repeats a block as long as a condition holds.",
    "if": "Runs a block where a condition holds.",
    "switch": "Runs the block of a value.",
    "box": "Keeps a block together in time.",
    "measure": "Measures qubits into bits.",
    "reset": "Puts qubits into state 0.",
    "barrier": "Keeps the gates before and after apart.",
    "delay": "Waits: delay[100ns] q[0];",
    "const": "Declares a constant.",
    "output": "Declares a result.",
    "let": "Names a part of a register, or several put together.",
    "ctrl": "Makes the gate after the @ controlled.",
    "negctrl": "Makes the gate after the @ controlled by 0.",
    "inv": "Undoes the gate after the @.",
    "pow": "Repeats the gate after the @.",
}


class Completion(NamedTuple):
    """What completes a word.

    Attributes:
        word: the whole word.
        rest: what is to be put behind what is typed; a bar says where the cursor comes in a snippet.
        label: the word with its signature.
        told: a sentence about it; empty: none.
    """

    word: str
    rest: str
    label: str
    told: str = ""

    @property
    def inserted(self) -> tuple[str, int]:
        """The text behind what is typed, and how far into it the cursor comes."""
        before, bar, after = self.rest.partition("|")
        return before + after, len(before) if bar else len(self.rest)

    @property
    def ghost(self) -> str:
        """The first line of it, as it is shown before it is taken."""
        first, more, _ = self.inserted[0].partition("\n")
        return f"{first} …" if more else first


class ArgumentHint(NamedTuple):
    """The argument that is due: signature, cut around it, and a sentence about what is called."""

    before: str
    due: str
    after: str
    told: str


class _Place(Enum):
    """What is expected at a place."""

    STATEMENT = auto()
    GATE = auto()
    """After a modifier's `@`."""
    OPERAND = auto()
    VALUE = auto()
    NOTHING = auto()


_HELD: Final = {
    _Place.STATEMENT: frozenset(SymbolKind) - {SymbolKind.QUBITS, SymbolKind.OPERAND, SymbolKind.PARAMETER},
    _Place.GATE: frozenset({SymbolKind.GATE}),
    _Place.OPERAND: frozenset({SymbolKind.QUBITS, SymbolKind.BITS, SymbolKind.ALIAS, SymbolKind.OPERAND,
                               SymbolKind.ARGUMENT}),
    _Place.VALUE: frozenset(SymbolKind) - {SymbolKind.GATE, SymbolKind.OPERAND},
    _Place.NOTHING: frozenset(),
}  # fmt: skip
"""Declared names that may stand at a place."""


class Vocabulary:
    """The names that a program knows, to be asked at each key.

    Args:
        table: its declarations; the text may have changed a little since.
    """

    def __init__(self, table: SymbolTable) -> None:
        self.version = table.version
        end = len(table.text)
        self._gates = {name: known for name in MEANINGS if (known := table.signature(name, end)) is not None}
        self._symbols = sorted(table.symbols, key=lambda one: one.name)
        self._names = [one.name for one in self._symbols]
        self._rows = [
            (table.location(scope.start)[0], table.location(min(scope.end, end))[0])
            if number
            else (0, 1 << 60)
            for number, scope in enumerate(table.scopes)
        ]
        words = _STATEMENT_WORDS_2 if self.version == 2 else _STATEMENT_WORDS
        plain = (_PLAIN_WORDS_2 if self.version == 2 else _PLAIN_WORDS).split()
        modifiers = MODIFIERS if self.version == 3 else ()
        functions = FUNCTIONS_2 if self.version == 2 else FUNCTIONS_3
        self._words = {
            _Place.STATEMENT: [*words, *plain, *modifiers],
            _Place.VALUE: [*CONSTANTS, *functions, *(("measure",) if self.version == 3 else ())],
        }
        self._snippets = words

    def completions(self, before: str, row: int, after: str = "") -> list[Completion]:
        """List what completes the word before the cursor, the best first.

        Args:
            before: the line up to the cursor, outside comments and strings.
            row: number of the line, from 0.
            after: the character behind the cursor.

        Returns:
            At most `MOST_OFFERED`; none for a word that is complete, or too short.
        """
        before = before[-_LOOKED_AT:]
        match = _WORD.search(before)
        if match is None or len(match[0]) < LEAST or after[:1].isalnum() or after[:1] == "_":
            return []
        typed = match[0]
        place = _place(before[: match.start()])
        found: dict[str, Completion] = {}
        for one in self._candidates(place, typed, row):
            found.setdefault(one.word, one)
        if (exact := found.get(typed)) is not None and not exact.rest:
            return []
        # A name of the program, then the shortest.
        return [one for one in found.values() if one.rest][:MOST_OFFERED]

    def _candidates(self, place: _Place, typed: str, row: int) -> Iterator[Completion]:
        if place is _Place.NOTHING:
            return
        for symbol in self._declared(typed, row, _HELD[place]):
            is_gate = symbol.kind is SymbolKind.GATE
            label = symbol.detail.removeprefix("gate ") if is_gate else symbol.name
            told = "A gate of this program." if is_gate else symbol.detail
            yield Completion(symbol.name, symbol.name[len(typed) :], label, told)
        if place in (_Place.STATEMENT, _Place.GATE):
            for name in _beginning(self._gates, typed):
                label = _signed(name, self._gates[name])
                yield Completion(name, name[len(typed) :], label, MEANINGS[name].summary)
        for word in _beginning(self._words.get(place, ()), typed):
            snippet = self._snippets.get(word, word) if place is _Place.STATEMENT else word
            yield Completion(word, snippet[len(typed) :], word, _TOLD.get(word, ""))

    def _declared(self, typed: str, row: int, kinds: frozenset[SymbolKind]) -> Iterator[Symbol]:
        """Yield declared names that begin so and are known in a line: numbers first, then the shortest."""
        first = bisect_left(self._names, typed)
        last = first
        while last < len(self._names) and last - first < _MATCHES and self._names[last].startswith(typed):
            last += 1
        matches = self._symbols[first:last]
        for one in sorted(matches, key=lambda one: (one.kind is SymbolKind.QUBITS, len(one.name))):
            top, bottom = self._rows[one.scope]
            if one.kind in kinds and top <= row <= bottom + 1:
                yield one

    def _signature(self, name: str, row: int) -> Signature | None:
        first = bisect_left(self._names, name)
        for one in self._symbols[first : first + _MATCHES]:
            if one.name != name:
                break
            top, bottom = self._rows[one.scope]
            if one.kind in (SymbolKind.GATE, SymbolKind.SUBROUTINE) and top <= row <= bottom + 1:
                return Signature(one.parameters, one.operands)
        return self._gates.get(name)

    def hint(self, before: str, row: int) -> ArgumentHint | None:
        """Say which argument is due.

        Args:
            before: the line up to the cursor.
            row: number of the line, from 0.

        Returns:
            The hint; `None` outside the arguments of a gate or subroutine that is known.
        """
        statement = _STATEMENT.search(before[-_LOOKED_AT:])
        text = statement[0] if statement is not None else ""
        opened = _opened(text)
        if opened:
            called = _CALLED.search(text, 0, opened[-1])
            name, due, is_operand = (called[1] if called else ""), _commas(text[opened[-1] + 1 :]), False
        else:
            call = _GATE_CALL.match(text)
            name, due, is_operand = (call[1], _commas(call[3]), True) if call else ("", 0, False)
        signature = self._signature(name, row) if name else None
        if signature is None:
            return None
        return _hint(name, signature, due, is_operand=is_operand)


def _hint(name: str, signature: Signature, due: int, *, is_operand: bool) -> ArgumentHint | None:
    names = signature.qubits if is_operand else signature.parameters
    if due >= len(names):
        return None
    before, after = (
        f"{', '.join(names[:due])}{', ' if due else ''}",
        "".join(f", {one}" for one in names[due + 1 :]),
    )
    parameters = f"({', '.join(signature.parameters)}) " if signature.parameters else " "
    told = MEANINGS[name].summary if name in MEANINGS else ""
    if is_operand:
        return ArgumentHint(f"{name}{parameters}{before}", names[due], after, told)
    operands = f" {', '.join(signature.qubits)}" if signature.qubits else ""
    return ArgumentHint(f"{name}({before}", names[due], f"{after}){operands}", told)


def _signed(name: str, signature: Signature) -> str:
    parameters = f"({', '.join(signature.parameters)})" if signature.parameters else ""
    return f"{name}{parameters} {', '.join(signature.qubits)}".rstrip()


def _beginning(names: Iterable[str], typed: str) -> list[str]:
    return sorted((name for name in names if name.startswith(typed)), key=len)


def _place(before: str) -> _Place:
    """What may stand behind a piece of a line."""
    statement = _STATEMENT.search(before)
    text = statement[0] if statement is not None else ""
    if not text.strip():
        return _Place.STATEMENT
    if text.rstrip().endswith("@"):
        return _Place.GATE
    opened = _opened(text)
    if opened or "=" in text or text.lstrip().startswith("return"):
        return _Place.VALUE
    if text[-1:].isspace() or text.rstrip().endswith((",", ">", "-")):
        return _Place.OPERAND if _GATE_CALL.match(text) or text.lstrip().startswith(_ACTS) else _Place.NOTHING
    return _Place.NOTHING


_ACTS: Final = ("measure", "reset", "barrier", "delay")


def _opened(text: str) -> list[int]:
    """Places of brackets that are not closed."""
    opened: list[int] = []
    for place, character in enumerate(text):
        if character in "([":
            opened.append(place)
        elif character in ")]" and opened:
            opened.pop()
    return opened


def _commas(text: str) -> int:
    """Commas outside brackets."""
    depth = count = 0
    for character in text:
        depth += (character in "([") - (character in ")]")
        count += character == "," and depth <= 0
    return count
