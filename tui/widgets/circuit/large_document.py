"""A text of many lines for Textual's `TextArea`: no cost of an edit grows with the number of lines.

Textual's own documents measure every line after every edit, sum all lines for each row that is drawn, and
keep lists of the wrapping of each line. `TextArea` makes its documents in `_set_document`, which is private,
and reads `_offset_to_line_info` of the wrapped one, and it tells its size in `_refresh_size` after each edit
(textual 8.2): `tests/widgets/test_large_document.py` fails when one of them changes.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence

from rich.cells import cell_len
from textual._cells import cell_width_to_column_index
from textual.document._document import Document, EditResult, Location, Newline
from textual.document._wrapped_document import WrappedDocument
from textual.expand_tabs import expand_tabs_inline, get_tab_widths
from textual.geometry import Offset, Size
from textual.reactive import Reactive, reactive
from textual.widgets import TextArea
from textual.widgets.text_area import Selection

from tui.common.safe_text import plain

_ANY = re.compile(r"\r\n|\r|\n")
_KEPT = re.compile(r"\n")
"""For a text whose lines end in different ways: `\\r` stays in it, the last character of a line."""


_STEP = 16
"""Cells by which the width of the text grows: of each other width the whole screen is arranged anew."""
_BARS = 3
"""Cells that scrollbars may take of a width."""
_FEW_ROWS = 8


def shown_line(line: str) -> str:
    """Return a line as it is drawn: a sign for each character that moves the cursor, but for tabs."""
    if line.isprintable():
        return line
    return "\t".join(plain(part, limit=len(part)) for part in line.split("\t"))


def _newline_of(text: str) -> Newline:
    """Return the one by which all lines of the text end; `\\n` where they end in different ways."""
    pairs = text.count("\r\n")
    if not (returns := text.count("\r")) or pairs == returns == text.count("\n"):
        return "\r\n" if pairs else "\n"
    return "\n" if "\n" in text else "\r"


class LargeDocument(Document):
    """Lines with their greatest width, kept by counting how many lines have which.

    Attributes:
        version: grows with every change.
        on_replace: told each change: the first line, how many lines it had, how many it has.
    """

    def __init__(self, text: str) -> None:
        super().__init__("")
        self._newline = _newline_of(text)
        self._lines = text.split(self._newline)
        self._line_ends = _KEPT if self._newline == "\n" and "\r" in text else _ANY
        """Where a text that is put in is cut into lines."""
        self.version = 0
        self.on_replace: Callable[[int, int, int], None] | None = None
        self._text: str | None = None
        self._tab_width = 0
        self._widths: Counter[int] = Counter()
        self._widest = 0

    @property
    def text(self) -> str:
        """The whole text; put together once between two edits."""
        if self._text is None:
            self._text = super().text
        return self._text

    @property
    def empty(self) -> bool:
        """True when there is not one character."""
        return len(self._lines) == 1 and not self._lines[0]

    def get_size(self, tab_width: int) -> Size:
        """Return cells of the widest line, and the number of lines.

        Args:
            tab_width: cells from one tab stop to the next.
        """
        if tab_width != self._tab_width:
            self._tab_width = tab_width
            self._widths = Counter(self._measure(self._lines))
            self._widest = max(self._widths, default=0)
        return Size(self._widest, len(self._lines))

    def replace_range(self, start: Location, end: Location, text: str) -> EditResult:
        """Replace what stands between two places; every change comes this way.

        Returns:
            The place where the new text ends, and the text that was there.
        """
        top, bottom = min(start, end), max(start, end)
        gone = self._lines[top[0] : bottom[0] + 1]
        replaced = self.get_text_range(top, bottom)
        lines = text.split("\n") if "\r" not in text else self._line_ends.split(text)
        before, after = gone[0][: top[1]] if gone else "", gone[-1][bottom[1] :] if gone else ""
        place = top[0] + len(lines) - 1, len(lines[-1]) + (len(before) if len(lines) == 1 else 0)
        lines[0] = before + lines[0]
        lines[-1] += after
        self._lines[top[0] : bottom[0] + 1] = lines
        result = EditResult(place, replaced)
        self.version += 1
        self._text = None
        if self.on_replace is not None:
            self.on_replace(top[0], bottom[0] - top[0] + 1, result.end_location[0] - top[0] + 1)
        if self._tab_width:
            self._count(gone, self._lines[top[0] : result.end_location[0] + 1])
        return result

    def get_text_range(self, start: Location, end: Location) -> str:
        """Return the text between two places, lines joined as in the file."""
        (top, first), (bottom, last) = min(start, end), max(start, end)
        lines = self._lines[top : bottom + 1]
        if not lines:
            return ""
        if bottom < len(self._lines):
            lines[-1] = lines[-1][:last]
        lines[0] = lines[0][first:]
        return self._newline.join(lines)

    def _measure(self, lines: Sequence[str]) -> Iterable[int]:
        joined = "".join(lines)
        if joined.isascii() and "\t" not in joined:
            return map(len, lines)
        tabs = self._tab_width
        return (
            len(line) if line.isascii() and "\t" not in line else cell_len(shown_line(line).expandtabs(tabs))
            for line in lines
        )

    def _count(self, gone: list[str], new: list[str]) -> None:
        widths = self._widths
        widths.update(self._measure(new))
        for width, count in Counter(self._measure(gone)).items():
            widths[width] -= count
            if not widths[width]:
                del widths[width]
        self._widest = max(widths, default=0)


class _RowPlaces:
    """The line of each row, as `TextArea` looks it up: the same one."""

    def __init__(self, document: LargeDocument) -> None:
        self._document = document

    def __getitem__(self, row: int) -> tuple[int, int]:
        if not 0 <= row < self._document.line_count:
            raise IndexError(row)
        return row, 0


class UnwrappedDocument(WrappedDocument):
    """A document whose lines are not wrapped: a row is a line, and nothing has to be kept of it."""

    document: LargeDocument

    def __init__(self, document: LargeDocument, tab_width: int) -> None:
        self.document = document
        self._width = 0
        self._tab_width = tab_width
        self._offset_to_line_info = _RowPlaces(document)  # type: ignore[assignment]

    def wrap(self, width: int, tab_width: int | None = None) -> None:
        """Take another tab width.

        Raises:
            ValueError: lines were to be wrapped.
        """
        if width:
            raise ValueError("these lines are not wrapped")
        self._tab_width = tab_width or self._tab_width

    def wrap_range(self, start: Location, old_end: Location, new_end: Location) -> None:
        """Do nothing: no line is wrapped."""

    @property
    def wrapped(self) -> bool:
        """False: no line is longer than its row."""
        return False

    @property
    def lines(self) -> list[list[str]]:
        """Each line as its only section."""
        return [[line] for line in self.document.lines]

    @property
    def height(self) -> int:
        """The number of rows: that of the lines."""
        return self.document.line_count

    def offset_to_location(self, offset: Offset) -> Location:
        """Return line and column at a cell of the text; the nearest where there is none."""
        x, y = max(0, offset[0]), max(0, offset[1])
        row = min(y, self.document.line_count - 1)
        line = shown_line(self.document.get_line(row))
        return row, cell_width_to_column_index(line, x, self._tab_width)

    def location_to_offset(self, location: Location) -> Offset:
        """Return the cell of a line and column."""
        row, column = location
        row = max(0, min(row, self.document.line_count - 1))
        before = shown_line(self.document.get_line(row)[:column])
        if not before.isascii() or "\t" in before:
            return Offset(cell_len(expand_tabs_inline(before, self._tab_width)), row)
        return Offset(len(before), row)

    def get_sections(self, line_index: int) -> list[str]:
        """Return the line as its only section."""
        return [self.document.get_line(line_index)]

    def get_offsets(self, line_index: int) -> list[int]:
        """Return the columns at which the line is broken: none.

        Raises:
            ValueError: there is no such line.
        """
        if not 0 <= line_index < self.document.line_count:
            raise ValueError(f"line {line_index} of {self.document.line_count}")
        return []

    def get_tab_widths(self, line_index: int) -> list[int]:
        """Return the cells of each tab of the line."""
        return [
            width
            for _, width in get_tab_widths(shown_line(self.document.get_line(line_index)), self._tab_width)
        ]


class LargeTextArea(TextArea):
    """A text area that draws no more rows again than look another after an edit, or a move of the cursor.

    Textual draws all of them, twice where the widest line has become wider.
    """

    document: LargeDocument
    selection: Reactive[Selection] = reactive(Selection(), init=False, always_update=True, repaint=False)
    suggestion: Reactive[str] = reactive("", repaint=False)
    _drawn: dict[int, Hashable | None]
    """How each row of the widget looks as it was drawn last; subclasses note it in `render_line`.

    Nothing in it: all rows are to be drawn.
    """

    def look_of(self, row: int) -> Hashable | None:
        """Return all that decides how a line looks; `None` for one that is to be drawn each time."""
        return None

    def watch_selection(self) -> None:
        """Draw what looks another; Textual calls its own watcher, too."""
        self._draw_changed()

    def watch_suggestion(self) -> None:
        """Draw the line with what is offered."""
        self._draw_changed()

    def _refresh_size(self) -> None:
        """Take the size of the text, which has changed, its width in steps; and draw what looks another."""
        width, height = self.document.get_size(self.indent_width)
        needed, room = width + self.gutter_width + 1, self.size.width
        stepped = -(-needed // _STEP) * _STEP
        if needed <= room:
            # No scrollbar comes for a step.
            stepped = max(needed, min(stepped, room - _BARS))
        self.virtual_size = Size(stepped, height)
        self._refresh_scrollbars()
        self._draw_changed()

    def _forget_looks(self, removed: int, added: int) -> None:
        """Draw all rows anew where many lines were changed: to know how they look they have to be lexed."""
        if max(removed, added) > _FEW_ROWS:
            self._drawn.clear()

    def _draw_changed(self) -> None:
        if not self.is_mounted:
            return
        if self.document.empty or not self._drawn:
            self.refresh()
            return
        top, count = self.scroll_offset.y, self.document.line_count
        looks = (self.look_of(row) if row < count else () for row in range(top, top + self.size.height))
        changed = [y for y, look in enumerate(looks) if look is None or look != self._drawn.get(y)]
        if len(changed) > _FEW_ROWS:
            self.refresh()
            return
        for y in changed:
            self.refresh_lines(top + y)
