"""The editor in every number of colours and both sizes, as pictures: where the focus is shows in each."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from textual.pilot import Pilot

from tests.screens.test_editor_language_pictures import type_at_the_end
from tests.screens.test_editor_pictures import WRONG, app_with, until_checked, until_refused
from tests.support.app import SnapCompare, screen_text, settled, until
from tests.support.app_services import AppServicesHarness
from tests.support.circuits import BELL

COLOURS = {
    "truecolor": {"TERM": "xterm-256color", "COLORTERM": "truecolor"},
    "256": {"TERM": "xterm-256color"},
    "16": {"TERM": "xterm"},
    "NO_COLOR": {"TERM": "xterm-256color", "COLORTERM": "truecolor", "NO_COLOR": "1"},
}
SIZES = {"80x24": (80, 24), "120x40": (120, 40)}
State = Callable[[Pilot[None], AppServicesHarness], Awaitable[None]]


async def error(pilot: Pilot[None], _services: AppServicesHarness) -> None:
    """At the cursor, with the key that corrects it."""
    await until_refused(pilot)
    await pilot.press("ctrl+g")
    await until(pilot, lambda: "alt+q corrects it" in screen_text(pilot))
    await settled(pilot)


async def completion(pilot: Pilot[None], services: AppServicesHarness) -> None:
    """A word that is offered, with those beside it."""
    await type_at_the_end(pilot, services, *"cs", says="tab cswap a, b, c")


async def find(pilot: Pilot[None], _services: AppServicesHarness) -> None:
    """The bar with a field for the replacement, a match selected."""
    await until_checked(pilot)
    await pilot.press("ctrl+r", "q", "[")
    await until(pilot, lambda: "1 of 3" in screen_text(pilot))
    await settled(pilot)


async def outline(pilot: Pilot[None], _services: AppServicesHarness) -> None:
    """What is declared."""
    await until_checked(pilot)
    await pilot.press("alt+o")
    await until(pilot, lambda: "Outline" in screen_text(pilot))
    await settled(pilot)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("colours", COLOURS)
@pytest.mark.parametrize("state", [error, completion, find, outline], ids=lambda state: str(state.__name__))
def test_editor(
    snap_compare: SnapCompare, monkeypatch: pytest.MonkeyPatch, state: State, colours: str, size: str
) -> None:
    for name in ("TERM", "COLORTERM", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in COLOURS[colours].items():
        monkeypatch.setenv(name, value)
    services = AppServicesHarness()
    if state is error:
        services.report = WRONG
    text = BELL.replace("h q", "hh q") if state is error else BELL

    async def reached(pilot: Pilot[None]) -> None:
        await state(pilot, services)
        if size == "120x40" and state is not error:
            await until(pilot, lambda: "⊕" in screen_text(pilot))
            await settled(pilot)

    assert snap_compare(app_with(text, services), terminal_size=SIZES[size], run_before=reached)
