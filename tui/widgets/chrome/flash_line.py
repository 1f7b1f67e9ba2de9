"""The line for notices, between a screen and its keys: it never covers what the screen shows."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.geometry import Size

from tui.widgets.chrome.footer import KeyLine
from tui.widgets.chrome.notifications import Notes, flash_lines
from tui.widgets.text.line_widget import LineWidget
from tui.widgets.text.styled_text import Line


class FlashLine(LineWidget):
    """Empty while there is nothing to tell; a second line comes only for what needs it."""

    DEFAULT_CSS = "FlashLine { height: auto; }"

    def __init__(self, notes: Notes) -> None:
        super().__init__()
        self._notes = notes
        self._rows = 1

    def tell(self) -> None:
        """The notices changed."""
        rows = self._height(self.size.width)
        if rows != self._rows:
            self._rows = rows
            self.refresh(layout=True)
        self.repaint()

    def picture(self, width: int) -> Sequence[Line]:
        """The newest notice."""
        return flash_lines(self._notes.current, width)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """One row always, so that the screen does not move for a notice."""
        self._rows = self._height(width)
        return self._rows

    def _height(self, width: int) -> int:
        return max(1, len(flash_lines(self._notes.current, width))) if width else 1


class Foot(Vertical):
    """What stands below every screen: the notices, then the keys."""

    DEFAULT_CSS = "Foot { dock: bottom; height: auto; }"

    def __init__(self, notes: Notes) -> None:
        super().__init__()
        self._notes = notes

    def compose(self) -> ComposeResult:
        """Notices above keys."""
        yield FlashLine(self._notes)
        yield KeyLine()
