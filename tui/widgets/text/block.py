"""A painted piece of text as high as its lines: it asks for a new layout only when their number changes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.geometry import Size

from tui.widgets.text.line_widget import LineWidget
from tui.widgets.text.styled_text import Line


class TextBlock(LineWidget):
    """Shows the lines it is given; as high as they are."""

    DEFAULT_CSS: ClassVar[str] = "TextBlock { height: auto; }"

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._given: tuple[Line, ...] = ()

    def show(self, lines: Sequence[Line]) -> None:
        """Show these lines instead."""
        given = tuple(lines)
        if given == self._given:
            return
        resized = len(given) != len(self._given)
        self._given = given
        if resized:
            self.refresh(layout=True)
        self.repaint()

    @property
    def shown(self) -> tuple[Line, ...]:
        """The lines shown."""
        return self._given

    def picture(self, width: int) -> Sequence[Line]:
        """The lines as given."""
        return self._given

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """As many rows as there are lines."""
        return len(self.picture(width))
