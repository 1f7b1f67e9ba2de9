"""An app that knows whether somebody looks at it: by the terminal's focus, or by what is typed."""

from __future__ import annotations

import math

from textual import events

from tui.common.clock import Clock
from tui.widgets.terminal.key_queue import KeyQueueApp

GONE_AFTER = 30.0
"""Seconds without a key after which nobody is taken to look, where the terminal does not tell its focus."""
_DONE_BY_HAND = (events.Key, events.Paste, events.MouseDown, events.MouseScrollDown, events.MouseScrollUp)


class FocusTrackingApp(KeyQueueApp):
    """Terminals tell when they get and lose the focus; tmux passes that on only with `focus-events on`, which
    it has not by itself. Until such an event came, who does nothing for a while is taken to be elsewhere.
    """

    clock: Clock
    _tells_focus = False
    _touched = math.inf

    @property
    def looked_at(self) -> bool:
        """Whether somebody would see what is shown now."""
        if self._tells_focus or not self.app_focus:
            return self.app_focus
        return self.clock.monotonic() - self._touched < GONE_AFTER

    def attended(self) -> None:
        """The user does something."""
        self._touched = self.clock.monotonic()

    async def on_event(self, event: events.Event) -> None:
        """Note who is there."""
        if self._touched == math.inf:
            # Who starts it is there.
            self._touched = self.clock.monotonic()
        if isinstance(event, events.AppFocus | events.AppBlur):
            self._tells_focus = True
        elif isinstance(event, _DONE_BY_HAND) and not event.is_forwarded:
            self.attended()
        await super().on_event(event)
