"""Rows of a timeline as characters, and the marking of gates by keys."""

from __future__ import annotations

from textual.app import App, ComposeResult

from tests.support.circuits import BELL_TIMELINE
from tui.domain.views.timeline import CircuitTimeline, TimelineOperation
from tui.widgets.circuit.timeline import Kind, Timeline, Window, operation_line, row_cells
from tui.widgets.text.styled_text import text_of


def row(operations: list[TimelineOperation], length: float, cells: int, *, begin: float = 0.0) -> str:
    """The characters of a row."""
    kinds = row_cells(operations, 10.0, Window(begin, length, cells))
    return "".join(" " if kind is None else kind.value[0] for kind in kinds)


def gate(name: str, start: float, length: float, *qubits: int) -> TimelineOperation:
    return TimelineOperation(name, qubits or (0,), start, length)


def test_row_is_empty_before_the_first_operation_and_idle_between() -> None:
    made = [gate("sx", 2, 1), gate("cz", 5, 2, 0, 1), gate("measure", 8, 2)]
    assert row(made, 10, 10) == "  ▄░░██░▓▓"


def test_row_waits_until_the_end_unless_it_was_measured() -> None:
    assert row([gate("cz", 0, 5, 0, 1)], 10, 10) == "█████░░░░░"
    assert row([gate("measure", 0, 5)], 10, 10) == "▓▓▓▓▓     "


def test_delays_are_idle_and_gates_without_length_are_not_drawn() -> None:
    assert row([gate("x", 0, 1), gate("delay", 1, 4), gate("x", 5, 5)], 10, 10) == "▄░░░░▄▄▄▄▄"
    assert row([gate("rz", 3, 0)], 10, 10) == " " * 10


def test_cell_shows_what_takes_most_of_it() -> None:
    many = [gate("sx", 0, 0.1), gate("cz", 0.2, 0.7, 0, 1), gate("x", 5, 5)]
    assert row(many, 10, 10)[0] == "█"
    assert row([gate("x", 0, 0.1), gate("x", 9, 1)], 10, 10)[0] == "░"


def test_row_shows_a_window() -> None:
    made = [gate("cz", 0, 5, 0, 1), gate("x", 5, 5)]
    assert row(made, 2, 4, begin=4) == "██▄▄"


def test_control_flow_is_a_block() -> None:
    assert row_cells([gate("if_else", 0, 10)], 10, Window(0, 10, 2)) == [Kind.BLOCK] * 2


def test_operation_line_names_qubits_time_and_line() -> None:
    operation = BELL_TIMELINE.operations[3]
    assert text_of(operation_line(operation, {14: 0})) == " cx 0→14, 13 at 0.10 µs for 500 ns · line 7"


class _App(App[None]):
    def __init__(self) -> None:
        super().__init__()
        self.marked: list[TimelineOperation | None] = []

    def compose(self) -> ComposeResult:
        yield Timeline()

    def on_timeline_marked(self, message: Timeline.Marked) -> None:
        self.marked.append(message.operation)


async def test_arrows_mark_the_gates_of_a_qubit_in_turn() -> None:
    app = _App()
    async with app.run_test(size=(60, 10)) as pilot:
        timeline = app.query_one(Timeline)
        timeline.show(BELL_TIMELINE, {13: 1, 14: 0})
        timeline.focus()
        await pilot.press("right", "right", "right", "left", "down", "right")
        names = [(one.name, one.qubits) for one in app.marked if one is not None]
        # From cx, marked on 13, the next one on 14 is its measurement.
        assert names == [
            ("cx", (14, 13)),
            ("measure", (13,)),
            ("measure", (13,)),
            ("cx", (14, 13)),
            ("measure", (14,)),
        ]


async def test_zoom_keeps_the_marked_gate_in_sight() -> None:
    app = _App()
    async with app.run_test(size=(60, 10)) as pilot:
        timeline = app.query_one(Timeline)
        timeline.show(BELL_TIMELINE, {})
        timeline.focus()
        await pilot.press("right", "right", "plus", "plus", "plus")
        axis = "".join(segment.text for segment in timeline.render_line(0))
        assert "0.90" in axis and "1.10 µs" in axis
        await pilot.press("minus", "minus", "minus", "minus")
        assert "1.60 µs" in "".join(segment.text for segment in timeline.render_line(0))


async def test_empty_timeline_takes_every_key() -> None:
    app = _App()
    async with app.run_test(size=(60, 10)) as pilot:
        app.query_one(Timeline).show(CircuitTimeline(0.0, (), ()), {})
        app.query_one(Timeline).focus()
        await pilot.press("right", "down", "plus", "minus", "left", "up")
        assert not app.marked
