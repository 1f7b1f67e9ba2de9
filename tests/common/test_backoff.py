"""The one back-off of clients, pollers and the outbox."""

from __future__ import annotations

import math

import pytest

from tui.common.backoff import Backoff


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
