"""Everything about one job: facts, timeline, why it failed, its result, circuit, log and raw answer."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

from textual import work
from textual.app import ComposeResult

from tui.common.errors import QdeckError
from tui.common.safe_text import plain, plain_lines
from tui.domain.jobs import Job, JobMetrics, JobStatus
from tui.domain.results import JobResult
from tui.monitor.services import AppServices
from tui.monitor.state.events import Event, JobsChanged, Severity
from tui.openqasm.highlighter import compile_lexers
from tui.screens.base import SectionScreen
from tui.screens.jobs.actions import ask_cancel, ask_delete, ask_edit, ask_export
from tui.screens.workspace import Workspace
from tui.widgets.keymap import JOB, bindings
from tui.widgets.results.histogram import result_page
from tui.widgets.results.job_summary import facts, metrics_lines, raw_page
from tui.widgets.text.styled_text import BLANK, Span, StyledLine, TextStyle, line
from tui.widgets.text.text_widgets import QasmPage, TextBlock, TextPane, text_page, wrapped_page

VIEWS: tuple[str, ...] = ("Result", "Circuit", "Source", "Log", "Metrics", "Raw")
"""The views below the facts, in order."""
_NARROWEST = 40


class JobScreen(SectionScreen):
    """One job. Pushed over the job table; esc goes back.

    Args:
        job_id: the job; it may become known later.
    """

    SECTION = "jobs"
    EVENTS: ClassVar = (JobsChanged,)
    BINDINGS: ClassVar = bindings(JOB)

    def __init__(self, services: AppServices, workspace: Workspace, job_id: str) -> None:
        super().__init__(services, workspace)
        self._job_id = job_id
        self._view = 0
        self._result: JobResult | None = None
        self._log: str | None = None
        self._metrics: JobMetrics | None = None
        self._circuits: tuple[str, ...] = ()
        self._pub = 0
        self._drawing = ""
        self._programs: dict[tuple[str, str, int], QasmPage] = {}
        self._errors: dict[str, str] = {}
        self._status: JobStatus | None = None
        self._read = False

    def compose(self) -> ComposeResult:
        """The facts, the names of the views, the view."""
        yield TextBlock(id="facts")
        yield TextBlock(id="views")
        yield TextPane(id="view")

    def on_mount(self) -> None:
        """Show what is known, and ask for the rest."""
        self.services.jobs.mark_read(self._job_id)
        self._show()
        self.query_one(TextPane).focus()
        self._load()
        self._load_circuit()

    @property
    def job(self) -> Job | None:
        """The job as known now."""
        return self.services.jobs.get(self._job_id)

    def app_event(self, event: Event) -> None:
        """The job changed: show it, and get the result once it is done."""
        if not isinstance(event, JobsChanged):
            return
        if any(job.id == self._job_id for job in event.jobs) or self._job_id in event.removed:
            if self.is_active and self.app.app_focus:
                self.services.jobs.mark_read(self._job_id)
            finished = self._status is not None and not self._status.final
            self._show()
            if finished and self._status is not None and self._status.final:
                self._load()

    def on_resize(self) -> None:
        """The facts are folded to the width."""
        self._show()

    def _show(self) -> None:
        job = self.job
        width = max(40, self.size.width - 2)
        status = job.status if job is not None else None
        if status is not self._status:
            self._status = status
            self.refresh_bindings()
        shown = [line(" ", (plain(self._job_id), TextStyle.STRONG), "  is not known here any more.")]
        if job is not None:
            transpilation = self.services.jobs.transpilation(self._job_id)
            shown = facts(job, self.clock.now(), width, metrics=self._metrics, transpilation=transpilation)
        self.query_one("#facts", TextBlock).show(shown)
        self.query_one("#views", TextBlock).show([self._names()])
        self._show_view()

    def _names(self) -> StyledLine:
        spans: list[Span] = []
        for place, name in enumerate(VIEWS):
            action = f"screen.view_at({place})"
            if place == self._view:
                spans.append(Span(f"[{place + 1} {name}] ", TextStyle.CURRENT, action))
            else:
                spans += [
                    Span(f" {place + 1} ", TextStyle.KEY, action),
                    Span(f"{name}  ", TextStyle.PLAIN, action),
                ]
        return tuple(spans)

    def _show_view(self, *, home: bool = False) -> None:
        name = VIEWS[self._view]
        self.query_one(TextPane).show(lambda width: self._page(name, width), home=home)

    def _page(self, name: str, width: int) -> Sequence[StyledLine]:
        job = self.job
        if job is None:
            return []
        trouble = self._errors.get(name)
        if trouble:
            return text_page(trouble)
        match name:
            case "Result":
                return self._result_page(job, width)
            case "Circuit":
                return self._circuit_page(job)
            case "Source":
                if job.source:
                    return self._program(job.source)
                if not self._read:
                    return _muted("Looking for the source …")
                if self.services.jobs.transpilation(job.id) is not None:
                    return _muted("The source before transpiling was let go to make room for newer ones.")
                return _muted("Submitted elsewhere: the source before transpiling is not known here.")
            case "Log":
                if self._log is None:
                    return _muted(
                        "Asking for the log …" if job.status.final else "The log comes when the job ends."
                    )
                return wrapped_page(self._log, width) if self._log.strip() else _muted("The log is empty.")
            case "Metrics":
                return metrics_lines(job, self._metrics, self.services.jobs.transpilation(job.id))
            case _:
                return raw_page(job, self._result)

    def _circuit_page(self, job: Job) -> Sequence[StyledLine]:
        """The drawing, where there is one, and the program; of several PUBs, that of one."""
        text = self._circuits[self._pub] if self._circuits else job.circuit
        return self._program(text, self._drawing) if text else _muted("Asking for the circuit …")

    def _program(self, text: str, drawing: str = "") -> QasmPage:
        """A program below its drawing: the same lines each time, for the pane to know them again."""
        head = self._pub_head() if self._circuits and VIEWS[self._view] == "Circuit" else []
        known = (text, drawing, self._pub if head else -1)
        if known not in self._programs:
            above = [*text_page(drawing), BLANK] if drawing else []
            self._programs[known] = QasmPage(text, [*head, *above])
        return self._programs[known]

    def _pub_head(self) -> list[StyledLine]:
        """Which of the job's circuits this is; nothing for the only one."""
        job, here = self.job, len(self._circuits)
        of = max(here, (job.circuits if job is not None else None) or 0)
        if of < 2:
            return []
        spans = [Span(f" PUB {self._pub + 1:,} of {of:,}", TextStyle.STRONG)]
        if here > 1:
            spans += [Span("   "), Span("n", TextStyle.KEY, "screen.pub(1)"), Span(" next  ")]
            spans += [Span("p", TextStyle.KEY, "screen.pub(-1)"), Span(" previous")]
        if here < of:
            spans.append(Span(f"   {here:,} can be shown here", TextStyle.MUTED))
        return [tuple(spans), BLANK]

    def _result_page(self, job: Job, width: int) -> list[StyledLine]:
        if self._result is not None:
            return result_page(self._result, width)
        if job.status is JobStatus.DONE:
            return _muted("Asking for the result …")
        if job.status.final:
            return _muted(f"The job {_ENDED[job.status]}: it has no result. The log (4) may say more.")
        return _muted("No result yet. It appears here by itself.")

    @work(exclusive=True, group="job-load", exit_on_error=False)
    async def _load(self) -> None:
        """Result, metrics and log, one after the other; what is not to be had is said in its view."""
        job = self.job
        if job is not None and job.status is JobStatus.QUEUED:
            # Where it stands in the queue is told by its metrics, if at all.
            with contextlib.suppress(QdeckError):
                self._metrics = await self.services.jobs.metrics(job.id)
                self._show()
        if job is None or not job.status.final:
            return
        self._errors = {name: text for name, text in self._errors.items() if name == "Circuit"}
        if job.status is JobStatus.DONE and self._result is None:
            try:
                self._result = await self.services.jobs.result(job.id)
            except QdeckError as error:
                self._errors["Result"] = _error_text(error)
            self._show_view()
        try:
            self._metrics = await self.services.jobs.metrics(job.id)
        except QdeckError as error:
            self._errors["Metrics"] = _error_text(error)
        try:
            self._log = await self.services.jobs.logs(job.id)
        except QdeckError as error:
            self._errors["Log"] = _error_text(error)
        self._show_view()

    @work(exclusive=True, group="job-circuit", exit_on_error=False)
    async def _load_circuit(self) -> None:
        """The circuit, which may be on the service only, and its drawing where it is small enough for one."""
        await asyncio.to_thread(compile_lexers)
        # Long texts are at hand from now on.
        await self.services.jobs.with_texts(self._job_id)
        self._read = True
        if not self._circuits:
            try:
                self._circuits = await self.services.jobs.circuits(self._job_id)
            except QdeckError as error:
                self._errors["Circuit"] = _error_text(error)
                self._show_view()
                return
        circuit, self._drawing = self._circuits[self._pub], ""
        # Too large a circuit, or no Qiskit here: then the program alone is shown.
        with contextlib.suppress(QdeckError):
            self._drawing = await self.services.compiler.draw(
                circuit, width=max(_NARROWEST, self.size.width - 4)
            )
        self._show_view()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A job that is over has nothing to cancel."""
        over = self._status is not None and self._status.final
        return not (over and action == "cancel") and super().check_action(action, parameters)

    def action_back(self) -> None:
        """Back to the table."""
        self.dismiss()

    def action_view(self, step: int) -> None:
        """The next view, or the one before."""
        self.action_view_at((self._view + step) % len(VIEWS))

    def action_pub(self, step: int) -> None:
        """The circuit of the next PUB, or of the one before."""
        if VIEWS[self._view] == "Circuit" and len(self._circuits) > 1:
            self._pub = (self._pub + step) % len(self._circuits)
            self._drawing = ""
            self._show_view(home=True)
            self._load_circuit()

    def action_view_at(self, place: int) -> None:
        """A view by its place."""
        self._view = max(0, min(place, len(VIEWS) - 1))
        self.query_one("#views", TextBlock).show([self._names()])
        self._show_view(home=True)

    @work(exclusive=True, group="job-command", exit_on_error=False)
    async def action_cancel(self) -> None:
        """Cancel the job, after a question."""
        job = self.job
        if job is not None:
            await ask_cancel(self, job)

    @work(exclusive=True, group="job-command", exit_on_error=False)
    async def action_delete(self) -> None:
        """Delete the job, after a question; then there is nothing left to show."""
        job = self.job
        if job is not None and await ask_delete(self, job) and self.is_active:
            self.dismiss()

    @work(exclusive=True, group="job-command", exit_on_error=False)
    async def action_export(self) -> None:
        """Write the result to a file."""
        job = self.job
        if job is None or job.status is not JobStatus.DONE:
            self.shell.show_notice("There is no result to export: the job is not done.", Severity.WARNING)
            return
        await ask_export(self, job)

    @work(exclusive=True, group="job-command", exit_on_error=False)
    async def action_edit(self) -> None:
        """Open the circuit in the editor: its source where it is known, else as submitted."""
        job = self.job
        if job is not None and self._pub:
            # Of several, the one that is shown.
            job = replace(job, source="", circuit=self._circuits[self._pub])
        if job is not None:
            await ask_edit(self, job)

    @work(exclusive=True, group="refresh", exit_on_error=False)
    async def action_refresh(self) -> None:
        """Ask the service now."""
        if self.services.connection.identity is None:
            self.shell.show_notice("Not signed in. F7 signs in.", Severity.WARNING)
            return
        await self.services.polling.refresh()
        self._load()

    def action_copy(self) -> None:
        """Send the id to the terminal's clipboard."""
        self.shell.send_to_clipboard(self._job_id)


_ENDED = {JobStatus.FAILED: "failed", JobStatus.CANCELLED: "was cancelled"}


def _muted(text: str) -> list[StyledLine]:
    return [line((text, TextStyle.MUTED))]


def _error_text(error: QdeckError) -> str:
    return plain_lines((error.message, error.advice))
