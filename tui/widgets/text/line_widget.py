"""Widgets drawn line by line: of a change only the lines that differ are drawn again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.style import Style
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.widget import Widget

from tui.widgets.text.styled_text import BLANK, TEXT_STYLES, StyledLine, fit_line, strip_of


class LineWidget(Widget):
    """Subclasses say what the lines are (`build_lines`) and call `repaint` when that may have changed."""

    COMPONENT_CLASSES: ClassVar[set[str]] = set(TEXT_STYLES)
    DEFAULT_CSS = "LineWidget { height: 1; }"

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._lines: list[StyledLine] = []
        self._lines_width = -1

    def build_lines(self, width: int) -> Sequence[StyledLine]:
        """Return the lines to draw.

        Args:
            width: cells of a line; longer lines are cut, shorter ones filled up.
        """
        raise NotImplementedError

    def repaint(self) -> None:
        """Draw the lines again that differ from what was drawn."""
        width = self.size.width
        if width != self._lines_width:
            self.refresh()
            return
        new = self._draw(width)
        old, self._lines = self._lines, new
        # `DiffApp` finds the cells that changed; leaving out whole lines saves half the time of a change.
        for y in range(max(len(old), len(new))):
            if old[y : y + 1] != new[y : y + 1]:
                self.refresh(Region(0, y, width, 1))

    def _draw(self, width: int) -> list[StyledLine]:
        return [fit_line(pieces, width) for pieces in self.build_lines(width)]

    def render_line(self, y: int) -> Strip:
        """Return one line of those last built."""
        width = self.size.width
        if width != self._lines_width:
            self._lines = self._draw(width)
            self._lines_width = width
        base = self.rich_style
        pieces = self._lines[y] if y < len(self._lines) else BLANK
        return strip_of(pieces, width, self._text_style, base)

    def _text_style(self, name: str) -> Style:
        return self.get_component_rich_style(name, partial=True)


class TextBlock(LineWidget):
    """Shows the lines it is given; as high as they are."""

    DEFAULT_CSS: ClassVar[str] = "TextBlock { height: auto; }"

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._given: tuple[StyledLine, ...] = ()

    def show(self, lines: Sequence[StyledLine]) -> None:
        """Show these lines; the height follows their number."""
        given = tuple(lines)
        if given == self._given:
            return
        resized = len(given) != len(self._given)
        self._given = given
        if resized:
            self.refresh(layout=True)
        self.repaint()

    @property
    def shown(self) -> tuple[StyledLine, ...]:
        """Lines that are shown."""
        return self._given

    def build_lines(self, width: int) -> Sequence[StyledLine]:
        """Return the lines as given."""
        return self._given

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Return the number of lines."""
        return len(self.build_lines(width))
