"""The notice that covers a screen while the terminal is too small for it; nothing beneath is lost."""

from __future__ import annotations

from collections.abc import Sequence

from tui.widgets.text.styled_text import BLANK, StyledLine, TextStyle, line
from tui.widgets.text.text_widgets import LineWidget

LEAST_WIDTH = 60
LEAST_HEIGHT = 16
_ASKED = "a dialog waits for you."


class TooSmall(LineWidget):
    """Hidden by the style sheet until the screen has the class `-narrow` or `-low`."""

    DEFAULT_CSS = """
    TooSmall { display: none; layer: notice; dock: top; width: 100%; height: 100%; background: $background; }
    Screen.-narrow TooSmall, Screen.-low TooSmall { display: block; }
    """

    def build_lines(self, width: int) -> Sequence[StyledLine]:
        """Return the notice with the terminal's size."""
        size = self.app.size
        return (
            line(("This terminal is too small.", TextStyle.STRONG)),
            line(f"It has {size.width}x{size.height} cells;"),
            line(f"qdeck needs {LEAST_WIDTH}x{LEAST_HEIGHT}."),
            BLANK,
            line(("Make it larger to go on,", TextStyle.MUTED)),
            line((_ASKED if self.screen.is_modal else "nothing is lost. ^q quits.", TextStyle.MUTED)),
        )

    def on_resize(self) -> None:
        """Show the new size."""
        self.repaint()
