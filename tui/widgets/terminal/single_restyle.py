"""A screen that is styled once when it is shown for the first time, where Textual does it four times."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from textual import events
from textual._context import NoActiveAppError

if TYPE_CHECKING:
    from textual.screen import Screen

    _Screen = Screen[Any]
else:
    # Textual takes a class's style sheets from the first of its bases that has any: a screen of some kind.
    _Screen = object


class SingleRestyle(_Screen):
    """Applying style sheets is most of what showing a screen costs: 0.1 to 0.3 s for all of its widgets.

    Textual 8.2.8 styles each widget as it is mounted; then all of them anew when the screen gets the classes
    for the terminal's size, and twice more as a mode is resumed: once made, once switched to. Here the
    classes are there before any widget, and a screen that was not hidden yet has nothing to catch up with.

    A mixin, named before the kind of screen. Textual calls the handlers of every class: those here go before
    its own, and do not replace them.
    """

    def __init__(self) -> None:
        super().__init__()
        self._was_hidden = False
        with contextlib.suppress(NoActiveAppError):
            # Private as `_get_breakpoint_classes` below: Textual has no public way to skip a restyle.
            # What it is styled by is up to date: else all sheets would be parsed anew before it is shown.
            self._css_update_count = self.app._css_update_count

    def on_compose(self) -> None:
        """Take the classes for the size before there is anything to style."""
        width, height = self.app.size
        classes = self._get_breakpoint_classes(width, self.app.HORIZONTAL_BREAKPOINTS or [])
        classes |= self._get_breakpoint_classes(height, self.app.VERTICAL_BREAKPOINTS or [])
        self.update_classes(dict.fromkeys(classes, True), update=False)

    def _on_screen_suspend(self) -> None:
        self._was_hidden = True

    def _on_screen_resume(self, event: events.ScreenResume) -> None:
        """What changed while it was hidden (the focus, the theme) is caught up with by Textual's handler."""
        event.refresh_styles = self._was_hidden
