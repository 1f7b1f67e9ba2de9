"""The views of the candidate under review: map, before and after, timeline, program, drawing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Final, cast

from textual import work
from textual.app import ComposeResult
from textual.containers import Container, Vertical, VerticalScroll
from textual.widget import Widget

from tui.common.errors import QdeckError
from tui.common.safe_text import plain
from tui.domain.calibrations import DeviceCalibration
from tui.domain.circuits import Candidate
from tui.screens.base import SectionScreen
from tui.widgets.circuit.candidate_views import CandidateLayout, CandidateStats
from tui.widgets.circuit.qasm_editor import QasmEditor
from tui.widgets.maps.chip_legend import legend_line
from tui.widgets.maps.chip_map import ChipMap
from tui.widgets.text.styled_text import StyledLine, TextStyle, line
from tui.widgets.text.text_widgets import TextBlock, TextPane, text_page

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
_TOO_LARGE: Final = "The circuit is too large to draw."


class CandidateViews(Vertical):
    """Shows one view, or as many as there is room for; each is filled when it comes into sight."""

    DEFAULT_CSS: ClassVar[str] = """
    CandidateViews {
        & #view-panes { height: 1fr; layout: grid; }
        & #view-panes > * { padding: 0 1; }
    }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._candidate: Candidate | None = None
        self._chosen = "changes"
        self._filled: set[str] = set()

    def compose(self) -> ComposeResult:
        """The line of names, then the views."""
        yield TextBlock(id="view-names")
        with Container(id="view-panes"):
            with Vertical(id="view-map"):
                yield ChipMap(id="chip-map")
                yield TextBlock(id="chip-legend")
            with VerticalScroll(id="view-changes"):
                yield CandidateStats(id="stats")
                yield CandidateLayout(id="layout")
            yield TextPane(id="view-timeline")
            yield QasmEditor(read_only=True, id="view-program")
            yield TextPane(id="view-drawing")

    def on_mount(self) -> None:
        """Show the first view."""
        self._arrange()

    @property
    def chosen(self) -> str:
        """Name of the view that was asked for."""
        return self._chosen

    def choose(self, name: str) -> None:
        """Show a view, and put the focus on it.

        Args:
            name: one of `VIEWS`.
        """
        self._chosen = name
        self._arrange()
        target = self._pane(name) if name != "map" else self.query_one(ChipMap)
        if target.focusable:
            target.focus()

    def review(self, candidate: Candidate) -> None:
        """Show another candidate."""
        self._candidate = candidate
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
                self.query_one(CandidateLayout).show_candidate(candidate)
            case "program":
                self.query_one("#view-program", QasmEditor).load_text(candidate.qasm)
            case "drawing":
                drawing = text_page(candidate.drawing or _TOO_LARGE)
                self.query_one("#view-drawing", TextPane).show(lambda _width: drawing)

    @property
    def _section(self) -> SectionScreen:
        return cast(SectionScreen, self.screen)

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
        chip = self.query_one(ChipMap)
        chip.show(device, used=candidate.used, labels=_labels(candidate))
        if device is not None:
            lines = [legend_line(chip.drawing, chip.metric)]
        legend.show(lines)


def _labels(candidate: Candidate) -> dict[int, str]:
    """Return the virtual qubit that starts on each physical one."""
    return {physical: str(virtual) for virtual, physical in enumerate(candidate.layout)}
