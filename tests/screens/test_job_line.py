"""Submissions that are no job yet: shown above the table, withdrawn, sent first, sent again by keys."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot

from tests.support.app import notices, running, screen_text, settled, until
from tests.support.fixed_deck import FixedDeck
from tests.support.fixed_values import NOW
from tui.domain.submissions import Primitive, Submission, WaitingSubmission, WaitState
from tui.screens.dialogs.pick import Pick


def waits(name: str, state: WaitState, place: int = 0, *, elsewhere: bool = False) -> WaitingSubmission:
    """A submission that waits."""
    submission = Submission(Primitive.SAMPLER, "ibm_cusco", "", name=name)
    return WaitingSubmission(
        f"qdeck-{name}", submission, state, NOW, place=place, why="5 a minute", elsewhere=elsewhere
    )


LINE = (
    waits("one", WaitState.WAITING, 1),
    waits("two", WaitState.WAITING, 2),
    waits("[red]", WaitState.NOT_CREATED),
    waits("lost", WaitState.UNCONFIRMED),
    waits("theirs", WaitState.WAITING, 3, elsewhere=True),
)


async def pick(pilot: Pilot[None], row: int) -> None:
    """Open the list and take a row."""
    await settled(pilot)
    await pilot.press("w")
    await until(pilot, lambda: isinstance(pilot.app.screen, Pick))
    await settled(pilot)
    await pilot.press(*["down"] * row, "enter")
    await settled(pilot)


@pytest.mark.parametrize(
    ("row", "asked"),
    [
        (0, ("withdraw", "qdeck-one")),
        (1, ("withdraw", "qdeck-two")),
        (2, ("move", "qdeck-two", -1)),
        (3, ("send_again", "qdeck-[red]")),
        (4, ("withdraw", "qdeck-[red]")),
        (5, ("withdraw", "qdeck-lost")),
    ],
)
async def test_what_waits_is_changed_by_keys(row: int, asked: tuple[object, ...]) -> None:
    deck = FixedDeck()
    deck.the_waiting = LINE
    async with running(deck) as pilot:
        await pick(pilot, row)
        await until(pilot, lambda: asked in deck.asked)


async def test_the_list_offers_nothing_for_what_another_qdeck_sends() -> None:
    deck = FixedDeck()
    deck.the_waiting = LINE
    async with running(deck) as pilot:
        await settled(pilot)
        await pilot.press("w")
        await until(pilot, lambda: isinstance(pilot.app.screen, Pick))
        await settled(pilot)
        shown = screen_text(pilot)
        assert "withdraw two" in shown and "send [red] again" in shown
        assert "withdraw theirs" not in shown


async def test_nothing_waits() -> None:
    async with running() as pilot:
        await settled(pilot)
        await pilot.press("w")
        await until(pilot, lambda: "Nothing waits" in notices(pilot))
