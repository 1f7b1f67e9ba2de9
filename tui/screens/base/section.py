"""What every section of the app is: a screen over the services that hears its events as messages.

The frame around a section is here too, so it is the same in the same place everywhere: identity and
freshness above, keys below, and the notice for terminals that are too small.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar, Protocol, cast

from textual import events, on
from textual.binding import Binding
from textual.message import Message
from textual.screen import Screen
from textual.worker import Worker, WorkerState

from tui.common.clock import Clock
from tui.monitor.services import AppServices
from tui.monitor.state.events import (
    Event,
    FreshnessChanged,
    IdentityChanged,
    SessionsChanged,
    Severity,
    UsageChanged,
)
from tui.screens.base.workspace import Workspace
from tui.widgets.chrome.footer import ScreenFooter
from tui.widgets.chrome.notifications import NotificationLog
from tui.widgets.chrome.status_bar import StatusBar
from tui.widgets.keymap import key_by_id
from tui.widgets.terminal.single_restyle import SingleRestyle
from tui.widgets.terminal.too_small import TooSmall


def changing_verbs(bound: Sequence[object]) -> frozenset[str]:
    """Find the actions that change something on the service.

    Args:
        bound: bindings; others than Textual's `Binding` are passed over.

    Returns:
        Names of actions.
    """
    keys = (key_by_id(one.id) for one in bound if isinstance(one, Binding))
    return frozenset(key.verb for key in keys if key is not None and key.changes)


class AppEvent(Message, bubble=False):
    """An event of the services, on its way to the widgets. App and screens each listen for themselves."""

    def __init__(self, event: Event) -> None:
        super().__init__()
        self.event = event


class Shell(Protocol):
    """What screens may ask of the app around them."""

    services: AppServices
    clock: Clock
    notifications: NotificationLog

    def go(self, section: str) -> None:
        """Show a section."""
        ...

    def report(self, error: BaseException) -> None:
        """Show an error as a notice; what is no `QdeckError` is written to the log too."""
        ...

    def show_notice(self, text: str, severity: Severity = Severity.INFORMATION) -> None:
        """Show a notice, as plain text."""
        ...

    def send_to_clipboard(self, text: str) -> None:
        """Send text to the terminal's clipboard and say so."""
        ...


class SectionScreen(SingleRestyle, Screen[None]):
    """A section: knows the services and the workspace, and gets the services's events through `app_event`.

    Subclasses say their `SECTION`, compose only their own content, and start workers with
    `exit_on_error=False`: an error that a worker raises becomes a notice here.
    """

    SECTION: ClassVar[str] = ""
    """The mode it belongs to."""

    def __init__(self, services: AppServices, workspace: Workspace) -> None:
        super().__init__()
        self.services = services
        self.workspace = workspace
        self._unsubscribe: Callable[[], None] | None = None

    @property
    def shell(self) -> Shell:
        """The app around the screen."""
        return cast(Shell, self.app)

    @property
    def clock(self) -> Clock:
        """The time."""
        return self.shell.clock

    def _on_mount(self, event: events.Mount) -> None:
        """Put the frame around the content, and listen to the services while mounted.

        Textual calls the handlers of every class, so subclasses have their own `on_mount`.
        """
        self._unsubscribe = self.services.events.subscribe(self._forward)
        section = self.SECTION or self.app.current_mode
        self.mount(StatusBar(self.services, self.clock, section), before=0)
        self.mount(ScreenFooter(self.shell.notifications), TooSmall())

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave out the keys that change something when qdeck is read-only: in footer, help and palette too.

        Returns:
            True when the action exists now.
        """
        return not (self.services.read_only and action in changing_verbs(self.BINDINGS))

    def on_unmount(self) -> None:
        """Stop listening."""
        if self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None

    def _forward(self, event: Event) -> None:
        self.post_message(AppEvent(event))

    @on(AppEvent)
    def _on_app_event(self, message: AppEvent) -> None:
        if isinstance(message.event, IdentityChanged | UsageChanged | FreshnessChanged | SessionsChanged):
            for bar in self.query(StatusBar):
                bar.repaint()
        self.app_event(message.event)

    def app_event(self, event: Event) -> None:
        """Repaint what `event` changed."""

    @on(Worker.StateChanged)
    def _report_failed_worker(self, message: Worker.StateChanged) -> None:
        if message.state is WorkerState.ERROR and message.worker.error is not None:
            self.shell.report(message.worker.error)
