"""The transpile review as pictures."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.pilot import Pilot

from tests.screens.test_review_price import answered, programs
from tests.support.app import SnapCompare, make_app, screen_text, settled, until
from tests.support.app_services import AppServicesHarness
from tests.support.circuits import BELL, bell_candidate
from tests.support.devices import recorded_data
from tests.support.fixed_values import identity
from tests.support.sessions import BATCH, SESSIONS
from tui.app import QDeckApp
from tui.common.errors import ErrorKind, QdeckError
from tui.domain.accounts import Channel, Usage
from tui.domain.cloud_transpiler import Ai, CloudOptions
from tui.domain.jobs import Primitive
from tui.widgets.forms.parameter_rows import ParameterRows
from tui.widgets.forms.select import SearchableSelect
from tui.widgets.forms.transpile_options import TranspileOptionsForm


def app_with(services: AppServicesHarness | None = None) -> QDeckApp:
    services = services or AppServicesHarness()
    services.the_sessions = SESSIONS
    app = make_app(services)
    app.workspace.qasm = app.workspace.saved = BELL
    app.workspace.name, app.workspace.backend = "bell", "ibm_peekskill"
    return app


async def to_review(pilot: Pilot[None]) -> None:
    await settled(pilot)
    await pilot.press("f4")
    await settled(pilot)


async def transpiled(pilot: Pilot[None]) -> None:
    await to_review(pilot)
    await pilot.press("f8")
    await until(pilot, lambda: "F9 runs it" in screen_text(pilot))
    await settled(pilot)


def test_review_before_the_first_candidate_at_80x24(snap_compare: SnapCompare) -> None:
    assert snap_compare(app_with(), run_before=to_review)


def test_review_at_80x24(snap_compare: SnapCompare) -> None:
    assert snap_compare(app_with(), run_before=transpiled)


def test_review_without_colour(snap_compare: SnapCompare, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert snap_compare(app_with(), run_before=transpiled)


def test_review_compared_at_120x40(snap_compare: SnapCompare) -> None:
    async def compared(pilot: Pilot[None]) -> None:
        await transpiled(pilot)
        pilot.app.screen.query_one("#level", SearchableSelect).value = 3
        await pilot.press("f8")
        await until(pilot, lambda: "level 3" in screen_text(pilot))
        await settled(pilot)

    services = AppServicesHarness()
    services.the_identity = identity(channel=Channel.CLASSIC)
    app = app_with(services)
    app.workspace.session_id = BATCH.id
    assert snap_compare(app, terminal_size=(120, 40), run_before=compared)


def test_review_estimator_without_observables_at_80x24(snap_compare: SnapCompare) -> None:
    async def refused(pilot: Pilot[None]) -> None:
        await transpiled(pilot)
        pilot.app.screen.query_one("#primitive", SearchableSelect).value = Primitive.ESTIMATOR
        await until(pilot, lambda: "Precision" in screen_text(pilot))
        await pilot.press("f9")
        await until(pilot, lambda: "✘ Observables" in screen_text(pilot))

    services = AppServicesHarness()
    services.candidate = replace(bell_candidate(measures=False), warnings=("Qubit 13 is [red] noisy.",))
    assert snap_compare(app_with(services), run_before=refused)


def test_review_isa_circuit_at_80x24(snap_compare: SnapCompare) -> None:
    async def looked(pilot: Pilot[None]) -> None:
        await transpiled(pilot)
        await pilot.press("4")
        await until(pilot, lambda: "cx $14" in screen_text(pilot))
        await settled(pilot)

    assert snap_compare(app_with(), run_before=looked)


def test_review_cloud_options_at_80x24(snap_compare: SnapCompare) -> None:
    async def asked(pilot: Pilot[None]) -> None:
        await transpiled(pilot)
        screen = pilot.app.screen
        screen.query_one("#where", SearchableSelect).value = "cloud"
        screen.query_one(TranspileOptionsForm).refine(CloudOptions(Ai.ON, coupling_map=((0, 1),)))
        await until(pilot, lambda: "+1 more" in screen_text(pilot))
        await pilot.press("f8")
        await until(pilot, lambda: "AI on," in screen_text(pilot))
        await settled(pilot)

    services = AppServicesHarness()
    services.the_identity = identity(channel=Channel.CLASSIC)
    assert snap_compare(app_with(services), run_before=asked)


def test_cloud_options_dialog_at_80x24(snap_compare: SnapCompare) -> None:
    async def opened(pilot: Pilot[None]) -> None:
        await to_review(pilot)
        pilot.app.screen.query_one("#where", SearchableSelect).value = "cloud"
        await until(pilot, lambda: "Options" in screen_text(pilot))
        await pilot.press("ctrl+o")
        await until(pilot, lambda: "Take them" in screen_text(pilot))
        await settled(pilot)

    services = AppServicesHarness()
    services.the_identity = identity(channel=Channel.CLASSIC)
    assert snap_compare(app_with(services), run_before=opened)


async def run_dry(pilot: Pilot[None]) -> None:
    """Price what is under review in all ways, with own jobs, and more than is left."""
    await transpiled(pilot)
    app = pilot.app
    assert isinstance(app, QDeckApp) and isinstance(app.services, AppServicesHarness)
    await until(pilot, lambda: "12 jobs" in screen_text(pilot))
    await pilot.press("ctrl+r")
    await answered(pilot, app.services)
    await until(pilot, lambda: "3.7 s" in screen_text(pilot))
    await settled(pilot)


def priced_app() -> QDeckApp:
    services = programs()
    services.own_jobs(12)
    return app_with(services)


def test_review_with_prices_at_80x24(snap_compare: SnapCompare) -> None:
    assert snap_compare(priced_app(), run_before=run_dry)


def test_review_with_prices_at_120x40(snap_compare: SnapCompare) -> None:
    assert snap_compare(priced_app(), terminal_size=(120, 40), run_before=run_dry)


def test_review_with_prices_without_colour(
    snap_compare: SnapCompare, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert snap_compare(priced_app(), run_before=run_dry)


def test_review_refused_dry_run_and_too_little_left_at_80x24(snap_compare: SnapCompare) -> None:
    async def refused(pilot: Pilot[None]) -> None:
        await transpiled(pilot)
        await until(pilot, lambda: "formula  4.1 s" in screen_text(pilot))
        await pilot.press("ctrl+r")
        await until(pilot, lambda: "not on this plan" in screen_text(pilot))
        await pilot.press("f9")
        await until(pilot, lambda: "Run on ibm_peekskill?" in screen_text(pilot))
        await settled(pilot)

    services = programs()
    services.trouble["dry_run"] = QdeckError(ErrorKind.FORBIDDEN, "Dry runs are not available on this plan.")
    services.connection.usage = Usage(598, 600, plan="open")
    assert snap_compare(app_with(services), run_before=refused)


def test_review_of_a_sweep_at_80x24(snap_compare: SnapCompare) -> None:
    async def typed(pilot: Pilot[None]) -> None:
        await transpiled(pilot)
        rows = pilot.app.screen.query_one(ParameterRows)
        rows.type_values({"phi": "pi/2", "theta": "0:2pi:20"})
        await until(pilot, lambda: "20 sets" in screen_text(pilot))
        await settled(pilot)

    services = AppServicesHarness()
    services.candidate = replace(bell_candidate(), parameters=("phi", "theta"))
    assert snap_compare(app_with(services), run_before=typed)


@pytest.mark.parametrize("colour", [True, False], ids=["colours", "NO_COLOR"])
def test_review_views_side_by_side_at_200x60(
    snap_compare: SnapCompare, monkeypatch: pytest.MonkeyPatch, colour: bool
) -> None:
    """All views at once, with a gate marked in each of them."""

    async def marked(pilot: Pilot[None]) -> None:
        await transpiled(pilot)
        await pilot.press("3")
        await until(pilot, lambda: "1→13 " in screen_text(pilot) and "0→14" in screen_text(pilot))
        await pilot.press("right")
        await until(pilot, lambda: "· line 7" in screen_text(pilot))
        await settled(pilot)

    if not colour:
        monkeypatch.setenv("NO_COLOR", "1")
    services = AppServicesHarness()
    services.device_data = {"ibm_peekskill": recorded_data("ibm_peekskill")}
    assert snap_compare(app_with(services), terminal_size=(200, 60), run_before=marked)


def test_review_in_sixteen_colours_at_120x40(
    snap_compare: SnapCompare, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COLORTERM")
    monkeypatch.setenv("TERM", "xterm")

    async def with_map(pilot: Pilot[None]) -> None:
        await transpiled(pilot)
        await pilot.press("1")
        await until(pilot, lambda: "1→13" in screen_text(pilot))
        await settled(pilot)

    services = AppServicesHarness()
    services.device_data = {"ibm_peekskill": recorded_data("ibm_peekskill")}
    assert snap_compare(app_with(services), terminal_size=(120, 40), run_before=with_map)
