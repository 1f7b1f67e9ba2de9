"""The lines below every screen: the current notification, then the keys that work here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import TypeVar

from textual.app import App, ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.geometry import Size
from textual.notifications import SeverityLevel
from textual.screen import Screen
from textual.widget import Widget

from tui.common.safe_text import plain_lines
from tui.common.timing import Clock
from tui.monitor.state.events import Severity
from tui.widgets.chrome.notifications import Notification, NotificationLog, notification_lines
from tui.widgets.text.styled_text import Span, StyledLine, TextStyle, width_of
from tui.widgets.text.text_widgets import LineWidget

_NOTICE_SECONDS = {Severity.INFORMATION: 5.0, Severity.WARNING: 10.0, Severity.ERROR: 15.0}
_Shown = TypeVar("_Shown", bound=Widget)
_NAMES = {
    "question_mark": "?",
    "slash": "/",
    "colon": ":",
    "underscore": "_",
    "escape": "esc",
    "space": "space",
    "enter": "enter",
    "plus": "+",
    "minus": "-",
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
}
HELP_WHILE_TYPING: StyledLine = (
    Span("F1 ", TextStyle.KEY, "app.simulate_key('f1')"),
    Span("Help  ", TextStyle.PLAIN, "app.simulate_key('f1')"),
)
_LAST = "app.help"
"""The binding that is always kept at the end, however narrow the screen."""


def key_name(key: str) -> str:
    """Return a key as people write it.

    Args:
        key: Textual's name.

    Returns:
        `F1` for `f1`, `^p` for `ctrl+p`, `?` for `question_mark`; else the name itself.
    """
    if key.startswith("ctrl+"):
        return "^" + key_name(key.removeprefix("ctrl+"))
    if key.startswith("alt+"):
        return "alt+" + key_name(key.removeprefix("alt+"))
    if key.startswith("f") and key[1:].isdigit():
        return key.upper()
    return _NAMES.get(key, key)


class KeyHints(LineWidget):
    """`enter Open  / Filter ... ? Help`, cut to what fits; a click presses the key."""

    DEFAULT_CSS = "KeyHints { height: 1; }"

    def on_mount(self) -> None:
        """Follow the bindings of the focus."""
        self.screen.bindings_updated_signal.subscribe(self, self._changed)

    def on_unmount(self) -> None:
        """Stop following."""
        self.screen.bindings_updated_signal.unsubscribe(self)

    def _changed(self, _screen: Screen[object]) -> None:
        self.repaint()

    def build_lines(self, width: int) -> Sequence[StyledLine]:
        """Return the keys in one line of `width` cells."""
        seen: set[str] = set()
        shown: list[Binding] = []
        last: list[Binding] = []
        for active in self.screen.active_bindings.values():
            binding = active.binding
            if not binding.show or not active.enabled or binding.action in seen:
                continue
            seen.add(binding.action)
            (last if binding.id == _LAST else shown).append(binding)
        spans: list[Span] = [Span(" ")]
        # While a field takes every letter, the key that helps is another one.
        end = _pair(last[0], last[0].key) if last else HELP_WHILE_TYPING
        for binding in shown:
            pair = _pair(binding, binding.key)
            if width_of(tuple(spans)) + width_of(pair) + width_of(tuple(end)) > width:
                break
            spans += pair
        return ((*spans, *end),)


def _pair(binding: Binding, key: str) -> StyledLine:
    action = f"app.simulate_key('{key}')"
    return (
        Span(f"{binding.key_display or key_name(key)} ", TextStyle.KEY, action),
        Span(f"{binding.description}  ", TextStyle.PLAIN, action),
    )


class NotificationLine(LineWidget):
    """Empty while there is nothing to tell; a second line comes only for what needs it."""

    DEFAULT_CSS = "NotificationLine { height: auto; }"

    def __init__(self, notifications: NotificationLog) -> None:
        super().__init__()
        self._notes = notifications
        self._rows = 1

    def show_current(self) -> None:
        """Show the notifications as they are now."""
        rows = self._height(self.size.width)
        if rows != self._rows:
            self._rows = rows
            self.refresh(layout=True)
        self.repaint()

    def build_lines(self, width: int) -> Sequence[StyledLine]:
        """Return the newest notification; empty when none is current."""
        return notification_lines(self._notes.current, width)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Return at least one row, so that the screen does not move for a notification."""
        self._rows = self._height(width)
        return self._rows

    def _height(self, width: int) -> int:
        return max(1, len(notification_lines(self._notes.current, width))) if width else 1


class ScreenFooter(Vertical):
    """What stands below every screen: the notices, then the keys."""

    DEFAULT_CSS = "ScreenFooter { dock: bottom; height: auto; }"

    def __init__(self, notifications: NotificationLog) -> None:
        super().__init__()
        self._notes = notifications

    def compose(self) -> ComposeResult:
        """Yield the notifications above the keys."""
        yield NotificationLine(self._notes)
        yield KeyHints()


class NotifyingApp(App[None]):
    """An app that shows notices in the `NotificationLine` of each of its screens."""

    clock: Clock

    def __init__(self, *, ansi_color: bool | None = None) -> None:
        super().__init__(ansi_color=ansi_color)
        self.notifications = NotificationLog()

    def show_notice(self, text: str, severity: Severity = Severity.INFORMATION, *, advice: str = "") -> None:
        """Show a notice, as plain text, above the keys; it can be read again among the messages."""
        note = Notification(plain_lines((text, advice), limit=2000), severity, self.clock.now())
        self.notifications.add(note)
        self.set_timer(_NOTICE_SECONDS[severity], partial(self._expire_notice, note))
        self._flash()

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = True,
    ) -> None:
        """Show a notice of Textual itself in the same way as those of qdeck."""
        self.show_notice(f"{title}: {message}" if title else message, Severity(severity))

    def clear_notices(self) -> None:
        """Show no notice any more; all can still be read among the messages."""
        self.notifications.clear()
        self._flash()

    def _expire_notice(self, note: Notification) -> None:
        self.notifications.over(note)
        self._flash()

    def _flash(self) -> None:
        for line in self.widgets(NotificationLine):
            line.show_current()

    def widgets(self, kind: type[_Shown]) -> Iterator[_Shown]:
        """Yield the widgets of a kind on all screens."""
        for stack in self._screen_stacks.values():
            for screen in stack:
                yield from screen.query(kind)
