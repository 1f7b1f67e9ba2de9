"""What every section of the app is: a screen over the services that hears its events as messages.

The frame around a section is here too, so it is the same in the same place everywhere: identity and
freshness above, keys below, and the notice for terminals that are too small.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import ClassVar, Protocol, cast

from textual import events, on
from textual.binding import Binding
from textual.message import Message
from textual.screen import Screen
from textual.worker import Worker, WorkerState

from tui.common.timing import Clock
from tui.domain.sessions import Session, SessionState
from tui.monitor.services import AppServices
from tui.monitor.state.events import (
    Event,
    FreshnessChanged,
    IdentityChanged,
    SessionsChanged,
    Severity,
    UsageChanged,
)
from tui.screens.workspace import Workspace
from tui.widgets.chrome.footer import ScreenFooter
from tui.widgets.chrome.notifications import NotificationLog
from tui.widgets.chrome.status_bar import StatusBar
from tui.widgets.keymap import key_by_id
from tui.widgets.terminal.single_restyle import SingleRestyle
from tui.widgets.terminal.too_small import TooSmall
from tui.widgets.text.format import short_id
from tui.widgets.text.styled_text import StyledLine


def drop_lost_session(services: AppServices, workspace: Workspace) -> str:
    """Take the session in use from the workspace when it takes no more jobs; what to tell then, else empty.

    Whoever calls it first tells. The next submission asks before it runs anywhere else (`lost_reason`).
    """
    if services.connection.identity is None:
        return ""
    _take_allotted(services, workspace)
    if not workspace.session_id:
        return ""
    session = next((one for one in services.sessions.all() if one.id == workspace.session_id), None)
    if session is not None and session.takes_jobs:
        return ""
    if session is None and services.sessions.allotted(workspace.session_id):
        return ""  # the list has not come yet
    workspace.lost_session, workspace.session_id = workspace.session_id, ""
    return (
        f"{_why(workspace.lost_session, session)}: it was in use for the next jobs. F5 opens or uses another."
    )


def _take_allotted(services: AppServices, workspace: Workspace) -> None:
    """Use the backend and the session that a batch system gave with the account, unless that was done."""
    backend, session_id = services.connection.allotted
    if (backend, session_id) == workspace.allotted:
        return
    workspace.allotted = (backend, session_id)
    if backend:
        workspace.backend, workspace.backend_picked = backend, True
    if session_id:
        workspace.use_session(session_id)


def lost_reason(services: AppServices, workspace: Workspace, session_id: str) -> str:
    """Why a job that runs alone should be confirmed first: its session is gone; empty: it need not be."""
    if session_id or not workspace.lost_session:
        return ""
    session = next((one for one in services.sessions.all() if one.id == workspace.lost_session), None)
    return f"{_why(workspace.lost_session, session)}. The job would run alone, in the queue of the backend."


def _why(session_id: str, session: Session | None) -> str:
    which = f"Session {short_id(session_id, 20)}"
    if session is None:
        return f"{which} is not known to this account"
    return f"{which} {'is closed' if session.state is SessionState.CLOSED else 'takes no more jobs'}"


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

    def show_row(self, job_id: str) -> None:
        """Show the job table without the page over it, the cursor on a job; empty: where it is."""
        ...

    def report(self, error: BaseException) -> None:
        """Show an error as a notice; what is no `QdeckError` is written to the log too."""
        ...

    def show_notice(self, text: str, severity: Severity = Severity.INFORMATION, *, advice: str = "") -> None:
        """Show a notice, as plain text, the advice on a line of its own."""
        ...

    def send_to_clipboard(self, text: str) -> None:
        """Send text to the terminal's clipboard and say so."""
        ...


class HelpTopic(Protocol):
    """Help on what is at the cursor."""

    def lines(self, width: int) -> Sequence[StyledLine]:
        """Return what is known, in lines of so many cells."""
        ...

    async def load(self) -> None:
        """Get to know what takes longer; `lines` has it then."""
        ...


_FRAME_EVENTS = (IdentityChanged, UsageChanged, FreshnessChanged, SessionsChanged)
"""The events that change the frame around every section."""


class SectionScreen(SingleRestyle, Screen[None]):
    """A section: knows services and workspace, and gets events of the kinds in `EVENTS` by `app_event`.

    Subclasses say their `SECTION`, compose only their own content, and start workers with
    `exit_on_error=False`: an error that a worker raises becomes a notice here.
    """

    SECTION: ClassVar[str] = ""
    """The mode it belongs to."""
    EVENTS: ClassVar[tuple[type[Event], ...]] = ()
    """The events that change its content."""

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
        self._unsubscribe = self.services.events.subscribe(self._forward, *_FRAME_EVENTS, *self.EVENTS)
        section = self.SECTION or self.app.current_mode
        self.mount(StatusBar(self.services, self.clock, section), before=0)
        self.mount(ScreenFooter(self.shell.notifications), TooSmall())

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave out the keys that change something when qdeck is read-only: in footer, help and palette too.

        Returns:
            True when the action exists now.
        """
        return not (self.services.read_only and action in changing_verbs(self.BINDINGS))

    def help_topic(self) -> HelpTopic | None:
        """Return what the help is to begin with; `None`: with the keys."""
        return None

    def palette(self) -> Iterable[tuple[str, str, Callable[[], object]]]:
        """List what the palette offers beside the keys: name, a sentence, and what does it."""
        return ()

    def on_unmount(self) -> None:
        """Stop listening."""
        if self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None

    def _forward(self, event: Event) -> None:
        self.post_message(AppEvent(event))

    @on(AppEvent)
    def _on_app_event(self, message: AppEvent) -> None:
        if isinstance(message.event, _FRAME_EVENTS):
            for bar in self.query(StatusBar):
                bar.repaint()
        if isinstance(message.event, self.EVENTS):
            self.app_event(message.event)

    def app_event(self, event: Event) -> None:
        """Repaint what one of `EVENTS` changed."""

    @on(Worker.StateChanged)
    def _report_failed_worker(self, message: Worker.StateChanged) -> None:
        if message.state is WorkerState.ERROR and message.worker.error is not None:
            self.shell.report(message.worker.error)
