"""One candidate in figures: statistics before and after transpiling, and its qubit layout."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from tui.common.safe_text import plain
from tui.domain.circuits import Candidate, CircuitStats
from tui.widgets.text.format import NOTHING, shot_duration, success_percent
from tui.widgets.text.styled_text import BLANK, Span, StyledLine, TextStyle, fit, line, width_of, wrapped
from tui.widgets.text.text_widgets import TextBlock

RANK_ONLY = "a rank, not a promise"
"""What an estimate of success is: models like this one overestimate what devices reach."""
_LABEL, _NUMBER = 18, 9
"""Cells of the columns of the statistics."""
_WITH_CHANGE = _LABEL + 3 * _NUMBER
"""Cells from which there is a column of what changed, and a row a kind of gate."""


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
    """Before and after transpiling: qubits, gates, depths, duration, estimated success."""

    def build_lines(self, width: int) -> Sequence[StyledLine]:
        """Return a head and a row a figure; empty without a candidate."""
        return () if self._candidate is None else stats_lines(self._candidate, width)


class CandidateGates(_CandidateBlock):
    """Gates by kind before and after transpiling."""

    def build_lines(self, width: int) -> Sequence[StyledLine]:
        """Return a row a kind, or a list wrapped to the width; empty without a candidate."""
        return () if self._candidate is None else gate_lines(self._candidate, width)


class CandidateLayout(_CandidateBlock):
    """Virtual qubits in a row, below each its physical qubit."""

    def build_lines(self, width: int) -> Sequence[StyledLine]:
        """Return the table in as many bands as the width needs; empty without a layout."""
        if self._candidate is None or not self._candidate.layout:
            return ()
        return layout_lines(self._candidate.layout, self._candidate.final_layout, width)


_FIGURES: tuple[tuple[str, Callable[[CircuitStats], int]], ...] = (
    ("two-qubit gates", lambda stats: stats.two_qubit_gates),
    ("two-qubit depth", lambda stats: stats.two_qubit_depth),
    ("depth", lambda stats: stats.depth),
)


def stats_lines(candidate: Candidate, width: int) -> list[StyledLine]:
    """Return a row for each figure: label, before, after, and how they differ where there is room.

    Args:
        candidate: the transpiled circuit.
        width: cells there are.
    """
    before, after, wide = candidate.before, candidate.after, width >= _WITH_CHANGE
    heads = [(fit(name, _NUMBER, right=True), TextStyle.HEAD) for name in ("before", "after", "change")]
    heads = heads if wide else heads[:2]
    lines = [line((fit("", _LABEL), TextStyle.HEAD), *heads)]
    lines.append(_counts_row("qubits", before.qubits, len(candidate.used) or after.qubits, wide))
    for label, figure in _FIGURES:
        lines.append(_counts_row(label, figure(before), figure(after), wide))
    if candidate.parameters:
        names = plain(", ".join(candidate.parameters), limit=max(10, width - _LABEL))
        lines.append(line((fit("free parameters", _LABEL), TextStyle.MUTED), f" {names}"))
    lines.append(_stats_row("duration", NOTHING, shot_duration(candidate.duration_us)))
    lines.append(_stats_row("idle, all qubits", NOTHING, shot_duration(candidate.idle_us)))
    most = "≤" if candidate.at_most else ""
    success = most + success_percent(candidate.estimated_success)
    lines.append(_stats_row("estimated success", NOTHING, success))
    if candidate.estimated_success is not None:
        lines.append(line((f"  {RANK_ONLY}", TextStyle.MUTED)))
    return lines


def gate_lines(candidate: Candidate, width: int) -> list[StyledLine]:
    """Return how often each kind of operation occurs before and after, those of the result first.

    Args:
        candidate: the transpiled circuit.
        width: cells there are; where they are few, the kinds are a list.
    """
    before, after = candidate.before.operations, candidate.after.operations
    names = sorted({**before, **after}, key=lambda name: (-after.get(name, 0), -before.get(name, 0), name))
    kinds = [(plain(name, limit=14), before.get(name, 0), after.get(name, 0)) for name in names]
    if not kinds:
        return []
    if width >= _WITH_CHANGE:
        rows = [_counts_row(f"  {name}", old, new, True) for name, old, new in kinds]
        return [line(("gates by kind", TextStyle.MUTED)), *rows]
    listed = "  ".join(f"{name}\N{NO-BREAK SPACE}{old}→{new}" for name, old, new in kinds)
    return wrapped(f"by kind  {listed}", max(20, width))


def loss_line(candidate: Candidate, width: int) -> list[StyledLine]:
    """Return which stage of compiling costs how much of the success, and more where there is room.

    Args:
        candidate: the transpiled circuit.
        width: cells of a line.

    Returns:
        One line; none without calibration.
    """
    if candidate.stages is None:
        return []
    pieces: list[str | tuple[str, TextStyle]] = [("fidelity lost to", TextStyle.MUTED)]
    for name, share in candidate.stages.shares().items():
        pieces.append((f" {name} ", TextStyle.MUTED))
        pieces.append((_share(share), TextStyle.GOOD if share < 0 else TextStyle.STRONG))
    made = line(*pieces)
    used = f"{len(candidate.used)} qubits used, {shot_duration(candidate.idle_us)} idle"
    for more in (f" · {used}", f" · {RANK_ONLY}"):
        if width_of(made) + len(more) <= width:
            made = (*made, Span(more, TextStyle.MUTED))
    return [made]


def _share(share: float) -> str:
    """Return a share that is lost, with a minus when it is gained."""
    percent = round(abs(share) * 100)
    sign = "−" if share < 0 and percent else ""
    return f"{sign}{percent} %" if percent or not share else "< 1 %"


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


def _counts_row(label: str, before: int, after: int, wide: bool) -> StyledLine:
    """Return a row of counts, with their difference where there is room."""
    row = _stats_row(label, _thousands(before), _thousands(after))
    if not wide:
        return row
    more = after - before
    text = "=" if not more else f"{'+' if more > 0 else '−'}{_thousands(abs(more))}"
    return (*row, Span(fit(text, _NUMBER, right=True), TextStyle.MUTED))


def _stats_row(label: str, before: str, after: str) -> StyledLine:
    return line(
        (fit(label, _LABEL), TextStyle.MUTED),
        (fit(before, _NUMBER, right=True), TextStyle.PLAIN),
        (fit(after, _NUMBER, right=True), TextStyle.STRONG),
    )
