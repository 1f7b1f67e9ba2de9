"""Dates that go on with the time, in a filter."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.support.fixed_values import jobs
from tui.jobquery.dates import date_bounds
from tui.jobquery.filters import matcher, parse_filter

NOW = datetime(2026, 3, 14, 15, 9, 26, tzinfo=UTC)


def names(text: str, now: datetime = NOW) -> list[str]:
    keep = matcher(parse_filter(text).terms, now)
    return [job.name for job in jobs() if keep(job)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("created:today", ["vqe-step-7", "ghz-12", "bell", "qft-18", "zz"]),
        ("created:yesterday", ["odd"]),
        ("created<yesterday", [""]),
        ("created>2d", ["vqe-step-7", "ghz-12", "bell", "qft-18", "zz", "odd"]),
        ("created:2d", ["vqe-step-7", "ghz-12", "bell", "qft-18", "zz", "odd"]),
        ("created<2d", [""]),
        ("finished:today,2026-03-11", ["bell", "qft-18", "zz", ""]),
    ],
)
def test_dates_are_counted_from_now(text: str, found: list[str]) -> None:
    assert names(text) == found
    assert parse_filter(text).time_dependent


def test_date_that_stays_is_not_time_dependent() -> None:
    assert not parse_filter("created:2026-03").time_dependent


def test_date_bounds_of_a_length_of_time_have_no_end() -> None:
    """A service whose clock is ahead makes jobs in the future: they are new, too."""
    assert date_bounds(":", "7d", NOW) == (NOW - timedelta(days=7), None)
    assert date_bounds(">=", "7d", NOW) == (NOW - timedelta(days=7), None)
    assert date_bounds("<=", "7d", NOW) == (None, NOW - timedelta(days=7))
