"""Counts of a sweep over parameters: a table with a row for each set, where bars would fill pages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from tui.common.sanitize import plain
from tui.domain.results import Counts
from tui.widgets.text.format import NOTHING, percent
from tui.widgets.text.styled_text import Line, Span, TextStyle, line

SETS = 5
"""From so many parameter sets on it is a table."""
_LONGEST = 16
"""Bits of a string that may head a column."""
_GAP = 2


def sweeps(counts: Sequence[Counts]) -> list[list[Counts]]:
    """The counts by register, in the order in which they come."""
    by_register: dict[str, list[Counts]] = {}
    for one in counts:
        by_register.setdefault(one.register, []).append(one)
    return list(by_register.values())


def is_table(sets: Sequence[Counts]) -> bool:
    """Whether these sets of one register are shown as a table: many, and with outcomes that head a column."""
    seen = any(one.counts for one in sets)
    return len(sets) >= SETS and seen and all(one.num_bits <= _LONGEST for one in sets)


def sweep_lines(sets: Sequence[Counts], width: int) -> list[Line]:
    """One register over all parameter sets: the share of the most frequent outcomes in each."""
    bits = max(one.num_bits for one in sets)
    names = ["".join(f"[{place}]" for place in one.index) for one in sets]
    name_width = max(map(len, names))
    column = max(bits, len("100.0 %"))
    total: Counter[str] = Counter()
    for one in sets:
        total.update(one.counts)
    most = max(1, (width - name_width - 1) // (column + _GAP))
    chosen = sorted(total, key=lambda outcome: (-total[outcome], outcome))
    rest = len(chosen) > most
    chosen = sorted(chosen[: most - 1 if rest else most])
    heads = [*chosen, *(["others"] if rest else [])]
    lines = [
        line(
            (plain(sets[0].register, limit=60) or "result", TextStyle.STRONG),
            (
                f"  {bits} {'bit' if bits == 1 else 'bits'}, {len(sets):,} parameter sets, {_shots(sets)}",
                TextStyle.MUTED,
            ),
        ),
        line(
            (" " * (name_width + 1) + "".join(_cell(plain(head), column) for head in heads), TextStyle.HEAD)
        ),
    ]
    for name, one in zip(names, sets, strict=True):
        shares = dict(one.probabilities())
        known = [shares.pop(outcome, 0.0) for outcome in chosen]
        values = [*known, *([sum(shares.values())] if rest else [])]
        highest = max(values, default=0.0)
        cells = [
            Span(
                _cell(percent(value) if value else NOTHING, column),
                TextStyle.STRONG
                if value and value == highest
                else TextStyle.PLAIN
                if value
                else TextStyle.MUTED,
            )
            for value in values
        ]
        lines.append(line((f" {name:<{name_width}}", TextStyle.MUTED), *cells))
    return lines


def _shots(sets: Sequence[Counts]) -> str:
    shots = sorted({one.shots for one in sets})
    return f"{shots[0]:,} shots each" if len(shots) == 1 else f"{shots[0]:,} to {shots[-1]:,} shots"


def _cell(text: str, width: int) -> str:
    return " " * _GAP + text.rjust(width)
