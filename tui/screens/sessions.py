"""Sessions and batches: what is open, what it still may do, and how to end it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from typing import ClassVar

from textual import work
from textual.app import ComposeResult

from tui.common.safe_text import plain
from tui.domain.jobs import JobStatus
from tui.domain.sessions import Session, SessionMode, SessionState
from tui.monitor.services import AppServices
from tui.monitor.state.events import Event, IdentityChanged, JobsChanged, SessionsChanged
from tui.screens.base import SectionScreen
from tui.screens.dialogs.confirm import Confirm
from tui.screens.dialogs.new_session import NewSession
from tui.screens.workspace import Workspace
from tui.widgets.keymap import SESSIONS, bindings
from tui.widgets.tables.row_table import Cells, Column, RowTable
from tui.widgets.text.format import (
    NOTHING,
    age,
    duration,
    format_datetime,
    idle_time,
    number,
    place_kept_for,
    short_id,
    state_span,
    time_left,
)
from tui.widgets.text.styled_text import BLANK, Span, StyledLine, TextStyle, line, wrapped
from tui.widgets.text.text_widgets import TextBlock

_COLUMNS = (
    Column("", 1),
    Column("STATE", 11),
    Column("MODE", 9),
    Column("BACKEND", 14, grow=2),
    Column("ID", 10, grow=3, need=66),
    Column("OPENED", 6, right=True, need=90),
    Column("IDLE", 5, right=True),
    Column("ENDS IN", 7, right=True),
    Column("QPU s", 7, right=True),
    Column("JOBS", 4, right=True),
)
_LOOK_AT_CLOCK = 20.0
"""Seconds between looks at the clock: times are shown no finer than that."""


class SessionsScreen(SectionScreen):
    """The table keeps its cursor by the session's id; of a change only the cells that differ are sent."""

    SECTION = "sessions"
    EVENTS: ClassVar = (
        SessionsChanged,
        JobsChanged,
        IdentityChanged,
    )
    BINDINGS: ClassVar = bindings(SESSIONS)

    def __init__(self, services: AppServices, workspace: Workspace) -> None:
        super().__init__(services, workspace)
        self._sessions: dict[str, Session] = {}
        self._job_counts: Counter[str] = Counter()
        self._jobs_used: dict[str, float] = {}

    def compose(self) -> ComposeResult:
        """The table or what to do when there is none, and the session under the cursor in whole."""
        yield RowTable(_COLUMNS, self._cells, id="sessions")
        yield TextBlock(id="empty")
        yield TextBlock(id="detail")

    def on_mount(self) -> None:
        """Show what is known, and let times pass."""
        self._show_rows()
        self.query_one(RowTable).focus()
        self.set_interval(_LOOK_AT_CLOCK, self._show_ages)

    def on_screen_resume(self) -> None:
        """Times have passed, and the workspace may use another session."""
        self._show_ages()

    def on_resize(self) -> None:
        """Fold the words anew."""
        self._show_ages()

    def app_event(self, event: Event) -> None:
        """Sessions, the jobs in them, or who is signed in, changed."""
        self._show_rows()

    def on_row_table_cursor_moved(self) -> None:
        """Tell of the session under the cursor."""
        self._show_detail()

    @property
    def current(self) -> Session | None:
        """The session under the cursor."""
        return self._sessions.get(self.query_one(RowTable).cursor_key)

    def action_use(self) -> None:
        """Run the next jobs in the session under the cursor; once more: alone again."""
        session = self.current
        if session is None:
            return
        if self.workspace.session_id == session.id:
            self.workspace.use_session("")
            self.shell.show_notice("The next jobs run alone again.")
        elif not session.takes_jobs:
            self.shell.show_notice(f"This {session.mode} session takes no more jobs: n opens another.")
        else:
            self.workspace.use_session(session.id)
            self.workspace.backend = session.backend
            self.workspace.backend_picked = True
            self.shell.show_notice(
                f"The next jobs run in {short_id(session.id, 20)} on {plain(session.backend, limit=40)}."
            )
        self._show_ages()

    @work(group="session-command", exit_on_error=False)
    async def action_new(self) -> None:
        """Ask what to open, and open it."""
        if self.services.connection.identity is None:
            self.shell.show_notice("Not signed in: F7 signs in.")
            return
        session = await self.app.push_screen_wait(
            NewSession(self.services.backends.all(), self.workspace.backend, self.services.sessions.open)
        )
        if session is not None:
            self._show_rows()
            self.query_one(RowTable).move_to(session.id)
            self.shell.show_notice(f"Opened {short_id(session.id, 20)}. u runs the next jobs in it.")

    @work(group="session-command", exit_on_error=False)
    async def action_drain(self) -> None:
        """Ask, then take no more jobs: what is queued still runs."""
        await self._end(
            "Drain",
            lambda queued: f"It takes no more jobs. {_still_run(queued)} Then it closes.",
            "Drain it",
            self.services.sessions.drain,
            "takes no more jobs",
        )

    @work(group="session-command", exit_on_error=False)
    async def action_cancel(self) -> None:
        """Ask, then close now: what is queued is dropped."""
        await self._end(
            "Cancel",
            lambda queued: f"It closes now. {_are_dropped(queued)} A job that runs is finished.",
            "Cancel the session",
            self.services.sessions.close,
            "is cancelled",
        )

    async def _end(
        self,
        verb: str,
        what_follows: Callable[[int], str],
        button: str,
        end: Callable[[str], Awaitable[None]],
        done: str,
    ) -> None:
        """Ask whether to end the session under the cursor, and end it.

        Args:
            verb: what is asked.
            what_follows: says what becomes of so many queued jobs.
            button: says that it is to be done.
            end: ends it.
            done: what it is then, for the notice.
        """
        session = self.current
        if session is None or self._over(session):
            return
        name = short_id(session.id, 20)
        question = f"{verb} the {_kind(session)} {name}?"
        text = what_follows(self._queued(session))
        if await self.app.push_screen_wait(Confirm(question, text, button, keep="Keep it open")):
            then = await self._leave_it(session, end)
            self.shell.show_notice(f"{name} {done}.{then}")

    async def _leave_it(self, session: Session, end: Callable[[str], Awaitable[None]]) -> str:
        """End the session; when it was in use it is no longer, which the user asked for: in a sentence."""
        if self.workspace.session_id != session.id:
            await end(session.id)
            return ""
        # Before the news of its end arrive: they would tell of a loss.
        self.workspace.use_session("")
        try:
            await end(session.id)
        except BaseException:
            self.workspace.use_session(session.id)
            raise
        self._show_ages()
        return " The next jobs run alone."

    @work(group="refresh", exclusive=True, exit_on_error=False)
    async def action_refresh(self) -> None:
        """Ask the service now."""
        await self.services.polling.refresh()

    def _over(self, session: Session) -> bool:
        if session.state is SessionState.CLOSED:
            self.shell.show_notice("This session is closed already.")
            return True
        return False

    def _queued(self, session: Session) -> int:
        return sum(
            job.session_id == session.id and job.status in {JobStatus.QUEUED, JobStatus.UNKNOWN}
            for job in self.services.jobs.all()
        )

    def _show_rows(self) -> None:
        self._sessions = {session.id: session for session in self.services.sessions.all()}
        inside = [job for job in self.services.jobs.all() if job.session_id]
        self._job_counts = Counter(job.session_id for job in inside)
        self._jobs_used = {}
        for job in inside:
            used = self._jobs_used.get(job.session_id, 0.0)
            self._jobs_used[job.session_id] = used + (job.qpu_seconds or 0.0)
        table, empty = self.query_one(RowTable), self.query_one("#empty", TextBlock)
        table.display, empty.display = bool(self._sessions), not self._sessions
        table.show(tuple(self._sessions))
        empty.show([] if self._sessions else self._invitation())
        self._show_detail()

    def _show_ages(self) -> None:
        self.query_one(RowTable).repaint()
        self._show_detail()

    def _invitation(self) -> list[StyledLine]:
        if self.services.connection.identity is None:
            return [line("Not signed in. ", ("F7 ", TextStyle.KEY), "signs in.")]
        width = max(40, min(76, self.app.size.width - 4))
        return [
            line(
                "No sessions yet. ",
                *(() if self.services.read_only else (("n ", TextStyle.KEY), "opens one.")),
            ),
            BLANK,
            *wrapped(
                "batch: jobs that do not wait for one another run close together.", width, TextStyle.MUTED
            ),
            *wrapped(
                "dedicated: the QPU is yours alone for a while; all of it is charged.", width, TextStyle.MUTED
            ),
        ]

    def _cells(self, key: str) -> Cells:
        session, now = self._sessions[key], self.clock.now()
        muted = TextStyle.MUTED if session.state is SessionState.CLOSED else TextStyle.PLAIN
        return (
            Span("✔" if key == self.workspace.session_id else " ", TextStyle.GOOD),
            state_span(session),
            Span(str(session.mode), muted),
            Span(plain(session.backend, limit=60), muted),
            Span(plain(session.id, limit=60), muted),
            Span(age(session.created, now), muted),
            Span(
                idle_time(self.services.sessions.idle_since(session), now) if session.takes_jobs else "",
                muted,
            ),
            Span(time_left(session, now), muted),
            Span(self._used(session), muted),
            Span(str(self._job_counts[key]), muted),
        )

    def _show_detail(self) -> None:
        session = self.current
        detail = self.query_one("#detail", TextBlock)
        if session is None:
            detail.show([])
            return
        text = f" {_kind(session)} {plain(session.id, limit=100)} on {plain(session.backend, limit=60)}"
        used = "  ✔ next jobs run here" if session.id == self.workspace.session_id else ""
        facts = [
            f"opened {format_datetime(session.created)}",
            f"lives {duration(session.max_ttl)} in all" if session.max_ttl else "",
            f"{duration(session.interactive_ttl)} idle: loses its place" if session.interactive_ttl else "",
            "" if session.accepting_jobs or session.state is SessionState.CLOSED else "takes no more jobs",
        ]
        detail.show(
            [
                line(("─" * self.size.width, TextStyle.MUTED)),
                line((text, TextStyle.STRONG), (used, TextStyle.GOOD)),
                line((" " + " · ".join(fact for fact in facts if fact), TextStyle.MUTED)),
                line((" " + " · ".join(fact for fact in self._costs(session) if fact), TextStyle.MUTED)),
            ]
        )

    def _costs(self, session: Session) -> list[str]:
        """What time and money it has left and has used, coarsely; and why, where the service says so."""
        now, used = self.clock.now(), self._used(session)
        text = [f"{used} s of QPU so far" if used != NOTHING else "", plain(session.reason, limit=60)]
        if session.takes_jobs:
            since = self.services.sessions.idle_since(session)
            kept, left = place_kept_for(session, since, now), time_left(session, now)
            text = [
                "" if left in {NOTHING, "over"} else f"{left} left",
                "jobs in it" if since is None else f"idle {idle_time(since, now)}",
                f"loses its place in {kept}" if kept else "",
                *text,
            ]
        return text

    def _used(self, session: Session) -> str:
        """QPU seconds; where the service tells none, at least those of the jobs known here."""
        known = self._jobs_used.get(session.id)
        if session.usage_seconds is None and known:
            return f"≥{known:.1f}"
        return number(session.usage_seconds)


def _kind(session: Session) -> str:
    return "batch" if session.mode is SessionMode.BATCH else "dedicated session"


def _still_run(queued: int) -> str:
    if not queued:
        return "No job is queued in it."
    return (
        "The 1 job queued in it still runs." if queued == 1 else f"The {queued} jobs queued in it still run."
    )


def _are_dropped(queued: int) -> str:
    if not queued:
        return "No job is queued in it."
    return (
        "The 1 job queued in it is dropped."
        if queued == 1
        else f"The {queued} jobs queued in it are dropped."
    )
