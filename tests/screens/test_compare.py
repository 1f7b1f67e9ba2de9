"""The compare screen: marked jobs against the first of them, one against its ideal."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.pilot import Pilot

from tests.support.app import SnapCompare, make_app, notices, running, screen_text, settled, until
from tests.support.app_services import AppServicesHarness
from tests.support.fixed_values import BELL_RESULT, jobs
from tui.domain.results import Counts, JobResult, PubResult
from tui.screens.dialogs.export import ExportDialog
from tui.screens.jobs.compare import CompareScreen

BELL = 2
WORSE = JobResult((PubResult((Counts("c", 2, 1024, {"00": 400, "11": 424, "01": 110, "10": 90}),)),))


def services() -> AppServicesHarness:
    """Two jobs of a Bell pair, the second on another device, with another circuit and worse."""
    made = AppServicesHarness()
    bell = jobs()[BELL]
    worse = replace(
        bell,
        id="d3kworse",
        name="bell again",
        backend="ibm_cusco",
        circuit=bell.circuit.rstrip() + "\nx $1;\n",
    )
    made.the_jobs = (bell, worse)
    made.results = {bell.id: BELL_RESULT, worse.id: WORSE}
    return made


async def compare(pilot: Pilot[None]) -> None:
    await settled(pilot)
    await pilot.press("space", "down", "space", "C")
    await until(pilot, lambda: isinstance(pilot.app.screen, CompareScreen))
    await settled(pilot)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
def test_compared_jobs(snap_compare: SnapCompare, size: tuple[int, int]) -> None:
    assert snap_compare(make_app(services()), terminal_size=size, run_before=compare)


def test_compared_jobs_without_colours(snap_compare: SnapCompare, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")

    async def differences(pilot: Pilot[None]) -> None:
        await compare(pilot)
        await pilot.press("2")
        await settled(pilot)

    assert snap_compare(make_app(services()), terminal_size=(80, 24), run_before=differences)


async def test_journey_through_a_comparison() -> None:
    async with running(services()) as pilot:
        await compare(pilot)
        shown = screen_text(pilot)
        assert "bell again against bell" in shown and "≠ more than shot noise" in shown
        assert "SANDBOX" in shown.splitlines()[4]
        await pilot.press("2")
        await settled(pilot)
        assert "≠ backend" in screen_text(pilot) and "ibm_cusco" in screen_text(pilot)
        await pilot.press("tab")
        await settled(pilot)
        assert "+ bell again" in screen_text(pilot) and "+ x $1;" in screen_text(pilot)
        await pilot.press("f", "1")
        await settled(pilot)
        assert "bell against bell again" in screen_text(pilot)
        await pilot.press("x")
        await until(pilot, lambda: isinstance(pilot.app.screen, ExportDialog))
        assert "Take away 2 jobs" in screen_text(pilot)
        await pilot.press("escape", "escape", "escape", "C")
        await until(pilot, lambda: isinstance(pilot.app.screen, CompareScreen))
        await settled(pilot)
        assert "against ideal" in screen_text(pilot)
        await pilot.press("i")
        await settled(pilot)
        assert "One job alone" in notices(pilot)


async def test_comparison_that_cannot_be_says_why_in_its_place() -> None:
    made = services()
    made.results = {}
    async with running(made) as pilot:
        await settled(pilot)
        await pilot.press("C")
        await until(pilot, lambda: isinstance(pilot.app.screen, CompareScreen))
        await settled(pilot)
        assert "no counts to hold against an ideal" in screen_text(pilot)
