"""Find and replace in the editor: as it is typed, from where the cursor was; all in one step for undo."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from textual.pilot import Pilot
from textual.widgets import Input
from textual.widgets.text_area import Selection

from tests.support.app import running, settled, shows, until
from tui.app import QDeckApp
from tui.openqasm import search
from tui.screens.dialogs.prompt import Prompt
from tui.screens.editor import find_bar
from tui.screens.editor.screen import EditorScreen

TEXT = "qubit[2] q;\nh q[0];\ncx q[0], q[1];\nh q[1];\n// H\n"


async def editor(pilot: Pilot[None], text: str = TEXT) -> EditorScreen:
    assert isinstance(pilot.app, QDeckApp)
    pilot.app.workspace.open("two", text)
    await pilot.press("f3")
    await until(pilot, lambda: isinstance(pilot.app.screen, EditorScreen))
    await settled(pilot)
    assert isinstance(pilot.app.screen, EditorScreen)
    return pilot.app.screen


async def test_find_counts_steps_and_replaces() -> None:
    async with running() as pilot:
        screen = await editor(pilot)
        area = screen.area
        await pilot.press("down", "ctrl+f", *"h")
        await until(pilot, lambda: shows(pilot, "1 of 3"))
        assert area.selection == ((1, 0), (1, 1)) and not shows(pilot, "Replace all")
        await pilot.press("enter")
        await until(pilot, lambda: shows(pilot, "2 of 3") and area.selection.start == (3, 0))
        await pilot.press("up", "up")
        await until(pilot, lambda: shows(pilot, "3 of 3") and area.selection.start == (4, 3))
        await pilot.press("alt+k")
        await until(pilot, lambda: shows(pilot, "1 of 2", "● case"))
        assert shows(pilot, "alt+r ○ regex")
        await pilot.press("tab")
        await until(pilot, lambda: area.has_focus and not shows(pilot, "alt+r"))  # renames there
        await pilot.press("ctrl+f", "escape")
        await until(pilot, lambda: area.has_focus and not screen.find_bar.display)
        await pilot.press("alt+n")
        await until(pilot, lambda: area.selection == ((3, 0), (3, 1)))
        await pilot.press("ctrl+r")
        await until(pilot, lambda: shows(pilot, "Replace all"))
        await pilot.press("tab", "x", "enter")
        await until(pilot, lambda: area.document[3] == "x q[1];" and shows(pilot, "1 of 1"))
        assert area.selection == ((1, 0), (1, 1)), "the next match, from the top"
        area.undo()
        await until(pilot, lambda: shows(pilot, "of 2") or shows(pilot, "2 found"))
        await pilot.press("alt+r")
        screen.find_bar.query_one("#find", Input).value = r"q\[(\d)\]"
        screen.find_bar.query_one("#with", Input).value = r"r[\1]"
        await pilot.press("alt+a")
        await until(pilot, lambda: shows(pilot, "4 replaced"))
        assert area.text == TEXT.replace("q[", "r[")
        area.undo()
        assert area.text == TEXT, "all in one step"


async def test_find_takes_the_selection_unless_it_is_a_match_and_as_it_is() -> None:
    async with running() as pilot:
        screen = await editor(pilot)
        field = screen.find_bar.query_one("#find", Input)
        await pilot.press("ctrl+f", "alt+r", *r"q\[\d\]")
        await until(pilot, lambda: shows(pilot, "1 of 4"))
        await pilot.press("escape", "ctrl+r")
        assert field.value == r"q\[\d\]"
        await pilot.press("escape")
        screen.area.selection = Selection((2, 3), (2, 7))
        await pilot.press("ctrl+f")
        assert field.value == r"q\[0\]"
        await until(pilot, lambda: shows(pilot, "2 of 2"))


async def test_replacing_goes_on_although_a_letter_was_typed_just_before_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    replace = search.TextSearch.replace
    waits = asyncio.Event()

    async def slowly(
        self: search.TextSearch,
        lines: Sequence[str],
        wanted: search.Wanted,
        new: str,
        at: tuple[int, int] | None,
    ) -> search.Replacement | None:
        await waits.wait()
        return await replace(self, lines, wanted, new, at)

    monkeypatch.setattr(search.TextSearch, "replace", slowly)
    monkeypatch.setattr(find_bar, "_SOON", 0.4)  # the key comes before it is looked for
    async with running() as pilot:
        screen = await editor(pilot)
        await pilot.press("ctrl+r", "q", "alt+a")
        await pilot.pause(2 * find_bar._SOON)
        waits.set()
        await until(pilot, lambda: shows(pilot, "6 replaced"))
        await pilot.pause(2 * find_bar._LATER)
        assert shows(pilot, "6 replaced") and "q" not in screen.area.text


async def test_find_looks_again_for_what_was_typed_while_it_looked(monkeypatch: pytest.MonkeyPatch) -> None:
    find = search.TextSearch.find
    going_on = asyncio.Event()

    async def slowly(self: search.TextSearch, lines: Sequence[str], wanted: search.Wanted) -> search.Matches:
        found = await find(self, lines, wanted)
        if wanted.pattern == "q":
            going_on.set()
            # The next letter comes before the answer to this one is looked at.
            await until(pilot, lambda: screen.find_bar.query_one("#find", Input).value == "q[")
        return found

    monkeypatch.setattr(search.TextSearch, "find", slowly)
    async with running() as pilot:
        screen = await editor(pilot)
        await pilot.press("ctrl+f", "q")
        await going_on.wait()
        await pilot.press("[")
        await until(pilot, lambda: shows(pilot, "1 of 4"))


async def test_find_says_what_is_wrong_and_stops_by_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "DEADLINE", 20.0)
    async with running() as pilot:
        screen = await editor(pilot, "a" * 40 + "!\n")
        await pilot.press("ctrl+f", "alt+r", *"(a", "left_parenthesis")
        await until(pilot, lambda: shows(pilot, "missing )"))
        screen.find_bar.query_one("#find", Input).value = "(a+)+$"
        await until(pilot, lambda: shows(pilot, "searching…  esc stops"))
        await pilot.press("escape")
        await until(pilot, lambda: shows(pilot, "stopped"))
        screen.find_bar.query_one("#find", Input).value = "zz"
        await until(pilot, lambda: shows(pilot, "no match"))
        await pilot.press("escape")
        await until(pilot, lambda: screen.area.has_focus)


async def test_line_word_all_and_bracket_are_reached_by_key() -> None:
    async with running() as pilot:
        screen = await editor(pilot)
        area = screen.area
        await pilot.press("alt+g")
        await until(pilot, lambda: isinstance(pilot.app.screen, Prompt))
        await pilot.press(*"3x", "enter")
        await until(pilot, lambda: shows(pilot, "Write a line's number"))
        pilot.app.screen.query_one(Input).value = "3:5"
        await pilot.press("enter")
        await until(pilot, lambda: pilot.app.screen is screen and area.cursor_location == (2, 4))
        await pilot.press("alt+m")
        assert area.cursor_location == (2, 6)
        await pilot.press("alt+m")
        assert area.cursor_location == (2, 4)
        await pilot.press("alt+w")
        assert area.selected_text == "q"
        await pilot.press("alt+a")
        assert area.selected_text == TEXT


async def test_find_selects_the_first_match_although_tab_was_pressed_just_after_typing() -> None:
    async with running() as pilot:
        screen = await editor(pilot)
        await pilot.press("ctrl+r")
        await until(pilot, lambda: screen.find_bar.query_one("#find").has_focus)
        screen.find_bar.query_one("#find", Input).value = "cx"
        await pilot.press("tab")
        await until(pilot, lambda: shows(pilot, "1 of 1"))
        assert screen.area.selection == ((2, 0), (2, 2))


@pytest.mark.parametrize(("pattern", "said"), [("", ""), ("(", "unterminated")])
async def test_find_looks_once_for_what_cannot_be_found(
    pattern: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = 0
    look = find_bar.FindBar._look

    def counted(bar: find_bar.FindBar) -> None:
        nonlocal looks
        looks += 1
        look(bar)

    monkeypatch.setattr(find_bar.FindBar, "_look", counted)
    monkeypatch.setattr(find_bar, "_LATER", 0.01)
    async with running() as pilot:
        screen = await editor(pilot)
        await pilot.press("ctrl+f", "alt+r")
        screen.find_bar.query_one("#find", Input).value = pattern
        await until(pilot, lambda: looks > 0 and shows(pilot, said) and not screen.find_bar._busy)
        await pilot.pause(0.2)
        assert looks <= 4
