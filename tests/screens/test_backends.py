"""The backends: status, queue, medians fetched by themselves, one chosen for the next transpile."""

from __future__ import annotations

from dataclasses import replace

from textual.pilot import Pilot

from tests.support.app import SnapCompare, make_app, running, screen_text, settled, until
from tests.support.app_services import AppServicesHarness
from tui.app import QDeckApp
from tui.common.errors import ErrorKind, QdeckError
from tui.domain.devices.backends import Backend
from tui.monitor.state.events import BackendsChanged
from tui.screens.backends.screen import BackendsScreen, details_over


async def _go(pilot: Pilot[None]) -> None:
    await settled(pilot)
    await pilot.press("f6")
    await until(pilot, lambda: isinstance(pilot.app.screen, BackendsScreen))
    await settled(pilot)


def test_backends_at_80x24(snap_compare: SnapCompare) -> None:
    assert snap_compare(make_app(), run_before=_go)


def test_backends_at_120x40(snap_compare: SnapCompare) -> None:
    assert snap_compare(make_app(), terminal_size=(120, 40), run_before=_go)


async def test_backends_fetch_each_median_once() -> None:
    services = AppServicesHarness()
    async with running(services) as pilot:
        assert "backend_details" not in services.names_asked()
        await _go(pilot)
        assert services.names_asked().count("backend_details") == 3
        assert "0.83" in screen_text(pilot) and "1.91" in screen_text(pilot)
        await pilot.press("f2", "f6")
        await settled(pilot)
        assert services.names_asked().count("backend_details") == 3


async def test_backends_fetch_only_errors_missing_from_the_list() -> None:
    services = AppServicesHarness()
    services.the_backends = tuple(replace(one, median_2q_error=0.0123) for one in services.the_backends)
    async with running(services) as pilot:
        await _go(pilot)
        assert screen_text(pilot).count("1.23") == 2
        assert services.names_asked().count("backend_details") == 1
        await pilot.press("down")
        await settled(pilot)
        assert services.names_asked().count("backend_details") == 2
        await pilot.resize_terminal(120, 24)
        await settled(pilot)
        assert services.names_asked().count("backend_details") == 3


async def test_backends_report_missing_medians_below_the_table() -> None:
    services = AppServicesHarness()
    services.trouble["backend_details"] = QdeckError(ErrorKind.SERVER, "No [b]properties[/b].")
    async with running(services) as pilot:
        await _go(pilot)
        assert "No [b]properties[/b]." in screen_text(pilot)
        assert "ibm_peekskill" in screen_text(pilot)


async def test_backends_enter_uses_the_backend() -> None:
    async with running() as pilot:
        await _go(pilot)
        await pilot.press("down", "enter")
        await settled(pilot)
        assert isinstance(pilot.app, QDeckApp)
        assert pilot.app.workspace.backend == "ibm_cusco"
        assert pilot.app.current_mode == "transpile"


async def test_backends_follow_the_service() -> None:
    services = AppServicesHarness()
    async with running(services) as pilot:
        await _go(pilot)
        services.the_backends = (replace(services.the_backends[0], queue_length=777),)
        services.events.publish(BackendsChanged(services.the_backends))
        await settled(pilot)
        assert "777" in screen_text(pilot)
        assert "ibm_cusco" not in screen_text(pilot)
        services.events.publish(BackendsChanged(()))
        await settled(pilot)
        assert "No backend is listed" in screen_text(pilot)


def test_backends_newer_queue_replaces_that_of_the_details() -> None:
    details = Backend("b", 5, "online", True, 9, median_2q_error=0.01)
    whole = details_over(Backend("b", 5, "paused", False, 2), details)
    assert (whole.status, whole.operational, whole.queue_length) == ("paused", False, 2)
    assert whole.median_2q_error == 0.01
