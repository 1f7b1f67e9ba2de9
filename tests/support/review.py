"""The transpile review in a test: opened with a circuit, with a candidate, and what was submitted from it."""

from __future__ import annotations

from textual.pilot import Pilot

from tests.support.app import app_of, settled, shows, until
from tests.support.app_services import AppServicesHarness
from tests.support.circuits import BELL
from tui.domain.submissions import Submission
from tui.screens.dialogs.confirm import Confirm
from tui.screens.jobs.screen import JobsScreen
from tui.screens.transpile.screen import TranspileScreen


async def open_review(
    pilot: Pilot[None], text: str = BELL, backend: str = "ibm_peekskill"
) -> TranspileScreen:
    """The transpile screen with this circuit on the workspace."""
    app = app_of(pilot)
    app.workspace.qasm = app.workspace.saved = text
    app.workspace.name, app.workspace.backend, app.workspace.backend_picked = "bell", backend, bool(backend)
    await pilot.press("f4")
    await until(pilot, lambda: isinstance(app.screen, TranspileScreen))
    await settled(pilot)
    assert isinstance(app.screen, TranspileScreen)
    return app.screen


async def transpiled(pilot: Pilot[None]) -> TranspileScreen:
    """The transpile screen with a fresh candidate."""
    screen = await open_review(pilot)
    await pilot.press("f8")
    await until(pilot, lambda: shows(pilot, "F9 runs it"))
    return screen


async def agreed_on_second_thought(pilot: Pilot[None], services: AppServicesHarness) -> None:
    """At the question before a submit: Cancel, which has the focus; then F9 once more, and agree."""
    await pilot.press("enter")
    await until(pilot, lambda: isinstance(pilot.app.screen, TranspileScreen))
    assert not submissions(services)
    await pilot.press("f9")
    await until(pilot, lambda: isinstance(pilot.app.screen, Confirm))
    await pilot.press("tab", "enter")
    await until(pilot, lambda: isinstance(pilot.app.screen, JobsScreen))
    assert len(submissions(services)) == 1


def submissions(services: AppServicesHarness) -> list[Submission]:
    """What the app has submitted, in order."""
    return [asked[1] for asked in services.asked if asked[0] == "submit" and isinstance(asked[1], Submission)]
