"""Terminals to look at: pyte's, and one that treats halves of wide characters as real terminals do."""

from __future__ import annotations

import pyte
from pyte.screens import Char, Screen

Picture = list[list[Char]]
"""Rows of cells: text, colours and attributes."""


class StrictScreen(Screen):  # type: ignore[misc]  # pyte is untyped
    """pyte's screen, where a wide character of which a half is overwritten disappears whole."""

    def draw(self, data: str) -> None:
        """Draw; then blank the halves that were left alone, as xterm and VTE do."""
        for character in data:
            row, column = self.cursor.y, self.cursor.x
            line = self.buffer[row]
            super().draw(character)
            end = min(self.cursor.x, self.columns)
            if end == column:
                continue
            if column and line[column - 1].data and _wide(line[column - 1].data) and line[column].data:
                line[column - 1] = line[column - 1]._replace(data=" ")
            if end < self.columns and line[end].data == "" and not _wide(line[end - 1].data):
                line[end] = line[end]._replace(data=" ")


def _wide(text: str) -> bool:
    return bool(text) and pyte.screens.wcwidth(text[0]) == 2


class Terminal:
    """An emulated terminal, as a full-screen app sets it up: without wrapping at the right edge."""

    def __init__(self, columns: int, rows: int, *, strict: bool = False) -> None:
        self.screen = (StrictScreen if strict else Screen)(columns, rows)
        self._stream = pyte.Stream(self.screen)
        self._stream.feed("\x1b[?7l")

    def write(self, data: str) -> None:
        """What the app sends."""
        self._stream.feed(data)

    def resize(self, columns: int, rows: int, *, litter: str = " ") -> None:
        """Take another size, and show whatever the terminal makes of that: `litter` everywhere."""
        self.screen.resize(rows, columns)
        for row in range(rows):
            for column in range(columns):
                self.screen.buffer[row][column] = Char(litter)

    def clear(self) -> None:
        """Show nothing, the cursor at the top."""
        self._stream.feed("\x1b[m\x1b[2J\x1b[H")

    def picture(self) -> Picture:
        """What it shows."""
        buffer = self.screen.buffer
        return [
            [buffer[row][column] for column in range(self.screen.columns)] for row in range(self.screen.lines)
        ]

    def text(self) -> str:
        """What it shows, without colours."""
        return "\n".join("".join(cell.data for cell in row) for row in self.picture())


def difference(one: Picture, other: Picture) -> str:
    """The first cell that differs, for a message; empty when none does."""
    if [len(row) for row in one] != [len(row) for row in other]:
        return "the sizes differ"
    for y, (row, other_row) in enumerate(zip(one, other, strict=True)):
        for x, (cell, other_cell) in enumerate(zip(row, other_row, strict=True)):
            if cell != other_cell:
                return f"column {x}, row {y}: {cell} and {other_cell}"
    return ""
