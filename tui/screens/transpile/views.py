"""The views of the candidate under review: map, before and after, timeline, program, drawing."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Collection, Mapping, Sequence
from typing import ClassVar, Final, Generic, TypeVar, cast

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Container, Horizontal, Vertical, VerticalScroll
from textual.widget import Widget
from textual.widgets import TextArea

from tui.common.errors import QdeckError
from tui.common.safe_text import plain
from tui.domain.circuits import Candidate
from tui.domain.devices.calibrations import DeviceCalibration
from tui.domain.search import Unavailable
from tui.domain.views.diagram import CircuitDiagram
from tui.domain.views.timeline import CircuitTimeline, TimelineOperation
from tui.openqasm.lexers import compile_lexers
from tui.screens.base import SectionScreen
from tui.screens.transpile.marks import GateMarks
from tui.screens.transpile.status import unavailable_lines, warning_lines
from tui.widgets.circuit.candidate_views import CandidateGates, CandidateLayout, CandidateStats
from tui.widgets.circuit.diagram_view import EMPTY, DiagramView, diagram_note
from tui.widgets.circuit.qasm_editor import QasmEditor
from tui.widgets.circuit.timeline import Timeline, operation_line
from tui.widgets.circuit.timeline import legend_line as timeline_legend
from tui.widgets.maps.chip_legend import legend_line
from tui.widgets.maps.chip_map import ChipMap
from tui.widgets.text.styled_text import StyledLine, TextStyle, line
from tui.widgets.text.text_widgets import TextBlock

VIEWS: Final[Mapping[str, str]] = {
    "map": "Map",
    "changes": "Changes",
    "timeline": "Time",
    "program": "QASM",
    "drawing": "Drawing",
}
"""Name and title of each view, in the order of the keys 1 to 5."""
_CELLS, _LINES = 60, 16
"""Room of a view: with twice as much there are two of them."""
NO_TIMELINE: Final = CircuitTimeline(0.0, (), ())
_WITH_ORIGINAL: Final = 70
"""Cells from which the original stands beside what changed."""
_MOST_KEPT: Final = 24
"""Candidates of which timelines and drawings are kept."""

T = TypeVar("T")


class CandidateViews(Vertical):
    """Shows one view, or as many as there is room for; each is filled when it comes into sight."""

    DEFAULT_CSS: ClassVar[str] = """
    CandidateViews {
        & #view-panes { height: 1fr; layout: grid; }
        & #view-panes > * { padding: 0 1; }
        & #changes { width: 1fr; scrollbar-size-vertical: 1; }
        & #original-side { display: none; width: 1fr; border-left: solid $rule; padding: 0 0 0 1; }
        & #original { height: 1fr; }
        & .-with-original #changes { width: 46; }
        & .-with-original #original-side { display: block; }
    }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._candidate: Candidate | None = None
        self._source = ""
        self._unavailable: Sequence[Unavailable] = ()
        self._marks = GateMarks(self)
        self._chosen = "changes"
        self._filled: set[str] = set()
        self._timelines: _Recent[CircuitTimeline] = _Recent()
        self._diagrams: _Recent[CircuitDiagram] = _Recent()

    def compose(self) -> ComposeResult:
        """The line of names, then the views."""
        yield TextBlock(id="view-names")
        with Container(id="view-panes"):
            with Vertical(id="view-map"):
                yield ChipMap(id="chip-map")
                yield TextBlock(id="chip-legend")
            with Horizontal(id="view-changes"):
                with VerticalScroll(id="changes"):
                    yield CandidateStats(id="stats")
                    yield TextBlock(id="all-warnings")
                    yield CandidateGates(id="gates")
                    yield CandidateLayout(id="layout")
                    yield TextBlock(id="unavailable")
                with Vertical(id="original-side"):
                    yield QasmEditor(read_only=True, id="original")
                    yield TextBlock(id="original-note")
            with Vertical(id="view-timeline"):
                yield Timeline(id="timeline")
                yield TextBlock(id="timeline-legend")
            yield QasmEditor(read_only=True, id="view-program")
            with Vertical(id="view-drawing"):
                yield TextBlock(id="drawing-note")
                yield DiagramView(id="drawing")

    def on_mount(self) -> None:
        """Show the first view."""
        self.run_worker(asyncio.to_thread(compile_lexers), group="lexers", exit_on_error=False)
        self._arrange()

    @property
    def chosen(self) -> str:
        """Name of the view that was asked for."""
        return self._chosen

    def begin_with(self, name: str) -> None:
        """Show a view, where there is one of that name; the focus stays."""
        if name in VIEWS:
            self._chosen = name
            self._arrange()

    def choose(self, name: str) -> None:
        """Show a view, and put the focus on it.

        Args:
            name: one of `VIEWS`.
        """
        self._chosen = name
        self._arrange()
        inner = "#view-program" if name == "program" else f"#{'chip-map' if name == 'map' else name}"
        self.query_one(inner).focus()

    def review(self, candidate: Candidate, source: str, unavailable: Sequence[Unavailable] = ()) -> None:
        """Show another candidate.

        Args:
            candidate: what is shown.
            source: the program it was made from.
            unavailable: who made none of it, and why.
        """
        self._candidate, self._source, self._unavailable = candidate, source, unavailable
        self._marks.begin(candidate, source)
        self._filled.clear()
        self._fill()

    def on_resize(self) -> None:
        """Show as many views as there is room for."""
        self._arrange()

    def _pane(self, name: str) -> Widget:
        return self.query_one(f"#view-{name}")

    def _arrange(self) -> None:
        panes = self.query_one("#view-panes")
        columns = max(1, panes.size.width // _CELLS)
        rows = max(1, panes.size.height // _LINES)
        others = [name for name in VIEWS if name != self._chosen]
        visible = {self._chosen, *others[: columns * rows - 1]}
        rows = min(rows, -(-len(visible) // columns))
        panes.styles.grid_size_columns, panes.styles.grid_size_rows = columns, rows
        for name in VIEWS:
            self._pane(name).display = name in visible
        self._pane("changes").set_class(panes.size.width // columns >= _WITH_ORIGINAL, "-with-original")
        self._show_names(visible)
        self._fill()

    def _show_names(self, visible: set[str]) -> None:
        pieces: list[str | tuple[str, TextStyle]] = []
        for number, (name, title) in enumerate(VIEWS.items(), 1):
            style = TextStyle.STRONG if name in visible else TextStyle.MUTED
            left, right = ("[", "]") if name == self._chosen else ("", "")
            pieces += [" ", left, (str(number), TextStyle.KEY), (f" {title}", style), right]
        self.query_one("#view-names", TextBlock).show([line(*pieces)])

    def _fill(self) -> None:
        candidate = self._candidate
        if candidate is None:
            return
        for name in VIEWS:
            if name not in self._filled and self._pane(name).display:
                self._filled.add(name)
                self._fill_view(name, candidate)

    def _fill_view(self, name: str, candidate: Candidate) -> None:
        match name:
            case "map":
                self._show_map(candidate)
            case "changes":
                self.query_one(CandidateStats).show_candidate(candidate)
                self.query_one(CandidateGates).show_candidate(candidate)
                self.query_one(CandidateLayout).show_candidate(candidate)
                width = max(30, self.query_one("#changes").size.width - 3)
                lines = warning_lines(candidate, width)
                self.query_one("#all-warnings", TextBlock).show(lines)
                self.query_one("#unavailable", TextBlock).show(unavailable_lines(self._unavailable, width))
                self.query_one("#original", QasmEditor).load_text(self._source)
                self._marks.show_in(name)
            case "program":
                self.query_one("#view-program", QasmEditor).load_text(candidate.qasm)
                self._marks.show_in(name)
            case "timeline":
                self._show_timeline(candidate)
            case "drawing":
                self._show_drawing(candidate)

    @property
    def _section(self) -> SectionScreen:
        return cast(SectionScreen, self.screen)

    @work(group="review-timeline", exclusive=True, exit_on_error=False)
    async def _show_timeline(self, candidate: Candidate) -> None:
        """Draw the schedule, worked out in the compiler's process."""
        legend = self.query_one("#timeline-legend", TextBlock)
        timeline, error = NO_TIMELINE, ""
        try:
            timeline = await self._timeline_of(candidate)
        except QdeckError as refusal:
            error = plain(str(refusal), limit=200)
        if candidate is not self._candidate:
            return
        self.query_one(Timeline).show(timeline, _virtual(candidate))
        self._marks.show_in("timeline")
        marked = self.query_one(Timeline).marked
        legend.show([line((error, TextStyle.WARNING))] if error else self._timeline_lines(marked))

    async def _timeline_of(self, candidate: Candidate) -> CircuitTimeline:
        known = self._timelines.get(candidate)
        if known is None:
            known = await self._section.services.transpiler.timeline(candidate)
            self._timelines.add(candidate, known)
        return known

    def _timeline_lines(self, operation: TimelineOperation | None) -> list[StyledLine]:
        labels = {} if self._candidate is None else _virtual(self._candidate)
        return [timeline_legend(), operation_line(operation, labels)]

    @work(group="review-drawing", exclusive=True, exit_on_error=False)
    async def _show_drawing(self, candidate: Candidate) -> None:
        """Show the diagram, laid out in the compiler's process."""
        view, note = self.query_one(DiagramView), self.query_one("#drawing-note", TextBlock)
        known, said = self._diagrams.get(candidate), ""
        if known is None:
            view.show(EMPTY)
            note.show([line(("Drawing…", TextStyle.MUTED))])
            try:
                known = await self._section.services.transpiler.diagram(candidate)
            except QdeckError as refusal:
                known, said = EMPTY, plain(str(refusal), limit=200)
            else:
                self._diagrams.add(candidate, known)
        if candidate is self._candidate:
            view.show(known)
            said = said or diagram_note(known)
            note.show([line((said, TextStyle.MUTED))] if said else [])
            self._marks.show_in("drawing")

    @on(Timeline.Marked)
    def _marked_in_timeline(self, message: Timeline.Marked) -> None:
        operation = message.operation
        if operation is not None and operation.line:
            self._mark(operation.line, "timeline")
        elif operation is not None and operation.qubits:
            self.query_one(ChipMap).mark(operation.qubits)
        self._show_operation()

    @on(DiagramView.Marked)
    def _marked_in_drawing(self, message: DiagramView.Marked) -> None:
        self._mark(message.line, "drawing")

    @on(DiagramView.Picked)
    def _picked_in_drawing(self, message: DiagramView.Picked) -> None:
        self._mark(message.line, "drawing")
        if not message.clicked:
            self.choose("program")

    @on(TextArea.SelectionChanged, "#view-program")
    def _marked_in_program(self) -> None:
        program = self.query_one("#view-program", QasmEditor)
        if program.has_focus:
            self._mark(program.cursor_location[0] + 1, "program")

    @on(TextArea.SelectionChanged, "#original")
    def _marked_in_original(self) -> None:
        original = self.query_one("#original", QasmEditor)
        if original.has_focus:
            self._marks.mark_original(original.cursor_location[0] + 1)
            self._show_operation()

    @on(ChipMap.QubitMoved)
    def _marked_on_map(self, message: ChipMap.QubitMoved) -> None:
        if message.moved and message.qubit is not None and message.chip_map.has_focus:
            self._marks.mark_qubit(message.qubit, "map")
            self._show_operation()

    def _mark(self, line: int, chosen_in: str) -> None:
        self._marks.mark_line(line, chosen_in)
        self._show_operation()

    def _show_operation(self) -> None:
        """Say which operation is marked in the timeline."""
        if "timeline" in self._filled:
            operation = self.query_one(Timeline).marked
            self.query_one("#timeline-legend", TextBlock).show(self._timeline_lines(operation))

    @work(group="review-map", exclusive=True, exit_on_error=False)
    async def _show_map(self, candidate: Candidate) -> None:
        """Draw the device; the service may have to be asked for it."""
        legend = self.query_one("#chip-legend", TextBlock)
        try:
            device: DeviceCalibration | None = await self._section.services.backends.calibration(
                candidate.backend
            )
        except QdeckError as error:
            device = None
            lines: list[StyledLine] = [line((f"No map: {plain(str(error), limit=200)}", TextStyle.WARNING))]
        if candidate is not self._candidate:
            return
        chip = self.query_one(ChipMap)
        labels = {physical: str(virtual) for physical, virtual in _virtual(candidate).items()}
        couplers: Collection[tuple[int, int]] = ()
        with contextlib.suppress(QdeckError):
            couplers = (await self._timeline_of(candidate)).couplers
        chip.show(device, used=candidate.used, labels=labels, used_couplers=couplers)
        self._marks.show_in("map")
        if device is not None:
            lines = [legend_line(chip.drawing, chip.metric)]
        legend.show(lines)


def _virtual(candidate: Candidate) -> dict[int, int]:
    """Return the virtual qubit that starts on each physical one."""
    return {physical: virtual for virtual, physical in enumerate(candidate.layout)}


class _Recent(Generic[T]):
    """What was worked out for the last candidates."""

    def __init__(self) -> None:
        self._known: dict[str, T] = {}

    def get(self, candidate: Candidate) -> T | None:
        """Return what is known of a candidate."""
        return self._known.get(_program_key(candidate))

    def add(self, candidate: Candidate, value: T) -> None:
        """Keep a value; the oldest goes."""
        self._known[_program_key(candidate)] = value
        for oldest in list(self._known)[:-_MOST_KEPT]:
            del self._known[oldest]


def _program_key(candidate: Candidate) -> str:
    return f"{candidate.backend} {candidate.layout} {candidate.qasm}"
