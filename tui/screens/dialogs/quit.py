"""The questions before qdeck is left: while submissions are in line, and while sessions are open."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any, ClassVar

from textual import on, work
from textual.app import App, ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Button, Static

from tui.common.errors import ErrorKind, QdeckError
from tui.common.safe_text import plain, plain_lines, shorten
from tui.common.timing import Clock
from tui.domain.jobs import JobStatus
from tui.domain.sessions import Session
from tui.domain.submissions import WaitingSubmission
from tui.monitor.services import AppServices
from tui.monitor.state.events import Event, OutboxChanged
from tui.screens.base import AppEvent
from tui.screens.dialogs.base import Dialog
from tui.screens.dialogs.confirm import Confirm
from tui.screens.workspace import Workspace
from tui.widgets.keymap import DIALOG, bindings
from tui.widgets.terminal.too_small import TooSmall
from tui.widgets.text.format import NOTHING, format_count, format_minute, open_sessions, short_id, time_left
from tui.widgets.text.styled_text import fit

SECONDS = 15.0
"""The longest that the service may take to drain or cancel before the user is asked again."""
_LOW = 22
"""Rows below which the dialog goes without empty lines."""
_NARROW = 76
"""Columns below which the words in the list are left out."""
_CHOICES = {
    "keep": "Stay",
    "drain": "Drain and leave",
    "cancel": "Cancel and leave",
    "leave": "Leave them open",
}

_SHOWN = 4
_QUEUE_CHOICES = {
    "keep": "Stay",
    "wait": "Wait and leave    when all are jobs",
    "leave": "Leave now         they stay for the next qdeck",
}


class LeaveSessions(Dialog[bool]):
    """Answers whether to leave. Draining and cancelling are done here, and a failure of theirs means staying.

    Args:
        services: has the sessions.
        clock: the time.
        unsaved: what else would be lost, in a sentence; empty: nothing.
        seconds: the longest that the service may take.
    """

    TITLE = "Leave qdeck?"
    BINDINGS: ClassVar = [
        *bindings(DIALOG),
        Binding("up,left,h,k", "app.focus_previous", "Up", show=False),
        Binding("down,right,l,j", "app.focus_next", "Down", show=False),
    ]

    def __init__(
        self, services: AppServices, clock: Clock, unsaved: str = "", *, seconds: float = SECONDS
    ) -> None:
        super().__init__()
        self._services = services
        self._clock = clock
        self._unsaved = unsaved
        self._seconds = seconds
        self._asked = {session.id for session in open_sessions(services)}
        self._working = False
        changing = ("drain", "cancel") if services.read_only else ()
        self._choices = {choice: label for choice, label in _CHOICES.items() if choice not in changing}

    def compose(self) -> ComposeResult:
        """The sessions, what else would be lost, the choices with what they mean, and the keys."""
        with Vertical(classes="dialog"):
            yield Static(id="leave-title", classes="dialog--title", markup=False)
            yield Static(id="leave-list", markup=False)
            yield Static(Content(plain(self._unsaved, limit=300)), id="leave-unsaved")
            for choice in self._choices:
                yield Button("", id=choice, compact=True, classes="leave--choice")
            yield Static(id="trouble", classes="dialog--trouble", markup=False)
            yield Static(Content("tab, up, down choose   enter press   esc stay"), classes="dialog--keys")
        yield TooSmall()

    def on_mount(self) -> None:
        """Staying is the first choice."""
        self.query_one("#leave-unsaved").display = bool(self._unsaved)
        self._say("")
        self.on_resize()
        self.query_one("#keep", Button).focus()

    def on_resize(self) -> None:
        """Leave out empty lines where the screen is low, and words where it is narrow."""
        self.set_class(self._tight, "-tight")
        self._show()

    @property
    def _tight(self) -> bool:
        return self.app.size.height < _LOW

    @property
    def _sessions(self) -> list[Session]:
        """Those asked about that are still open; what opens meanwhile is nobody's answer."""
        return [session for session in open_sessions(self._services) if session.id in self._asked]

    def _show(self) -> None:
        sessions = self._sessions
        queued = [self._queued(session) for session in sessions]
        many = "1 session is open" if len(sessions) == 1 else f"{len(sessions)} sessions are open"
        self.query_one("#leave-title", Static).update(Content(f"Leave qdeck? {many} and may cost."))
        shown = list(zip(sessions, queued, strict=True))[: 2 if self._tight else 4]
        rows = [self._row(session, jobs) for session, jobs in shown]
        rest = [f"and {len(sessions) - len(shown)} more"] if len(sessions) > len(shown) else []
        if any(not session.opened_here for session in sessions):
            rest.append("* not opened by qdeck: may be in use")
        self.query_one("#leave-list", Static).update(Content("\n".join([*rows, "; ".join(rest)]).rstrip()))
        meaning = _meaning(sum(queued), self._end(sessions))
        for choice, label in self._choices.items():
            self.query_one(f"#{choice}", Button).label = Content(f"{label:<17}{meaning[choice]}".rstrip())

    def _row(self, session: Session, queued: int) -> str:
        left = time_left(session, self._clock.now())
        narrow = self.app.size.width < _NARROW
        parts = (
            fit(session.mode, 9),
            fit(shorten(session.backend, 40), 12 if narrow else 16),
            fit(short_id(session.id, 8), 8),
            fit(left if narrow or left in {NOTHING, "over"} else f"{left} left", 6 if narrow else 11),
            f"{queued} queued",
        )
        return " ".join(parts) + ("" if session.opened_here else " *")

    def _queued(self, session: Session) -> int:
        waits = {JobStatus.QUEUED, JobStatus.UNKNOWN}
        return sum(job.session_id == session.id and job.status in waits for job in self._services.jobs.all())

    def _end(self, sessions: Sequence[Session]) -> str:
        ends: list[datetime] = [end for session in sessions if (end := session.ends()) is not None]
        over = not ends or len(ends) < len(sessions) or max(ends) <= self._clock.now()
        return "they end" if over else format_minute(max(ends))

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        if self._working:
            return
        match event.button.id:
            case "keep":
                self.dismiss(False)
            case "leave":
                self.dismiss(True)
            case "drain":
                self._end_all("Draining", self._services.sessions.drain)
            case "cancel":
                self._end_all("Cancelling", self._services.sessions.close)

    def action_cancel(self) -> None:
        """Stay."""
        self.leave()

    def leave(self) -> bool:
        """Not while the service is asked: whether it did as asked decides over leaving."""
        return not self._working and super().leave()

    @work(group="leave-command", exit_on_error=False)
    async def _end_all(self, verb: str, end: Callable[[str], Awaitable[None]]) -> None:
        self._working = True
        sessions = self._sessions
        self._say(f"{verb} {format_count(len(sessions), 'session')}…", waiting=True)
        try:
            troubles = await asyncio.gather(*(self._errors(session, end) for session in sessions))
        finally:
            self._working = False
        text = [trouble for trouble in troubles if trouble]
        if not text:
            self.dismiss(True)
            return
        self._show()
        self._say(*text[:2])
        self.query_one("#keep", Button).focus()

    async def _errors(self, session: Session, end: Callable[[str], Awaitable[None]]) -> str:
        """End the session in time; why that is not known to be done, in words."""
        which = f"{short_id(session.id)} on {shorten(session.backend, 30)}"
        try:
            async with asyncio.timeout(self._seconds):
                await end(session.id)
        except TimeoutError:
            return f"{which}: no answer for {self._seconds:.0f} s. It may still be open."
        except QdeckError as error:
            # What is not there any more costs nothing any more.
            return "" if error.kind is ErrorKind.NOT_FOUND else f"{which}: {error.message}"
        return ""

    def _say(self, *lines: str, waiting: bool = False) -> None:
        trouble = self.query_one("#trouble", Static)
        trouble.display = any(lines)
        trouble.set_class(waiting, "-waiting")
        trouble.update(Content(plain_lines(lines, limit=300)))


class LeaveQueue(Dialog[bool]):
    """Answers whether to leave while submissions are in line, at once or when they are jobs.

    Closes by itself when nothing is left to wait for; one that was refused or not sent means staying.
    """

    TITLE = "Leave qdeck?"
    BINDINGS: ClassVar = LeaveSessions.BINDINGS

    def __init__(self, services: AppServices, clock: Clock) -> None:
        super().__init__()
        self._queue = services.outbox.queue
        self._events = services.events
        self._clock = clock
        self._tags: set[str] = set()
        self._waiting = self._over = False

    def compose(self) -> ComposeResult:
        """The submissions with what they wait for, the choices, and the keys."""
        with Vertical(classes="dialog"):
            yield Static(id="leave-title", classes="dialog--title", markup=False)
            yield Static(id="leave-list", markup=False)
            for choice, label in _QUEUE_CHOICES.items():
                yield Button(Content(label), id=choice, compact=True, classes="leave--choice")
            yield Static(id="trouble", classes="dialog--trouble", markup=False)
            yield Static(Content("tab, up, down choose   enter press   esc stay"), classes="dialog--keys")
        yield TooSmall()

    def on_mount(self) -> None:
        """Staying is the first choice."""
        self._unsubscribe = self._events.subscribe(self._forward, OutboxChanged)
        self._update()
        self.query_one("#keep", Button).focus()

    def on_resize(self) -> None:
        """Leave out empty lines where the screen is low."""
        self.set_class(self.app.size.height < _LOW, "-tight")

    def on_unmount(self) -> None:
        """Hear nothing any more."""
        self._unsubscribe()

    def _forward(self, event: Event) -> None:
        self.post_message(AppEvent(event))

    @on(AppEvent)
    def _update(self) -> None:
        left = self._queue.in_line()
        self._tags |= {one.tag for one in left}
        many = format_count(len(left), "submission")
        title = f"Leave qdeck? {many} in line." if left else "Leave qdeck?"
        self.query_one("#leave-title", Static).update(Content(title))
        rows = [self._row(one) for one in left[:_SHOWN]]
        rows += [f"and {len(left) - _SHOWN} more"] if len(left) > _SHOWN else []
        self.query_one("#leave-list", Static).update(Content("\n".join(rows)))
        failures = self._queue.failures(self._tags)
        if not left and not failures:
            self._answer(True)
        self.query_one("#leave-list").display = bool(left)
        if failures and not left and self.query_one("#wait").display:
            self.query_one("#wait").display = False
            self.query_one("#keep").focus()
        self._waiting = self._waiting and bool(left)
        trouble = self.query_one("#trouble", Static)
        trouble.display = self._waiting or bool(failures)
        trouble.set_class(self._waiting, "-waiting")
        said = f"Waiting for {many}; esc stays."
        trouble.update(Content(said if self._waiting else plain_lines(failures[:2], limit=300)))

    def _row(self, one: WaitingSubmission) -> str:
        name = shorten(one.submission.name or one.submission.primitive, 30)
        seconds = 0.0 if one.due is None else (one.due - self._clock.now()).total_seconds()
        when = f", {math.ceil(seconds)} s" if seconds > 0 else ""
        return f"{fit(name, 12)} {fit(str(one.state), 12)} {plain(one.why or 'its turn', limit=80)}{when}"

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        if event.button.id == "wait":
            self._waiting = True
            self.set_interval(1.0, self._update, name="countdown")
            self._update()
        else:
            self._answer(event.button.id == "leave")

    def action_cancel(self) -> None:
        """Stay."""
        self._answer(False)

    def leave(self) -> bool:
        """Stay, from elsewhere."""
        self._answer(False)
        return True

    def _answer(self, leave: bool) -> None:
        # The last submission may become a job while the answer is on its way.
        if not self._over:
            self._over = True
            self.dismiss(leave)


def _meaning(queued: int, end: str) -> dict[str, str]:
    """What each choice does, in few words; `queued`: jobs that wait in all the sessions."""
    still, dropped = "none is queued", "none is queued"
    if queued:
        still = f"{queued} queued still {'runs' if queued == 1 else 'run'}"
        dropped = f"{queued} queued {'is' if queued == 1 else 'are'} dropped"
    return {
        "keep": "",
        "drain": f"no new jobs; {still}",
        "cancel": f"closed now; {dropped}",
        "leave": f"may use QPU time until {end}",
    }


async def may_leave(app: App[Any], services: AppServices, workspace: Workspace, clock: Clock) -> bool:
    """Ask the user before qdeck ends, when submissions are in line, sessions open or changes in no file.

    Called in a worker, for it waits for the dialog.

    Returns:
        True when qdeck may end.
    """
    if services.outbox.queue.in_line() and not await app.push_screen_wait(LeaveQueue(services, clock)):
        return False
    unsaved = _unsaved(workspace)
    sure: bool | None = True
    if open_sessions(services):
        sure = await app.push_screen_wait(LeaveSessions(services, clock, unsaved))
    elif unsaved:
        sure = await app.push_screen_wait(Confirm("Leave qdeck?", unsaved, "Leave", keep="Stay"))
    return bool(sure)


def _unsaved(workspace: Workspace) -> str:
    """Say in a sentence which changes are in no file; empty: none."""
    unsaved = workspace.unsaved
    if not unsaved:
        return ""
    if len(unsaved) > 1:
        return (
            f"{len(unsaved)} texts have changes that are in no file, kept for the next start. F3, ^s saves."
        )
    name = shorten(unsaved[0].name, 40)
    return f"{name} has changes that are in no file, kept for the next start. F3, ^s saves."
