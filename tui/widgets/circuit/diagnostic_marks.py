"""Diagnostics in a text that changes: they keep to their lines; and their overview beside a scrollbar."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from math import ceil

from msgspec.structs import replace
from rich.color import Color
from rich.console import RenderableType
from rich.segment import Segment, Segments
from rich.style import Style, StyleType
from textual.scrollbar import ScrollBar, ScrollBarRender

from tui.domain.circuits import Diagnostic

Location = tuple[int, int]

ERROR, WARNING = "✘", "!"
"""Stand in the margin of a line, and in the overview, so that they show without colour."""


class DiagnosticMarks:
    """The diagnostics of a text, by their place, moved along as the text is edited.

    An edit that changes no number of lines costs nothing; another one as much as there are diagnostics.

    Attributes:
        stale: the text was edited since they were found.
    """

    def __init__(self) -> None:
        self._found: list[Diagnostic] = []
        self._places: list[Location] = []
        self._lines: dict[int, list[Diagnostic]] = {}
        self.stale = False

    def __bool__(self) -> bool:
        return bool(self._found)

    @property
    def all(self) -> tuple[Diagnostic, ...]:
        """The diagnostics, by their place; those without a line first."""
        return tuple(self._found)

    @property
    def rows(self) -> Sequence[tuple[int, bool]]:
        """Rows with diagnostics, from 0, in order; True where all of a row are warnings."""
        return [(row, all(one.warning for one in found)) for row, found in self._lines.items()]

    @property
    def first_error(self) -> Diagnostic:
        """The first error, else the first warning; there has to be one."""
        return next((one for one in self._found if not one.warning), self._found[0])

    def put(self, diagnostics: Iterable[Diagnostic]) -> bool:
        """Take other diagnostics.

        Returns:
            True when they are others than before.
        """
        found = sorted(diagnostics, key=_place)
        self.stale = False
        if found == self._found:
            return False
        self._found = found
        self._index()
        return True

    def have(self, diagnostics: Iterable[Diagnostic]) -> bool:
        """Return True when each of these is among them."""
        return set(self._found).issuperset(diagnostics)

    def edited(self, first: int, removed: int, added: int) -> None:
        """Rows `first` to `first + removed - 1` have become `added` rows: what is below moves along."""
        if not self._found:
            return
        self.stale = True
        shift = added - removed
        if not shift:
            return
        last = first + removed - 1
        moved = []
        for one in self._found:
            row = one.line - 1
            if row > last:
                moved.append(replace(one, line=one.line + shift))
            elif row >= first + added:
                moved.append(replace(one, line=first + added))
            else:
                moved.append(one)
        self._found = sorted(moved, key=_place)
        self._index()

    def of_row(self, row: int) -> Sequence[Diagnostic]:
        """Return the diagnostics of a row, from 0; errors first."""
        return self._lines.get(row, ())

    def at(self, place: Location) -> int | None:
        """Return the index of the diagnostic that is meant at a place.

        Args:
            place: row and column, from 0.

        Returns:
            That of the place's row which begins last before it, else the first one of the row, else the next
            one in the text, else the first; `None` when there is none.
        """
        if not self._found:
            return None
        row, column = place[0] + 1, place[1] + 1
        first = bisect_left(self._places, (row, 0))
        last = bisect_left(self._places, (row + 1, 0))
        if first < last:
            return max(first, bisect_right(self._places, (row, column)) - 1)
        return first if first < len(self._found) else 0

    def step(self, place: Location, direction: int) -> Diagnostic | None:
        """Return the next diagnostic from a place on, or the one before; round the end of the text."""
        if not self._found:
            return None
        here = place[0] + 1, place[1] + 1
        if direction > 0:
            return self._found[bisect_right(self._places, here) % len(self._found)]
        return self._found[bisect_left(self._places, here) - 1]

    def _index(self) -> None:
        self._places = [(one.line, one.column) for one in self._found]
        self._lines = {}
        for one in self._found:
            if one.line > 0:
                self._lines.setdefault(one.line - 1, []).append(one)
        for found in self._lines.values():
            found.sort(key=lambda one: one.warning)


class OverviewScrollBar(ScrollBar):
    """A vertical scrollbar with a column at its left that marks where in the text the diagnostics are."""

    def __init__(self) -> None:
        super().__init__(vertical=True, name="vertical", thickness=1)
        self._rows: Sequence[tuple[int, bool]] = ()
        self._styles = Style(), Style()

    def mark(self, rows: Sequence[tuple[int, bool]], error: Style, warning: Style) -> None:
        """Mark rows of the text.

        Args:
            rows: as `DiagnosticMarks.rows` has them.
            error, warning: styles of the marks.
        """
        if rows == self._rows and (error, warning) == self._styles:
            return
        self._rows, self._styles = rows, (error, warning)
        self.thickness = 2 if rows else 1
        self.refresh()

    def render(self) -> RenderableType:
        """Return the scrollbar, with the column while there are diagnostics."""
        bar = super().render()
        if not self._rows or not isinstance(bar, ScrollBarRender):
            return bar
        height = self.size.height
        segments = bar.render_bar(
            size=height,
            virtual_size=bar.virtual_size,
            window_size=bar.window_size,
            position=bar.position,
            back_color=self._colour(bar.style, back=True),
            bar_color=self._colour(bar.style, back=False),
        )
        marks = self._marks(height)
        blank = Segment(" ", Style(bgcolor=self._colour(bar.style, back=True)))
        cells: list[Segment] = []
        for number, cell in enumerate(segments.segments):
            cells += [marks.get(number, blank), cell, Segment.line()]
        return Segments(cells)

    def _marks(self, height: int) -> dict[int, Segment]:
        """The marked cells; an error hides a warning."""
        count = max(1, ceil(self.window_virtual_size))
        error, warning = (Segment(ERROR, self._styles[0]), Segment(WARNING, self._styles[1]))
        marks: dict[int, Segment] = {}
        for row, only_warnings in self._rows:
            cell = min(row * height // count, height - 1)
            if not only_warnings or cell not in marks:
                marks[cell] = warning if only_warnings else error
        return marks

    @staticmethod
    def _colour(style: StyleType, *, back: bool) -> Color:
        made = Style.parse(style) if isinstance(style, str) else style
        return (made.bgcolor if back else made.color) or Color.default()


def _place(diagnostic: Diagnostic) -> tuple[int, int, bool]:
    return diagnostic.line, diagnostic.column, diagnostic.warning
