"""The job table: every job, live, with the one under the cursor in short below."""

from __future__ import annotations

from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Input, Static

from tui.domain.clock import Clock
from tui.domain.errors import QdeckError
from tui.domain.jobs import Job, JobStatus
from tui.domain.results import JobResult
from tui.domain.text import plain, shorten
from tui.monitor.deck import Deck
from tui.monitor.events import Event, IdentityChanged, JobsChanged, Severity
from tui.screens.base import SectionScreen
from tui.screens.bench import Bench
from tui.screens.job_commands import ask_cancel, ask_tags
from tui.widgets.block import Block
from tui.widgets.histogram import strip_line
from tui.widgets.ink import BLANK, Ink, Line, Span, line, wrapped
from tui.widgets.job_rows import JOB_COLUMNS, job_cells, matches
from tui.widgets.keys import JOBS, bindings
from tui.widgets.row_table import RowTable
from tui.widgets.words import age, duration, step_span

_AGES = 10.0
"""Seconds between looks at the clock: ages are no finer."""
_SETTLE = 0.15
"""Seconds the cursor rests on a job before its result is asked for."""


class JobsScreen(SectionScreen):
    """Newest first; the cursor stays on its job whatever changes around it."""

    SECTION = "jobs"
    BINDINGS: ClassVar = bindings(JOBS)

    def __init__(self, deck: Deck, bench: Bench) -> None:
        super().__init__(deck, bench)
        self._jobs: dict[str, Job] = {}
        self._results: dict[str, JobResult] = {}
        self._words = ""

    def compose(self) -> ComposeResult:
        """Filter (hidden until asked for), table or what to do when it is empty, and the strip."""
        field = Input(
            placeholder="text in any field; enter keeps it, esc drops it", compact=True, id="filter"
        )
        field.cursor_blink = False
        yield field
        yield RowTable(JOB_COLUMNS, self._cells, id="jobs")
        yield Static(Content(""), id="empty")
        yield Block(id="strip")

    def on_mount(self) -> None:
        """Show what is known, and let ages grow."""
        self.query_one("#filter", Input).display = False
        self._take(self.deck.jobs())
        self.query_one(RowTable).focus()
        self.set_interval(_AGES, self._repaint)

    def _cells(self, key: str) -> tuple[Span, ...]:
        return tuple(job_cells(self._jobs[key], self._clock().now()))

    def _clock(self) -> Clock:
        return self.clock

    def deck_event(self, event: Event) -> None:
        """Jobs changed: show them; signed in or out: the empty state says something else."""
        if isinstance(event, JobsChanged):
            self._take(self.deck.jobs())
        elif isinstance(event, IdentityChanged):
            self._show()

    def on_screen_resume(self) -> None:
        """Ages may have grown while another section was shown."""
        self._repaint()

    def _take(self, jobs: tuple[Job, ...]) -> None:
        self._jobs = {job.id: job for job in jobs}
        self._show()

    def _show(self) -> None:
        words = self._words
        keys = [job.id for job in self._jobs.values() if not words or matches(job, words)]
        table = self.query_one(RowTable)
        table.display = bool(keys)
        empty = self.query_one("#empty", Static)
        empty.display = not keys
        if not keys:
            empty.update(Content(self._empty_text()))
        table.show(keys)
        if keys and self.focused is None:
            # Focusing what has the focus already would paint it all again.
            table.focus()
        self._show_strip()

    def _empty_text(self) -> str:
        if self._jobs:
            return f"No job contains “{plain(self._words, limit=60)}”.\n\nesc shows all {len(self._jobs)}."
        if self.deck.identity is None:
            return (
                "Not signed in.\n\nF7 signs in, or opens the sandbox: IBM Quantum, simulated on this machine."
            )
        return (
            "No jobs yet.\n\nF3 opens the editor: write a circuit or open an example, "
            "F8 transpiles it, F9 runs it."
        )

    def _repaint(self) -> None:
        self.query_one(RowTable).repaint()
        self._show_strip()

    # --- the strip -------------------------------------------------------------------------------

    @property
    def current(self) -> Job | None:
        """The job under the cursor."""
        return self._jobs.get(self.query_one(RowTable).cursor_key)

    def _show_strip(self) -> None:
        job = self.current
        strip = self.query_one("#strip", Block)
        width = max(20, self.size.width - 2)
        strip.show([line(("─" * self.size.width, Ink.MUTED)), *(self._strip(job, width) if job else ())])
        if job is not None and job.status is JobStatus.DONE and job.id not in self._results:
            self._fetch_result(job.id)

    def _strip(self, job: Job, width: int) -> list[Line]:
        now = self.clock.now()
        name = shorten(job.name or job.id, 40)
        when = age(job.finished or job.created, now)
        told = when if when == "now" else f"{when} ago"
        session = f"  session {shorten(job.session_id, 12)}" if job.session_id else ""
        head = line(
            " ",
            (name, Ink.STRONG),
            "  ",
            step_span(job.status),
            f" {told}",
            f"  {duration(job.qpu_seconds)} QPU" if job.qpu_seconds is not None else "",
            (session, Ink.MUTED),
            "  ",
            (" SANDBOX ", Ink.SANDBOX)
            if job.service.startswith("sandbox")
            else (shorten(job.service, 20), Ink.MUTED),
        )
        return [head, self._strip_body(job, width)]

    def _strip_body(self, job: Job, width: int) -> Line:
        if job.status is JobStatus.DONE:
            result = self._results.get(job.id)
            return line(" ", *strip_line(result, width)) if result is not None else BLANK
        if job.status.final:
            reason = plain(job.reason, limit=400).replace("\n", " ") or "The service gave no reason."
            return line(" ", *wrapped(reason, width)[0])
        if job.estimated_seconds is not None:
            return line(f" about {duration(job.estimated_seconds)} of QPU time", (" estimated", Ink.MUTED))
        return BLANK

    @work(exclusive=True, group="jobs-result", exit_on_error=False)
    async def _fetch_result(self, job_id: str) -> None:
        """The result for the strip. It is a courtesy: a failure is told when the job is opened."""
        await self.clock.sleep(_SETTLE)
        try:
            result = await self.deck.result(job_id)
        except QdeckError as error:
            result = JobResult((), note=error.message)
        if len(self._results) > 200:
            self._results.clear()
        self._results[job_id] = result
        job = self.current
        if job is not None and job.id == job_id:
            self._show_strip()

    # --- keys ------------------------------------------------------------------------------------

    @on(RowTable.CursorMoved)
    def _cursor_moved(self, message: RowTable.CursorMoved) -> None:
        if type(message) is RowTable.CursorMoved:
            self._show_strip()

    @on(RowTable.Opened)
    def _opened(self) -> None:
        self.action_open()

    def action_open(self) -> None:
        """Everything about the job under the cursor."""
        from tui.screens.job import JobScreen

        job = self.current
        if job is not None:
            self.app.push_screen(JobScreen(self.deck, self.bench, job.id))

    def action_filter(self) -> None:
        """Ask for the filter."""
        field = self.query_one("#filter", Input)
        field.display = True
        field.focus()

    @on(Input.Changed, "#filter")
    def _filter_typed(self, event: Input.Changed) -> None:
        self._words = event.value
        self._show()

    @on(Input.Submitted, "#filter")
    def _filter_kept(self) -> None:
        field = self.query_one("#filter", Input)
        field.display = bool(field.value.strip())
        self.query_one(RowTable).focus()

    def key_escape(self) -> None:
        """Drop the filter."""
        field = self.query_one("#filter", Input)
        field.value = ""
        field.display = False
        self._words = ""
        self._show()
        self.query_one(RowTable).focus()

    @work(exclusive=True, group="jobs-command", exit_on_error=False)
    async def action_cancel(self) -> None:
        """Cancel the job under the cursor, after a question."""
        job = self.current
        if job is not None:
            await ask_cancel(self, job)

    @work(exclusive=True, group="jobs-command", exit_on_error=False)
    async def action_tags(self) -> None:
        """Change the tags of the job under the cursor."""
        job = self.current
        if job is not None:
            await ask_tags(self, job)

    def action_copy(self) -> None:
        """Send the id to the terminal's clipboard."""
        job = self.current
        if job is not None:
            self.shell.send_to_clipboard(job.id)

    @work(exclusive=True, group="refresh", exit_on_error=False)
    async def action_refresh(self) -> None:
        """Ask the service now."""
        if self.deck.identity is None:
            self.shell.tell("Not signed in. F7 signs in.", Severity.WARNING)
            return
        await self.deck.refresh()
