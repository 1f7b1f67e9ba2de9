"""Numbers and states in words, coarse enough to change seldom."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tui.domain.accounts import Usage
from tui.domain.jobs import Job, JobStatus
from tui.widgets.text.format import (
    age,
    duration,
    format_token_life,
    format_usage,
    freshness_age,
    percent_error,
    status_span,
    step_span,
)

NOW = datetime(2026, 3, 14, 15, 9, 26, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0, "now"),
        (9, "now"),
        (29, "20s"),
        (60, "1m"),
        (3599, "59m"),
        (7200, "2h"),
        (86400 * 3, "3d"),
        (-5, "now"),
    ],
)
def test_age_is_coarse_with_one_unit(seconds: float, expected: str) -> None:
    assert age(NOW - timedelta(seconds=seconds), NOW) == expected


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(3, "live"), (19, "live"), (35, "30s ago"), (119, "1m ago"), (1000, "15m ago"), (7300, "2h ago")],
)
def test_freshness_age_grows_in_steps(seconds: float, expected: str) -> None:
    assert freshness_age(NOW - timedelta(seconds=seconds), NOW) == expected


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (None, "–"),
        (0.44, "0.4 s"),
        (12.2, "12 s"),
        (552, "9m 12s"),
        (600, "10m"),
        (11_100, "3h 05m"),
        (187_200, "2d 4h"),
        (float("nan"), "–"),
        (float("inf"), "–"),
    ],
)
def test_duration_has_two_units_at_most(seconds: float | None, expected: str) -> None:
    assert duration(seconds) == expected


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [
        (52, "token 52m"),
        (0.5, "token <1m"),
        (-1, "token over"),
        (600, "token 10h"),
        (60 * 24 * 13, "token 13d"),
    ],
)
def test_token_life_by_minutes_left(minutes: float, expected: str) -> None:
    assert format_token_life(NOW + timedelta(minutes=minutes), NOW) == expected


def test_token_life_is_empty_without_expiry() -> None:
    assert format_token_life(None, NOW) == ""


def test_usage_by_what_the_service_reports() -> None:
    assert format_usage(Usage(48, 600)) == "9m 12s of 10m QPU left"
    assert format_usage(Usage(700, 600)) == "0 s of 10m QPU left"
    assert format_usage(Usage(48)) == "48 s QPU used"
    assert format_usage(Usage(600, 600, limit_reached=True)) == "QPU limit reached"
    assert format_usage(None) == ""


def test_step_span_has_a_distinct_symbol_for_every_status() -> None:
    spans = [step_span(status) for status in JobStatus]
    assert len({span.text.split()[0] for span in spans}) == len(JobStatus)
    assert all(status in span.text for status, span in zip(JobStatus, spans, strict=True))


def test_status_span_of_unknown_status_is_the_sanitized_word_of_the_service() -> None:
    job = Job("1", "platform", "b", "sampler", JobStatus.UNKNOWN, NOW, status_text="[b]Vali\x1bdating")
    assert status_span(job).text == "? [b]Vali␛dating"


def test_percent_error_has_two_significant_digits() -> None:
    assert [percent_error(value) for value in (None, 0.0083, 0.000241)] == ["–", "0.83", "0.024"]
