"""The table that says what transpiling made of a circuit: before, after."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tui.common.sanitize import plain
from tui.domain.circuits import Candidate, CircuitStats
from tui.widgets.text.block import TextBlock
from tui.widgets.text.styled_text import BLANK, Line, TextStyle, fit, line, wrapped

_LABEL = 18
_NUMBER = 9


class StatsTable(TextBlock):
    """Before and after of one candidate: qubits, gates, depths, duration, estimated success, operations."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._candidate: Candidate | None = None

    def show_candidate(self, candidate: Candidate | None) -> None:
        """Show this candidate, or nothing."""
        self._candidate = candidate
        self.refresh(layout=True)
        self.repaint()

    def picture(self, width: int) -> Sequence[Line]:
        """A head, a row a figure, the operations folded to the width."""
        if self._candidate is None:
            return ()
        return stats_lines(self._candidate, width)


def stats_lines(candidate: Candidate, width: int) -> list[Line]:
    """The lines of the table, for `width` cells."""
    before, after = candidate.before, candidate.after
    rows = [line((fit("", _LABEL), TextStyle.HEAD), _head("before"), _head("after"))]
    for label, figure in _FIGURES:
        rows.append(_row(label, _number(figure(before)), _number(figure(after))))
    rows.append(_row("duration", "–", duration(candidate.duration_us)))
    rows.append(_row("estimated success", "–", share(candidate.estimated_success)))
    counted = sorted(after.operations.items(), key=lambda item: (-item[1], item[0]))
    if counted:
        rows.append(BLANK)
        words = "  ".join(f"{plain(name)}\N{NO-BREAK SPACE}{count}" for name, count in counted)
        rows += wrapped(f"operations  {words}", max(20, width))
    return rows


def duration(microseconds: float | None) -> str:
    """A shot's length, in the unit that suits it."""
    if microseconds is None:
        return "–"
    if microseconds < 1:
        return f"{microseconds * 1000:.0f} ns"
    if microseconds < 1000:
        return f"{microseconds:.1f} µs"
    return f"{microseconds / 1000:.1f} ms"


def share(probability: float | None) -> str:
    """A probability as a percentage."""
    if probability is None:
        return "–"
    return "< 0.1 %" if 0 < probability < 0.001 else f"{probability * 100:.1f} %"


_FIGURES: tuple[tuple[str, Callable[[CircuitStats], int]], ...] = (
    ("qubits", lambda stats: stats.qubits),
    ("two-qubit gates", lambda stats: stats.two_qubit_gates),
    ("two-qubit depth", lambda stats: stats.two_qubit_depth),
    ("depth", lambda stats: stats.depth),
    ("size", lambda stats: stats.size),
)


def _number(value: int) -> str:
    return f"{value:,}".replace(",", " ")


def _head(word: str) -> tuple[str, TextStyle]:
    return fit(word, _NUMBER, right=True), TextStyle.HEAD


def _row(label: str, before: str, after: str) -> Line:
    return line(
        (fit(label, _LABEL), TextStyle.MUTED),
        (fit(before, _NUMBER, right=True), TextStyle.PLAIN),
        (fit(after, _NUMBER, right=True), TextStyle.STRONG),
    )
