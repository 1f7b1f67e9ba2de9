"""The language in the editor as pictures: a word that is offered, an argument that is due, a gate's card."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot

from tests.screens.test_editor_pictures import app_with, until_checked
from tests.support.app import SnapCompare, screen_text, settled, until
from tests.support.app_services import AppServicesHarness
from tests.support.circuits import BELL
from tui.app import QDeckApp
from tui.screens.editor.screen import EditorScreen


async def type_at_the_end(pilot: Pilot[None], services: AppServicesHarness, *keys: str, says: str) -> None:
    await until_checked(pilot)
    screen = pilot.app.screen
    assert isinstance(screen, EditorScreen)
    screen.area.move_cursor(screen.area.document.end)
    await until(pilot, lambda: screen.area.vocabulary is not None)
    checks = [asked[0] for asked in services.asked].count("check")
    await pilot.press(*keys)
    await until(pilot, lambda: says in screen_text(pilot))
    await until(pilot, lambda: [asked[0] for asked in services.asked].count("check") > checks)
    await settled(pilot)


@pytest.mark.parametrize("no_color", [False, True], ids=["colour", "no-colour"])
def test_offered_word_at_80x24(
    snap_compare: SnapCompare, monkeypatch: pytest.MonkeyPatch, no_color: bool
) -> None:
    if no_color:
        monkeypatch.setenv("NO_COLOR", "1")
    services = AppServicesHarness()

    async def typed(pilot: Pilot[None]) -> None:
        await type_at_the_end(pilot, services, *"cs", says="tab cswap a, b, c")

    assert snap_compare(app_with(BELL, services), run_before=typed)


def test_argument_that_is_due_at_80x24(snap_compare: SnapCompare) -> None:
    services = AppServicesHarness()

    async def typed(pilot: Pilot[None]) -> None:
        await type_at_the_end(pilot, services, *"cu(pi, ", says="u3 on b, and a phase of")

    assert snap_compare(app_with(BELL, services), run_before=typed)


def test_card_of_a_gate_at_80x24(snap_compare: SnapCompare) -> None:
    async def asked(pilot: Pilot[None]) -> None:
        await until_checked(pilot)
        assert isinstance(pilot.app, QDeckApp) and isinstance(pilot.app.screen, EditorScreen)
        pilot.app.workspace.backend = "ibm_cusco"
        pilot.app.screen.area.move_cursor((5, 1))
        await pilot.press("f1")
        await until(pilot, lambda: "medians of the device" in screen_text(pilot))
        await settled(pilot)

    assert snap_compare(app_with(BELL), run_before=asked)
