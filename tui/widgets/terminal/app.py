"""Textual's app fitted to terminals: only changed cells are sent, keys act in order, absence is noticed."""

from __future__ import annotations

import contextlib
import math
import os
from collections import deque

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.segment import Segment
from textual import events, on
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual._styles_cache import StylesCache
from textual.app import App
from textual.message import Message
from textual.screen import Screen
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Input

from tui.common.timing import Clock
from tui.widgets.terminal.escape_sequences import terminal_notice, tmux_clipboard
from tui.widgets.terminal.screen_buffer import ScreenBuffer
from tui.widgets.terminal.too_small import LEAST_HEIGHT, LEAST_WIDTH

GONE_AFTER = 30.0
"""Seconds without a key after which nobody is taken to look, where the terminal does not tell its focus."""
_DONE_BY_HAND = (events.Key, events.Paste, events.MouseDown, events.MouseScrollDown, events.MouseScrollUp)
_REPAINTED_WITHIN = 0.05
"""Seconds in which Textual paints the screen after a resize."""


_ROUNDS = 6
"""How often the way of a key is walked again while focus or screen still change, before the next may go."""
_LOST_AFTER = 0.5
"""Seconds after which a key is taken for done though its follower did not come back: its widget is gone."""
_ALWAYS = frozenset({"ctrl+q", "f1"})
"""What still works in a terminal that is too small to show the screen."""

if not isinstance(vars(StylesCache)["get_inner_outer"], classmethod):
    # Textual 8.2.8 means it to be one (its first argument is `cls`). As it is, the cache of its results keeps
    # the rendered lines of the last 1,024 widgets that are gone: 25 MB after an hour of use.
    StylesCache.get_inner_outer = classmethod(vars(StylesCache)["get_inner_outer"])  # type: ignore[assignment]


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

    def end_on_signal(self, number: int) -> None:
        """Leave with the exit status of a signal. Called in any thread."""
        loop = self._loop  # private; `None` before and after the app runs
        if loop is not None:
            with contextlib.suppress(RuntimeError):  # closed meanwhile
                loop.call_soon_threadsafe(self.exit, None, 128 + number)

    def give_terminal_back(self) -> None:
        """Leave the terminal as it was found, although the app cannot end in order. Called in any thread."""
        driver = self._driver
        if driver is not None and not driver.is_headless:
            driver.stop_application_mode()
            driver.close()

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
    field cannot move the focus; they do not wait for one another, but any other key waits for them.
    """

    _waiting: deque[events.Key | events.Paste]
    _number = 0
    _walking = False
    _typed = False
    """Letters were sent to a field that nothing has followed since."""
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
                if isinstance(event, events.Key) and event.key.startswith("alt+"):
                    # Textual gives it the letter as its character, too: a field would type it.
                    event.character = None
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
        behind_typing = self._typed and not plain_typing
        self._walking, self._typed = not plain_typing, plain_typing
        if behind_typing:
            # Keys of the whole screen are done before the field gets to the letters that were sent to it.
            self._waiting.appendleft(event)
        else:
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
    if isinstance(event, events.Key) and not event.is_printable:
        return False
    # Imported by the first letter, not by the first picture.
    from textual.widgets import TextArea

    return isinstance(focused, Input) or (isinstance(focused, TextArea) and not focused.read_only)


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

    def alert_absent_user(self, text: str) -> None:
        """Ring the bell and send the terminal a notice, when nobody would see what is shown now."""
        if self.user_present:
            return
        self.bell()
        if self._driver is not None:
            self._driver.write(terminal_notice(text, tmux=bool(os.environ.get("TMUX"))))

    def copy_to_clipboard(self, text: str) -> None:
        """Send OSC 52; inside tmux also wrapped for the terminal around it, which may be the one to act."""
        super().copy_to_clipboard(text)
        if os.environ.get("TMUX") and self._driver is not None:
            self._driver.write(tmux_clipboard(text))
