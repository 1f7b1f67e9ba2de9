"""Bars of characters: one a row with its share, count and shot noise; beneath it what was foretold."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from tui.common.safe_text import plain
from tui.widgets.text.format import percent
from tui.widgets.text.styled_text import StyledLine, TextStyle, fit, line

BESIDE = 36
"""Cells that a label leaves to its share, its count and a bar."""
IDEAL, NOISY = "▔", "▴"
"""Bar of the ideal share, and mark of the one with the device's noise."""
IDEAL_VALUE = "◇"
"""Mark of an ideal expectation value."""
_NARROW = 50
"""Cells of a line below which the shot noise of the counts is left out."""
_EIGHTHS = " ▏▎▍▌▋▊▉"


def bar(share: float, width: int) -> str:
    """Return a bar in eighths of a cell.

    Args:
        share: from 0 to 1; one above 0 is always seen.
        width: cells of the full bar.

    Returns:
        At most `width` cells; empty for 0, negative shares and NaN.
    """
    if not math.isfinite(share) or share <= 0:
        return ""
    eighths = max(1, round(min(share, 1.0) * width * 8))
    full, rest = divmod(eighths, 8)
    return "█" * full + (_EIGHTHS[rest] if rest else "")


class BarRow(NamedTuple):
    """A bar of the picture; `rest` sums up the bit strings that have none of their own."""

    label: str
    share: float
    error: float | None = None
    times: str = ""
    noise: str = ""
    rest: bool = False
    key: str = ""
    ideal: float | None = None
    noisy: float | None = None


def bar_rows(rows: list[BarRow], width: int, *, log: bool = False) -> list[StyledLine]:
    """Return a line a row, and one beneath it where something was foretold.

    Args:
        rows: in order; bars are as long as the longest of those that sum up nothing.
        width: cells of a line.
        log: bars on a logarithmic scale, which is told below them.
    """
    if not rows:
        return [line(("nothing was counted", TextStyle.MUTED))]
    label_width = min(max(len(row.label) for row in rows), max(8, width // 2, width - BESIDE))
    narrow = width < _NARROW
    rows = [row._replace(times=_times(row, rows, narrow=narrow)) for row in rows]
    # What was foretold with noise stands beneath the times.
    count_width = max(len(text) for row in rows for text in (row.times, _noisy(row)))
    room = max(4, min(60, width - label_width - count_width - 14))
    drawn = [row for row in rows if not row.rest] or rows
    scale = _Scale(max(max(row.share, row.ideal or 0, row.noisy or 0) for row in drawn), rows, log=log)
    lines: list[StyledLine] = []
    for row in rows:
        lines.append(_bar_line(row, scale, label_width, count_width, room))
        if row.ideal is not None or row.noisy is not None:
            lines.append(_foretold_bar(row, scale, label_width, count_width, room))
    if log:
        lines.append(line((f" log scale: bars from {percent(scale.least)} on", TextStyle.MUTED)))
    return lines


class _Scale:
    """Lengths of bars, from 0 to 1."""

    def __init__(self, most: float, rows: Sequence[BarRow], *, log: bool) -> None:
        self._most = most
        self._log = log
        positive = [one for row in rows for one in (row.share, row.ideal, row.noisy) if one and one > 0]
        # A decade below the least share, so that the least bar has a length.
        self.least = 10.0 ** math.floor(math.log10(max(min(positive, default=1.0), 1e-6)) - 0.3)

    def length(self, share: float) -> float:
        if self._most <= 0 or share <= 0 or not math.isfinite(share):
            return 0.0
        if not self._log:
            return min(1.0, share / self._most)
        decades = math.log10(self._most / self.least)
        return min(1.0, max(0.0, math.log10(share / self.least)) / decades) if decades > 0 else 1.0


def _times(row: BarRow, rows: list[BarRow], *, narrow: bool) -> str:
    """Times seen with their shot noise, each as wide as the widest; where it is narrow, without it."""
    number = f"{row.times:>{max(len(one.times) for one in rows)}}"
    if narrow:
        return number
    return f"{number} {row.noise:<{max(len(one.noise) for one in rows)}}".rstrip(" ") if row.times else ""


def _noisy(row: BarRow) -> str:
    return "" if row.noisy is None else f"{NOISY} {percent(row.noisy)}"


def _bar_line(row: BarRow, scale: _Scale, label_width: int, count_width: int, room: int) -> StyledLine:
    muted = TextStyle.MUTED
    label_style, bar_style = (muted, muted) if row.rest else (TextStyle.PLAIN, TextStyle.BAR)
    label = f" {fit(plain(row.label, limit=200), label_width)} "
    times = f"{row.times:<{count_width}} " if count_width else ""
    drawn = bar(scale.length(row.share), room)
    # A whisker where the error is longer than a cell.
    reach = round(scale.length(row.share + (row.error or 0.0)) * room) - len(drawn)
    whisker = "─" * (reach - 1) + "┤" if drawn and 0 < reach <= room - len(drawn) else ""
    return line(
        (label, label_style),
        f"{percent(row.share):>8} ",
        (times, muted),
        (drawn, bar_style),
        (whisker, muted),
    )


def _foretold_bar(row: BarRow, scale: _Scale, label_width: int, count_width: int, room: int) -> StyledLine:
    """The ideal share as a thin bar, and the noisy one as a mark on it."""
    cells = [" "] * room
    if row.ideal is not None:
        length = round(scale.length(row.ideal) * room)
        cells[:length] = IDEAL * length
    if row.noisy is not None:
        place = min(room - 1, max(0, round(scale.length(row.noisy) * room) - 1))
        cells[place] = NOISY
    ideal = "" if row.ideal is None else percent(row.ideal)
    text = f"{'':<{label_width + 2}}{ideal:>8} {fit(_noisy(row), count_width)} "
    return line((text, TextStyle.MUTED), ("".join(cells).rstrip(), TextStyle.MUTED))
