"""Results as text: bars for counts, tables for sweeps and values, and the one-line picture of a result."""

from __future__ import annotations

import math
from typing import NamedTuple

from tui.common.safe_text import plain
from tui.domain.results import Counts, ExpectationValue, JobResult, PubResult, QuasiDistribution, Role
from tui.widgets.results.result_tables import (
    is_table,
    mitigation_lines,
    single_value_lines,
    sweep_lines,
    sweeps,
    value_label,
    value_lines,
    value_spans,
)
from tui.widgets.results.sweep_plots import place_label, sweep_pictures
from tui.widgets.text.format import percent
from tui.widgets.text.styled_text import BLANK, Span, StyledLine, TextStyle, fit, line, wrapped

TOP = 16
"""Bit strings shown one by one; the others are summed up in one line."""
MOST_ROWS = 1_000
"""Places of a sweep that get a row of their own: the page is made anew at every width."""
_BESIDE = 36
"""Cells that a bit string leaves to its share, its count and a bar."""
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


def result_page(result: JobResult, width: int, *, top: int = TOP) -> list[StyledLine]:
    """Return the whole result, PUB by PUB, register by register.

    Args:
        result: the decoded result.
        width: cells of a line.
        top: bit strings shown one by one; the others are summed up.
    """
    lines: list[StyledLine] = []
    if result.note:
        lines += wrapped(plain(result.note, limit=500), width, TextStyle.WARNING)
    if len(result.pubs) > 1 and all(_is_one_value(pub) for pub in result.pubs):
        return [*lines, *single_value_lines(result.pubs, width)]
    for index, pub in enumerate(result.pubs):
        if len(result.pubs) > 1:
            lines += [BLANK] if lines else []
            name = f"  {plain(pub.name, limit=60)}" if pub.name else ""
            lines.append(line((f"PUB {index + 1} of {len(result.pubs)}{name}", TextStyle.STRONG)))
        lines += _pub_lines(pub, width, top)
    if not lines:
        lines.append(line(("The result holds no data.", TextStyle.MUTED)))
    return lines


def _pub_lines(pub: PubResult, width: int, top: int) -> list[StyledLine]:
    lines = sweep_pictures(pub, width)[:-1]
    most = MOST_ROWS if pub.sweep is not None else None
    for sets in sweeps(pub.counts):
        places = [place_label(pub, one.index) for one in sets[:most]]
        if is_table(sets):
            lines += [BLANK] if lines else []
            lines += sweep_lines(sets[:most], width, places)
            lines += _left_out(len(sets) - len(places))
            continue
        for counts, place in zip(sets, places, strict=True):
            lines += [BLANK] if lines else []
            lines += counts_lines(counts, width, top, place)
    if pub.quasi is not None:
        lines += [BLANK] if lines else []
        lines += quasi_lines(pub.quasi, width, top)
    if pub.values:
        lines += [BLANK] if lines else []
        values = pub.values[:most]
        labels = None if pub.sweep is None else [_label(pub, value) for value in values]
        lines += value_lines(values, width, labels)
        lines += _left_out(len(pub.values) - len(values))
        steps = mitigation_lines(values, width, labels)
        lines += [BLANK, *steps] if steps else []
    return lines


def _label(pub: PubResult, value: ExpectationValue) -> str:
    return " ".join(filter(None, (plain(value.observable, limit=200), place_label(pub, value.index))))


def _left_out(count: int) -> list[StyledLine]:
    more = f" and {count:,} more places: the picture and the export have them all"
    return [line((more, TextStyle.MUTED))] if count > 0 else []


def _is_one_value(pub: PubResult) -> bool:
    return len(pub.values) == 1 and not (pub.counts or pub.values[0].steps) and pub.quasi is None


def counts_lines(counts: Counts, width: int, top: int = TOP, place: str = "") -> list[StyledLine]:
    """Return one register as a histogram.

    Args:
        counts: the counts of the register.
        width: cells of a line; bit strings too wide for it are written in hexadecimal.
        top: bit strings shown one by one; the others are summed up.
        place: values of the parameters; empty where they are not known.

    Returns:
        A head, then label, percentage, count and bar of each bit string, the most frequent first.
    """
    register = plain(counts.register, limit=60) or "result"
    where = f"  {place}" if place else "".join(f"[{number}]" for number in counts.index)
    noun = "bit" if counts.num_bits == 1 else "bits"
    wide = counts.num_bits > max(width // 2, width - _BESIDE)
    written = " in hexadecimal" if wide and counts.counts else ""
    details = f"  {counts.num_bits} {noun}{written}, {counts.shots} shots, {len(counts.counts)} outcomes"
    head = line((f"{register}{where}", TextStyle.STRONG), (details, TextStyle.MUTED))
    ordered = counts.probabilities()
    rows = [
        _Row(_hexadecimal(bits) if wide else bits, share, str(counts.counts[bits]))
        for bits, share in ordered[:top]
    ]
    rest = ordered[top:]
    if rest:
        share = sum(share for _, share in rest)
        times = sum(counts.counts[bits] for bits, _ in rest)
        rows.append(_Row(f"{len(rest)} others", share, str(times), rest=True))
    return [head, *_rows(rows, width)]


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
    rows = [_Row(bits, value) for bits, value in ordered[:top]]
    if ordered[top:]:
        rows.append(_Row(f"{len(ordered) - top} others", sum(value for _, value in ordered[top:]), rest=True))
    return [head, *_rows(rows, width)]


class _Row(NamedTuple):
    """A bar of the picture; `rest` sums up the bit strings that have none of their own."""

    label: str
    share: float
    times: str = ""
    rest: bool = False


def _rows(rows: list[_Row], width: int) -> list[StyledLine]:
    if not rows:
        return [line(("nothing was counted", TextStyle.MUTED))]
    label_width = min(max(len(row.label) for row in rows), max(8, width // 2, width - _BESIDE))
    count_width = max(len(row.times) for row in rows)
    room = max(4, min(60, width - label_width - count_width - 14))
    scale = max((row.share for row in rows if not row.rest), default=1.0)
    muted = TextStyle.MUTED
    lines: list[StyledLine] = []
    for row in rows:
        drawn = bar(row.share / scale, room) if scale > 0 else ""
        label_style, bar_style = (muted, muted) if row.rest else (TextStyle.PLAIN, TextStyle.BAR)
        label = f" {fit(plain(row.label, limit=200), label_width)} "
        times = f"{row.times:>{count_width}} " if count_width else ""
        share = f"{percent(row.share):>8} "
        lines.append(line((label, label_style), share, (times, muted), (drawn, bar_style)))
    return lines


def preview_line(result: JobResult, width: int) -> StyledLine:
    """Return the result in one line.

    Args:
        result: the decoded result.
        width: cells to fill with the most frequent bit strings, or the first value.

    Returns:
        The line; `BLANK` for a result without data and note.
    """
    if not result.pubs:
        return line((plain(result.note, limit=200), TextStyle.MUTED)) if result.note else BLANK
    pub = result.pubs[0]
    if result.role is Role.ESTIMATOR and pub.counts:
        return line(("The values are worked out when the job is opened: enter opens it.", TextStyle.MUTED))
    more = f"  +{len(result.pubs) - 1} PUBs" if len(result.pubs) > 1 else ""
    shares: list[tuple[str, float]] = []
    if pub.counts:
        shares = pub.counts[0].probabilities()
    elif pub.quasi is not None:
        shares = sorted(pub.quasi.quasi.items(), key=lambda item: (-item[1], item[0]))
    elif pub.values:
        first = pub.values[0]
        return line(
            f"{value_label(first, 0)} ",
            *value_spans(first),
            (_more(len(pub.values) - 1), TextStyle.MUTED),
            more,
        )
    spans: list[Span] = []
    shown = 0
    used = 0
    places = sum(one.register == pub.counts[0].register for one in pub.counts)
    if places > 1:
        first_place = f"first of {places:,}  "
        spans.append(Span(first_place, TextStyle.MUTED))
        used = len(first_place)
    for bits, share in shares:
        label = bits if len(bits) <= 12 else bits[:11] + "…"
        picture = bar(share, 10)
        size = len(label) + len(picture) + 12
        if shown and used + size > width - 8:
            break
        spans += [Span(f"{plain(label)} "), Span(picture, TextStyle.BAR), Span(f" {percent(share)}   ")]
        used += size
        shown += 1
    return line(*spans, (_more(len(shares) - shown).strip(), TextStyle.MUTED), more)


def _more(count: int) -> str:
    return f"  +{count}" if count > 0 else ""
