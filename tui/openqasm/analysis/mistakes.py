"""Mistakes that need no library to be seen: brackets, declarations, arity, names, indices, sizes, versions.

What is reported here is wrong for Qiskit, too; what needs types or the whole grammar is left to others.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from tui.domain.circuits import Diagnostic
from tui.openqasm.analysis.brackets import unpaired_brace, unpaired_bracket
from tui.openqasm.analysis.declarations import Symbol
from tui.openqasm.analysis.header import ONLY_3, character_mistakes, include_mistake, version_mistake
from tui.openqasm.analysis.operations import QUBITS, Found, Names, split_list
from tui.openqasm.analysis.standard import INCLUDES, KEYWORDS_3, MODIFIERS, STDGATES, TYPES
from tui.openqasm.analysis.statements import Program, Segment, Statement
from tui.openqasm.analysis.suggestions import nearest
from tui.openqasm.analysis.symbols import SymbolTable
from tui.openqasm.lexemes import ARGUMENTS, NAME

MOST: Final = 500
"""Mistakes that are told."""
_CALL: Final = re.compile(rf"({NAME})(?:\s*+({ARGUMENTS}))?+(?:\s*+(?=[\w$])([^=]*+)|\s*+)\Z")
_WORD: Final = re.compile(NAME)
_MEASURE: Final = re.compile(r"(?:([^=]*+)=\s*+)?+\bmeasure\b([^=]*?)(?:->([^=]*+))?+\Z")
_CONDITION: Final = re.compile(rf"(?:if|while|switch)\s*+({ARGUMENTS})\s*+")
_LOOP: Final = re.compile(rf"for\s++[^\n]*?\bin\b\s*+((?:\[[^\]]*+\]|\{{[^}}]*+\}}|{NAME}))\s*+")
_MODIFIER: Final = re.compile(rf"(ctrl|negctrl|inv|pow)\s*+({ARGUMENTS})?+\s*+@\s*+")
_HEADER: Final = re.compile(r"\bOPENQASM\s+[\d.]+\s*;")
_QUOTED: Final = re.compile(r'"[^"]*+"?')
_BIT_STRING: Final = re.compile(r'"[01_]++"')
_SIZE: Final = re.compile(r"\[[^\]\[]*+\]")
_UNKNOWN_TYPE: Final = re.compile(rf"({NAME})\s*+(?:\[[^\]]*+\]\s*+)?+{NAME}\s*+(?:\Z|=)")
_DECLARES: Final = frozenset({*TYPES, "const", "input", "output", "let", "gate", "opaque", "def", "extern"})


def mistakes(program: Program) -> tuple[list[Diagnostic], SymbolTable]:
    """Find mistakes in a program; of a segment that had none, and has not changed, nothing is checked again.

    Args:
        program: in any state.

    Returns:
        Errors by their place, `MOST` at most; and the table of its declarations.
    """
    table = SymbolTable.read(program)
    checker = _Checker(program.text, table)
    for found in character_mistakes(program.text, table.bare, MOST):
        checker.report(*found)
    for offset, segment in program.placed():
        if not checker.segment(offset, segment):
            break
    checker.braces()
    return sorted(checker.found, key=lambda one: (one.line, one.column)), table


class _Checker:
    """Goes through the statements with what is declared at each."""

    def __init__(self, text: str, table: SymbolTable) -> None:
        self.found: list[Diagnostic] = []
        self._told: set[tuple[int, str]] = set()
        self._text, self._table = text, table
        self._later: dict[str, Symbol] = {}
        for symbol in reversed(table.symbols):
            if symbol.scope == 0:
                self._later[symbol.name] = symbol
        self._names = Names(table.version, table.includes, self._declared_at)
        self._hidden: list[dict[str, Symbol | None]] = [{}]
        """What each open block hides of the names outside of it."""
        self._next = 0
        self._depth_wrong = False
        self._first = True
        self._file_told = self._clean = False

    def report(self, offset: int, length: int, message: str, suggestion: str = "") -> None:
        """Take in a mistake, once."""
        self._clean = False
        if (offset, message) in self._told:
            return
        self._told.add((offset, message))
        row, column = self._table.location(min(offset, len(self._text)))
        self.found.append(Diagnostic(row + 1, column + 1, message, max(1, length), suggestion))

    def braces(self) -> None:
        """Report the brace that is missing or one too many."""
        if (self._depth_wrong or len(self._hidden) > 1) and (found := unpaired_brace(self._table.bare)):
            self.found.append(found)

    # --- statements ---

    def segment(self, offset: int, segment: Segment) -> bool:
        """Check a segment; False when there are enough mistakes."""
        known = self._names.declared() if segment.plain and not self._first else None
        if known is not None and segment.clean_in == known:
            return True
        self._clean = True
        for statement in segment.at(offset):
            self.statement(statement)
            if len(self.found) >= MOST:
                return False
        segment.clean_in = known if self._clean else None
        return True

    def statement(self, statement: Statement) -> None:
        """Check a statement, and take in what it declares."""
        start, text, end, ended_by = statement
        word = _WORD.match(text)
        first = word[0] if word is not None else ""
        if text:
            if self._next < len(self._table.symbols) and self._table.symbols[self._next].start < end:
                self._declaration(statement, first)
            elif ended_by == "{":
                self._hidden.append({})
            self._content(start, text, first, end)
            if not ended_by:
                self._unfinished(start + len(text), text)
            self._first = False
        elif ended_by == "{":
            self._hidden.append({})
        if ended_by == "}":
            self._end_block()

    def _content(self, start: int, text: str, first: str, end: int) -> None:
        handler = _HANDLERS.get(first)
        if handler is not None:
            handler(self, start, text)
        elif (call := _CALL.match(text)) is not None and first not in KEYWORDS_3:
            self._call(start, call)
        else:
            self._other(start, text, first)

    def _call(self, start: int, call: re.Match[str], controls: int = 0) -> None:
        name, arguments, operands = call.groups()
        place = call.start(3)
        count = 0
        if arguments is not None:
            inside = arguments[1:-1]
            count = inside.count(",") + 1 if "," in inside or inside.strip() else 0
            if "(" in inside or "[" in inside:
                count = len(split_list(inside))
            self._expression(start + call.start(2), arguments)
        for found in self._names.call(name, count, operands or "", controls):
            if found.message in INCLUDES:
                self._without_file(found.message, name, start)
                continue
            at = start if found.start < 0 else start + place + found.start
            self.report(at, found.length, found.message, found.suggestion)

    def _without_file(self, file: str, gate: str, start: int) -> None:
        """Report a file that is not included, once, at the end of the header, where that belongs."""
        self._clean = False
        if not self._file_told:
            self._file_told = True
            header = _HEADER.search(self._table.bare)
            line = self._table.location(start)[0] + 1
            message = f'include "{file}"; is missing here: {gate} on line {line} is a standard gate.'
            self.report(header.end() if header is not None else 0, 1, message)

    def _other(self, start: int, text: str, first: str) -> None:
        """A statement that is neither a call nor begins with a word of the language."""
        if self._brackets(start, text):
            return
        if first and first not in KEYWORDS_3 and self._names.symbols.get(first) is None:
            unknown = _UNKNOWN_TYPE.match(text)
            if unknown is not None:
                meant = nearest(
                    first, TYPES | {"const", "input", "output", "include", "gate", "measure", "let"}
                )
                hint = f" Did you mean `{meant}`?" if meant else ""
                self.report(start, len(first), f"There is no type or statement {first}.{hint}", meant)
                return
        if "measure" in text and (measured := _MEASURE.match(text)) is not None:
            self._measure(start, measured)
        elif first not in KEYWORDS_3:
            self._expression(start, text)

    def _expression(self, start: int, text: str) -> None:
        for quoted in _QUOTED.finditer(text) if '"' in text else ():
            place = start + quoted.start()
            if not _BIT_STRING.match(self._text, place):
                message = "A text in quotes cannot stand here: a number is needed."
                self.report(place, len(quoted[0]), message)
        # Gates stand there, which are no values.
        if "durationof" not in text:
            for found in self._names.expression(text):
                self._tell(start, found)

    def _measure(self, start: int, measured: re.Match[str]) -> None:
        before, source, after = measured.groups()
        if before is not None and self._table.version == 2:
            message = f"OpenQASM 2 measures with an arrow: measure {source.strip()} -> {before.strip()};"
            self.report(start, len(measured[0]), message)
        target, place = (after, measured.start(3)) if after is not None else (before, measured.start(1))
        qubits, wrong = self._names.qubit(source)
        self._tell(start + measured.start(2), wrong)
        if target is None:
            return
        bits, bad = self._names.bit(target)
        self._tell(start + place, bad)
        if (
            wrong is None
            and bad is None
            and None not in (bits.width, qubits.width)
            and bits.width != qubits.width
        ):
            self.report(
                start + measured.start() + len(measured[0]) - len(measured[0].lstrip()),
                len(measured[0].strip()),
                f"{qubits.width} qubit{'s' * (qubits.width != 1)} cannot be measured into"
                f" {bits.width} bit{'s' * (bits.width != 1)}: the sizes have to be the same.",
            )

    def _tell(self, start: int, found: Found | None) -> None:
        if found is not None:
            self.report(start + found.start, found.length, found.message, found.suggestion)

    def _operands(self, start: int, text: str) -> None:
        """`reset`, `barrier`: the word, then qubits."""
        word = _WORD.match(text)
        assert word is not None, "the handler was found by the word"
        found = self._names.operands(text[word.end() :], QUBITS, f"{word[0]} acts on qubits")[1]
        for one in found:
            self._tell(start + word.end(), one)

    def _delay(self, start: int, text: str) -> None:
        parts = re.match(r"delay\s*+(\[[^\]]*+\])?+", text)
        if parts is not None:
            self._expression(start + 5, (parts[1] or "").rjust(parts.end() - 5))
            for one in self._names.operands(text[parts.end() :], QUBITS, "delay acts on qubits")[1]:
                self._tell(start + parts.end(), one)

    def _measurement(self, start: int, text: str) -> None:
        if (measured := _MEASURE.match(text)) is not None:
            self._measure(start, measured)

    def _modified(self, start: int, text: str) -> None:
        """Modifiers, of which `ctrl` and `negctrl` add qubits to a gate."""
        self._version_3(start, text)
        position = controls = 0
        while (modifier := _MODIFIER.match(text, position)) is not None:
            position = modifier.end()
            if modifier[1] in {"ctrl", "negctrl"} and controls >= 0:
                count = (modifier[2] or "(1)")[1:-1].strip()
                controls = controls + int(count) if re.fullmatch(r"\d{1,3}", count, re.ASCII) else -1
        call = _CALL.match(text[position:])
        if call is None:
            self._brackets(start, text)
        else:
            self._call(start + position, call, controls)

    def _condition(self, start: int, text: str) -> None:
        """`if`, `while`, `switch`: a condition, perhaps with the statement behind it."""
        self._version_3(start, text)
        condition = _CONDITION.match(text)
        if condition is None:
            self._brackets(start, text)
            return
        self._expression(start + condition.start(1), condition[1])
        self._rest(start, text, condition.end())

    def _loop(self, start: int, text: str) -> None:
        self._version_3(start, text)
        loop = _LOOP.match(text)
        if loop is not None:
            self._expression(start + loop.start(1), loop[1])
            self._rest(start, text, loop.end())

    def _else(self, start: int, text: str) -> None:
        self._rest(start, text, len("else"))

    def _rest(self, start: int, text: str, position: int) -> None:
        """The statement behind a condition or a loop."""
        rest = text[position:]
        if bare := rest.lstrip():
            word = _WORD.match(bare)
            begin = start + position + len(rest) - len(bare)
            self._content(begin, bare, word[0] if word is not None else "", begin + len(bare))

    def _header(self, start: int, text: str) -> None:
        if self._first:
            self._tell(start, version_mistake(text))
        else:
            message = "The version stands at the very beginning, before anything else."
            self.report(start, len("OPENQASM"), message)

    def _include(self, start: int, text: str) -> None:
        self._tell(start, include_mistake(text, self._text[start : start + len(text)], self._table.version))

    def _version_3(self, start: int, text: str) -> None:
        """Report a statement of OpenQASM 3 in a program of OpenQASM 2."""
        word = _WORD.match(text)
        first = word[0] if word is not None else ""
        if self._table.version == 2 and (instead := ONLY_3.get(first)):
            self.report(
                start, len(first), f"`{first}` is OpenQASM 3, and this program is OpenQASM 2: {instead}."
            )

    # --- declarations ---

    def _declaration(self, statement: Statement, first: str) -> None:
        """Take in the symbols of a statement; what they hide of outer names comes back behind its block."""
        block: dict[str, Symbol | None] = {}
        if statement.ended_by == "{":
            self._hidden.append(block)
        outer = self._table.symbols[self._next].scope if first in {"gate", "def", "opaque", "extern"} else -1
        symbols = self._table.symbols
        while self._next < len(symbols) and symbols[self._next].start < statement.end:
            symbol = symbols[self._next]
            self._next += 1
            if first in {"gate", "def"} and statement.ended_by == "{" and symbol.scope == outer:
                self._declare(symbol, self._hidden[-2])
            else:
                self._declare(symbol, self._hidden[-1])
        self._names.changed()

    def _declare(self, symbol: Symbol, hidden: dict[str, Symbol | None]) -> None:
        known = self._names.symbols.get(symbol.name)
        length = symbol.end - symbol.start
        if known is not None and known.scope == symbol.scope:
            line = self._table.location(known.start)[0] + 1
            self.report(
                symbol.start, length, f"The name {symbol.name} is taken: it is declared on line {line}."
            )
        elif (
            known is None and symbol.scope == 0 and self._table.version == 3
            and symbol.name in STDGATES and "stdgates.inc" in self._table.includes
        ):  # fmt: skip
            message = f'The name {symbol.name} is taken: "stdgates.inc" has a gate of this name.'
            self.report(symbol.start, length, message)
        elif symbol.name in KEYWORDS_3 and self._table.version == 3:
            self.report(symbol.start, length, f"{symbol.name} is a word of the language: take another name.")
        hidden.setdefault(symbol.name, known)
        self._names.symbols[symbol.name] = symbol

    def _end_block(self) -> None:
        if len(self._hidden) == 1:
            self._depth_wrong = True
            return
        hidden = self._hidden.pop()
        for name, symbol in hidden.items():
            if symbol is None:
                self._names.symbols.pop(name, None)
            else:
                self._names.symbols[name] = symbol
        if hidden:
            self._names.changed()

    def _declared(self, start: int, text: str) -> None:
        self._version_3(start, text)
        if self._brackets(start, text):
            return
        value = text.find("=")
        for size in _SIZE.finditer(text, 0, value if value >= 0 else len(text)):
            self._expression(start + size.start(), size[0])
        if value >= 0:
            if "measure" in text:
                self._measurement(start + value + 1, text[value + 1 :].lstrip().rjust(len(text) - value - 1))
            else:
                self._expression(start + value, text[value:])
        elif _WORD.match(text.rstrip()[-1:]) is None and text.rstrip()[-1:] not in "])0123456789":
            self.report(start + len(text), 1, "Something is missing at the end of this declaration.")

    # --- what is missing ---

    def _unfinished(self, offset: int, text: str) -> None:
        if not self._brackets(offset - len(text), text):
            self.report(offset, 1, "';' is missing at the end of this line.", ";")

    def _brackets(self, start: int, text: str) -> bool:
        """Report a bracket of a statement without a partner; whether there is one."""
        found = unpaired_bracket(text)
        if found is not None:
            self.report(start + found[0], 1, found[1])
        return found is not None

    def _declared_at(self, name: str) -> int:
        symbol = self._later.get(name)
        return self._table.location(symbol.start)[0] + 1 if symbol is not None else 0


_Handler = Callable[[_Checker, int, str], None]
_HANDLERS: Final[dict[str, _Handler]] = {
    "OPENQASM": _Checker._header,
    "include": _Checker._include,
    **dict.fromkeys(_DECLARES, _Checker._declared),
    **dict.fromkeys(MODIFIERS, _Checker._modified),
    **dict.fromkeys(("if", "while", "switch"), _Checker._condition),
    "for": _Checker._loop,
    "else": _Checker._else,
    "measure": _Checker._measurement,
    "reset": _Checker._operands,
    "barrier": _Checker._operands,
    "delay": _Checker._delay,
}
"""What checks a statement, by the word it begins with."""
