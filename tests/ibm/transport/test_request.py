from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.ibm.mock_network import InstantClock
from tui.common.errors import ErrorKind, QdeckError
from tui.ibm.transport.request import (
    LONGEST_ASKED,
    Retries,
    RetryPolicy,
    http_date,
    is_page,
    origin,
    wait_asked,
)

BUSY = QdeckError(ErrorKind.SERVER, "Busy.", status=503)


def retries(clock: InstantClock | None = None, **policy: float) -> Retries:
    """Return retries without jitter, of 100 attempts."""
    return Retries(RetryPolicy(attempts=100, **policy), clock or InstantClock(), lambda: 1.0)


def test_retry_budget_counts_the_first_failure_and_each_repetition() -> None:
    budget = retries(burst=4.0)
    waits = [budget.wait_before(attempt, BUSY, 0.0) for attempt in (1, 2, 3)]
    assert None not in waits
    # The first failure and three repetitions: four are spent.
    assert budget.wait_before(4, BUSY, 0.0) is None


def test_retry_budget_is_spent_by_requests_that_fail_only_once() -> None:
    budget = retries(burst=4.0)
    assert [budget.wait_before(1, BUSY, 0.0) is None for _ in range(3)] == [False, False, True]


def test_retry_budget_is_not_spent_by_refusals() -> None:
    budget = retries(burst=2.0)
    refused = QdeckError(ErrorKind.INVALID, "No.", status=400)
    assert [budget.wait_before(1, refused, 0.0) for _ in range(10)] == [None] * 10
    assert budget.wait_before(1, BUSY, 0.0) is not None


def test_retry_budget_is_refilled_by_time_up_to_its_burst() -> None:
    clock = InstantClock()
    budget = retries(clock, burst=2.0, refill=30.0, patience=1e9)
    assert budget.wait_before(1, BUSY, 0.0) is not None
    assert budget.wait_before(2, BUSY, 0.0) is None
    clock.passed += 30.0
    assert budget.wait_before(2, BUSY, 0.0) is not None
    assert budget.wait_before(2, BUSY, 0.0) is None
    clock.passed += 3000.0
    assert [budget.wait_before(2, BUSY, 0.0) is None for _ in range(3)] == [False, False, True]


def test_retry_budget_is_whole_again_after_a_success() -> None:
    budget = retries(burst=2.0)
    assert budget.wait_before(1, BUSY, 0.0) is not None
    budget.succeeded()
    assert budget.wait_before(1, BUSY, 0.0) is not None


def test_retry_waits_as_long_as_the_service_asks_up_to_its_longest() -> None:
    asked = QdeckError(ErrorKind.RATE_LIMITED, "Wait.", status=429, retry_after=20.0)
    assert retries(longest_wait=20.0).wait_before(1, asked, 0.0) == 20.0
    assert retries(longest_wait=19.9).wait_before(1, asked, 0.0) is None


def test_retry_patience_includes_the_wait_itself() -> None:
    asked = QdeckError(ErrorKind.RATE_LIMITED, "Wait.", status=429, retry_after=10.0)
    clock = InstantClock()
    clock.passed = 100.0
    assert retries(clock, patience=40.0).wait_before(1, asked, 70.0) == 10.0
    assert retries(clock, patience=39.0).wait_before(1, asked, 70.0) is None


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("", None),
        ("soon", None),
        ("7", 7.0),
        ("0", 0.0),
        ("-5", 0.0),
        ("1e9", LONGEST_ASKED),
        ("99999999999999999999", LONGEST_ASKED),
        ("9" * 400, LONGEST_ASKED),
        ("inf", LONGEST_ASKED),
        ("-1e9", 0.0),
        ("nan", 0.0),
        ("Sun, 01 Mar 2026 12:00:10 GMT", 10.0),
        ("Sun, 01 Mar 2026 11:00:00 GMT", 0.0),
    ],
)
def test_wait_asked_is_between_none_and_a_day(value: str | None, seconds: float | None) -> None:
    assert wait_asked(value, InstantClock().now()) == seconds


@pytest.mark.parametrize(
    ("value", "hour"),
    [
        ("Sun, 01 Mar 2026 12:00:00 GMT", 12),
        ("Sun, 01 Mar 2026 12:00:00 +0200", 10),
        ("Sun, 01 Mar 2026 12:00:00 -0000", 12),
        ("Sun, 01 Mar 2026", None),
        ("yesterday", None),
    ],
)
def test_http_date_is_aware_utc(value: str, hour: int | None) -> None:
    at = http_date(value)
    assert at == (None if hour is None else datetime(2026, 3, 1, hour, tzinfo=UTC))
    assert at is None or at.utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    ("body", "content_type", "page"),
    [
        (b"<html>", "application/json", False),
        (b" {}", "text/html; charset=utf-8", False),
        (b"[]", "text/html", False),
        (b"Log in", "text/html; charset=utf-8", True),
        (b"  <!DOCTYPE html><p>", "", True),
        (b"\n<HTML lang=en>", "text/plain", True),
        (b"{}", "", False),
        (b" " * 200 + b"<html>", "", False),
    ],
)
def test_page_is_told_by_type_or_beginning(body: bytes, content_type: str, page: bool) -> None:
    assert is_page(body, content_type) is page


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://IAM.cloud.ibm.com/x?y", "https://iam.cloud.ibm.com:443"),
        ("http://127.0.0.1/x", "http://127.0.0.1:80"),
        ("http://127.0.0.1:9/x", "http://127.0.0.1:9"),
    ],
)
def test_origin_has_the_port_of_its_scheme(url: str, expected: str) -> None:
    assert origin(url) == expected
