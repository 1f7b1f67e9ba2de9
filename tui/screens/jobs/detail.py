"""Everything about one job: its facts, and below them a view chosen by a digit."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar, Final

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Container

from tui.common.errors import QdeckError
from tui.common.safe_text import plain
from tui.domain.jobs import Job, JobStatus
from tui.domain.statistics.outcomes import Order
from tui.monitor.services import AppServices
from tui.monitor.state.events import Event, JobsChanged, Severity
from tui.openqasm.lexers import compile_lexers
from tui.screens.dialogs.prompt import Prompt
from tui.screens.jobs.actions import ask_cancel, ask_delete
from tui.screens.jobs.commands import JobCommands
from tui.screens.jobs.page.circuit import SIDES, CircuitPanes
from tui.screens.jobs.page.data import VIEWS, JobData
from tui.screens.jobs.page.pages import first_view, page_of, takes_long
from tui.screens.jobs.page.predictions import foretell
from tui.screens.workspace import Workspace
from tui.widgets.keymap import JOB, bindings
from tui.widgets.maps.chip_map import ChipMap
from tui.widgets.results.counts import TOP, Bars
from tui.widgets.results.job_summary import facts
from tui.widgets.text.styled_text import Span, StyledLine, TextStyle, line
from tui.widgets.text.text_widgets import TextBlock, TextPane

_NARROWEST = 40
_BESIDE: Final = 110
"""Cells from which on the map stands beside the calibrations, not below them."""
_TALL: Final = 36
"""Lines from which on it is below them; else one of them is shown."""
_CIRCUITS_AND_MAP: Final = 160
"""Cells from which on the map stands beside the circuits, too."""
_MORE: Final = 16


class JobScreen(JobCommands):
    """One job. Pushed over the job table; esc goes back.

    Args:
        job_id: the job; it may become known later.
    """

    DEFAULT_CSS: ClassVar[str] = """
    JobScreen {
        & #panes { height: 1fr; layout: vertical; }
        & #panes.-beside { layout: horizontal; }
        & #panes > * { width: 1fr; height: 1fr; }
        & #job-map { display: none; }
    }
    """
    SECTION = "jobs"
    EVENTS: ClassVar = (JobsChanged,)
    BINDINGS: ClassVar = bindings(JOB)

    def __init__(self, services: AppServices, workspace: Workspace, job_id: str) -> None:
        super().__init__(services, workspace)
        self._job_id = job_id
        self._view = first_view(workspace.places.get("job", ""), services.jobs.get(job_id))
        self._data = JobData()
        self._status: JobStatus | None = None
        self._mapped = False
        self._map_alone = False

    def compose(self) -> ComposeResult:
        """The facts, the names of the views, the view, and the map of the calibration."""
        yield TextBlock(id="facts")
        yield TextBlock(id="views")
        with Container(id="panes"):
            yield TextPane(id="view")
            yield CircuitPanes(self.services, id="circuits")
            yield ChipMap(id="job-map")

    def on_mount(self) -> None:
        """Show what is known, and ask for the rest."""
        self.services.jobs.mark_read(self._job_id)
        self._show()
        self.query_one(TextPane).focus()
        self._load()
        self._load_circuit()
        if self._view:
            self.action_view_at(self._view)

    @property
    def job(self) -> Job | None:
        """The job as known now."""
        return self.services.jobs.get(self._job_id)

    def chosen_jobs(self) -> Sequence[Job]:
        """The job, as long as it is known."""
        return [job] if (job := self.job) is not None else []

    @property
    def view(self) -> str:
        """Name of the view that is shown."""
        return VIEWS[self._view]

    @property
    def _roomy(self) -> bool:
        """True where table and map have room together."""
        return self.size.width >= _BESIDE or self.size.height >= _TALL

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
        self.query_one("#panes").set_class(self.size.width >= _BESIDE, "-beside")
        self._show()

    def _show(self) -> None:
        job = self.job
        width = max(_NARROWEST, self.size.width - 2)
        status = job.status if job is not None else None
        if status is not self._status:
            self._status = status
            self.refresh_bindings()
        shown = [line(" ", (plain(self._job_id), TextStyle.STRONG), "  is not known here any more.")]
        data = self._data
        if job is not None:
            data.transpilation = self.services.jobs.transpilation(self._job_id)
            data.formula = self.services.evaluation.formula_seconds(self._job_id)
            data.hashes = self.services.evaluation.hashes(self._job_id)
            data.start = self.services.evaluation.start(job) if status is JobStatus.QUEUED else None
            shown = facts(
                job, self.clock.now(), width, metrics=data.metrics, transpilation=data.transpilation
            )
        self.query_one("#facts", TextBlock).show(shown)
        self.query_one("#views", TextBlock).show([self._names()])
        self._show_view()

    def _names(self) -> StyledLine:
        spans: list[Span] = []
        for place, name in enumerate(VIEWS):
            action = f"screen.view_at({place})"
            if place == self._view:
                spans.append(Span(f"[{place + 1} {name}]", TextStyle.CURRENT, action))
            else:
                spans += [
                    Span(f" {place + 1}", TextStyle.KEY, action),
                    Span(f" {name}", TextStyle.PLAIN, action),
                ]
        return tuple(spans)

    def _show_view(self, *, home: bool = False) -> None:
        name, drawn = self.view, self.view in SIDES
        mapped = name == "Calibration" and self._mapped
        beside = drawn and self._mapped and self.size.width >= _CIRCUITS_AND_MAP
        self.query_one(ChipMap).display = beside or (mapped and (self._roomy or self._map_alone))
        self.query_one(CircuitPanes).display = drawn
        self.query_one("#view", TextPane).display = not drawn and (
            self._roomy or not (mapped and self._map_alone)
        )
        if drawn:
            if (job := self.job) is not None:
                self.query_one(CircuitPanes).show(job, self._data)
            return
        pane, long = self.query_one("#view", TextPane), takes_long(self._data)
        pane.show(lambda width: self._page(name, width), home=home, in_thread=long)

    def _page(self, name: str, width: int) -> Sequence[StyledLine]:
        job = self.job
        return [] if job is None else page_of(name, job, self._data, self.clock.now(), width - 1)

    # what is asked for

    @work(exclusive=True, group="job-load", exit_on_error=False)
    async def _load(self) -> None:
        """Result, metrics and log, one after the other; what is not to be had is said in its view."""
        job, data = self.job, self._data
        if job is not None and job.status is JobStatus.QUEUED:
            # Where it stands in the queue is told by its metrics, if at all.
            with contextlib.suppress(QdeckError):
                data.metrics = await self.services.jobs.metrics(job.id)
                self._show()
        if job is None or not job.status.final:
            return
        data.errors = {name: text for name, text in data.errors.items() if name == "Circuit"}
        if job.status is JobStatus.DONE and data.result is None:
            try:
                data.result = await self.services.jobs.result(job.id, short=True)
                data.spans = await self.services.evaluation.spans(data.result)
            except QdeckError as error:
                data.refused("Result", error)
                data.refused("Bits", error)
            self._show_view()
            self._foretell()
        try:
            data.metrics = await self.services.jobs.metrics(job.id)
        except QdeckError as error:
            data.refused("Details", error)
        try:
            data.log = await self.services.jobs.logs(job.id)
        except QdeckError as error:
            data.refused("Log", error)
        self._show_view()

    @work(exclusive=True, group="job-circuit", exit_on_error=False)
    async def _load_circuit(self) -> None:
        """The circuit, which may be on the service only."""
        data = self._data
        await asyncio.to_thread(compile_lexers)
        # Long texts are at hand from now on.
        await self.services.jobs.with_texts(self._job_id)
        data.texts_read = True
        if not data.circuits:
            try:
                data.circuits = await self.services.jobs.circuits(self._job_id)
            except QdeckError as error:
                data.refused("Circuit", error)
                self._show_view()
                return
        await asyncio.to_thread(data.read_parts, data.circuits[data.pub])
        self._show_view()

    @work(exclusive=True, group="job-foretell", exit_on_error=False)
    async def _foretell(self) -> None:
        """What simulations say of the result, and how far that came true of other jobs."""
        if self.job is not None:
            self._data.past = self.services.predictions.past(self.job)
        await foretell(self.services.predictions, self._job_id, self._data, self._show_view)

    @work(exclusive=True, group="job-calibration", exit_on_error=False)
    async def _load_calibrations(self) -> None:
        """The calibrations of the job's moments, and the map of the one it ran with."""
        job, data = self.job, self._data
        if job is None or data.moments:
            return
        data.moments = await self.services.evaluation.calibrations(job)
        device = data.device("start")
        self._mapped = device is not None and bool(device.qubits)
        if self._mapped:
            parts = data.parts_of(job, data.pub)
            labels = {physical: str(virtual) for physical, virtual in data.layout.items()}
            chip = self.query_one(ChipMap)
            chip.show(device, used=parts.qubits, labels=labels, used_couplers=parts.couplers)
            chip.mark(self.query_one(CircuitPanes).gate.qubits)
        self._show_view()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A job that is over has nothing to cancel."""
        over = action == "cancel" and self._status is not None and self._status.final
        return not over and super().check_action(action, parameters)

    def action_back(self) -> None:
        """Back to the table."""
        self.dismiss()

    def action_view(self, step: int) -> None:
        """The next view, or the one before."""
        self.action_view_at((self._view + step) % len(VIEWS))

    def action_pub(self, step: int) -> None:
        """The circuit of the next PUB, or of the one before."""
        data = self._data
        if self.view in ("Circuit", "Calibration") and len(data.circuits) > 1:
            data.pub = (data.pub + step) % len(data.circuits)
            self._show_view(home=True)
            self._load_circuit()

    def action_view_at(self, place: int) -> None:
        """A view by its place."""
        self._view = max(0, min(place, len(VIEWS) - 1))
        self.workspace.keep_place("job", self.view)
        self.query_one("#views", TextBlock).show([self._names()])
        self._show_view(home=True)
        chip = self.query_one(ChipMap)
        if self.view in SIDES:
            self.query_one(CircuitPanes).choose(self.view)
        else:
            (chip if chip.display and self._map_alone else self.query_one("#view", TextPane)).focus()
        if self.view in ("Bits", "Calibration") or self.size.width >= _CIRCUITS_AND_MAP:
            self._load_calibrations()

    @on(CircuitPanes.Marked)
    def _gate_marked(self, message: CircuitPanes.Marked) -> None:
        self.query_one(ChipMap).mark(message.gate.qubits)

    @on(ChipMap.QubitMoved)
    def _qubit_chosen(self, message: ChipMap.QubitMoved) -> None:
        if message.moved and message.qubit is not None and message.chip_map.has_focus:
            self.query_one(CircuitPanes).mark_qubit(message.qubit)

    def action_map(self) -> None:
        """The map of the calibration instead of its table, or back, where there is no room for both."""
        self._map_alone = not self._map_alone
        self.action_view_at(VIEWS.index("Calibration"))

    # how counts are shown

    def action_order(self) -> None:
        """The next order of the outcomes."""
        orders = list(Order)
        place = orders.index(self._data.view.order)
        self._change_view(order=orders[(place + 1) % len(orders)], bars=Bars.OUTCOMES)

    def action_bars(self) -> None:
        """Bars by outcome, by number of ones, by distance."""
        kinds = list(Bars)
        self._change_view(bars=kinds[(kinds.index(self._data.view.bars) + 1) % len(kinds)])

    def action_log_scale(self) -> None:
        """Bars on a logarithmic scale, or on a linear one."""
        self._change_view(log=not self._data.view.log)

    @work(exclusive=True, group="job-joint", exit_on_error=False)
    async def action_together(self) -> None:
        """All registers together, or each by itself."""
        if not self._data.has_several_registers:
            self.shell.show_notice("There is one register: nothing to be put together.", Severity.WARNING)
            return
        if not self._data.joint and self._data.result is not None:
            self._data.joint = await self.services.evaluation.joint(self._data.result)
        self._change_view(joint=not self._data.view.joint)

    def action_rows(self, more: int) -> None:
        """More outcomes one by one, or fewer."""
        self._change_view(top=max(TOP, self._data.view.top + more * _MORE))

    def _change_view(self, **changes: object) -> None:
        self._data.view = replace(self._data.view, **changes)  # type: ignore[arg-type]
        self._view = 0
        self.query_one("#views", TextBlock).show([self._names()])
        self._show_view(home=True)

    @work(exclusive=True, group="job-reference", exit_on_error=False)
    async def action_distance(self) -> None:
        """Ask for the bit string to which distances count."""
        result = self._data.result
        sizes = {c.num_bits for pub in result.pubs for c in pub.counts} if result is not None else set()
        if not sizes:
            self.shell.show_notice(
                "There are no counts: distances are between bit strings.", Severity.WARNING
            )
            return

        def error(text: str) -> str:
            bits = text.strip()
            if not bits or (len(bits) in sizes and not set(bits) - {"0", "1"}):
                return ""
            return f"{' or '.join(map(str, sorted(sizes)))} zeros and ones, or nothing for the most probable."

        text = await self.app.push_screen_wait(
            Prompt("Distance to which bit string?", self._data.view.reference, check=error)
        )
        if text is not None:
            self._change_view(reference=text.strip(), bars=Bars.DISTANCES)

    @work(exclusive=True, group="job-command", exit_on_error=False)
    async def action_cancel(self) -> None:
        """Cancel the job, after a question."""
        if (job := self.job) is not None:
            await ask_cancel(self, job)

    @work(exclusive=True, group="job-command", exit_on_error=False)
    async def action_delete(self) -> None:
        """Delete the job, after a question; then there is nothing left to show."""
        job = self.job
        if job is not None and await ask_delete(self, job) and self.is_active:
            self.dismiss()

    @work(exclusive=True, group="job-command", exit_on_error=False)
    async def action_edit(self) -> None:
        """Open the circuit that is shown in the editor, with the choices it was run with."""
        from tui.screens.jobs.edit import ask_edit

        if (job := self.job) is not None:
            await ask_edit(self, job, self._data.pub)

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
