"""A scrollable page of styled lines: long circuits, logs and raw JSON cost what the screen shows of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from rich.style import Style
from textual import events
from textual.binding import Binding
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui.domain.text import plain
from tui.widgets.ink import BLANK, INKS, Line, Span, strip_of, width_of

LIMIT = 2_000_000
"""Characters of a text that are shown; a file export has all of them."""

Page = Callable[[int], Sequence[Line]]
"""Lines for a number of cells: made again when the width changes."""


def page_of(text: str) -> list[Line]:
    """Any text from outside as lines, control characters made visible."""
    shown = plain(text, limit=LIMIT, lines=True)
    return [(Span(row),) if row else BLANK for row in shown.split("\n")]


class TextPane(ScrollView, can_focus=True):
    """Draws only the lines in sight."""

    COMPONENT_CLASSES: ClassVar[set[str]] = set(INKS)
    DEFAULT_CSS = "TextPane { height: 1fr; scrollbar-size: 1 1; }"
    BINDINGS: ClassVar = [
        Binding("k", "scroll_up", "Up", show=False),
        Binding("j", "scroll_down", "Down", show=False),
        Binding("g", "scroll_home", "Top", show=False),
        Binding("G", "scroll_end", "End", show=False),
    ]

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._page: Page = lambda _width: ()
        self._lines: Sequence[Line] = ()

    @property
    def lines(self) -> Sequence[Line]:
        """What is shown now."""
        return self._lines

    def show(self, page: Page, *, home: bool = True) -> None:
        """Show a page; `home` goes to its top."""
        self._page = page
        self._make()
        if home:
            self.scroll_to(0, 0, animate=False, force=True)

    def _make(self) -> None:
        lines = self._page(max(20, self.size.width))
        if list(lines) == list(self._lines):
            return
        self._lines = lines
        widest = max((width_of(pieces) for pieces in lines), default=0)
        self.virtual_size = Size(widest, len(lines))
        self.refresh()

    def on_resize(self, event: events.Resize) -> None:
        """Lines may depend on the width."""
        self._make()

    def render_line(self, y: int) -> Strip:
        """The line at the scroll position."""
        left, top = self.scroll_offset
        width = self.size.width
        place = y + top
        pieces = self._lines[place] if place < len(self._lines) else BLANK
        base = self.rich_style
        whole = strip_of(pieces, max(width_of(pieces), left + width), self._ink_style, base)
        return whole.crop(left, left + width)

    def _ink_style(self, name: str) -> Style:
        return self.get_component_rich_style(name, partial=True)
