"""Times as the service writes and reads them, and the clock that makes them pass faster."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.sandbox.base.clock import PacedClock, from_iso, iso


@given(st.datetimes(min_value=datetime(1970, 1, 1), timezones=st.just(UTC)))
def test_iso_time_survives_a_round_trip(moment: datetime) -> None:
    assert from_iso(iso(moment)) == moment


def test_from_iso_accepts_every_usual_spelling() -> None:
    noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    for text in (
        "2026-01-01T12:00:00Z",
        "2026-01-01T14:00:00+02:00",
        "2026-01-01T14:00:00 02:00",
        "2026-01-01T12:00:00",
        "2026-01-01 12:00:00",
    ):
        assert from_iso(text) == noon, text
    assert iso(noon.astimezone(timezone(timedelta(hours=5))), 3) == "2026-01-01T12:00:00.000Z"


async def test_paced_clock_scales_waits_and_elapsed_time() -> None:
    clock = PacedClock(1_000_000)
    start = clock.now()
    await clock.wait(1000)
    assert clock.elapsed(start) >= 1000
    for pace in (0, -1, float("inf"), float("nan")):
        with pytest.raises(ValueError, match="pace"):
            PacedClock(pace)
