"""The one back-off of clients, pollers and the outbox."""

from __future__ import annotations

import math

import pytest

from tests.support.clock import FakeClock
from tui.common.timing import Backoff, RetryQueue


def test_backoff_doubles_from_the_first_wait_to_the_longest() -> None:
    waits = [Backoff(2.0, 120.0).wait(failures) for failures in range(1, 10)]
    assert waits == [2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 120.0, 120.0, 120.0]


def test_backoff_grows_by_its_factor() -> None:
    waits = [Backoff(5.0, 3600.0, 4.0).wait(failures) for failures in range(1, 8)]
    assert waits == [5.0, 20.0, 80.0, 320.0, 1280.0, 3600.0, 3600.0]


@pytest.mark.parametrize("longest", [120.0, math.inf])
def test_backoff_does_not_overflow_after_very_many_failures(longest: float) -> None:
    wait = Backoff(2.0, longest, 4.0).wait(100_000)
    assert 120.0 <= wait < math.inf


@pytest.mark.parametrize(
    ("jitter", "shortest", "longest"),
    [((0.0, 0.0), 10.0, 10.0), ((-0.1, 0.1), 9.0, 11.0), ((-0.5, 0.0), 5.0, 10.0)],
)
def test_backoff_spreads_a_wait_by_its_jitter(
    jitter: tuple[float, float], shortest: float, longest: float
) -> None:
    backoff = Backoff(1.0, 60.0, jitter=jitter)
    assert backoff.spread(10.0, lambda: 0.0) == pytest.approx(shortest)
    assert backoff.spread(10.0, lambda: 1.0) == pytest.approx(longest)
    assert backoff.spread(backoff.never_before(10.0), lambda: 0.0) == pytest.approx(10.0)


async def test_retry_queue_waits_longer_for_a_key_after_each_failure() -> None:
    clock = FakeClock()
    queue = RetryQueue(clock, Backoff(5.0, 3600.0, 4.0))
    queue.failed("a")
    queue.failed("a")
    queue.failed("b")
    assert (queue.failures("a"), queue.failures("b"), queue.failures("c")) == (2, 1, 0)
    assert queue.is_due("c") and not queue.is_due("b") and queue.next_due(2) == 5.0
    await clock.advance(5)
    assert queue.is_due("b") and not queue.is_due("a")
    queue.keep_only(["a"])
    assert queue.failures("b") == 0 and queue.next_due(3) == 15.0 and queue.next_due(2) == math.inf
    queue.clear()
    assert queue.is_due("a") and queue.pause < 0


async def test_retry_queue_pauses_all_keys_while_any_fails() -> None:
    clock = FakeClock()
    queue = RetryQueue(clock, Backoff(5.0, 3600.0), Backoff(5.0, 120.0))
    queue.failed("a")
    assert queue.pause == 5.0
    queue.failed("b")
    assert queue.pause == 10.0
    queue.succeeded()
    queue.failed("c")
    assert queue.pause == 5.0
