"""A diagram in cells: the same cells whichever part is asked for, folded registers, the way of the cursor."""

from __future__ import annotations

import pytest

from tests.support.circuits import BELL_DIAGRAM
from tui.domain.views.diagram import CircuitDiagram, LayerSummary, Symbol, Wire
from tui.widgets.circuit.diagram_drawing import DiagramDrawing, summary_line
from tui.widgets.text.styled_text import TextStyle, text_of

WIDE = CircuitDiagram(
    (Wire("q[0]", "q"), Wire("q[1]", "q"), Wire("anc", "anc")),
    3,
    (
        Symbol(0, (0,), ("Rz(π/2)",), 3),
        Symbol(0, (1,), ("H",), 4),
        Symbol(1, (0, 2), ("●", "⊕"), 5),
        Symbol(2, (0, 1, 2), ("░", "░", "░"), 6, joined=False),
    ),
)
NONE = (-1, TextStyle.CURSOR)


def rows(drawing: DiagramDrawing) -> list[str]:
    return [
        text_of(drawing.name_at(y)) + text_of(drawing.cells(y, 0, drawing.width, (), NONE))
        for y in range(drawing.height)
    ]


def test_drawing_has_a_line_a_qubit_and_crosses_those_between() -> None:
    assert rows(DiagramDrawing(WIDE)) == [
        "q[0] ─Rz(π/2)──●──░─",
        "q[1] ────H─────┼──░─",
        " anc ──────────⊕──░─",
    ]


@pytest.mark.parametrize("left", range(16))
@pytest.mark.parametrize("width", [1, 2, 5, 40])
def test_drawing_in_parts_is_as_the_whole(left: int, width: int) -> None:
    drawing = DiagramDrawing(WIDE)
    for y in range(drawing.height):
        whole = text_of(drawing.cells(y, 0, drawing.width, (), NONE))
        assert text_of(drawing.cells(y, left, width, (), NONE)) == whole[left : left + width]


def test_drawing_with_a_folded_register_has_one_line_for_it() -> None:
    assert rows(DiagramDrawing(WIDE, {"q"})) == ["▸ q ×2 ─▪──●──░─", "   anc ────⊕──░─"]


def test_drawing_marks_operations_and_the_cursor() -> None:
    spans = DiagramDrawing(BELL_DIAGRAM).cells(0, 0, 40, {0}, (1, TextStyle.CURSOR))
    assert [(span.text, span.style) for span in spans if span.style is not TextStyle.MUTED] == [
        ("H", TextStyle.CURRENT),
        ("●", TextStyle.CURSOR),
        ("M→c0", TextStyle.PLAIN),
    ]


def test_cursor_goes_along_a_qubit_and_to_the_nearest_operation_of_another() -> None:
    drawing = DiagramDrawing(WIDE)
    assert drawing.neighbour(0, 0, 1, 0) == (2, 0)
    assert drawing.neighbour(2, 0, 0, 1) == (1, 1)
    assert drawing.neighbour(1, 1, 0, 1) == (2, 2)
    assert drawing.neighbour(2, 2, 0, 1) == (2, 2)
    assert drawing.neighbour(0, 0, -1, 0) == (0, 0)
    assert (drawing.at(10, 2) == 2 and drawing.at(9, 1) == 2) or drawing.at(10, 1) is None
    assert drawing.of_lines((5,)) == [2]


def test_drawing_of_nothing_is_empty() -> None:
    drawing = DiagramDrawing(CircuitDiagram((), 0, ()))
    assert (drawing.width, drawing.height, rows(drawing)) == (0, 0, [])


def test_text_from_outside_is_shown_as_text() -> None:
    evil = CircuitDiagram((Wire("q\x1b[31m", ""),), 1, (Symbol(0, (0,), ("[red]\x07",)),))
    shown = rows(DiagramDrawing(evil))[0]
    assert "[red]" in shown and "\x1b" not in shown and "\x07" not in shown


def test_summary_line_names_layers_gates_and_line() -> None:
    line = summary_line(LayerSummary(0, 249, (("●⊕", 250), ("H", 3)), 4), 10_000)
    assert text_of(line) == "     1–250     ●⊕ 250  H 3  line 4"
