"""Results as text: bars for counts, tables for sweeps and values, and the one-line picture of a result."""

from __future__ import annotations

from collections.abc import Mapping

from tui.common.safe_text import plain
from tui.domain.results import ExpectationValue, JobResult, PubResult, Role
from tui.domain.statistics.predictions import NOTHING_FORETOLD, Foretold, value_comparisons
from tui.widgets.results.bars import bar
from tui.widgets.results.counts import (
    STANDARD,
    TOP,
    CountsView,
    counts_lines,
    quasi_lines,
)
from tui.widgets.results.predictions import (
    foretold_value_lines,
    place_lines,
    single_foretold_lines,
)
from tui.widgets.results.result_tables import (
    axis_lines,
    is_table,
    mitigation_lines,
    single_value_labels,
    single_value_lines,
    sweep_lines,
    sweeps,
    value_label,
    value_lines,
    value_spans,
)
from tui.widgets.results.sweep_plots import place_label, sweep_pictures
from tui.widgets.text.format import percent
from tui.widgets.text.styled_text import BLANK, Span, StyledLine, TextStyle, line, wrapped

MOST_ROWS = 1_000
"""Places of a sweep that get a row of their own: the page is made anew at every width."""


def result_page(
    result: JobResult,
    width: int,
    *,
    top: int = TOP,
    view: CountsView = STANDARD,
    foretold: Mapping[int, Foretold] | None = None,
) -> list[StyledLine]:
    """Return the whole result, PUB by PUB, register by register.

    Args:
        result: the decoded result.
        width: cells of a line.
        top: bit strings shown one by one, at least those of the view; the others are summed up.
        view: how counts are shown.
        foretold: predictions by PUB, for those without parameters.
    """
    lines: list[StyledLine] = []
    if result.note:
        lines += wrapped(plain(result.note, limit=500), width, TextStyle.WARNING)
    if len(result.pubs) > 1 and all(_is_one_value(pub) for pub in result.pubs):
        labels = single_value_labels(result.pubs)
        lines += single_value_lines(result.pubs, width, labels)
        return [*lines, *single_foretold_lines(result.pubs, foretold or {}, width, labels)]
    for index, pub in enumerate(result.pubs):
        if len(result.pubs) > 1:
            lines += [BLANK] if lines else []
            name = f"  {plain(pub.name, limit=60)}" if pub.name else ""
            lines.append(line((f"PUB {index + 1} of {len(result.pubs)}{name}", TextStyle.STRONG)))
        lines += _pub_lines(pub, width, top, view, (foretold or {}).get(index, NOTHING_FORETOLD))
    if not lines:
        lines.append(line(("The result holds no data.", TextStyle.MUTED)))
    return lines


def _pub_lines(
    pub: PubResult, width: int, top: int, view: CountsView, foretold: Foretold
) -> list[StyledLine]:
    near = value_comparisons(pub, foretold)
    lines = sweep_pictures(pub, width, near)[:-1]
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
            known = foretold.of_register(counts) if not counts.index else NOTHING_FORETOLD
            lines += counts_lines(counts, width, top, place, view, known)
    if any(counts.index for counts in pub.counts):
        lines += place_lines(pub, foretold, width, most)
    if pub.quasi is not None:
        lines += [BLANK] if lines else []
        lines += quasi_lines(pub.quasi, width, top)
    if pub.values:
        lines += [BLANK] if lines else []
        values = pub.values[:most]
        labels = None if pub.sweep is None else [_label(pub, value) for value in values]
        lines += value_lines(values, width, labels)
        lines += foretold_value_lines(values, near, foretold, width, labels)
        drawn = axis_lines(values, width, None, near) if pub.sweep is None else []
        lines += [BLANK, *drawn] if drawn else []
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
    outcomes = pub.counts[0].outcomes if pub.counts else len(shares)
    return line(*spans, (_more(outcomes - shown).strip(), TextStyle.MUTED), more)


def _more(count: int) -> str:
    return f"  +{count}" if count > 0 else ""
