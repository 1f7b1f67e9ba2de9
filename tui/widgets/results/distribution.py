"""A distribution that was simulated, as bars."""

from __future__ import annotations

from tui.common.safe_text import plain
from tui.domain.statistics.distributions import Distribution
from tui.domain.statistics.outcomes import spaced
from tui.widgets.results.bars import bar
from tui.widgets.text.format import percent
from tui.widgets.text.styled_text import Span, StyledLine, TextStyle, line

_SHARE = 8
"""Cells of a probability."""


def distribution_lines(found: Distribution, width: int, height: int) -> list[StyledLine]:
    """Return the most probable outcomes with their probabilities and bars, in the order of their bits.

    Args:
        found: the distribution.
        width: cells of a line.
        height: lines there are; with more outcomes than that the last line sums up the others.
    """
    ranked = sorted(found.probabilities.items(), key=lambda item: (-item[1], item[0]))
    top = ranked if len(ranked) <= height and found.whole else ranked[: max(1, height - 1)]
    highest = max((share for _, share in top), default=1.0) or 1.0
    sizes = [size for _, size in found.registers]
    longest = max((len(spaced(bits, sizes)) for bits, _ in top), default=0)
    room = max(4, width - longest - _SHARE - 4)
    lines: list[StyledLine] = []
    for bits, share in sorted(top):
        label = spaced(bits, sizes)
        parts = Span(bar(share / highest, room), TextStyle.BAR)
        lines.append(line((f" {label:>{longest}} ", TextStyle.MUTED), f"{percent(share):>{_SHARE}} ", parts))
    if len(top) < len(ranked) or not found.whole:
        rest = sum(share for _, share in ranked[len(top) :]) + found.rest
        count = f"{len(ranked) - len(top):,} others" if found.whole else "all others"
        lines.append(line((f" {count} {percent(rest)}", TextStyle.MUTED)))
    return lines


def made_by(found: Distribution) -> str:
    """Return how the distribution was made: `exact, 3 qubits`."""
    how = "exact" if found.shots is None else f"{found.shots:,} shots by {plain(found.method, limit=40)}"
    qubits = f"{found.qubits} qubit{'' if found.qubits == 1 else 's'}"
    return f"{how}, {qubits}{'' if found.measured else ', all read out: nothing is measured'}"
