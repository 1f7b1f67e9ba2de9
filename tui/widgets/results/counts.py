"""Counts as bars: by outcome in several orders, by weight, by distance; beneath them what was foretold."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from enum import StrEnum

from tui.common.safe_text import plain
from tui.common.values import Value
from tui.domain.results import Counts, QuasiDistribution
from tui.domain.statistics.distributions import Distribution
from tui.domain.statistics.errors import count_error
from tui.domain.statistics.outcomes import Order, hamming_distances, histogram, weights
from tui.domain.statistics.predictions import NOTHING_FORETOLD, Foretold, compared
from tui.widgets.results.bars import BESIDE, IDEAL, NOISY, BarRow, bar_rows
from tui.widgets.text.format import percent
from tui.widgets.text.styled_text import Span, StyledLine, TextStyle, line, wrapped

TOP = 16
"""Bit strings shown one by one; the others are summed up in one line."""


_NEED_ALL = (Order.WEIGHT, Order.DISTANCE)
_NAME = 10
"""Cells of the name of a prediction."""
_ROOMY = 96


class Bars(StrEnum):
    """What has a bar each."""

    OUTCOMES = "outcomes"
    WEIGHTS = "number of ones"
    DISTANCES = "distance"


class CountsView(Value, frozen=True):
    """How counts are shown.

    Attributes:
        bars: what has a bar each.
        order: of outcomes.
        top: outcomes shown one by one.
        log: bars on a logarithmic scale.
        reference: bit string to which distances count; empty: the most probable outcome.
        joint: all registers together, where there are several.
    """

    bars: Bars = Bars.OUTCOMES
    order: Order = Order.FREQUENCY
    top: int = TOP
    log: bool = False
    reference: str = ""
    joint: bool = False


STANDARD = CountsView()


def counts_lines(
    counts: Counts,
    width: int,
    top: int = TOP,
    place: str = "",
    view: CountsView = STANDARD,
    foretold: Foretold = NOTHING_FORETOLD,
) -> list[StyledLine]:
    """Return one register as a histogram.

    Args:
        counts: the counts of the register.
        width: cells of a line; bit strings too wide for it are written in hexadecimal.
        top: bit strings shown one by one, at least those of the view; the others are summed up.
        place: values of the parameters; empty where they are not known.
        view: what has a bar, in which order, on which scale.
        foretold: distributions of this register, drawn beneath its bars.

    Returns:
        A head, distances from predictions, then label, percentage, count with its shot noise and bar of each
        row; at last how the predictions were made.
    """
    wide = counts.num_bits > max(width // 2, width - BESIDE)
    head = _head(counts, place, view, in_hexadecimal=wide and view.bars is Bars.OUTCOMES)
    shares = [None if one is None else one.probabilities for one in (foretold.ideal, foretold.noisy)]
    summary = counts.summary
    match view.bars:
        case Bars.OUTCOMES:
            rows = _outcome_rows(counts, max(top, view.top), view, wide=wide)
        case Bars.WEIGHTS:
            found = weights(counts.counts, counts.num_bits) if summary is None else summary.weights
            rows = _number_rows(found, "ones", counts.shots)
            shares = [None if one is None else _by_number(one, _weight) for one in shares]
        case Bars.DISTANCES:
            reference = reference_of(counts, view, foretold)
            found = hamming_distances(counts.counts, counts.num_bits, reference)
            rows = _number_rows(found, "bits away", counts.shots)
            mask = int(reference or "0", 2)
            shares = [
                None if one is None else _by_number(one, lambda bits: (int(bits, 2) ^ mask).bit_count())
                for one in shares
            ]
    rows = [row._replace(ideal=_share_of(shares[0], row), noisy=_share_of(shares[1], row)) for row in rows]
    compared = comparison_lines(counts.counts if summary is None else {}, foretold, width)
    partial = view.bars is Bars.DISTANCES or (view.bars is Bars.OUTCOMES and view.order in _NEED_ALL)
    if summary is not None and partial:
        text = f" of the {len(counts.counts):,} most frequent outcomes alone: the others are summed up"
        head.append(line((text, TextStyle.MUTED)))
    return [*head, *compared, *bar_rows(rows, width, log=view.log), *_method_lines(foretold, width)]


def reference_of(counts: Counts, view: CountsView, foretold: Foretold) -> str:
    """Return the bit string to which distances count: the chosen one, else the most probable outcome."""
    if len(view.reference) == counts.num_bits:
        return view.reference
    likely = foretold.ideal.probabilities if foretold.ideal is not None else counts.counts
    return max(sorted(likely), key=lambda bits: likely[bits], default="0" * counts.num_bits)


def _head(counts: Counts, place: str, view: CountsView, *, in_hexadecimal: bool) -> list[StyledLine]:
    register = plain(counts.register, limit=60) or "result"
    where = f"  {place}" if place else "".join(f"[{number}]" for number in counts.index)
    noun = "bit" if counts.num_bits == 1 else "bits"
    written = " in hexadecimal" if in_hexadecimal and counts.counts else ""
    details = f"  {counts.num_bits} {noun}{written}, {counts.shots} shots, {counts.outcomes} outcomes"
    return [line((f"{register}{where}", TextStyle.STRONG), (details, TextStyle.MUTED))]


def view_words(view: CountsView) -> str:
    """Return what is not as by default, in words: `by value, log scale`."""
    words = []
    if view.bars is not Bars.OUTCOMES:
        words.append(f"by {view.bars}")
    elif view.order is not Order.FREQUENCY:
        words.append(
            {Order.VALUE: "by value", Order.WEIGHT: "fewest ones first"}.get(view.order, "nearest first")
        )
    if view.log:
        words.append("log scale")
    if view.joint:
        words.append("registers together")
    return ", ".join(words)


def _outcome_rows(counts: Counts, top: int, view: CountsView, *, wide: bool) -> list[BarRow]:
    reference = reference_of(counts, view, NOTHING_FORETOLD) if view.order is Order.DISTANCE else ""
    by_value = counts.summary is not None and view.order is Order.VALUE
    known = counts.summary.first if counts.summary is not None and by_value else counts.counts
    found = histogram(known, top, view.order, reference)
    rows = [
        _row(_hexadecimal(bits) if wide else bits, times, counts.shots, key=bits)
        for bits, times in found.rows
    ]
    times = counts.shots - sum(row.times for row in found.rows)
    others = counts.outcomes - len(found.rows)
    if others > 0:
        rows.append(_row(f"{others} others", times, counts.shots, rest=True))
    return rows


def _number_rows(found: Sequence[int], thing: str, shots: int) -> list[BarRow]:
    """Rows by a number, from the first to the last that was seen."""
    seen = [number for number, times in enumerate(found) if times]
    if not seen:
        return []
    return [
        _row(f"{number} {thing}", found[number], shots, key=str(number))
        for number in range(seen[0], seen[-1] + 1)
    ]


def _by_number(shares: Mapping[str, float], number: object) -> dict[str, float]:
    assert callable(number)
    found: dict[str, float] = {}
    for bits, share in shares.items():
        key = str(number(bits))
        found[key] = found.get(key, 0.0) + share
    return found


def _weight(bits: str) -> int:
    return bits.count("1")


def _hexadecimal(bits: str) -> str:
    """A bit string as the service writes samples, but with all its digits: a quarter as wide."""
    try:
        return f"0x{int(bits, 2):0{math.ceil(len(bits) / 4)}x}"
    except ValueError:
        return bits


def quasi_lines(quasi: QuasiDistribution, width: int, top: int = TOP) -> list[StyledLine]:
    """Return a quasi-distribution as a histogram; negative values have no bar.

    Args:
        quasi: the distribution.
        width: cells of a line.
        top: bit strings shown one by one; the others are summed up.
    """
    shots = "" if quasi.shots is None else f", {quasi.shots} shots"
    head = line(
        ("quasi-probabilities", TextStyle.STRONG), (f"  {quasi.num_bits} bits{shots}", TextStyle.MUTED)
    )
    ordered = sorted(quasi.quasi.items(), key=lambda item: (-item[1], item[0]))
    rows = [BarRow(bits, value) for bits, value in ordered[:top]]
    if ordered[top:]:
        rows.append(
            BarRow(f"{len(ordered) - top} others", sum(value for _, value in ordered[top:]), rest=True)
        )
    return [head, *bar_rows(rows, width)]


def _row(label: str, times: int, shots: int, *, rest: bool = False, key: str = "") -> BarRow:
    error = count_error(times, shots)
    return BarRow(label, times / (shots or 1), error / (shots or 1), str(times), f"± {error:.0f}", rest, key)


def _share_of(shares: Mapping[str, float] | None, row: BarRow) -> float | None:
    return None if shares is None or row.rest else shares.get(row.key, 0.0)


# comparison


def comparison_lines(counts: Mapping[str, int], foretold: Foretold, width: int) -> list[StyledLine]:
    """Return how far the counts are from what was foretold, a line each, and which mark is which.

    Args:
        counts: of a register.
        foretold: distributions of the same register.
        width: cells of a line.
    """
    lines: list[StyledLine] = []
    for name, distribution, note in _predictions(foretold):
        if distribution is None:
            lines += (
                _named(name, wrapped(plain(note, limit=300), width - _NAME, TextStyle.MUTED)) if note else []
            )
        elif not distribution.whole:
            text = f"{percent(distribution.rest)} of it is spread over too many outcomes to compare"
            lines += _named(name, wrapped(text, width - _NAME, TextStyle.MUTED))
        elif counts:
            lines += _named(name, [_compared(counts, distribution, width)])
    return lines


def _predictions(foretold: Foretold) -> tuple[tuple[str, Distribution | None, str], ...]:
    return (
        (f"{IDEAL} ideal", foretold.ideal, foretold.ideal_note),
        (f"{NOISY} noisy", foretold.noisy, foretold.noisy_note),
    )


def _compared(counts: Mapping[str, int], distribution: Distribution, width: int) -> StyledLine:
    found = compared(counts, distribution)
    far, unlike = found.total_variation > found.total_variation_bound, found.fidelity < found.fidelity_bound
    digits, fidelity = (4, "Hellinger fidelity") if width >= _ROOMY else (3, "fidelity")
    verdict = "differs" if found.differs else "equal within noise"
    return line(
        f"{fidelity} ",
        (f"{found.fidelity:.{digits}f}", TextStyle.WARNING if unlike else TextStyle.GOOD),
        (f" (noise {found.fidelity_bound:.{digits}f})", TextStyle.MUTED),
        "  total variation ",
        (f"{found.total_variation:.{digits}f}", TextStyle.WARNING if far else TextStyle.GOOD),
        (f" (noise {found.total_variation_bound:.{digits}f})", TextStyle.MUTED),
        f"  {verdict}" if width >= _ROOMY else "",
    )


def _method_lines(foretold: Foretold, width: int) -> list[StyledLine]:
    """How each prediction was made, and what its noise means."""
    lines: list[StyledLine] = []
    for name, distribution, _ in _predictions(foretold):
        if distribution is None:
            continue
        shots = "" if distribution.shots is None else f", {distribution.shots:,} shots"
        model = ", noise by the calibration at its start" if name.startswith(NOISY) else ""
        waiting = ", waiting counted" if distribution.waiting else ""
        text = f"simulated by {distribution.method} of {distribution.qubits} qubits{shots}{model}{waiting}"
        lines += _named(name, wrapped(text, width - _NAME, TextStyle.MUTED))
    if lines:
        text = "(noise ...): shot noise alone is beyond it in 1 of 100 runs"
        lines += _named("", [line((text, TextStyle.MUTED))])
    return lines


def _named(name: str, lines: Sequence[StyledLine]) -> list[StyledLine]:
    return [(Span(f" {'' if place else name:<{_NAME - 1}}"), *pieces) for place, pieces in enumerate(lines)]
