"""Help is made from the key registry: what it lists is what works."""

from __future__ import annotations

from textual.pilot import Pilot
from textual.widgets import Input

from tests.support.app import SnapCompare, make_app, running, screen_text, settled, until
from tui.screens.help import HelpScreen
from tui.screens.jobs.screen import JobsScreen
from tui.widgets.keymap import GLOBAL, JOBS, PLACES
from tui.widgets.text.styled_text import text_of
from tui.widgets.text.text_widgets import TextPane


async def _ask(pilot: Pilot[None]) -> None:
    await settled(pilot)
    await pilot.press("question_mark")
    await until(pilot, lambda: isinstance(pilot.app.screen, HelpScreen))
    await settled(pilot)


def test_help_at_80x24(snap_compare: SnapCompare) -> None:
    assert snap_compare(make_app(), run_before=_ask)


async def test_help_lists_every_key_of_screen_and_app() -> None:
    async with running() as pilot:
        await _ask(pilot)
        page = " ".join(" ".join(map(text_of, pilot.app.screen.query_one(TextPane).lines)).split())
        for key in (*JOBS, *GLOBAL):
            assert key.help in page
        await pilot.press("escape")
        await settled(pilot)
        assert isinstance(pilot.app.screen, JobsScreen)


async def test_help_opens_by_f1_while_question_mark_is_typed() -> None:
    async with running() as pilot:
        await pilot.press("slash", "question_mark")
        await settled(pilot)
        assert pilot.app.screen.query_one("#filter", Input).value == "?"
        await pilot.press("f1")
        await until(pilot, lambda: isinstance(pilot.app.screen, HelpScreen))


async def test_footer_shows_the_keys_of_the_screen() -> None:
    async with running() as pilot:
        last = screen_text(pilot).splitlines()[-1]
        assert last.startswith(" enter Open  / Filter")
        assert last.rstrip().endswith("? Help")


def test_keymap_ids_are_unique() -> None:
    ids = [key.id for place in PLACES for key in place]
    assert len(ids) == len(set(ids))


def test_keymap_binds_a_key_once_in_a_place() -> None:
    for place in PLACES:
        # esc leaves what is open, of which there is one at a time.
        names = [name for key in place for name in key.keys.split(",") if name != "escape"]
        assert len(names) == len(set(names)), sorted(name for name in names if names.count(name) > 1)


def test_keymap_binds_no_key_that_terminals_swallow() -> None:
    eaten = {"ctrl+m", "ctrl+h", "ctrl+j", "ctrl+i", "ctrl+enter"}
    bound = {name.strip() for place in PLACES for key in place for name in key.keys.split(",")}
    assert not bound & eaten
