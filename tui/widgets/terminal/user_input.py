"""An app whose keys act one after the other, and that knows whether somebody looks at it."""

from __future__ import annotations

import math
from collections import deque

from textual import events, on
from textual.app import App
from textual.message import Message
from textual.screen import Screen
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Input, TextArea

from tui.common.clock import Clock
from tui.widgets.terminal.too_small import LEAST_HEIGHT, LEAST_WIDTH

_ROUNDS = 6
"""How often the way of a key is walked again while focus or screen still change, before the next may go."""
_LOST_AFTER = 0.5
"""Seconds after which a key is taken for done though its follower did not come back: its widget is gone."""
_ALWAYS = frozenset({"ctrl+q", "f1"})
"""What still works in a terminal that is too small to show the screen."""


class Follower(Message):
    """Goes the way a key went, behind it; when it arrives at the app, the key has done what it does."""

    def __init__(self, number: int, focus: Widget | None, screen: Screen[object], round_: int) -> None:
        super().__init__()
        self.number = number
        self.focus = focus
        self.screen = screen
        self.round = round_


class KeyQueueApp(App[None]):
    """Textual sends a key at once to the widget that has the focus when the key arrives.

    Keys that come in one burst (a slow line, a paste that the terminal does not mark, quick typing) would
    all go to the same widget, though the first of them moves the focus or opens a dialog: letters meant for
    a field would be commands. Here the next key waits until the one before is done. Letters typed into a
    field cannot move the focus; they do not wait for one another.
    """

    _waiting: deque[events.Key | events.Paste]
    _number = 0
    _walking = False
    _lost: Timer | None = None

    def __init__(self, *, ansi_color: bool | None = None) -> None:
        super().__init__(ansi_color=ansi_color)
        self._waiting = deque()

    async def on_event(self, event: events.Event) -> None:
        """Let keys and pastes through in order; none while the screen cannot be seen."""
        if isinstance(event, events.Key | events.Paste | events.MouseEvent) and not event.is_forwarded:
            if not self._screen_stack or self._drops(event):
                return
            if not isinstance(event, events.MouseEvent):
                if self._walking:
                    self._waiting.append(event)
                    return
                await self._send(event)
                return
        await super().on_event(event)

    @property
    def key_in_progress(self) -> bool:
        """True while a key takes effect; others may wait for it."""
        return self._walking

    def _drops(self, event: events.Event) -> bool:
        """Whether the screen is hidden, so that nobody can see what this would do."""
        if self.size.width >= LEAST_WIDTH and self.size.height >= LEAST_HEIGHT:
            return False
        return not (isinstance(event, events.Key) and event.key in _ALWAYS)

    async def _send(self, event: events.Key | events.Paste) -> None:
        plain_typing = _types(self.focused, event)
        before = self.focused, self.screen
        self._walking = not plain_typing
        await super().on_event(event)
        if self._walking:
            self._number += 1
            self._follow(*before, 0)

    def _follow(self, focus: Widget | None, screen: Screen[object], round_: int) -> None:
        if self._lost is not None:
            self._lost.stop()
        self._lost = self.set_timer(_LOST_AFTER, self._next)
        follower = Follower(self._number, self.focused, self.screen, round_)
        target = focus if round_ == 0 and focus is not None else (self.focused or self.screen)
        if not target.post_message(follower):
            self.call_later(self._arrived, follower)

    @on(Follower)
    async def _arrived(self, message: Follower) -> None:
        if not self._walking or message.number != self._number or not self._screen_stack:
            return  # an older key's, or the app has ended meanwhile
        moved = message.focus is not self.focused or message.screen is not self.screen
        if message.round < (_ROUNDS if moved else 2):
            self._follow(self.focused, self.screen, message.round + 1)
        else:
            await self._next()

    async def _next(self) -> None:
        """The key under way is done: let those that waited go, up to the next that may change the focus."""
        self._walking = False
        if self._lost is not None:
            self._lost.stop()
        while self._waiting and not self._walking and self._screen_stack:
            event = self._waiting.popleft()
            if not self._drops(event):
                await self._send(event)


def _types(focused: Widget | None, event: events.Key | events.Paste) -> bool:
    """Whether the key is only typed into the field that has the focus."""
    if not isinstance(focused, Input | TextArea) or (isinstance(focused, TextArea) and focused.read_only):
        return False
    return isinstance(event, events.Paste) or event.is_printable


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
    def user_present(self) -> bool:
        """True when somebody would see what is shown now."""
        if self._tells_focus or not self.app_focus:
            return self.app_focus
        return self.clock.monotonic() - self._touched < GONE_AFTER

    def report_activity(self) -> None:
        """Note that the user does something."""
        self._touched = self.clock.monotonic()

    async def on_event(self, event: events.Event) -> None:
        """Note focus and activity, then handle the event."""
        if self._touched == math.inf:
            # Who starts it is there.
            self._touched = self.clock.monotonic()
        if isinstance(event, events.AppFocus | events.AppBlur):
            self._tells_focus = True
        elif isinstance(event, _DONE_BY_HAND) and not event.is_forwarded:
            self.report_activity()
        await super().on_event(event)
