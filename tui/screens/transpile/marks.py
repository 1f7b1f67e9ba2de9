"""The gate that is marked in all views of a candidate: a line of its program, a box, a bar, its qubits."""

from __future__ import annotations

from collections.abc import Sequence

from textual.widget import Widget

from tui.domain.circuits import Candidate
from tui.openqasm.analysis.qubits import QubitUse
from tui.widgets.circuit.drawing import DrawingPane
from tui.widgets.circuit.qasm_editor import QasmEditor
from tui.widgets.circuit.timeline import Timeline
from tui.widgets.maps.chip_map import ChipMap


class GateMarks:
    """Marks a gate in the views that are filled, and in others when they are.

    A gate is known by its line of the ISA program. Which gate of the original it came from, Qiskit does not
    tell: there the lines on the same qubits are pointed at, by the layout at the start or at the end.

    Args:
        views: holds the widgets of all views.
    """

    def __init__(self, views: Widget) -> None:
        self._views = views
        self._candidate: Candidate | None = None
        self._source = ""
        self._uses: tuple[QubitUse, QubitUse] | None = None
        self._line = 0
        self._qubits: tuple[int, ...] = ()

    def begin(self, candidate: Candidate, source: str) -> None:
        """Mark nothing; what is marked next is of this candidate.

        Args:
            candidate: it.
            source: the program it was made from.
        """
        self._candidate, self._source = candidate, source
        self._uses, self._line, self._qubits = None, 0, ()

    def mark_line(self, line: int, chosen_in: str) -> None:
        """Mark the gate of a line of the ISA program, from 1, but not where it was chosen."""
        self._mark(line, self._isa.of_line(line), chosen_in)

    def mark_qubit(self, qubit: int, chosen_in: str) -> None:
        """Mark a gate on a qubit of the device: the one marked before if it is on it, else the first."""
        lines = self._isa.lines_on((qubit,))
        self._mark(self._line if self._line in lines else next(iter(lines), 0), (qubit,), chosen_in)

    def mark_original(self, line: int) -> None:
        """Mark the first gate on the qubits of a line of the original, from 1."""
        candidate, virtual = self._candidate, self._original.of_line(line)
        if candidate is None or not virtual or max(virtual) >= len(candidate.layout):
            return
        physical = tuple(candidate.layout[qubit] for qubit in virtual)
        lines = self._isa.lines_on(physical) or self._isa.lines_on(physical[:1])
        self._mark(next(iter(lines), 0), physical, "changes")

    def show_in(self, view: str) -> None:
        """Mark the gate in a view that was filled after it was chosen."""
        if self._line or self._qubits:
            self._show(view)

    @property
    def _isa(self) -> QubitUse:
        return self._read()[0]

    @property
    def _original(self) -> QubitUse:
        return self._read()[1]

    def _read(self) -> tuple[QubitUse, QubitUse]:
        if self._uses is None:
            isa = "" if self._candidate is None else self._candidate.qasm
            self._uses = QubitUse(isa), QubitUse(self._source)
        return self._uses

    def _mark(self, line: int, qubits: Sequence[int], chosen_in: str) -> None:
        if not qubits or (line, tuple(qubits)) == (self._line, self._qubits):
            return
        self._line, self._qubits = line, tuple(qubits)
        for view in ("map", "changes", "timeline", "program", "drawing"):
            if view != chosen_in:
                self._show(view)

    def _show(self, view: str) -> None:
        find = self._views.query_one
        match view:
            case "map":
                find(ChipMap).mark(self._qubits)
            case "changes":
                find("#original", QasmEditor).point_at(self._lines_of_original())
            case "timeline":
                find(Timeline).mark_line(self._line)
            case "drawing":
                find(DrawingPane).mark_line(self._line)
            case "program" if self._line:
                program = find("#view-program", QasmEditor)
                if program.document.line_count >= self._line:
                    program.move_cursor((self._line - 1, 0))
                    program.select_line(self._line - 1)

    def _lines_of_original(self) -> tuple[int, ...]:
        candidate = self._candidate
        if candidate is None:
            return ()
        virtual = {
            number
            for layout in (candidate.layout, candidate.final_layout)
            for number, physical in enumerate(layout)
            if physical in self._qubits
        }
        return self._original.lines_on(virtual)
