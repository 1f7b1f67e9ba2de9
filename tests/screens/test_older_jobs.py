"""Older jobs are asked for when the user comes near the end of the list, and it is said how far it goes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from textual.pilot import Pilot

from tests.support.app import SnapCompare, make_app, running, screen_text, settled
from tests.support.fixed_deck import FixedDeck
from tests.support.fixed_values import NOW, jobs
from tui.common.errors import ErrorKind, QdeckError
from tui.monitor.state.events import Reach, ReachChanged
from tui.widgets.tables.job_table import JobTable


def many(count: int = 300) -> FixedDeck:
    """A deck of many jobs, one a minute, of which the last hundred may have gaps."""
    deck = FixedDeck()
    one = jobs()[2]
    deck.the_jobs = tuple(
        replace(one, id=f"job-{number:04}", name=f"bell-{number:04}", created=NOW - timedelta(minutes=number))
        for number in range(count)
    )
    deck.the_reach = Reach(NOW - timedelta(minutes=count - 100))
    return deck


def times_asked(deck: FixedDeck) -> int:
    """How often older jobs were asked for."""
    return deck.names_asked().count("older")


def tell(deck: FixedDeck, reach: Reach) -> None:
    """The deck knows more of how far back it goes."""
    deck.the_reach = reach
    deck.publish(ReachChanged(reach))


async def test_asked_for_only_where_the_user_comes_near_what_may_be_missing() -> None:
    deck = many()
    async with running(deck) as pilot:
        await pilot.press("down", "pagedown", "pagedown")
        await settled(pilot)
        assert times_asked(deck) == 0
        pilot.app.screen.query_one(JobTable).move_to("job-0190")
        await settled(pilot)
        assert times_asked(deck) == 0, "only the user's own movement"
        await pilot.press("down")
        await settled(pilot)
        assert times_asked(deck) == 1
        await pilot.press("end", "down")
        await settled(pilot)
        assert times_asked(deck) == 3
        assert "all jobs since 2026-03-14" in screen_text(pilot)


async def test_what_becomes_of_it_is_told_on_the_rule() -> None:
    deck = many(30)
    async with running(deck) as pilot:
        await pilot.press("end")
        tell(deck, Reach(NOW, asking=True))
        await settled(pilot)
        assert "older jobs: asking …" in screen_text(pilot)
        tell(deck, Reach(NOW, error=QdeckError(ErrorKind.NETWORK, "The host was not reached.")))
        await settled(pilot)
        assert "older jobs: The host was not reached." in screen_text(pilot)
        tell(deck, Reach(None, whole=True))
        await settled(pilot)
        assert "all jobs there are" in screen_text(pilot)
        await pilot.press("home")
        await settled(pilot)


async def test_the_other_end_of_an_oldest_first_list_asks_for_nothing() -> None:
    deck = many()
    async with running(deck) as pilot:
        await pilot.press("s")
        await settled(pilot)
        await pilot.press("enter")
        await settled(pilot)
        await pilot.press("end")
        await settled(pilot)
        assert pilot.app.screen.query_one(JobTable).keys[-1] == "job-0000"
        assert times_asked(deck) == 0


def test_nothing_fits_at_80x24(snap_compare: SnapCompare) -> None:
    async def work(pilot: Pilot[None]) -> None:
        await settled(pilot)
        await pilot.press("slash", *"name:qft", "enter")
        await settled(pilot)

    assert snap_compare(make_app(many()), run_before=work)


async def test_end_asks_where_no_job_fits_the_filter() -> None:
    deck = many()
    async with running(deck) as pilot:
        await pilot.press("slash", *"name:qft", "enter")
        await settled(pilot)
        assert "end asks for older ones" in screen_text(pilot)
        await pilot.press("end")
        await settled(pilot)
        assert times_asked(deck) == 1
        tell(deck, Reach(NOW, asking=True))
        await settled(pilot)
        assert "Older jobs: asking …" in screen_text(pilot)
        old = replace(jobs()[0], id="old", name="qft-old", created=NOW - timedelta(days=9))
        deck.change(old)
        tell(deck, Reach(whole=True))
        await settled(pilot)
        assert pilot.app.screen.query_one(JobTable).keys == ("old",)
        await pilot.press("down")
        await settled(pilot)
        assert "all jobs there are" in screen_text(pilot)
