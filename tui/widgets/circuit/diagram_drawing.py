"""A circuit's diagram in cells: one line a qubit, the operations in columns as wide as they need."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection
from itertools import accumulate

from rich.cells import cell_len

from tui.common.safe_text import plain
from tui.domain.views.diagram import CircuitDiagram, LayerSummary
from tui.widgets.text.styled_text import BLANK, StyledLine, TextStyle, line

LONGEST_NAME = 14
"""Cells for the name of a qubit."""


class DiagramDrawing:
    """Lays a diagram out in cells; lines are made when they are asked for.

    Args:
        diagram: what is drawn.
        folded: registers whose qubits share one line.

    Attributes:
        gutter: cells of the names on the left, which are not scrolled sideways.
        width: cells of the columns.
        height: lines.
    """

    def __init__(self, diagram: CircuitDiagram, folded: Collection[str] = ()) -> None:
        self.diagram = diagram
        self._lines: list[list[int]] = []
        self._names: list[str] = []
        self._registers: list[str] = []
        self._line_of: list[int] = []
        self._fold(frozenset(folded))
        self.gutter = max((cell_len(name) for name in self._names), default=0) + 1
        widths = [1] * diagram.columns
        cells: list[dict[int, tuple[str, int]]] = [{} for _ in self._lines]
        crossings: list[set[int]] = [set() for _ in self._lines]
        for number, symbol in enumerate(diagram.symbols):
            at = {self._line_of[row]: label for row, label in zip(symbol.rows, symbol.labels, strict=True)}
            for place, label in at.items():
                known = cells[place].get(symbol.column)
                text = plain(label, limit=30) if known is None else "▪"
                cells[place][symbol.column] = text, number
            if symbol.joined and len(at) > 1:
                for place in range(min(at) + 1, max(at)):
                    if place not in at:
                        crossings[place].add(symbol.column)
        for row in cells:
            for column, (text, _) in row.items():
                widths[column] = max(widths[column], cell_len(text))
        self._cells, self._crossings, self._widths = cells, crossings, widths
        self._starts = list(accumulate((width + 2 for width in widths), initial=0))
        self.width = self._starts[-1]
        self.height = len(self._lines)

    def _fold(self, folded: frozenset[str]) -> None:
        last = ""
        for row, wire in enumerate(self.diagram.wires):
            if wire.register and wire.register in folded and wire.register == last:
                self._lines[-1].append(row)
            else:
                self._lines.append([row])
                self._names.append(plain(wire.name, limit=LONGEST_NAME))
                self._registers.append(wire.register)
                if wire.register in folded:
                    size = sum(1 for other in self.diagram.wires if other.register == wire.register)
                    self._names[-1] = f"▸ {plain(wire.register, limit=LONGEST_NAME - 5)} ×{size}"
            last = wire.register
            self._line_of.append(len(self._lines) - 1)

    def register_at(self, y: int) -> str:
        """Return the register of a line; empty where there is none."""
        return self._registers[y] if 0 <= y < self.height else ""

    def name_at(self, y: int) -> StyledLine:
        """Return the name at the left of a line, `gutter` cells wide."""
        if not 0 <= y < self.height:
            return BLANK
        name = self._names[y]
        return line((" " * (self.gutter - 1 - cell_len(name)) + name + " ", TextStyle.MUTED))

    def region(self, number: int) -> tuple[int, int, int, int]:
        """Return where a symbol is: its first cell, its first line, cells and lines."""
        symbol = self.diagram.symbols[number]
        lines = [self._line_of[row] for row in symbol.rows]
        left = self._starts[symbol.column]
        return left, min(lines), self._widths[symbol.column] + 2, max(lines) - min(lines) + 1

    def at(self, x: int, y: int) -> int | None:
        """Return the symbol at a cell; `None`: there is none."""
        if not 0 <= y < self.height or not 0 <= x < self.width:
            return None
        found = self._cells[y].get(bisect_right(self._starts, x) - 1)
        return None if found is None else found[1]

    def of_lines(self, text_lines: Collection[int]) -> list[int]:
        """Return the symbols of lines of the text."""
        wanted = frozenset(text_lines) - {0}
        return [number for number, symbol in enumerate(self.diagram.symbols) if symbol.line in wanted]

    def neighbour(self, number: int, y: int, right: int, down: int) -> tuple[int, int]:
        """Return the symbol next to one.

        Args:
            number: of the symbol.
            y: the line of it that the cursor is on.
            right, down: the direction, -1, 0 or 1.

        Returns:
            Its number and the line; those given where there is none.
        """
        column = self.diagram.symbols[number].column
        if right:
            columns = sorted(self._cells[y])
            place = bisect_left(columns, column) + right
            return (self._cells[y][columns[place]][1], y) if 0 <= place < len(columns) else (number, y)
        place = y + down
        while 0 <= place < self.height:
            columns = sorted(self._cells[place])
            if columns:
                near = min(columns, key=lambda other: abs(other - column))
                return self._cells[place][near][1], place
            place += down
        return number, y

    def line_of(self, number: int) -> int:
        """Return the first line of a symbol."""
        return min(self._line_of[row] for row in self.diagram.symbols[number].rows)

    def cells(
        self, y: int, left: int, width: int, marked: Collection[int], cursor: tuple[int, TextStyle]
    ) -> StyledLine:
        """Return some cells of a line, without its name.

        Args:
            left: the first cell.
            width: how many.
            marked: symbols that stand out.
            cursor: the symbol under the cursor, -1: none, and its style.
        """
        if not 0 <= y < self.height or not self.width:
            return BLANK
        first = max(0, bisect_right(self._starts, left) - 1)
        end = min(self.diagram.columns, bisect_left(self._starts, left + width))
        pieces: list[tuple[str, TextStyle]] = []
        for column in range(first, end):
            text, style = self._cell(y, column, marked, cursor)
            room = self._widths[column] - cell_len(text)
            before = 1 + room // 2
            pieces += [
                ("─" * before, TextStyle.MUTED),
                (text, style),
                ("─" * (room - room // 2 + 1), TextStyle.MUTED),
            ]
        return _cut(pieces, left - self._starts[first], width)

    def _cell(
        self, y: int, column: int, marked: Collection[int], cursor: tuple[int, TextStyle]
    ) -> tuple[str, TextStyle]:
        found = self._cells[y].get(column)
        if found is None:
            return "┼" if column in self._crossings[y] else "─", TextStyle.MUTED
        text, number = found
        if number == cursor[0]:
            return text, cursor[1]
        return text, TextStyle.CURRENT if number in marked else TextStyle.PLAIN


def _cut(pieces: list[tuple[str, TextStyle]], left: int, width: int) -> StyledLine:
    """The cells from `left` on, at most `width`; labels are one cell a character but for rare names."""
    out: list[tuple[str, TextStyle]] = []
    for text, style in pieces:
        if left >= len(text):
            left -= len(text)
            continue
        part = text[left : left + width]
        left, width = 0, width - len(part)
        if part:
            out.append((part, style))
        if width <= 0:
            break
    return line(*out)


def summary_line(summary: LayerSummary, widest: int) -> StyledLine:
    """Return one line of the summary of a large circuit.

    Args:
        summary: some of its columns.
        widest: the last column of all, which says how wide the numbers are.
    """
    digits = len(f"{widest:,}")
    layers = f"{summary.first + 1:>{digits},}–{summary.last + 1:<{digits},}"
    gates = "  ".join(f"{plain(name, limit=20)} {count:,}" for name, count in summary.gates)
    where = f"  line {summary.line:,}" if summary.line else ""
    return line((f"{layers}  ", TextStyle.MUTED), gates, (where, TextStyle.MUTED))
