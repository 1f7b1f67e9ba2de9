"""Results as tables: the counts of a parameter sweep, and expectation values."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Sequence

from rich.cells import cell_len

from tui.common.safe_text import plain, shorten
from tui.domain.results import Counts, Estimate, ExpectationValue, PubResult
from tui.domain.statistics.predictions import ValueComparison
from tui.widgets.results.bars import IDEAL_VALUE
from tui.widgets.text.format import NOTHING, percent
from tui.widgets.text.styled_text import Span, StyledLine, TextStyle, fit, line

STEPPED = 12
"""Values whose error mitigation is shown step by step."""
SETS = 5
"""From so many parameter sets on it is a table."""
_LONGEST = 16
"""Bits of a string that may head a column."""
_GAP = 2


def sweeps(counts: Sequence[Counts]) -> list[list[Counts]]:
    """Return the counts by register, in the order in which they come."""
    by_register: dict[str, list[Counts]] = {}
    for one in counts:
        by_register.setdefault(one.register, []).append(one)
    return list(by_register.values())


def is_table(sets: Sequence[Counts]) -> bool:
    """Return whether these sets of one register are shown as a table.

    Args:
        sets: the counts of a register, one for each parameter set.

    Returns:
        True for `SETS` or more with outcomes short enough to head a column.
    """
    seen = any(one.counts for one in sets)
    return len(sets) >= SETS and seen and all(one.num_bits <= _LONGEST for one in sets)


def sweep_lines(sets: Sequence[Counts], width: int, places: Sequence[str] = ()) -> list[StyledLine]:
    """Return one register over all parameter sets as a table.

    Args:
        sets: the counts of the register, one for each parameter set.
        width: cells of a line: so many of the most frequent outcomes get a column.
        places: values of the parameters of each set; empty where they are not known.
    """
    bits = max(one.num_bits for one in sets)
    names = ["".join(f"[{place}]" for place in one.index) for one in sets]
    if all(places) and len(places) == len(names):
        names = [shorten(place, max(12, width // 2)) for place in places]
    name_width = max(map(len, names))
    column = max(bits, len("100.0 %"))
    total: Counter[str] = Counter()
    for one in sets:
        total.update(one.counts)
    most = max(1, (width - name_width - 1) // (column + _GAP))
    chosen = sorted(total, key=lambda outcome: (-total[outcome], outcome))
    rest = len(chosen) > most or any(one.summary is not None for one in sets)
    chosen = sorted(chosen[: most - 1 if rest else most])
    heads = [*chosen, *(["others"] if rest else [])]
    register = plain(sets[0].register, limit=60) or "result"
    size = f"  {bits} {'bit' if bits == 1 else 'bits'}, {len(sets):,} parameter sets, {_shots(sets)}"
    titles = " " * (name_width + 1) + "".join(_cell(plain(head), column) for head in heads)
    lines = [line((register, TextStyle.STRONG), (size, TextStyle.MUTED)), line((titles, TextStyle.HEAD))]
    for name, one in zip(names, sets, strict=True):
        shares = dict(one.probabilities())
        known = [shares.pop(outcome, 0.0) for outcome in chosen]
        values = [*known, *([max(0.0, 1 - sum(known))] if rest else [])]
        highest = max(values, default=0.0)
        cells = [_share(value, highest, column) for value in values]
        lines.append(line((f" {name:<{name_width}}", TextStyle.MUTED), *cells))
    return lines


def _shots(sets: Sequence[Counts]) -> str:
    shots = sorted({one.shots for one in sets})
    return f"{shots[0]:,} shots each" if len(shots) == 1 else f"{shots[0]:,} to {shots[-1]:,} shots"


def _share(value: float, highest: float, width: int) -> Span:
    if not value:
        return Span(_cell(NOTHING, width), TextStyle.MUTED)
    return Span(_cell(percent(value), width), TextStyle.STRONG if value == highest else TextStyle.PLAIN)


def _cell(text: str, width: int) -> str:
    return " " * _GAP + text.rjust(width)


_IN_COLUMNS_FROM = 13
"""So many values are laid out in columns."""
_BETWEEN = 3
"""Cells between two columns."""
_UNMITIGATED = "no mitigation"
"""Beginning of the method of a value that was measured and not mitigated."""
_RAW_HEAD = "; raw: without mitigation"
_PAULIS = re.compile(r"[IXYZ]{9,}")


def value_lines(
    values: Sequence[ExpectationValue], width: int, labels: Sequence[str] | None = None
) -> list[StyledLine]:
    """Return expectation values with their standard errors, in order.

    Args:
        values: one or many; from 13 on they are laid out in columns.
        width: cells of a line.
        labels: of each value; `None`: observable and index.
    """
    return _value_table(_labels(values) if labels is None else labels, values, width)


def _labels(values: Sequence[ExpectationValue]) -> list[str]:
    return [value_label(value, place) for place, value in enumerate(values)]


def mitigation_lines(
    values: Sequence[ExpectationValue], width: int, labels: Sequence[str] | None = None
) -> list[StyledLine]:
    """Return what error mitigation made of each value, step by step; nothing where no step is known.

    Args:
        values: at most `STEPPED` of them are taken apart.
        width: cells of a line.
        labels: of each value; `None`: observable and index.
    """
    named = _labels(values) if labels is None else labels
    stepped = [(place, value) for place, value in enumerate(values) if value.steps and value.method]
    if not stepped:
        return []
    head = "  before and after each step, value ± error over all shots"
    lines = [line(("error mitigation", TextStyle.STRONG), (head, TextStyle.MUTED))]
    for place, value in stepped[:STEPPED]:
        label = named[place]
        lines.append(line((f" {label if cell_len(label) < width else _sparse(label)}", TextStyle.MUTED)))
        last = Estimate(value.method, value.value, value.ensemble_std or value.std)
        rows = (*value.steps, last) if value.steps[-1].value != value.value else value.steps
        names = max(cell_len(step.method) for step in rows)
        for step in rows:
            number = value_spans(ExpectationValue(step.value, step.std))
            lines.append(line(f"   {fit(plain(step.method, limit=60), names)}  ", *number))
    if len(stepped) > STEPPED:
        more = f" and {len(stepped) - STEPPED:,} more values: the export has them all"
        lines.append(line((more, TextStyle.MUTED)))
    return lines


def single_value_labels(pubs: Sequence[PubResult]) -> list[str]:
    """Return labels for PUBs of one value each: number, circuit and observable."""
    count = len(str(len(pubs)))
    values = [pub.values[0] for pub in pubs]
    named = (value_label(value, 0) if value.observable or value.index else "" for value in values)
    circuits = [plain(pub.name, limit=60) for pub in pubs]
    wide = max(map(cell_len, circuits))
    return [
        f"PUB {place:>{count}}  {f'{fit(circuit, wide)}  ' if wide else ''}{name}".rstrip()
        for place, (circuit, name) in enumerate(zip(circuits, named, strict=True), 1)
    ]


def single_value_lines(pubs: Sequence[PubResult], width: int, labels: Sequence[str]) -> list[StyledLine]:
    """Return the values of PUBs of one value each.

    Args:
        pubs: each with exactly one value.
        width: cells of a line.
        labels: of each.
    """
    return _value_table(labels, [pub.values[0] for pub in pubs], width)


def value_spans(value: ExpectationValue) -> tuple[Span, ...]:
    """Return one value with its standard error: `+0.9531 ± 0.0047`, `–` for an unknown error."""
    error = NOTHING if value.std is None else f"{value.std:.4f}"
    return (Span(f"{value.value:+.4f}", TextStyle.STRONG), Span(f" ± {error}", TextStyle.MUTED))


def value_label(value: ExpectationValue, place: int) -> str:
    """Return the label of a value.

    Args:
        value: the value.
        place: its index among the values of the PUB.

    Returns:
        The observable and its index, else `[place]`.
    """
    where = "".join(f"[{index}]" for index in value.index)
    return (plain(value.observable, limit=200) or ("" if where else f"[{place}]")) + where


def _value_range(values: Sequence[ExpectationValue]) -> str:
    numbers = [value.value for value in values if math.isfinite(value.value)]
    methods = {value.method.partition(",")[0] for value in values}
    # What an estimator of the service itself did is not told for each value.
    method = f" by {plain(methods.pop(), limit=30)}" if len(methods) == 1 and methods != {""} else ""
    if len(values) < _IN_COLUMNS_FROM or not numbers:
        return f"  value{method} ± standard error"
    span = f"{len(values):,} from {min(numbers):+.4f} to {max(numbers):+.4f}"
    return f"  {span}, value{method} ± standard error"


def _raw(value: ExpectationValue) -> Estimate | None:
    """Return what was measured, before any error mitigation; `None` where nothing was mitigated."""
    first = value.steps[0] if value.steps and value.method else None
    measured = first is not None and first.method.startswith(_UNMITIGATED)
    return None if first is None or not measured or value.method.startswith(_UNMITIGATED) else first


def _beside_raw(value: ExpectationValue) -> tuple[Span, ...]:
    """Return a value with its standard error, and beside it the raw one where it was mitigated."""
    raw = _raw(value)
    if raw is None:
        return value_spans(value)
    error = NOTHING if raw.std is None else f"{raw.std:.4f}"
    return (*value_spans(value), Span(f"  raw {raw.value:+.4f} ± {error}", TextStyle.MUTED))


def _value_table(labels: Sequence[str], values: Sequence[ExpectationValue], width: int) -> list[StyledLine]:
    numbers = [_beside_raw(value) for value in values]
    number_width = max((sum(cell_len(span.text) for span in spans) for spans in numbers), default=0)
    most = max(8, width - number_width - 4)
    shown = [label if cell_len(label) <= most else _sparse(label) for label in labels]
    label_width = min(max(map(cell_len, shown), default=0), most)
    columns = 1
    if len(values) >= _IN_COLUMNS_FROM:
        columns = max(1, (width - 1 + _BETWEEN) // (label_width + 2 + number_width + _BETWEEN))
    title = "expectation values"
    head, raw = _value_range(values), _RAW_HEAD if any(map(_raw, values)) else ""
    fits = len(title + head + raw) <= width
    lines = [line((title, TextStyle.STRONG), (f"{head}{raw}" if fits else head, TextStyle.MUTED))]
    lines += [] if fits or not raw else [line((f"  {raw.lstrip('; ')}", TextStyle.MUTED))]
    for first in range(0, len(values), columns):
        pieces: list[Span] = []
        for place in range(first, min(first + columns, len(values))):
            gap = " " * _BETWEEN if pieces else " "
            pieces += [Span(f"{gap}{fit(shown[place], label_width)}  "), *numbers[place]]
            if place + 1 < first + columns:
                used = sum(cell_len(span.text) for span in numbers[place])
                pieces.append(Span(" " * (number_width - used)))
        lines.append(line(*pieces))
    return lines


def _sparse(label: str) -> str:
    """A label too long to be shown: of Pauli strings only what is no identity, `Z0 Z126`."""

    def named(match: re.Match[str]) -> str:
        letters = match[0][::-1]
        return " ".join(f"{one}{qubit}" for qubit, one in enumerate(letters) if one != "I") or "I"

    return _PAULIS.sub(named, label)


_MOST_ON_AXIS = 60
"""Values that are drawn on one axis."""
_LABEL_ON_AXIS = 24


def axis_lines(
    values: Sequence[ExpectationValue],
    width: int,
    labels: Sequence[str] | None = None,
    foretold: Sequence[ValueComparison] = (),
) -> list[StyledLine]:
    """Return values with their standard errors, drawn on one axis.

    Args:
        values: two or more; of very many nothing is drawn.
        width: cells of a line.
        labels: of each value; `None`: observable and index.
        foretold: of each value, whose ideal is marked.

    Returns:
        A line a value, `├──●──┤` from one standard error below to one above, then the axis with its ends;
        nothing for a single value, too many, or none that is finite.
    """
    finite = [value for value in values if math.isfinite(value.value)]
    if not 2 <= len(values) <= _MOST_ON_AXIS or not finite:
        return []
    named = _labels(values) if labels is None else labels
    shown = [label if cell_len(label) <= _LABEL_ON_AXIS else _sparse(label) for label in named]
    label_width = min(max(map(cell_len, shown)), _LABEL_ON_AXIS)
    room = max(10, width - label_width - 5)
    ideals = [one.ideal for one in foretold] or [None] * len(values)
    known = [ideal for ideal in ideals if ideal is not None]
    low = min([*(value.value - (value.std or 0.0) for value in finite), *known])
    high = max([*(value.value + (value.std or 0.0) for value in finite), *known])
    if high - low < 1e-9:
        low, high = low - 0.5, high + 0.5

    def place(number: float) -> int:
        return min(room - 1, max(0, round((number - low) / (high - low) * (room - 1))))

    zero = place(0.0) if low < 0 < high else None
    lines = []
    for label, value, ideal in zip(shown, values, ideals, strict=True):
        cells = [" "] * room
        if zero is not None:
            cells[zero] = "┊"
        if ideal is not None:
            cells[place(ideal)] = IDEAL_VALUE
        if math.isfinite(value.value):
            _draw_value(cells, value, place)
        dot = next((at for at, cell in enumerate(cells) if cell == "●"), room)
        drawn = "".join(cells)
        lines.append(
            line(
                (f" {fit(label, label_width)} │", TextStyle.PLAIN),
                (drawn[:dot], TextStyle.MUTED),
                (drawn[dot : dot + 1], TextStyle.BAR),
                (drawn[dot + 1 :].rstrip(), TextStyle.MUTED),
            )
        )
    ends = f"{low:+.4g}", f"{high:+.4g}"
    axis = ends[0] + ends[1].rjust(max(len(ends[1]) + 1, room - len(ends[0])))
    if zero is not None and len(ends[0]) < zero < room - len(ends[1]) - 1:
        axis = f"{axis[:zero]}0{axis[zero + 1 :]}"
    told = f"  value with a standard error on either side{f', {IDEAL_VALUE} ideal' if known else ''}"
    head = line(("on one axis", TextStyle.STRONG), (told, TextStyle.MUTED))
    return [head, *lines, line((f" {'':<{label_width}} └{axis}", TextStyle.MUTED))]


def _draw_value(cells: list[str], value: ExpectationValue, place: Callable[[float], int]) -> None:
    if value.std:
        left, right = place(value.value - value.std), place(value.value + value.std)
        whisker = range(left, right + 1)
        cells[left : right + 1] = [cells[at] if cells[at] == IDEAL_VALUE else "─" for at in whisker]
        cells[left], cells[right] = "├", "┤"
    cells[place(value.value)] = "●"
