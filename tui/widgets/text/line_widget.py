"""A widget drawn line by line that sends only the cells that changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from tui.widgets.text.styled_text import BLANK, INKS, Line, difference, fit_line, strip_of


class LineWidget(Widget):
    """Subclasses say what the lines are (`picture`) and call `repaint` when that may have changed.

    Textual sends every cell of a refreshed region, changed or not, so the difference is taken here.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = set(INKS)
    DEFAULT_CSS = "LineWidget { height: 1; }"

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._lines: list[Line] = []
        self._lines_width = -1

    def picture(self, width: int) -> Sequence[Line]:
        """The lines to draw in `width` cells."""
        raise NotImplementedError

    def repaint(self) -> None:
        """Draw again what differs from what is on the screen."""
        width = self.size.width
        if width <= 0:
            return
        if width != self._lines_width:
            self.refresh()
            return
        new = self._draw(width)
        old, self._lines = self._lines, new
        for y in range(max(len(old), len(new))):
            changed = difference(old[y] if y < len(old) else BLANK, new[y] if y < len(new) else BLANK)
            if changed is not None:
                start, count = changed
                self.refresh(Region(start, y, count, 1))

    def _draw(self, width: int) -> list[Line]:
        return [fit_line(pieces, width) for pieces in self.picture(width)]

    def render_line(self, y: int) -> Strip:
        """One line, from the picture last drawn."""
        width = self.size.width
        if width != self._lines_width:
            self._lines = self._draw(width)
            self._lines_width = width
        base = self.rich_style
        pieces = self._lines[y] if y < len(self._lines) else BLANK
        return strip_of(pieces, width, self._ink_style, base)

    def _ink_style(self, name: str) -> Style:
        return self.get_component_rich_style(name, partial=True)
