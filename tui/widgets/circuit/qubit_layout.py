"""Where a transpiled circuit's qubits lie on the device, at the start and at the end."""

from __future__ import annotations

from collections.abc import Sequence

from tui.domain.circuits import Candidate
from tui.widgets.text.block import TextBlock
from tui.widgets.text.styled_text import BLANK, Line, TextStyle, fit, line

_LABEL = 7


class LayoutView(TextBlock):
    """A compact table: virtual qubits in a row, below each its physical qubit."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._candidate: Candidate | None = None

    def show_candidate(self, candidate: Candidate | None) -> None:
        """Show this candidate's layout, or nothing."""
        self._candidate = candidate
        self.refresh(layout=True)
        self.repaint()

    def picture(self, width: int) -> Sequence[Line]:
        """The table, folded into as many bands as the width needs."""
        if self._candidate is None or not self._candidate.layout:
            return ()
        return layout_lines(self._candidate.layout, self._candidate.final_layout, width)


def layout_lines(start: tuple[int, ...], end: tuple[int, ...], width: int) -> list[Line]:
    """The lines of the table; the row of the end is left out where nothing moved.

    Args:
        start: physical qubit by virtual qubit, before the first gate.
        end: the same after the last gate.
        width: cells there are.
    """
    cell = max(len(str(number)) for number in (*start, *end, len(start))) + 1
    fitting = max(1, (width - _LABEL) // cell)
    moved = bool(end) and end != start
    lines: list[Line] = []
    for first in range(0, len(start), fitting):
        band = range(first, min(first + fitting, len(start)))
        if lines:
            lines.append(BLANK)
        lines.append(_row("qubit", [str(index) for index in band], cell, TextStyle.MUTED))
        lines.append(_row("start" if moved else "on", [str(start[i]) for i in band], cell, TextStyle.STRONG))
        if moved:
            lines.append(_row("end", [str(end[i]) for i in band if i < len(end)], cell, TextStyle.STRONG))
    return lines


def _row(label: str, cells: list[str], width: int, ink: TextStyle) -> Line:
    return line(
        (fit(label, _LABEL), TextStyle.MUTED),
        ("".join(fit(text, width, right=True) for text in cells), ink),
    )
