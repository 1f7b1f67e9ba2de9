"""When full garbage collections are made."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from tests.support.clock import FakeClock
from tui.widgets.terminal.quiet_collector import QUIET, QuietCollector


@pytest.fixture
def collections(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Full collections that were made, while enough is there for one; the collector is off at first."""
    made: list[str] = []
    monkeypatch.setattr(gc, "collect", lambda: made.append("full"))
    monkeypatch.setattr(gc, "get_count", lambda: (0, 0, 10))
    before = gc.get_threshold()
    gc.disable()
    yield made
    gc.set_threshold(*before)
    gc.enable()
    gc.unfreeze()


async def test_collection_waits_for_a_pause_of_the_user(collections: list[str]) -> None:
    clock = FakeClock()
    collector = QuietCollector(clock)
    collector.begin()
    assert gc.isenabled() and gc.get_freeze_count() and gc.get_threshold()[2] > 10
    for _ in range(5):
        collector.user_active()
        await clock.advance(QUIET - 1)
    assert not collections
    await clock.advance(1)
    assert collections == ["full"]
    await clock.advance(10 * QUIET)
    assert collections == ["full"]
    collector.user_active()
    await clock.advance(QUIET)
    assert collections == ["full", "full"]


async def test_collection_is_left_out_with_little_garbage(
    collections: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gc, "get_count", lambda: (0, 0, 9))
    clock = FakeClock()
    QuietCollector(clock).begin()
    await clock.advance(2 * QUIET)
    assert not collections


async def test_collector_that_is_enabled_is_left_as_it_is(collections: list[str]) -> None:
    gc.enable()
    before, clock = gc.get_threshold(), FakeClock()
    collector = QuietCollector(clock)
    collector.begin()
    collector.user_active()
    await clock.advance(2 * QUIET)
    assert gc.get_threshold() == before and not collections
