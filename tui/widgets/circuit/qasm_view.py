"""OpenQASM as coloured lines to read: each line is coloured when it comes into sight."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import overload

from rich.cells import cell_len

from tui.common.sanitize import plain
from tui.openqasm.highlighter import LONGEST_LINE, StaticHighlighter
from tui.widgets.text.styled_text import BLANK, QASM_INKS, Line, Span, TextStyle, width_of
from tui.widgets.text.text_pane import LIMIT, LongPage

_STATEMENT_ENDS = re.compile(r"(?<=;)[ ]*")


class QasmLines(LongPage):
    """The lines of a program, below other lines.

    A line longer than any that a person writes (programs come in one line from some services) is shown with a
    line for each statement.

    Args:
        text: the program, from outside.
        above: what stands above it, such as its drawing.
    """

    def __init__(self, text: str, above: Sequence[Line] = ()) -> None:
        self._above = above
        self._rows: list[str] = []
        for row in plain(text, limit=LIMIT, lines=True).split("\n"):
            self._rows += [row] if len(row) <= LONGEST_LINE else _STATEMENT_ENDS.split(row)
        self._reading = StaticHighlighter(self._rows)
        self._known: dict[int, Line] = {}
        self.widest = max([*map(width_of, above), *(_width(row) for row in self._rows)])

    def __len__(self) -> int:
        return len(self._above) + len(self._rows)

    @overload
    def __getitem__(self, place: int) -> Line: ...

    @overload
    def __getitem__(self, place: slice) -> Sequence[Line]: ...

    def __getitem__(self, place: int | slice) -> Line | Sequence[Line]:
        if isinstance(place, slice):
            return [self[each] for each in range(*place.indices(len(self)))]
        if not -len(self) <= place < len(self):
            raise IndexError(place)
        place %= len(self)
        if place < len(self._above):
            return self._above[place]
        row = place - len(self._above)
        if row not in self._known:
            self._known[row] = self._coloured(row)
        return self._known[row]

    def _coloured(self, row: int) -> Line:
        text = self._rows[row]
        if not text:
            return BLANK
        pieces: list[Span] = []
        done = 0
        for start, end, kind in self._reading.spans(row):
            name = f"qasm--{kind}"
            if name in QASM_INKS:
                pieces += [Span(text[done:start]), Span(text[start:end], TextStyle(name))]
                done = end
        pieces.append(Span(text[done:]))
        return tuple(piece for piece in pieces if piece.text)


def _width(row: str) -> int:
    return len(row) if row.isascii() else cell_len(row)
