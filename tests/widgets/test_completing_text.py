"""Words completed while they are typed: offered grey behind the cursor, taken by tab, never in the way."""

from __future__ import annotations

from textual.events import Paste

from tests.support.circuits import BELL
from tests.widgets.test_qasm_editor import editor_with
from tui.openqasm.analysis.symbols import SymbolTable
from tui.openqasm.completion import Vocabulary
from tui.widgets.circuit.qasm_editor import QasmEditor


def at_the_end(area: QasmEditor) -> None:
    area.vocabulary = Vocabulary(SymbolTable.of(area.text))
    area.move_cursor(area.document.end)


async def test_offered_word_stands_behind_the_cursor_and_tab_takes_it() -> None:
    async with editor_with(BELL) as (pilot, area):
        at_the_end(area)
        await pilot.press(*"cs")
        assert area.suggestion == "wap" and "cswap" in area.render_line(7).text
        assert area.text == BELL + "cs", "it is not in the text"
        await pilot.press("tab")
        assert area.text == BELL + "cswap" and area.suggestion == ""
        await pilot.press("tab")
        assert area.text == BELL + "cswap ", "where nothing is offered, tab indents"
        area.undo()
        area.undo()
        assert area.text == BELL + "cs", "one step for undo"
        assert area.suggestion == "", "undo offers nothing"


async def test_snippet_is_indented_with_its_line_and_has_the_cursor_inside() -> None:
    async with editor_with(BELL + "  ") as (pilot, area):
        at_the_end(area)
        await pilot.press(*"fo", "right")
        assert area.text == BELL + "  for int i in [0:3] {\n    \n  }"
        assert area.cursor_location == (7, len("  for int i in [0:"))


async def test_moving_pasting_and_comments_offer_nothing() -> None:
    async with editor_with(BELL + "// ") as (pilot, area):
        at_the_end(area)
        await pilot.press(*"cs")
        assert area.suggestion == "", "in a comment"
        await pilot.press("enter", *"cs", "left")
        assert area.suggestion == ""
        await pilot.press("right")
        assert area.suggestion == "", "a cursor that comes by is offered nothing"
        area.post_message(Paste("wa"))
        await pilot.pause()
        await pilot.press("enter", *"cs")
        assert area.suggestion == "wap"
        await pilot.press("escape")
        assert area.suggestion == "" and area.has_focus, "esc drops what is offered, and leaves nothing else"


async def test_fast_typing_goes_through_what_is_offered() -> None:
    async with editor_with(BELL) as (pilot, area):
        at_the_end(area)
        statement = "cswap q[0], q[1], q[2]; measure q[0];"
        await pilot.press(*statement)
        assert area.text == BELL + statement


async def test_without_a_vocabulary_tab_indents() -> None:
    async with editor_with(BELL) as (pilot, area):
        area.move_cursor(area.document.end)
        await pilot.press(*"cs", "tab")
        assert area.text == BELL + "cs  "
