"""The dialog that searches all backends as pictures, and the question after a calibration."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.pilot import Pilot

from tests.screens.test_all_backends import Searched, opened
from tests.support.app import SnapCompare, app_of, make_app, settled, shows, until
from tests.support.app_services import AppServicesHarness
from tests.support.circuits import BELL, bell_candidate
from tests.support.devices import CALIBRATED
from tui.app import QDeckApp
from tui.domain.devices.calibration_changes import CalibrationChange, Trend
from tui.monitor.actions.recalibration import Recalibration
from tui.screens.transpile.recheck import RedoQuestion

NO_COLOUR = {"NO_COLOR": "1"}
SIXTEEN = {"TERM": "xterm"}


def app_with_backends() -> tuple[QDeckApp, Searched]:
    """The app, and the searches of its backends, which wait."""
    services = AppServicesHarness()
    searched = Searched(services)
    app = make_app(services)
    app.workspace.qasm = app.workspace.saved = BELL
    return app, searched


@pytest.mark.parametrize(
    ("size", "environment"),
    [
        pytest.param((80, 24), {}, id="80x24"),
        pytest.param((120, 40), {}, id="120x40"),
        pytest.param((200, 60), {}, id="200x60"),
        pytest.param((80, 24), NO_COLOUR, id="NO_COLOR"),
        pytest.param((80, 24), SIXTEEN, id="sixteen_colours"),
    ],
)
def test_all_backends(
    snap_compare: SnapCompare,
    monkeypatch: pytest.MonkeyPatch,
    size: tuple[int, int],
    environment: dict[str, str],
) -> None:
    """Three are done, of which two are as good as each other; the fourth is too small."""
    if environment is SIXTEEN:
        monkeypatch.delenv("COLORTERM")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    app, searched = app_with_backends()

    async def found(pilot: Pilot[None]) -> None:
        await settled(pilot)
        await opened(pilot)
        searched.go.set()
        await until(pilot, lambda: shows(pilot, "50.0 %", "too small"))
        await pilot.pause()

    assert snap_compare(app, terminal_size=size, run_before=found)


def test_redo_question_at_80x24(snap_compare: SnapCompare) -> None:
    app, _ = app_with_backends()
    reviewed = replace(bell_candidate(), estimated_success=0.9)
    now = replace(reviewed, estimated_success=0.61, calibrated=CALIBRATED, flags=("coupler 13-14 is dead",))
    best = replace(now, estimated_success=0.93, flags=(), used=(3, 5))
    changes = (CalibrationChange((13, 14), Trend.DIED),)

    async def asked(pilot: Pilot[None]) -> None:
        await settled(pilot)
        await pilot.press("f4")
        await app_of(pilot).push_screen(RedoQuestion(Recalibration(reviewed, now, (best,), "", changes)))
        await settled(pilot)

    assert snap_compare(app, run_before=asked)
