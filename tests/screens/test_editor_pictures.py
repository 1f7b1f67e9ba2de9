"""The editor and its dialogs as pictures."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from tests.support.app import SnapCompare, make_app, screen_text, settled, until
from tests.support.app_services import AppServicesHarness
from tests.support.circuits import BELL
from tui.app import QDeckApp
from tui.domain.circuits import CheckReport, Diagnostic

WRONG = CheckReport((Diagnostic(5, 1, "'hh' is not defined in this scope [red]"), Diagnostic(6, 4, "second")))


def app_with(text: str, services: AppServicesHarness | None = None) -> QDeckApp:
    services = services or AppServicesHarness()
    app = make_app(services)
    app.workspace.qasm = app.workspace.saved = text
    app.workspace.name = "bell" if text else "untitled"
    return app


async def to_editor(pilot: Pilot[None]) -> None:
    await settled(pilot)
    await pilot.press("f3")
    await settled(pilot)


async def until_checked(pilot: Pilot[None]) -> None:
    await to_editor(pilot)
    await until(pilot, lambda: "checked by Qiskit" in screen_text(pilot))
    await settled(pilot)


async def until_refused(pilot: Pilot[None]) -> None:
    await to_editor(pilot)
    await until(pilot, lambda: "line 5, column 1" in screen_text(pilot))
    # The fast analysis is there first: the picture is of Qiskit's word.
    await until(pilot, lambda: "Qiskit is checking" not in screen_text(pilot))
    await settled(pilot)


def test_editor_empty_at_80x24(snap_compare: SnapCompare) -> None:
    assert snap_compare(app_with(""), run_before=to_editor)


def test_editor_checked_at_80x24(snap_compare: SnapCompare) -> None:
    assert snap_compare(app_with(BELL), run_before=until_checked)


def test_editor_drawing_at_120x40(snap_compare: SnapCompare) -> None:
    async def drawn(pilot: Pilot[None]) -> None:
        await until_checked(pilot)
        await until(pilot, lambda: "⊕" in screen_text(pilot))

    assert snap_compare(app_with(BELL), terminal_size=(120, 40), run_before=drawn)


def test_editor_errors_at_80x24(snap_compare: SnapCompare) -> None:
    services = AppServicesHarness()
    services.report = WRONG
    assert snap_compare(app_with(BELL.replace("h q", "hh q"), services), run_before=until_refused)


def test_editor_errors_without_colour(snap_compare: SnapCompare, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    services = AppServicesHarness()
    services.report = WRONG
    assert snap_compare(app_with(BELL.replace("h q", "hh q"), services), run_before=until_refused)


def test_open_dialog_at_80x24(snap_compare: SnapCompare) -> None:
    async def asked(pilot: Pilot[None]) -> None:
        await until_checked(pilot)
        await pilot.press("ctrl+o")
        await until(pilot, lambda: "Open a circuit" in screen_text(pilot))
        pilot.app.screen.query_one(Input).value = "bell"  # examples only: no file of this folder begins so
        await until(pilot, lambda: "x-gate" not in screen_text(pilot))
        await settled(pilot)

    assert snap_compare(app_with(BELL), run_before=asked)


def test_unsaved_dialog_at_80x24(snap_compare: SnapCompare) -> None:
    async def asked(pilot: Pilot[None]) -> None:
        await until_checked(pilot)
        await pilot.press("x", "alt+x")
        await until(pilot, lambda: "not saved" in screen_text(pilot) and "Stay" in screen_text(pilot))
        await until(pilot, lambda: "checked by Qiskit" in screen_text(pilot))

    assert snap_compare(app_with(BELL), run_before=asked)
