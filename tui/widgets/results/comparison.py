"""Sides held against the first one, as text: differences of shares as bars, distances, facts, a diff."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Final

from tui.common.safe_text import plain
from tui.domain.comparisons.differences import CircuitDiff, Fact
from tui.domain.comparisons.reports import CountsReport, Report, Row, ValueReport
from tui.domain.statistics.distances import Comparison
from tui.domain.statistics.errors import NOTABLE_Z
from tui.widgets.text.format import format_count, percent
from tui.widgets.text.styled_text import BLANK, Span, StyledLine, TextStyle, fit, line, wrapped

MOST_PAIRS: Final = 200
"""Tables of counts, and values, on a page: it is made anew at every width."""
_LABEL = 26
"""Cells of a bit string or an observable at most; of a longer bit string the end is shown."""
_SHARE, _Z, _VALUE = 9, 8, 20
_NARROWEST_BAR = 9


def results_page(report: Report, width: int) -> list[StyledLine]:
    """Return what came out on all sides.

    Args:
        report: the comparison.
        width: cells of a line.
    """
    lines: list[StyledLine] = []
    for note in report.notes:
        lines += wrapped(plain(note, limit=500), width, TextStyle.MUTED)
    shared = [
        table for table in report.counts if any(_known(table, at) for at in range(1, len(report.sides)))
    ]
    for table in shared[:MOST_PAIRS]:
        lines += [BLANK, *_counts_lines(report.sides, table, width)]
    alone = len(report.counts) - len(shared)
    if alone:
        # A place of a sweep counts as a register: each has counts of its own.
        told = f" {format_count(alone, 'set')} of counts that {report.sides[0]} has and no other."
        lines += [BLANK, line((told, TextStyle.MUTED))]
    if report.values:
        lines += [BLANK, *_values_lines(report.sides, report.values[:MOST_PAIRS], width)]
    left = max(0, len(shared) - MOST_PAIRS) + max(0, len(report.values) - MOST_PAIRS)
    if left:
        lines += [BLANK, line((f" {left:,} more: x takes everything to a file.", TextStyle.MUTED))]
    if not report.counts and not report.values:
        lines += [BLANK, line((" Nothing came out that could be compared.", TextStyle.MUTED))]
    return lines


def differences_page(report: Report, width: int) -> list[StyledLine]:
    """Return what is known of how the sides were made: what differs first, marked, then what is the same."""
    different = [fact for fact in report.facts if fact.differs and fact.matters]
    times = [fact for fact in report.facts if fact.differs and not fact.matters]
    same = [fact for fact in report.facts if not fact.differs]
    lines = list(_facts_lines(report.sides, different, width, mark=True))
    if not different:
        lines.append(line((" Nothing that is known of them differs but the times.", TextStyle.MUTED)))
    lines += [BLANK, *_facts_lines(report.sides, times, width)]
    if same:
        lines += [BLANK, line((" The same, or known of one alone", TextStyle.HEAD))]
        lines += _facts_lines(report.sides, same, width)
    return lines


def circuits_page(report: Report, width: int) -> list[StyledLine]:
    """Return how the circuits differ from the first side's, as a unified diff."""
    if not report.circuits:
        return [line((" There is one circuit alone.", TextStyle.MUTED))]
    lines: list[StyledLine] = []
    first = report.sides[report.circuits[0].side - 1] if len(report.sides) == 1 else report.sides[0]
    for diff in report.circuits:
        lines += [*_diff_lines(report.sides, first, diff, width), BLANK]
    return lines[:-1]


def _diff_lines(sides: Sequence[str], first: str, diff: CircuitDiff, width: int) -> Iterator[StyledLine]:
    pub = f"PUB {diff.pub}  " if diff.pub > 1 else ""
    yield line((f" {pub}- {first}   + {sides[diff.side]}", TextStyle.STRONG))
    if diff.same:
        yield line(("   the same text", TextStyle.MUTED))
    if diff.note:
        yield from wrapped(f"   {diff.note}", width, TextStyle.MUTED)
    styles = {"-": TextStyle.BAD, "+": TextStyle.GOOD, "@": TextStyle.MUTED}
    for text in diff.lines:
        yield line((f" {text}", styles.get(text[:1], TextStyle.PLAIN)))


def _counts_lines(sides: Sequence[str], table: CountsReport, width: int) -> Iterator[StyledLine]:
    values = "  ".join(f"{plain(name, limit=20)}={value:.6g}" for name, value in table.parameters)
    place = values or ("" if not table.index else f"place {','.join(map(str, table.index))}")
    pub = f"PUB {table.pub}  " if table.pub > 1 else ""
    yield line((f" {pub}{plain(table.register, limit=40)}  {place}".rstrip(), TextStyle.HEAD))
    for place_of, distance in enumerate(table.distances):
        if distance is not None:
            yield _distance_line(sides[place_of], distance, width)
        elif place_of and table.shots[place_of] is None and not _known(table, place_of):
            yield line((f"   {fit(sides[place_of], 20)}  has no counts here", TextStyle.MUTED))
    others = [at for at in range(1, len(sides)) if _known(table, at)]
    label = min(_LABEL, max((len(row.bits) for row in table.rows), default=4))
    share = 14 if width >= 100 else _SHARE
    room = max(1, (width - label - share - 3) // (share + _Z + 1))
    for start in range(0, len(others), room):
        chunk = others[start : start + room]
        bar = width - label - 3 - share - len(chunk) * (share + _Z) - 1
        drawn = len(chunk) == 1 and bar >= _NARROWEST_BAR
        heads = [fit("", label), fit(f" {sides[0]}", share, right=True)]
        for at in chunk:
            heads += [fit(f" {sides[at]}", share, right=True), fit("z", _Z, right=True)]
        full = _full_bar(table, chunk[0])
        told = f"  less │ more, up to {percent(full).strip()}" if drawn and bar > 46 else ""
        half = max(0, (bar - 1) // 2 - len("less "))
        yield line(("".join([" ", *heads, " " * half if told else "", told]), TextStyle.MUTED))
        for row in table.rows:
            yield _row_line(row, chunk, (label, share, bar if drawn else 0), full)
    hidden = table.outcomes - len(table.rows)
    if hidden > 0:
        yield line((f"   and {hidden:,} more bit strings, in the distances too", TextStyle.MUTED))


def _known(table: CountsReport, at: int) -> bool:
    return any(row.shares[at] is not None for row in table.rows)


def _difference(row: Row, at: int) -> float:
    return (row.shares[at] or 0.0) - (row.shares[0] or 0.0)


def _distance_line(side: str, distance: Comparison, width: int) -> StyledLine:
    verdict, style = (
        ("≠ more than shot noise", TextStyle.WARNING)
        if distance.differs
        else ("= within shot noise", TextStyle.GOOD)
    )
    apart = f"apart {distance.total_variation:.4f}, noise {distance.total_variation_bound:.4f}"
    fidelity = f"fidelity {distance.fidelity:.4f}, noise {distance.fidelity_bound:.4f}"
    figures = f"  {apart}   {fidelity}" if width >= 110 else f"  {apart}"
    return line("   ", fit(side, 16), figures, "   ", (verdict, style))


def _full_bar(table: CountsReport, at: int) -> float:
    """The difference that fills a half: the largest, and no less than shot noise makes now and then."""
    shots = [table.shots[0], table.shots[at]]
    noise = math.sqrt(sum(0.25 / one for one in shots if one)) * NOTABLE_Z
    return max([noise, *(abs(_difference(row, at)) for row in table.rows)])


def _row_line(row: Row, chunk: Sequence[int], widths: tuple[int, int, int], full: float) -> StyledLine:
    """A bit string; `widths`: of its label, of a share, of the bar (0: none)."""
    label, share, bar = widths
    bits = row.bits if len(row.bits) <= label else "…" + row.bits[-(label - 1) :]
    spans: list[Span] = [Span(f" {fit(bits, label)}"), Span(fit(_share(row.shares[0]), share, right=True))]
    for at in chunk:
        notable = row.z[at] is not None and abs(row.z[at] or 0.0) >= NOTABLE_Z
        style = TextStyle.WARNING if notable else TextStyle.MUTED
        spans.append(Span(fit(_share(row.shares[at]), share, right=True)))
        spans.append(Span(fit(_z(row.z[at]), _Z, right=True), style))
    if bar:
        spans.append(Span("  " + difference_bar(_difference(row, chunk[0]), full, bar), TextStyle.BAR))
    return tuple(spans)


def difference_bar(difference: float, largest: float, width: int) -> str:
    """Return a bar to the left of a middle line for less, to the right for more.

    Args:
        difference: of two shares.
        largest: the largest of the picture, which fills its half.
        width: cells of the whole; an odd number of them is used.
    """
    half = max(1, (width - 1) // 2)
    cells = 0 if largest <= 0 else round(min(1.0, abs(difference) / largest) * half)
    if difference < 0:
        return f"{'█' * cells:>{half}}│{'':{half}}"
    return f"{'':{half}}│{'█' * cells:<{half}}"


def _values_lines(sides: Sequence[str], values: Sequence[ValueReport], width: int) -> Iterator[StyledLine]:
    label = _LABEL
    room = max(1, (width - label - _VALUE - 2) // (_VALUE + _Z))
    others = list(range(1, len(sides)))
    for start in range(0, len(others), room):
        chunk = others[start : start + room]
        heads = fit(sides[0], _VALUE, right=True)
        for at in chunk:
            heads += fit(sides[at], _VALUE, right=True) + fit("z", _Z, right=True)
        yield line((f" {fit('', label)}{heads}", TextStyle.MUTED))
        for row in values:
            pub = f"{row.pub} " if row.pub > 1 else ""
            given = " ".join(f"{plain(name, limit=12)}={value:.4g}" for name, value in row.parameters)
            name = plain(f"{pub}{row.observable} {given}".strip(), limit=200)
            spans = [Span(f" {fit(name, label)}"), Span(fit(_value(row.values[0]), _VALUE, right=True))]
            for at in chunk:
                notable = row.z[at] is not None and abs(row.z[at] or 0.0) >= NOTABLE_Z
                style = TextStyle.WARNING if notable else TextStyle.MUTED
                spans.append(Span(fit(_value(row.values[at]), _VALUE, right=True)))
                spans.append(Span(fit(_z(row.z[at]), _Z, right=True), style))
            yield tuple(spans)


def _facts_lines(
    sides: Sequence[str], facts: Sequence[Fact], width: int, *, mark: bool = False
) -> Iterator[StyledLine]:
    if not facts:
        return
    label = min(34, max(16, *(len(fact.name) for fact in facts)))
    cell = max(12, min(40, (width - label - 4) // max(1, len(sides))))
    room = max(1, (width - label - 4) // cell)
    for start in range(0, len(sides), room):
        names = "".join(fit(side, cell - 1) + " " for side in sides[start : start + room])
        yield line((f"   {fit('', label)} {names}".rstrip(), TextStyle.MUTED))
        for fact in facts:
            values = "".join(
                fit(plain(value or "·", limit=200), cell - 1) + " "
                for value in fact.values[start : start + room]
            )
            sign = ("≠", TextStyle.WARNING) if mark else (" ", TextStyle.PLAIN)
            yield line(" ", sign, " ", (fit(fact.name, label), TextStyle.MUTED), f" {values}".rstrip())


def _share(share: float | None) -> str:
    return "" if share is None else percent(share)


def _value(value: tuple[float, float | None] | None) -> str:
    if value is None:
        return ""
    return f"{value[0]:+.4f}" + ("" if value[1] is None else f" ±{value[1]:.4f}")


def _z(z: float | None) -> str:
    if z is None:
        return ""
    return f"{z:+.1f}" if abs(z) < 1e4 else ("+∞" if z > 0 else "-∞")
