"""What the cloud transpiler is asked, chosen in the review."""

from __future__ import annotations

from textual.widgets import Input

from tests.support.app import app_of, running, settled, shows, until
from tests.support.app_services import AppServicesHarness
from tests.support.circuits import BELL
from tests.support.fixed_values import identity
from tests.support.review import open_review
from tui.domain.accounts import Channel
from tui.domain.circuits import TranspileOptions
from tui.domain.cloud_transpiler import Ai, CloudOptions, LayoutMode, Preference
from tui.screens.dialogs.cloud_options import CloudRefinements
from tui.widgets.forms.select import SearchableSelect
from tui.widgets.tables.candidate_table import CandidateTable


async def test_review_offers_the_cloud_only_where_there_is_one() -> None:
    async with running() as pilot:
        screen = await open_review(pilot)
        assert not screen.query_one("#where", SearchableSelect).display
    services = AppServicesHarness()
    services.the_identity = identity(channel=Channel.CLASSIC)
    async with running(services) as pilot:
        screen = await open_review(pilot)
        assert screen.query_one("#where", SearchableSelect).display
        screen.query_one("#where", SearchableSelect).value = "cloud"
        await pilot.press("f8")
        await until(pilot, lambda: shows(pilot, "F9 runs it"))
        assert ("transpile", BELL, "ibm_peekskill", TranspileOptions(cloud=True)) in services.asked


def classic_services() -> AppServicesHarness:
    services = AppServicesHarness()
    services.the_identity = identity(channel=Channel.CLASSIC)
    return services


async def test_review_shows_cloud_options_with_the_cloud() -> None:
    services = classic_services()
    async with running(services) as pilot:
        screen = await open_review(pilot)
        assert not shows(pilot, "Layout")
        assert not shows(pilot, "^o Options")
        screen.query_one("#where", SearchableSelect).value = "cloud"
        await until(pilot, lambda: shows(pilot, "AI auto", "Layout optimize", "Goal any", "^o Options"))
        screen.query_one("#ai", SearchableSelect).value = Ai.ON
        screen.query_one("#ai-layout", SearchableSelect).value = LayoutMode.IMPROVE
        screen.query_one("#goal", SearchableSelect).value = (Preference.NOISE,)
        screen.query_one("#gates", SearchableSelect).value = True
        await pilot.press("f8")
        await until(pilot, lambda: shows(pilot, "AI on,", "F9 runs it"))
        asked = CloudOptions(Ai.ON, LayoutMode.IMPROVE, (Preference.NOISE,), True)
        assert (
            "transpile",
            BELL,
            "ibm_peekskill",
            TranspileOptions(cloud=True, asked=asked),
        ) in services.asked
        screen.query_one("#ai", SearchableSelect).value = Ai.OFF
        await until(pilot, lambda: not shows(pilot, "Goal") and shows(pilot, "Other choices than these"))
        await pilot.press("f8")
        table = screen.query_one(CandidateTable)
        await until(pilot, lambda: len(table.candidates) == 2)
        off = CloudOptions(Ai.OFF, fractional_gates=True)
        assert [one.options.asked for one in table.candidates] == [asked, off], "each way is a candidate"
        table.focus()
        await pilot.press("down", "enter")
        await until(pilot, lambda: shows(pilot, "AI on ", "Layout improve", "Goal noise", "F9 runs it"))
        screen.query_one("#where", SearchableSelect).value = "local"
        await until(pilot, lambda: not shows(pilot, "Layout improve"))
        assert app_of(pilot).workspace.options == TranspileOptions()


async def test_review_rare_cloud_options_are_behind_a_key() -> None:
    services = classic_services()
    async with running(services) as pilot:
        screen = await open_review(pilot)
        screen.query_one("#where", SearchableSelect).value = "cloud"
        await until(pilot, lambda: shows(pilot, "^o Options"))
        await pilot.press("ctrl+o")
        await until(pilot, lambda: isinstance(app_of(pilot).screen, CloudRefinements))
        await settled(pilot)
        dialog = app_of(pilot).screen
        dialog.query_one("#preferences", Input).value = "noise, speed"
        await pilot.press("enter")
        await until(pilot, lambda: shows(pilot, "not 'speed'"))
        dialog.query_one("#preferences", Input).value = "noise, layers"
        dialog.query_one("#couplings", Input).value = "nowhere.json"
        await pilot.press("enter")
        await until(pilot, lambda: shows(pilot, "nowhere.json cannot be read"))
        dialog.query_one("#couplings", Input).value = "[[0, 1], [1, 0]]"
        dialog.query_one("#options", Input).value = '{"layout_method": "sabre"}'
        await pilot.press("enter")
        await until(pilot, lambda: shows(pilot, "Goal noise", "+2 more"))
        asked = app_of(pilot).workspace.options.asked
        assert asked.preferences == (Preference.NOISE, Preference.LAYERS)
        assert asked.coupling_map == ((0, 1), (1, 0))
        assert asked.qiskit_options == (("layout_method", '"sabre"'),)
