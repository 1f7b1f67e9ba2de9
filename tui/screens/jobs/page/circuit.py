"""The circuit of a job: the original and what was submitted, each drawn above its text, gates linked."""

from __future__ import annotations

import asyncio
from typing import ClassVar, Final

from textual import events, on, work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message

from tui.common.errors import QdeckError
from tui.common.safe_text import plain
from tui.domain.jobs import Job
from tui.monitor.services import AppServices
from tui.openqasm.gate_links import NO_GATE, GateLinks, LinkedGate
from tui.screens.jobs.page.data import JobData
from tui.widgets.circuit.diagram_view import EMPTY, DiagramView, diagram_note
from tui.widgets.circuit.program_pane import ProgramPane
from tui.widgets.text.styled_text import Span, StyledLine, TextStyle, line, width_of, wrapped
from tui.widgets.text.text_widgets import TextBlock

BOTH: Final = 100
"""Cells from which on original and submitted circuit stand side by side."""
_SUBMITTED, _ORIGINAL = "submitted", "original"
SIDES: Final = {"Circuit": _SUBMITTED, "Source": _ORIGINAL}
"""The side that each view of the page is about."""
_KEYS: Final = "enter gate ⇄ line"
_MOST_NAMED: Final = 4


class CircuitSide(Vertical):
    """One circuit: a head, its diagram as far as there is one, its text.

    Args:
        title: what the circuit is.
        id: as of a widget.
    """

    DEFAULT_CSS: ClassVar[str] = """
    CircuitSide {
        width: 1fr;
        & DiagramView { max-height: 60%; display: none; }
        & ProgramPane { display: none; }
        &.-beside { border-left: solid $rule; padding-left: 1; }
    }
    """

    def __init__(self, title: str, *, id: str) -> None:
        super().__init__(id=id)
        self._title = title
        self.diagram = DiagramView(id=f"{id}-diagram")
        self.program = ProgramPane(id=f"{id}-program")
        self._note: tuple[str, TextStyle] = ("", TextStyle.MUTED)
        self._pubs: tuple[Span, ...] = ()
        self._marked = ""

    def compose(self) -> ComposeResult:
        """Head, diagram, text."""
        yield TextBlock()
        yield self.diagram
        yield self.program

    def show_text(self, text: str, missing: str, pubs: tuple[Span, ...] = ()) -> None:
        """Show a text; its diagram comes later.

        Args:
            text: the program; empty: there is none.
            missing: why there is none.
            pubs: which of several circuits it is.
        """
        if text != self.program.text:
            self.diagram.show(EMPTY)
            self.diagram.display = False
            self._marked, self._note = "", ("", TextStyle.MUTED)
        self.program.show(text)
        self.program.display = bool(text)
        self._pubs = pubs
        if text:
            self.show_head()
        else:
            self.say(missing)

    def show_diagram(self, drawing: DiagramView | None = None) -> None:
        """Give the diagram as many lines as it has, at most the larger part of the side."""
        shown = drawing or self.diagram
        shown.styles.height = max(2, shown.virtual_size.height + 1)
        shown.display = bool(shown.diagram.symbols or shown.diagram.summary)

    def say(self, note: str, style: TextStyle = TextStyle.MUTED) -> None:
        """Say something about the circuit, in its head."""
        self._note = note, style
        self.show_head()

    def show_head(self) -> None:
        """Show the head: what it is, what is said of it, and with the focus on it the key of the link."""
        note, style = self._note
        if not note:
            note, style = self._marked, TextStyle.ACCENT
        if not note and self.diagram.display and (self.diagram.has_focus or self.program.has_focus):
            note, style = _KEYS, TextStyle.MUTED
        head = line((f" {self._title}", TextStyle.HEAD), *self._pubs)
        width = max(20, self.size.width - 1)
        lines: list[StyledLine] = [head]
        if note and width_of(head) + len(note) + 2 <= width:
            lines = [(*head, Span(f"  {note}", style))]
        elif note:
            lines += [(Span(" "), *row) for row in wrapped(plain(note, limit=400), width, style)]
        self.query_one(TextBlock).show(lines)

    def on_resize(self) -> None:
        """Fold the head to the width."""
        self.show_head()

    def mark(self, lines: tuple[int, ...]) -> None:
        """Mark lines of the text and what they make."""
        self.diagram.mark(*lines)
        self.program.point_at(lines)

    def say_marked(self, words: str) -> None:
        """Say what is marked, where nothing else is to be said."""
        self._marked = words
        self.show_head()


class CircuitPanes(Horizontal):
    """Shows original and submitted circuit, one or both by the room there is; each is drawn when it is seen.

    Args:
        services: has the compiler.
        id: as of a widget.
    """

    class Marked(Message):
        """Another gate was chosen.

        Attributes:
            gate: it, with its qubits.
        """

        def __init__(self, gate: LinkedGate) -> None:
            super().__init__()
            self.gate = gate

    def __init__(self, services: AppServices, *, id: str) -> None:
        super().__init__(id=id)
        self.services = services
        self._original = CircuitSide("Original", id=_ORIGINAL)
        self._submitted = CircuitSide("Submitted", id=_SUBMITTED)
        self._chosen = _SUBMITTED
        self._links: GateLinks | None = None
        self._gate = NO_GATE
        self._layout: tuple[int, ...] = ()
        self._linked: tuple[str, str] = ("", "")
        self._drawn: dict[str, str] = {}

    def compose(self) -> ComposeResult:
        """Both sides."""
        yield self._original
        yield self._submitted

    @property
    def gate(self) -> LinkedGate:
        """The gate that is marked."""
        return self._gate

    def show(self, job: Job, data: JobData) -> None:
        """Show what is known of a job's circuit.

        Args:
            job: the job.
            data: what is known of it.
        """
        text = data.circuit_of(job, data.pub)
        source = job.source if not data.pub else ""
        trouble = data.errors.get("Circuit", "")
        self._submitted.show_text(text, trouble or "Asking for the circuit …", _pub_head(job, data))
        self._original.show_text(source, _no_source(data))
        made = data.transpilation if not data.pub else None
        self._layout = made.layout if made is not None else ()
        if (text, source) != self._linked:
            self._linked, self._links, self._gate = (text, source), None, NO_GATE
            if text:
                self._link(text, source, (made.layout, made.final_layout) if made is not None else ())
        self._draw_seen()

    def choose(self, view: str) -> None:
        """Show the side of a view, and the other one where there is room.

        Args:
            view: one of `SIDES`.
        """
        self._chosen = SIDES[view]
        self._arrange()
        side = self._side(self._chosen)
        if side.diagram.display:
            side.diagram.focus()
        elif side.program.display:
            side.program.focus()

    def mark_qubit(self, qubit: int) -> None:
        """Mark a gate on a qubit of the device."""
        if self._links is not None:
            self._mark(self._links.of_qubit(qubit, self._gate), "")

    def on_resize(self) -> None:
        """Show as many sides as there is room for."""
        self._arrange()

    def _side(self, name: str) -> CircuitSide:
        return self._original if name == _ORIGINAL else self._submitted

    def _arrange(self) -> None:
        both = self.size.width >= BOTH
        for name in (_ORIGINAL, _SUBMITTED):
            self._side(name).display = both or name == self._chosen
        self._submitted.set_class(both, "-beside")
        self._draw_seen()

    def _draw_seen(self) -> None:
        """Have drawn what is in sight and has not been drawn."""
        if not self.display:
            return
        for name in (_SUBMITTED, _ORIGINAL):
            side = self._side(name)
            if side.display and side.program.text and self._drawn.get(name) != side.program.text:
                self._drawn[name] = side.program.text
                self._draw(side)

    @work(group="job-diagrams", exit_on_error=False)
    async def _draw(self, side: CircuitSide) -> None:
        text = side.program.text
        layout = self._layout if side is self._submitted else ()
        side.say("being drawn …")
        try:
            diagram = await self.services.compiler.diagram(text, layout)
        except QdeckError as error:
            # No Qiskit here, or no program it reads: then the text alone is shown.
            if text == side.program.text:
                side.say(f"not drawn: {plain(str(error), limit=300)}")
            return
        if text != side.program.text:
            return
        side.diagram.show(diagram)
        side.show_diagram()
        side.say(diagram_note(diagram))
        self._mark_side(side)
        if side is self._side(self._chosen) and side.program.has_focus and not side.program.pointed:
            side.diagram.focus()

    @work(group="job-links", exclusive=True, exit_on_error=False)
    async def _link(self, text: str, source: str, layouts: tuple[tuple[int, ...], ...]) -> None:
        # A long program takes a while to be looked through.
        links = await asyncio.to_thread(GateLinks, text, source, layouts)
        if (text, source) == self._linked:
            self._links = links

    @on(DiagramView.Marked)
    def _marked_in_diagram(self, message: DiagramView.Marked) -> None:
        side = self._original if message.view is self._original.diagram else self._submitted
        side.program.point_at((message.line,))
        self._chosen_in(side, message.line, message.qubits)

    @on(ProgramPane.Marked)
    def _marked_in_program(self, message: ProgramPane.Marked) -> None:
        side = self._original if message.pane is self._original.program else self._submitted
        side.diagram.mark(message.line)
        self._chosen_in(side, message.line)

    @on(DiagramView.Picked)
    def _to_the_line(self, message: DiagramView.Picked) -> None:
        side = self._original if message.view is self._original.diagram else self._submitted
        side.program.point_at((message.line,))
        if not message.clicked:
            side.program.focus()

    @on(ProgramPane.Picked)
    def _to_the_gate(self, message: ProgramPane.Picked) -> None:
        side = self._original if message.pane is self._original.program else self._submitted
        side.diagram.mark(message.line)
        if side.diagram.display:
            side.diagram.focus()

    @on(events.DescendantFocus)
    @on(events.DescendantBlur)
    def _focus_changed(self) -> None:
        self._original.show_head()
        self._submitted.show_head()

    def _chosen_in(self, side: CircuitSide, number: int, qubits: tuple[int, ...] = ()) -> None:
        if self._links is None:
            return
        if side is self._original:
            gate = self._links.of_source_line(number)
        else:
            gate = self._links.of_line(number, qubits)
        self._mark(gate, side.id or "")

    def _mark(self, gate: LinkedGate, chosen_in: str) -> None:
        if not gate.qubits or gate == self._gate:
            return
        self._gate = gate
        for name in (_ORIGINAL, _SUBMITTED):
            if name != chosen_in:
                self._mark_side(self._side(name))
        self._submitted.say_marked(_gate_words(gate))
        self._original.say_marked(_source_words(gate))
        self.post_message(self.Marked(gate))

    def _mark_side(self, side: CircuitSide) -> None:
        if self._gate is not NO_GATE:
            side.mark(self._gate.source_lines if side is self._original else (self._gate.line,))


def _gate_words(gate: LinkedGate) -> str:
    where = f"qubit{'s' if len(gate.qubits) > 1 else ''} {_some(gate.qubits)}"
    return f"line {gate.line:,} on {where}" if gate.line else where


def _source_words(gate: LinkedGate) -> str:
    """The lines on the same qubits: which of them it came from, Qiskit does not tell."""
    lines = gate.source_lines
    return f"line{'s' if len(lines) > 1 else ''} {_some(lines)} on the same qubits" if lines else ""


def _some(numbers: tuple[int, ...]) -> str:
    shown = ", ".join(f"{number:,}" for number in numbers[:_MOST_NAMED])
    return f"{shown}, …" if len(numbers) > _MOST_NAMED else shown


def _no_source(data: JobData) -> str:
    if data.pub:
        return "The source of the PUBs after the first is not kept."
    if not data.texts_read:
        return "Looking for the source …"
    if data.transpilation is not None:
        return "The source before transpiling was let go to make room for newer ones."
    return "Submitted elsewhere: the source before transpiling is not known here."


def _pub_head(job: Job, data: JobData) -> tuple[Span, ...]:
    """Which of the job's circuits this is; nothing for the only one."""
    here = len(data.circuits)
    of = max(here, job.circuits or 0)
    if not here or of < 2:
        return ()
    spans = [Span(f"  PUB {data.pub + 1:,} of {of:,}", TextStyle.STRONG)]
    if here > 1:
        spans += [Span("   "), Span("n", TextStyle.KEY, "screen.pub(1)"), Span(" next  ")]
        spans += [Span("p", TextStyle.KEY, "screen.pub(-1)"), Span(" previous")]
    if here < of:
        spans.append(Span(f"   {here:,} can be shown here", TextStyle.MUTED))
    return tuple(spans)
