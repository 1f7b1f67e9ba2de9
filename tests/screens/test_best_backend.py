"""The backend that is offered as the best."""

from __future__ import annotations

from dataclasses import replace

from tests.screens.test_transpile import app_of, open_review
from tests.support.app import running, settled, until
from tests.support.fixed_deck import FixedDeck
from tui.domain.backends import Backend
from tui.monitor.state.events import BackendsChanged
from tui.screens.base.workspace import Errand


async def test_the_best_backend_is_offered_until_another_is_picked() -> None:
    deck = FixedDeck()
    first, second, _ = deck.the_backends
    busy = replace(first, queue_length=40)
    deck.the_backends = (busy, second)
    async with running(deck) as pilot:
        await open_review(pilot, backend="")
        bench = app_of(pilot).bench
        assert bench.backend == "ibm_cusco"
        # News does not change the choice under the eyes of the user.
        deck.the_backends = (first, second)
        deck.publish(BackendsChanged(deck.the_backends))
        await settled(pilot)
        assert bench.backend == "ibm_cusco"
        bench.qubits = 100
        await pilot.press("f2", "f4")
        await settled(pilot)
        assert bench.backend == "ibm_cusco", "the only one that is large enough"
        bench.qubits = 2
        await pilot.press("f2", "f4")
        await settled(pilot)
        assert bench.backend == "ibm_peekskill"
        await pilot.press("f6", "down", "enter")
        await until(pilot, lambda: bench.backend == "ibm_cusco")
        await pilot.press("f2", "f4")
        await settled(pilot)
        assert bench.backend == "ibm_cusco" and bench.errand is Errand.NONE


async def test_errors_that_decide_which_backend_is_best_are_asked_for() -> None:
    class Telling(FixedDeck):
        """Keeps what it is asked for, as the real deck does."""

        async def backend_details(self, name: str) -> Backend:
            whole = replace(
                await super().backend_details(name), median_2q_error={"ibm_cusco": 0.002}.get(name, 0.02)
            )
            self.the_backends = tuple(whole if one.name == name else one for one in self.the_backends)
            self.publish(BackendsChanged(self.the_backends))
            return whole

    deck = Telling()
    deck.the_backends = tuple(
        replace(one, name=name, queue_length=1)
        for one, name in zip(deck.the_backends[:2], ("ibm_algiers", "ibm_cusco"), strict=True)
    )
    async with running(deck) as pilot:
        await open_review(pilot, backend="")
        assert app_of(pilot).bench.backend == "ibm_cusco"
        assert deck.names_asked().count("backend_details") == 2
