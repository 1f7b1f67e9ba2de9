"""The backend that is offered as the best."""

from __future__ import annotations

from dataclasses import replace

from tests.support.app import app_of, running, settled, until
from tests.support.app_services import AppServicesHarness
from tests.support.review import open_review
from tui.monitor.state.events import BackendsChanged
from tui.screens.workspace import PendingAction


async def test_review_offers_the_best_backend_until_another_is_picked() -> None:
    services = AppServicesHarness()
    first, second, _ = services.the_backends
    busy = replace(first, queue_length=40)
    services.the_backends = (busy, second)
    async with running(services) as pilot:
        await open_review(pilot, backend="")
        workspace = app_of(pilot).workspace
        assert workspace.backend == "ibm_cusco"
        # News does not change the choice under the eyes of the user.
        services.the_backends = (first, second)
        services.events.publish(BackendsChanged(services.the_backends))
        await settled(pilot)
        assert workspace.backend == "ibm_cusco"
        workspace.qubits = 100
        await pilot.press("f2", "f4")
        await settled(pilot)
        assert workspace.backend == "ibm_cusco", "the only one that is large enough"
        workspace.qubits = 2
        await pilot.press("f2", "f4")
        await settled(pilot)
        assert workspace.backend == "ibm_peekskill"
        await pilot.press("f6", "down", "enter")
        await until(pilot, lambda: workspace.backend == "ibm_cusco")
        await pilot.press("f2", "f4")
        await settled(pilot)
        assert workspace.backend == "ibm_cusco" and workspace.pending_action is PendingAction.NONE


async def test_review_fetches_errors_that_decide_the_best_backend() -> None:
    services = AppServicesHarness()
    services.errors = {"ibm_algiers": 0.02, "ibm_cusco": 0.002}
    services.the_backends = tuple(
        replace(one, name=name, queue_length=1)
        for one, name in zip(services.the_backends[:2], ("ibm_algiers", "ibm_cusco"), strict=True)
    )
    async with running(services) as pilot:
        await open_review(pilot, backend="")
        assert app_of(pilot).workspace.backend == "ibm_cusco"
        assert services.names_asked().count("backend_details") == 2
