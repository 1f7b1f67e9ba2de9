"""An app whose screens send no cell that the terminal already shows."""

from __future__ import annotations

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.segment import Segment
from textual import events
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.app import App
from textual.screen import Screen

from tui.widgets.terminal.screen_buffer import ScreenBuffer

_REPAINTED_WITHIN = 0.05
"""Seconds in which Textual paints the screen after a resize."""


class _DiffUpdate(CompositorUpdate):
    """An update of which only the changes are left."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield Segment(self._text)

    def render_segments(self, console: Console) -> str:
        """The changes."""
        return self._text


class DiffApp(App[None]):
    """Textual's `App`, saving bytes on the line to the terminal.

    `_display` is the one place through which all screens, dialogs and notices are written. It is private, and
    so is what it gets (textual 8.2): `tests/widgets/test_screen_buffer.py` fails when either changes.
    """

    _screen_buffer: ScreenBuffer | None = None

    @property
    def screen_buffer(self) -> ScreenBuffer:
        """Cells that the terminal shows."""
        if self._screen_buffer is None:
            self._screen_buffer = ScreenBuffer()
        return self._screen_buffer

    def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
        """Write an update of the screen: only the cells that changed, nothing when none did."""
        if renderable is None or not self._writes:
            super()._display(screen, renderable)
            return
        if not isinstance(renderable, LayoutUpdate | ChopsUpdate):
            self.screen_buffer.invalidate()
            super()._display(screen, renderable)
            return
        changes = self.screen_buffer.changes(renderable, self.console)
        cursor = self.screen.outer_size.clamp_offset(self.cursor_position)
        unchanged = not changes and cursor == self._previous_cursor_position
        super()._display(screen, None if unchanged else _DiffUpdate(changes))

    @property
    def _writes(self) -> bool:
        """Whether `App._display` would write: what it does not write must not be taken for shown."""
        # The very conditions of `App._display` (textual 8.2), all of them private.
        driver = self._driver
        if driver is None or driver.is_headless or driver.is_inline:
            return False
        return self._running and not self._closed and not self._batch_count

    def invalidate_terminal(self) -> None:
        """Forget the terminal's cells: it was left and entered again, or has another size."""
        was_known = self.screen_buffer.valid
        self.screen_buffer.invalidate()
        if was_known:
            self.set_timer(_REPAINTED_WITHIN, self._repaint_unless_done)

    def on_resize(self, event: events.Resize) -> None:
        """Forget the terminal's cells.

        A terminal of another size, or of the same again, may have lost anything. Drivers also report the
        size when they enter the terminal's screen anew.
        """
        self.invalidate_terminal()

    def _repaint_unless_done(self) -> None:
        if not self.screen_buffer.complete:
            self.action_redraw()

    def action_redraw(self) -> None:
        """Send the whole screen again, whatever the terminal shows."""
        self.screen_buffer.invalidate()
        if self._screen_stack:
            self.screen.refresh()
