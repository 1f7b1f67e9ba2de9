"""The symbol table of a program: what is declared where, what a name means at a place, and where it is used.

    table = SymbolTable.of(text)           # linear; about 0.3 s for 100,000 lines; never raises
    table.symbols                          # all declarations, in order: Symbol(name, kind, start, ...)
    table.version, table.includes          # 2 or 3; names of the files that are included
    table.visible(offset)                  # {name: Symbol} of what may be used there, inner names first
    table.resolve("q", offset)             # the Symbol that a name means there, or None (standard gates, too)
    table.at(offset)                       # the Symbol whose name stands there, declared or used
    table.word(offset)                     # (start, end) of the name that stands there, or None
    table.uses(symbol)                     # [(start, end), ...] of all places, the declaration among them
    table.signature("rx", offset)          # Signature of a gate: declared, of an included file, or built in
    table.location(offset), table.offset(row, column)     # from and to places as Textual has them, from 0

`declarations` says what is known of a `Symbol`. Offsets count characters of the text. Comments, strings,
annotations and pulses contain no names. The text may be broken anywhere: `statements` says how much is lost.
`Symbol` and `Scope` are values that msgspec encodes, so that a table made in a worker process can be put
together again: `SymbolTable(text, symbols, scopes)`.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import accumulate
from typing import Final

from tui.domain.openqasm import version_of
from tui.openqasm.analysis.declarations import DeclarationReader, Scope, Symbol, SymbolKind, declares
from tui.openqasm.analysis.standard import INCLUDES, Signature, built_in
from tui.openqasm.analysis.statements import Program, without_comments

_NAME_AT: Final = re.compile(r"[^\W\d]\w*+|\$\d++")
# Also without its end, or in other quotes: that is one mistake, not one for each gate.
_INCLUDE: Final = re.compile(r"include\s*+[\"'“”„‘’«]([^\"'“”„‘’»;\n]*+)")


class SymbolTable:
    """Declared names of a program. Made by `SymbolTable.of`; the docstring of the module shows all of it.

    Args:
        text: the program.
        symbols: its declarations, in order.
        scopes: its scopes, in order of their beginning; the first is the whole program.
        bare: the program `without_comments`, where it is at hand.
    """

    def __init__(
        self, text: str, symbols: Sequence[Symbol], scopes: Sequence[Scope], bare: str | None = None
    ) -> None:
        self.text = text
        self.symbols = tuple(symbols)
        self.scopes = tuple(scopes)
        self.version = 2 if version_of(text) == 2 else 3
        self._bare = bare
        self._starts = [scope.start for scope in scopes]
        self._named: dict[tuple[int, str], list[Symbol]] = {}
        for symbol in symbols:
            self._named.setdefault((symbol.scope, symbol.name), []).append(symbol)

    @classmethod
    def of(cls, text: str) -> SymbolTable:
        """Read the declarations of a program, whatever is wrong with it."""
        return cls.read(Program.whole(text))

    @classmethod
    def read(cls, program: Program) -> SymbolTable:
        """Read the declarations of a program that has been cut."""
        reader = DeclarationReader(len(program.text))
        for offset, segment in program.placed():
            if segment.plain is None:
                segment.plain = not any(map(declares, segment.statements))
            if not segment.plain:
                for statement in segment.at(offset):
                    reader.read(statement)
        return cls(program.text, reader.symbols, reader.scopes, program.bare)

    @property
    def bare(self) -> str:
        """The program with blanks for comments and what stands in quotes."""
        if self._bare is None:
            self._bare = without_comments(self.text)
        return self._bare

    @cached_property
    def includes(self) -> tuple[str, ...]:
        """Names of included files."""
        return tuple(
            found[1]
            for found in _INCLUDE.finditer(self.text)
            if self.bare.startswith("include", found.start())
        )

    def scope_at(self, offset: int) -> int:
        """Return the index of the innermost scope at an offset."""
        index = max(0, bisect_right(self._starts, offset) - 1)
        while index > 0 and offset >= self.scopes[index].end:
            index = self.scopes[index].parent
        return index

    def resolve(self, name: str, offset: int, *, later: bool = False) -> Symbol | None:
        """Return what a name means at an offset.

        Args:
            name: the name.
            offset: where it is used.
            later: also what is declared only after that.
        """
        for index in self._around(self.scope_at(offset)):
            known = self._named.get((index, name), [])
            before = [symbol for symbol in known if symbol.start <= offset]
            if before:
                return before[-1]
            if later and known:
                return known[0]
        return None

    def visible(self, offset: int) -> Mapping[str, Symbol]:
        """Return what is declared before an offset and may be used there, by name; inner names first."""
        around = self._around(self.scope_at(offset))
        depth = {index: number for number, index in enumerate(around)}
        inside = [one for one in self.symbols if one.scope in depth and one.statement[0] <= offset]
        inside.sort(key=lambda one: (depth[one.scope], -one.start))
        found: dict[str, Symbol] = {}
        for one in inside:
            found.setdefault(one.name, one)
        return found

    def signature(self, gate: str, offset: int) -> Signature | None:
        """Return the signature of a gate that may be used at an offset; `None` where there is none."""
        declared = self.resolve(gate, offset)
        if declared is not None:
            is_gate = declared.kind is SymbolKind.GATE
            return Signature(declared.parameters, declared.operands) if is_gate else None
        known = built_in(self.version).get(gate)
        files = (INCLUDES[name] for name in self.includes if name in INCLUDES)
        return known or next((file[gate] for file in files if gate in file), None)

    def word(self, offset: int) -> tuple[int, int] | None:
        """Return start and end of the name or physical qubit that touches an offset, if there is one."""
        bare = self.bare
        start = offset
        while start > 0 and (bare[start - 1].isalnum() or bare[start - 1] in "_$"):
            start -= 1
        found = _NAME_AT.match(bare, start)
        return (found.start(), found.end()) if found is not None and found.end() >= offset else None

    def at(self, offset: int) -> Symbol | None:
        """Return what the name that touches an offset means."""
        place = self.word(offset)
        return (
            self.resolve(self.bare[place[0] : place[1]], place[0], later=True) if place is not None else None
        )

    def uses(self, symbol: Symbol) -> list[tuple[int, int]]:
        """Return start and end of each place where a name is used or declared, in order."""
        scope = self.scopes[symbol.scope]
        first = min(scope.start, symbol.start)
        alone = sum(one.name == symbol.name for one in self.symbols) == 1
        found = re.finditer(rf"(?<![\w$.]){re.escape(symbol.name)}(?!\w)", self.bare[first : scope.end])
        places = ((first + one.start(), first + one.end()) for one in found)
        return [
            place for place in places if alone or self.resolve(symbol.name, place[0], later=True) is symbol
        ]

    def location(self, offset: int) -> tuple[int, int]:
        """Return row and column of an offset, both from 0."""
        row = bisect_right(self._lines, offset) - 1
        return row, offset - self._lines[row]

    def offset(self, row: int, column: int) -> int:
        """Return the offset of a row and a column, both from 0; the nearest where there is none."""
        row = max(0, min(row, len(self._lines) - 1))
        end = self._lines[row + 1] - 1 if row + 1 < len(self._lines) else len(self.text)
        return min(self._lines[row] + max(0, column), end)

    @cached_property
    def _lines(self) -> list[int]:
        lengths = (len(line) + 1 for line in self.text.split("\n")[:-1])
        return list(accumulate(lengths, initial=0))

    def _around(self, index: int) -> Iterator[int]:
        while index >= 0:
            yield index
            index = self.scopes[index].parent
