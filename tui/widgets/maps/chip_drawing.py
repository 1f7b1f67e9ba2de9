"""A device drawn in characters: qubits with number and grade, couplers with a line by their error."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from tui.domain.devices.calibrations import (
    Coupler,
    DeviceCalibration,
    Grading,
    QubitMetric,
    coupler_grading,
    grade_letter,
    qubit_grading,
)
from tui.domain.devices.chip_layout import Place, chip_layout
from tui.widgets.text.styled_text import Span, StyledLine, TextStyle

GRADE_STYLES = (
    TextStyle.GRADE_A,
    TextStyle.GRADE_B,
    TextStyle.GRADE_C,
    TextStyle.GRADE_D,
    TextStyle.GRADE_E,
)
"""Styles of the grades a to e."""
DEAD_MARK = "✕"
ACROSS, _DOWN = "═─╌", "║│╎"
"""Lines of the couplers of the best, middle and worst third."""
_UNKNOWN = 1
_ROOMY = 78
"""Cells of a drawing that may have two cells between its columns."""
_MOST_LANES = 8
"""Lines side by side between two columns; further ones share the last."""
_NORTH, _EAST, _SOUTH, _WEST = 1, 2, 4, 8
_JOINED = " ╵╶└╷│┌├╴┘─┴┐┤┬┼"
"""Characters by the sides that their lines go to."""


class ChipDrawing:
    """The characters of one map, drawn when it is made: time and memory are linear in qubits and couplers.

    Args:
        calibration: the device.
        metric: what the qubits are graded by.
        used: qubits that stand out, the others are dimmed; none: all are coloured by grade.
        labels: virtual qubit by physical qubit, written `3→15b`.
        used_couplers: couplers that stand out, in any order of their qubits.

    Attributes:
        width: cells of the widest line.
        height: number of lines.
    """

    def __init__(
        self,
        calibration: DeviceCalibration,
        metric: QubitMetric = QubitMetric.READOUT,
        *,
        used: Collection[int] = (),
        labels: Mapping[int, str] | None = None,
        used_couplers: Collection[tuple[int, int]] = (),
    ) -> None:
        self._calibration = calibration
        self._used = frozenset(used) | frozenset(labels or ())
        self._labels = labels or {}
        self._used_couplers = {(min(pair), max(pair)) for pair in used_couplers}
        self._places = chip_layout(
            len(calibration.qubits), (one.qubits for one in calibration.couplers), calibration.coordinates
        )
        self._at = {place: qubit for qubit, place in enumerate(self._places)}
        self._grading = qubit_grading(calibration, metric)
        self._weights = coupler_grading(calibration)
        self._texts = [self._text(qubit) for qubit in range(len(self._places))]
        straight, bent = self._divided()
        self._lanes = self._lanes_of(bent)
        self._lefts, self._widths = self._columns()
        self._canvas = _Canvas()
        self._lines: dict[int, StyledLine] = {}
        self._dead: list[tuple[list[tuple[int, int]], TextStyle]] = []
        for coupler, weight in straight:
            self._draw_straight(coupler, weight)
        for coupler in bent:
            self._draw_bent(coupler)
        for path, style in self._dead:
            self._canvas.mark(path, DEAD_MARK, style)
        for qubit in range(len(self._places)):
            left, y, _ = self.region(qubit)
            for step, character in enumerate(self._texts[qubit]):
                self._canvas.put((left + step, y), character, self._style(qubit))
        self.width, self.height = self._canvas.size

    @property
    def gradings(self) -> tuple[Grading, Grading]:
        """Grades of the qubits, and of the couplers."""
        return self._grading, self._weights

    def region(self, qubit: int) -> tuple[int, int, int]:
        """Return the place of a qubit's text: left cell, line, cells."""
        column, row = self._places[qubit]
        text = self._texts[qubit]
        return self._lefts[column] + (self._widths[column] - len(text)) // 2, 2 * row, len(text)

    def line(self, y: int, marked: Mapping[int, TextStyle] | None = None) -> StyledLine:
        """Return one line.

        Args:
            y: its number, from 0.
            marked: styles of qubits that look otherwise, such as the one under the cursor.
        """
        cells: dict[int, TextStyle] = {}
        for qubit, style in (marked or {}).items():
            if qubit < len(self._places) and (place := self.region(qubit))[1] == y:
                cells |= dict.fromkeys(range(place[0], place[0] + place[2]), style)
        if cells:
            return self._spans(y, cells)
        if y not in self._lines:
            self._lines[y] = self._spans(y, {})
        return self._lines[y]

    def _spans(self, y: int, marked: Mapping[int, TextStyle]) -> StyledLine:
        row = self._canvas.rows.get(y, {})
        spans: list[Span] = []
        at = 0
        for x in sorted(row):
            character, style = row[x]
            style = marked.get(x, style)
            if x > at:
                spans.append(Span(" " * (x - at)))
            if spans and x == at and spans[-1].style is style:
                spans[-1] = spans[-1]._replace(text=spans[-1].text + character)
            else:
                spans.append(Span(character, style))
            at = x + 1
        return tuple(spans)

    def neighbour(self, qubit: int, right: int, down: int) -> int:
        """Return the nearest qubit in a direction, itself when there is none.

        Args:
            qubit: from where.
            right: columns of a step to the right: 1, 0 or -1.
            down: rows of a step down: 1, 0 or -1.
        """
        column, row = self._places[qubit]
        best, least = qubit, float("inf")
        for other, (x, y) in enumerate(self._places):
            along = (x - column) * right + (y - row) * down
            aside = abs((x - column) * down) + abs((y - row) * right)
            if along > 0 and along + 3 * aside < least:
                best, least = other, along + 3 * aside
        return best

    def at(self, x: int, y: int) -> int | None:
        """Return the qubit whose text fills a cell; `None`: there is none."""
        for qubit in range(len(self._places)):
            left, line, cells = self.region(qubit)
            if line == y and left <= x < left + cells:
                return qubit
        return None

    def _text(self, qubit: int) -> str:
        dead = self._calibration.qubits[qubit].dead
        text = f"{qubit}{DEAD_MARK if dead else grade_letter(self._grading.places[qubit])}"
        if label := self._labels.get(qubit):
            return f"{label}→{text}"
        return f"•{text}" if qubit in self._used else text

    def _style(self, qubit: int) -> TextStyle:
        if self._used and qubit not in self._used:
            return TextStyle.MUTED
        if self._calibration.qubits[qubit].dead:
            return TextStyle.BAD
        place = self._grading.places[qubit]
        return TextStyle.MUTED if place is None else GRADE_STYLES[place]

    def _divided(self) -> tuple[list[tuple[Coupler, int | None]], list[Coupler]]:
        """Return the couplers that a straight line can show, each with its third, and the others."""
        straight, bent = [], []
        for coupler, weight in zip(self._calibration.couplers, self._weights.places, strict=True):
            if max(coupler.qubits) >= len(self._places) or coupler.first == coupler.second:
                continue
            if self._clear(*(self._places[qubit] for qubit in coupler.qubits)):
                straight.append((coupler, weight))
            else:
                bent.append(coupler)
        return straight, bent

    def _clear(self, one: Place, other: Place) -> bool:
        """Return whether two places are in one column or row with no qubit between."""
        (left, top), (right, bottom) = sorted((one, other))
        if left == right:
            return not any((left, row) in self._at for row in range(top + 1, bottom))
        return top == bottom and not any((column, top) in self._at for column in range(left + 1, right))

    def _ends(self, coupler: Coupler) -> tuple[int, int]:
        """Return its qubits, the left or upper one first."""
        one, other = sorted(coupler.qubits, key=lambda qubit: self._places[qubit])
        return one, other

    def _lanes_of(self, bent: Iterable[Coupler]) -> dict[tuple[int, int], int]:
        """Return for each bent coupler the number of its lane among those right of its column."""
        taken: Counter[int] = Counter()
        lanes: dict[tuple[int, int], int] = {}
        for coupler in bent:
            column, _ = self._places[self._ends(coupler)[0]]
            lanes[coupler.qubits] = min(taken[column], _MOST_LANES - 1)
            taken[column] += 1
        self._gaps = {column: min(count, _MOST_LANES) + 2 for column, count in taken.items()}
        return lanes

    def _columns(self) -> tuple[list[int], list[int]]:
        """Return left cell and cells of each column."""
        count = max((column for column, _ in self._places), default=-1) + 1
        widths = [0] * count
        for (column, _), text in zip(self._places, self._texts, strict=True):
            widths[column] = max(widths[column], len(text))
        gap = 2 if self._gaps or sum(widths) + 2 * (count - 1) <= _ROOMY else 1
        lefts, left = [], 0
        for column in range(count):
            lefts.append(left)
            left += widths[column] + self._gaps.get(column, gap)
        return lefts, widths

    def _line_style(self, coupler: Coupler) -> TextStyle:
        stands_out = coupler.qubits in self._used_couplers
        if coupler.dead and (stands_out or not self._used):
            return TextStyle.BAD
        return TextStyle.CURRENT if stands_out else TextStyle.MUTED

    def _draw_straight(self, coupler: Coupler, weight: int | None) -> None:
        one, other = self._ends(coupler)
        style = self._line_style(coupler)
        (x, y, cells), (end_x, end_y, _) = self.region(one), self.region(other)
        if y == end_y:
            line, lines, sides = [(place, y) for place in range(x + cells, end_x)], ACROSS, _EAST | _WEST
        else:
            column, _ = self._places[one]
            centre = self._lefts[column] + (self._widths[column] - 1) // 2
            line, lines, sides = [(centre, place) for place in range(y + 1, end_y)], _DOWN, _NORTH | _SOUTH
        for cell in line:
            self._canvas.put(cell, lines[_UNKNOWN if weight is None else weight], style, sides)
        if coupler.dead:
            self._dead.append((line, style))

    def _draw_bent(self, coupler: Coupler) -> None:
        """Draw a line out of the left qubit, along its lane, and into the other qubit."""
        one, other = self._ends(coupler)
        (x, y, cells), (end_x, end_y, end_cells) = self.region(one), self.region(other)
        column, last = self._places[one][0], self._places[other][0]
        lane = self._lefts[column] + self._widths[column] + 1 + self._lanes[coupler.qubits]
        corners = [(x + cells, y), (lane, y)]
        if last > column + 1:
            gap = self._lefts[last] - 1
            corners += [(lane, end_y + 1), (gap, end_y + 1), (gap, end_y)]
        else:
            corners.append((lane, end_y))
        corners.append((end_x + end_cells if last == column else end_x - 1, end_y))
        path = list(_cells_between(corners))
        style = self._line_style(coupler)
        # From qubit to qubit: its ends are joined to their texts.
        into = (path[-1][0] + (-1 if last == column else 1), end_y)
        self._canvas.join([(path[0][0] - 1, y), *path, into], style)
        if coupler.dead:
            self._dead.append((path, style))


class _Canvas:
    """Characters by line and cell, and the sides to which the lines in a cell go."""

    def __init__(self) -> None:
        self.rows: defaultdict[int, dict[int, tuple[str, TextStyle]]] = defaultdict(dict)
        self._sides: dict[tuple[int, int], int] = {}

    @property
    def size(self) -> tuple[int, int]:
        """Cells of the widest line, and lines."""
        return max((max(row) + 1 for row in self.rows.values()), default=0), max(self.rows, default=-1) + 1

    def put(self, cell: tuple[int, int], character: str, style: TextStyle, sides: int = 0) -> None:
        """Write a character, over any other."""
        self.rows[cell[1]][cell[0]] = (character, style)
        self._sides[cell] = sides

    def mark(self, path: Sequence[tuple[int, int]], character: str, style: TextStyle) -> None:
        """Write a character over the middle of a path, beside where other lines meet it."""
        middle = len(path) // 2
        alone = [at for at, cell in enumerate(path) if self._sides[cell] in (_NORTH | _SOUTH, _EAST | _WEST)]
        self.put(path[min(alone or [middle], key=lambda at: abs(at - middle))], character, style)

    def join(self, path: Sequence[tuple[int, int]], style: TextStyle) -> None:
        """Draw the inner cells of a path of neighbouring cells, joined to the lines that are there."""
        for before, cell, after in zip(path, path[1:], path[2:], strict=False):
            known = self._sides.get(cell, 0)
            sides = known | _side(cell, before) | _side(cell, after)
            if sides != known:
                self.put(cell, _JOINED[sides], style, sides)


def _side(cell: tuple[int, int], other: tuple[int, int]) -> int:
    """Return the side of a cell on which a neighbouring one is."""
    if other[0] != cell[0]:
        return _EAST if other[0] > cell[0] else _WEST
    return _SOUTH if other[1] > cell[1] else _NORTH


def _cells_between(corners: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Walk from corner to corner, each cell once."""
    x, y = corners[0]
    yield x, y
    for end_x, end_y in corners[1:]:
        while (x, y) != (end_x, end_y):
            x += (end_x > x) - (end_x < x)
            y += (end_y > y) - (end_y < y) if x == end_x else 0
            yield x, y
