"""One candidate in figures: statistics before and after transpiling, and its qubit layout."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from tui.common.safe_text import plain
from tui.domain.circuits import Candidate, CircuitStats
from tui.widgets.text.format import NOTHING, success_percent
from tui.widgets.text.styled_text import BLANK, StyledLine, TextStyle, fit, line, wrapped
from tui.widgets.text.text_widgets import TextBlock

_LABEL, _NUMBER = 18, 9
"""Cells of the columns of the statistics."""


class _CandidateBlock(TextBlock):
    """Shows one candidate, or nothing."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._candidate: Candidate | None = None

    def show_candidate(self, candidate: Candidate | None) -> None:
        """Show this candidate, or nothing for `None`."""
        self._candidate = candidate
        self.refresh(layout=True)
        self.repaint()


class CandidateStats(_CandidateBlock):
    """Before and after transpiling: qubits, gates, depths, duration, estimated success, operations."""

    def build_lines(self, width: int) -> Sequence[StyledLine]:
        """Return a head, a row a figure, the operations wrapped to the width; empty without a candidate."""
        return () if self._candidate is None else stats_lines(self._candidate, width)


class CandidateLayout(_CandidateBlock):
    """Virtual qubits in a row, below each its physical qubit."""

    def build_lines(self, width: int) -> Sequence[StyledLine]:
        """Return the table in as many bands as the width needs; empty without a layout."""
        if self._candidate is None or not self._candidate.layout:
            return ()
        return layout_lines(self._candidate.layout, self._candidate.final_layout, width)


_FIGURES: tuple[tuple[str, Callable[[CircuitStats], int]], ...] = (
    ("qubits", lambda stats: stats.qubits),
    ("two-qubit gates", lambda stats: stats.two_qubit_gates),
    ("two-qubit depth", lambda stats: stats.two_qubit_depth),
    ("depth", lambda stats: stats.depth),
    ("size", lambda stats: stats.size),
)


def stats_lines(candidate: Candidate, width: int) -> list[StyledLine]:
    """Return a row for each figure: label, before, after.

    Args:
        candidate: the transpiled circuit.
        width: cells to wrap the list of operations to; the columns have a fixed width.
    """
    before, after = candidate.before, candidate.after
    heads = [(fit(name, _NUMBER, right=True), TextStyle.HEAD) for name in ("before", "after")]
    lines = [line((fit("", _LABEL), TextStyle.HEAD), *heads)]
    for label, figure in _FIGURES:
        lines.append(_stats_row(label, _thousands(figure(before)), _thousands(figure(after))))
    lines.append(_stats_row("duration", NOTHING, shot_duration(candidate.duration_us)))
    lines.append(_stats_row("estimated success", NOTHING, success_percent(candidate.estimated_success)))
    counted = sorted(after.operations.items(), key=lambda item: (-item[1], item[0]))
    if counted:
        words = "  ".join(f"{plain(name)}\N{NO-BREAK SPACE}{count}" for name, count in counted)
        lines += [BLANK, *wrapped(f"operations  {words}", max(20, width))]
    return lines


def shot_duration(microseconds: float | None) -> str:
    """Return the duration of one shot with its unit.

    Returns:
        `820 ns`, `12.4 µs` or `1.2 ms`; `–` for `None`.
    """
    if microseconds is None:
        return NOTHING
    if microseconds < 1:
        return f"{microseconds * 1000:.0f} ns"
    return f"{microseconds:.1f} µs" if microseconds < 1000 else f"{microseconds / 1000:.1f} ms"


def layout_lines(start: tuple[int, ...], end: tuple[int, ...], width: int) -> list[StyledLine]:
    """Return the lines of the layout table; the row of the end is left out where nothing moved.

    Args:
        start: physical qubit by virtual qubit, before the first gate.
        end: the same after the last gate.
        width: cells there are.
    """
    label = 7
    cell = max(len(str(number)) for number in (*start, *end, len(start))) + 1
    fitting = max(1, (width - label) // cell)

    def row(name: str, numbers: Iterable[int], style: TextStyle) -> StyledLine:
        cells = "".join(fit(str(number), cell, right=True) for number in numbers)
        return line((fit(name, label), TextStyle.MUTED), (cells, style))

    moved = bool(end) and end != start
    lines: list[StyledLine] = []
    for first in range(0, len(start), fitting):
        band = range(first, min(first + fitting, len(start)))
        lines += [BLANK] if lines else []
        lines.append(row("qubit", band, TextStyle.MUTED))
        lines.append(row("start" if moved else "on", start[band.start : band.stop], TextStyle.STRONG))
        if moved:
            lines.append(row("end", end[band.start : band.stop], TextStyle.STRONG))
    return lines


def _thousands(value: int) -> str:
    return f"{value:,}".replace(",", " ")


def _stats_row(label: str, before: str, after: str) -> StyledLine:
    return line(
        (fit(label, _LABEL), TextStyle.MUTED),
        (fit(before, _NUMBER, right=True), TextStyle.PLAIN),
        (fit(after, _NUMBER, right=True), TextStyle.STRONG),
    )
