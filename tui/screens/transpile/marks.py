"""The gate that is marked in all views of a candidate: a line of its program, a symbol, a bar, its qubits."""

from __future__ import annotations

from functools import cached_property

from textual.widget import Widget

from tui.domain.circuits import Candidate
from tui.openqasm.gate_links import NO_GATE, GateLinks, LinkedGate
from tui.widgets.circuit.diagram_view import DiagramView
from tui.widgets.circuit.qasm_editor import POINTER, QasmEditor
from tui.widgets.circuit.timeline import Timeline
from tui.widgets.maps.chip_map import ChipMap
from tui.widgets.text.styled_text import TextStyle, wrapped
from tui.widgets.text.text_widgets import TextBlock

_NOTE = f"{POINTER} works on the same qubits. Which of them the gate came from, Qiskit does not tell."


class GateMarks:
    """Marks a gate in the views that are filled, and in others when they are.

    Args:
        views: holds the widgets of all views.
    """

    def __init__(self, views: Widget) -> None:
        self._views = views
        self._texts: tuple[str, str, tuple[tuple[int, ...], ...]] = ("", "", ())
        self._gate = NO_GATE

    def begin(self, candidate: Candidate, source: str) -> None:
        """Mark nothing; what is marked next is of this candidate.

        Args:
            candidate: it.
            source: the program it was made from.
        """
        self._texts = candidate.qasm, source, (candidate.layout, candidate.final_layout)
        self._gate = NO_GATE
        self._views.query_one("#original-note", TextBlock).show(())
        # Read when a gate is marked: not of every candidate that is looked at.
        self.__dict__.pop("_links", None)

    @cached_property
    def _links(self) -> GateLinks:
        return GateLinks(*self._texts)

    def mark_line(self, line: int, chosen_in: str) -> None:
        """Mark the gate of a line of the ISA program, from 1, but not where it was chosen."""
        self._mark(self._links.of_line(line), chosen_in)

    def mark_qubit(self, qubit: int, chosen_in: str) -> None:
        """Mark a gate on a qubit of the device: the one marked before if it is on it, else the first."""
        self._mark(self._links.of_qubit(qubit, self._gate), chosen_in)

    def mark_original(self, line: int) -> None:
        """Mark the first gate on the qubits of a line of the original, from 1."""
        self._mark(self._links.of_source_line(line), "changes")

    def show_in(self, view: str) -> None:
        """Mark the gate in a view that was filled after it was chosen."""
        if self._gate.qubits:
            self._show(view)

    def _mark(self, gate: LinkedGate, chosen_in: str) -> None:
        if not gate.qubits or gate == self._gate:
            return
        self._gate = gate
        for view in ("map", "changes", "timeline", "program", "drawing"):
            if view != chosen_in:
                self._show(view)

    def _show(self, view: str) -> None:
        find, gate = self._views.query_one, self._gate
        match view:
            case "map":
                find(ChipMap).mark(gate.qubits)
            case "changes":
                original = find("#original", QasmEditor)
                original.point_at(gate.source_lines)
                note = find("#original-note", TextBlock)
                note.show(wrapped(_NOTE, max(20, original.size.width), TextStyle.MUTED))
            case "timeline":
                find(Timeline).mark_line(gate.line)
            case "drawing":
                find(DiagramView).mark(gate.line)
            case "program" if gate.line:
                program = find("#view-program", QasmEditor)
                if program.document.line_count >= gate.line:
                    program.move_cursor((gate.line - 1, 0))
                    program.select_line(gate.line - 1)
