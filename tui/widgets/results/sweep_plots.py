"""Results of parameter sweeps as pictures of characters: values over a parameter, and heat maps."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Sequence
from typing import Final

from tui.common.safe_text import plain
from tui.domain.pubs.sweeps import Sweep
from tui.domain.results import Counts, ExpectationValue, PubResult
from tui.domain.statistics.predictions import ValueComparison
from tui.widgets.results.bars import IDEAL_VALUE, NOISY
from tui.widgets.text.styled_text import BLANK, Span, StyledLine, TextStyle, fit, line

MOST_CURVES: Final = 4
"""Observables, and outcomes of a sweep over two parameters, that get a picture each."""
MOST_OUTCOMES: Final = 12
"""Outcomes that get a row in a heat map; the others are summed up in one row."""
_HEIGHT: Final = 11
"""Rows of a curve, so that with its axes it is seen whole at 80x24."""
_SCALE: Final = 9
_WIDEST_CELL: Final = 4
_LONGEST_LABEL: Final = 16
_SHADES: Final = " ░▒▓█"
_DENOMINATORS: Final = (1, 2, 3, 4, 6, 8, 12)
_CLOSE: Final = 1e-9

Grid = list[list[float]]
"""Rows of numbers of one length."""


def angle(value: float) -> str:
    """Return a number in short, multiples of pi as such: `3π/4`, `0.5`, `1.234`."""
    for denominator in _DENOMINATORS:
        times = value * denominator / math.pi
        if value and abs(times) < 100 and abs(times - round(times)) < _CLOSE * max(1.0, abs(times)):
            whole = round(times)
            head = {1: "π", -1: "-π"}.get(whole, f"{whole}π")
            return head + (f"/{denominator}" if denominator > 1 else "")
    return f"{value:.4g}"


def place_label(pub: PubResult, index: Sequence[int]) -> str:
    """Return the values of the parameters of a place: `theta=π/2, phi=0`; empty where they are not known."""
    return ", ".join(f"{plain(name, limit=40)}={angle(value)}" for name, value in pub.parameters_at(index))


def sweep_pictures(pub: PubResult, width: int, foretold: Sequence[ValueComparison] = ()) -> list[StyledLine]:
    """Return pictures of a PUB's result over its sweep.

    Over one axis values are a curve with error bars for each observable, and counts a heat map of outcomes
    by place. Over two axes both are heat maps of the one over the other. More axes have no picture.

    Args:
        pub: a result whose values of parameters are known.
        width: cells of a line.
        foretold: what was foretold of each value, drawn with it over one axis.

    Returns:
        The lines; nothing for a result without a sweep of one or two axes.
    """
    sweep = pub.sweep
    if sweep is None or len(sweep.shape) not in (1, 2):
        return []
    pictures = [*_of_values(pub.values, sweep, width, foretold), *_of_counts(pub.counts, sweep, width)]
    return list(itertools.chain.from_iterable(pictures))


def _of_values(
    values: Sequence[ExpectationValue], sweep: Sweep, width: int, foretold: Sequence[ValueComparison]
) -> list[list[StyledLine]]:
    pictures = []
    groups = [list(values[start : start + sweep.sets]) for start in range(0, len(values), sweep.sets)]
    for number, group in enumerate(groups[:MOST_CURVES]):
        name = plain(group[0].observable, limit=60) or "value"
        if len(sweep.shape) == 1:
            near = foretold[number * sweep.sets : (number + 1) * sweep.sets]
            pictures.append(_curve(name, group, sweep, width, near))
        else:
            grid = _grid([value.value for value in group], sweep.shape)
            pictures.append(_map_over_two(name, grid, sweep, width))
    if len(groups) > MOST_CURVES:
        more = f"and {len(groups) - MOST_CURVES:,} more observables: the table below has them"
        pictures.append([line((more, TextStyle.MUTED)), BLANK])
    return pictures


def _of_counts(counts: Sequence[Counts], sweep: Sweep, width: int) -> list[list[StyledLine]]:
    pictures = []
    for register in dict.fromkeys(one.register for one in counts):
        sets = [one for one in counts if one.register == register]
        name = plain(register, limit=60) or "result"
        if len(sweep.shape) == 1:
            pictures.append(_outcomes(name, sets, sweep, width))
            continue
        for outcome in _frequent(sets)[:MOST_CURVES]:
            shares = [one.counts.get(outcome, 0) / (one.shots or 1) for one in sets]
            title = f"{name} = {fit_bits(outcome)}"
            pictures.append(_map_over_two(title, _grid(shares, sweep.shape), sweep, width, share=True))
    return pictures


def fit_bits(bits: str) -> str:
    """Return a bit string, a long one with its middle left out."""
    return bits if len(bits) <= _LONGEST_LABEL else f"{bits[:7]}…{bits[-8:]}"


def _frequent(sets: Sequence[Counts]) -> list[str]:
    total: Counter[str] = Counter()
    for one in sets:
        total.update(one.counts)
    return sorted(total, key=lambda outcome: (-total[outcome], outcome))


def _grid(numbers: Sequence[float], shape: Sequence[int]) -> Grid:
    return [list(numbers[start : start + shape[1]]) for start in range(0, len(numbers), shape[1])]


# curves


def _curve(
    name: str,
    values: Sequence[ExpectationValue],
    sweep: Sweep,
    width: int,
    foretold: Sequence[ValueComparison],
    height: int = _HEIGHT,
) -> list[StyledLine]:
    """Values over one axis: a dot each, with a bar from a standard error below to one above, and what was
    foretold of it."""
    room = max(10, width - _SCALE - 3)
    ends = [
        (value.value - (value.std or 0.0), value.value + (value.std or 0.0))
        for value in values
        if math.isfinite(value.value)
    ]
    if not ends:
        return []
    marks = [(IDEAL_VALUE, [one.ideal for one in foretold]), (NOISY, [one.noisy for one in foretold])]
    near = [number for _, numbers in marks for number in numbers if number is not None]
    low, high = min([*(low for low, _ in ends), *near]), max([*(high for _, high in ends), *near])
    if high - low < _CLOSE:
        low, high = low - 0.5, high + 0.5
    rows = [[" "] * room for _ in range(height)]

    def row(number: float) -> int:
        return min(height - 1, max(0, round((high - number) / (high - low) * (height - 1))))

    if low < 0 < high:
        rows[row(0.0)] = ["┈"] * room
    columns = _columns(sweep, room)
    for column, value in zip(columns, values, strict=True):
        if value.std is not None and math.isfinite(value.value):
            for at in range(row(value.value + value.std), row(value.value - value.std) + 1):
                rows[at][column] = "│"
    for mark, numbers in marks:
        for column, number in zip(columns, numbers, strict=False):
            if number is not None:
                rows[row(number)][column] = mark
    for column, value in zip(columns, values, strict=True):
        if math.isfinite(value.value):
            rows[row(value.value)][column] = "●"
    labels = {0: high, height // 2: (low + high) / 2, height - 1: low}
    seen = "".join(
        f", {mark} {word}"
        for (mark, numbers), word in zip(marks, ("ideal", "noisy"), strict=True)
        if any(number is not None for number in numbers)
    )
    lines = [_title(name, sweep, f"value ± standard error{seen} over {{}}")]
    for number, cells in enumerate(rows):
        label = f"{round(labels[number], 3) + 0.0:+.3f}" if number in labels else ""
        lines.append(line((f"{label:>{_SCALE}} ┤", TextStyle.MUTED), *_runs(cells)))
    return [*lines, *_axis(sweep, columns, room), BLANK]


def _runs(cells: Sequence[str]) -> list[Span]:
    styles = {"●": TextStyle.BAR, "│": TextStyle.MUTED, "┈": TextStyle.MUTED, IDEAL_VALUE: TextStyle.GOOD}
    return [
        Span("".join(group), style)
        for style, group in itertools.groupby(cells, key=lambda cell: styles.get(cell, TextStyle.PLAIN))
    ]


def _columns(sweep: Sweep, room: int) -> list[int]:
    """Column of each place: by the parameter's values where they only rise or only fall, else evenly."""
    count = sweep.shape[0]
    at = next(iter(column.values for column in sweep.columns if column.axis == 0), ())
    steps = [after - before for before, after in itertools.pairwise(at)]
    span = at[-1] - at[0] if at else 0.0
    alone = len(sweep.axis_names(0)) == 1
    if not (alone and math.isfinite(span) and (all(s > 0 for s in steps) or all(s < 0 for s in steps))):
        return [round(place * (room - 1) / max(1, count - 1)) for place in range(count)]
    return [round((value - at[0]) / span * (room - 1)) for value in at]


def _axis(sweep: Sweep, columns: Sequence[int], room: int) -> list[StyledLine]:
    """The line below a curve, and the first, the middle and the last place."""
    places = sorted({0, len(columns) // 2, len(columns) - 1})
    cells, marks = [" "] * (room + _SCALE + 2), ["─"] * room
    free = 0
    for place in places:
        label = _at_axis(sweep, 0, place)
        start = min(_SCALE + 2 + columns[place] - len(label) // 2, len(cells) - len(label))
        marks[columns[place]] = "┬"
        if start >= free:
            cells[start : start + len(label)] = label
            free = start + len(label) + 1
    ruler = " " * _SCALE + " └" + "".join(marks)
    return [line((ruler, TextStyle.MUTED)), line(("".join(cells).rstrip(), TextStyle.MUTED))]


def _at_axis(sweep: Sweep, axis: int, place: int) -> str:
    """The first parameter's value there; the others of the axis change with it."""
    column = next(column for column in sweep.columns if column.axis == axis)
    return angle(column.values[place])


def _title(name: str, sweep: Sweep, words: str) -> StyledLine:
    over = " and ".join(_named(sweep, axis) for axis in range(len(sweep.shape)))
    fixed = [
        f"{plain(column.name, limit=40)} = {angle(column.values[0])}"
        for column in sweep.columns
        if column.axis is None
    ]
    rest = f", at {', '.join(fixed)}" if fixed else ""
    return line((name, TextStyle.STRONG), (f"  {words.format(over)}{rest}", TextStyle.MUTED))


def _named(sweep: Sweep, axis: int) -> str:
    names = [plain(name, limit=40) for name in sweep.axis_names(axis)]
    return names[0] + (f" (with {', '.join(names[1:])})" if len(names) > 1 else "")


# heat maps


def _outcomes(name: str, sets: Sequence[Counts], sweep: Sweep, width: int) -> list[StyledLine]:
    """Shares of the most frequent outcomes, a row each, over the places of one axis."""
    frequent = _frequent(sets)
    chosen = sorted(frequent[:MOST_OUTCOMES])
    rows = [[one.counts.get(outcome, 0) / (one.shots or 1) for one in sets] for outcome in chosen]
    labels = list(map(fit_bits, chosen))
    if len(frequent) > len(chosen):
        rows.append([max(0.0, 1 - sum(shares)) for shares in zip(*rows, strict=True)])
        labels.append("others")
    title = _title(name, sweep, "share of the shots over {}")
    return [title, *_shaded(labels, rows, _ends(sweep, 0), width, 0.0, 1.0, share=True), BLANK]


def _map_over_two(
    name: str, grid: Grid, sweep: Sweep, width: int, *, share: bool = False
) -> list[StyledLine]:
    numbers = [number for row in grid for number in row if math.isfinite(number)]
    if not numbers:
        return []
    low, high = (0.0, 1.0) if share else (min(numbers), max(numbers))
    labels = [_at_axis(sweep, 0, place) for place in range(len(grid))]
    what = "share of the shots" if share else "value"
    title = _title(name, sweep, what + " over {}, downwards and across")
    return [title, *_shaded(labels, grid, _ends(sweep, 1), width, low, high, share=share), BLANK]


def _ends(sweep: Sweep, axis: int) -> tuple[str, str]:
    """The first and the last place of an axis."""
    return _at_axis(sweep, axis, 0), _at_axis(sweep, axis, sweep.shape[axis] - 1)


def _shaded(
    labels: Sequence[str],
    grid: Grid,
    ends: tuple[str, str],
    width: int,
    low: float,
    high: float,
    *,
    share: bool,
) -> list[StyledLine]:
    """Rows of shaded cells with labels before them, the ends of the axis below, and what the shades mean."""
    label_width = max(map(len, labels), default=0)
    room = max(4, width - label_width - 3)
    count = len(grid[0])
    # More places than cells: so many neighbours share a cell, which shows their mean.
    together = math.ceil(count / room)
    cells = math.ceil(count / together)
    size = max(1, min(_WIDEST_CELL, room // cells))
    lines = []
    for label, numbers in zip(labels, grid, strict=True):
        means = [
            math.fsum(numbers[start : start + together]) / len(numbers[start : start + together])
            for start in range(0, count, together)
        ]
        drawn = "".join(_shade(mean, low, high, seen=share and mean > 0) * size for mean in means)
        lines.append(line((f" {fit(label, label_width)} │", TextStyle.MUTED), (drawn, TextStyle.BAR)))
    first, last = ends
    below = first + last.rjust(max(len(last) + 1, cells * size - len(first)))
    lines.append(line((" " * (label_width + 3) + below, TextStyle.MUTED)))
    lines.append(line((f" {_legend(low, high, share=share)}", TextStyle.MUTED)))
    if together > 1:
        lines.append(line((f" {together} places a cell, which shows their mean", TextStyle.MUTED)))
    return lines


def _shade(number: float, low: float, high: float, *, seen: bool) -> str:
    """The shade of a number; `seen`: a share above 0 is never blank."""
    if not math.isfinite(number):
        return "?"
    part = (number - low) / (high - low) if high > low else 1.0
    shade = _SHADES[min(len(_SHADES) - 1, max(0, int(part * len(_SHADES))))]
    return "·" if seen and shade == " " else shade


def _legend(low: float, high: float, *, share: bool) -> str:
    """What each shade begins with."""
    steps = [low + (high - low) * place / len(_SHADES) for place in range(1, len(_SHADES))]
    return ("· above 0 %  " if share else "") + "  ".join(
        f"{shade} from {step * 100:.0f} %" if share else f"{shade} from {step:+.3f}"
        for shade, step in zip(_SHADES[1:], steps, strict=True)
    )
