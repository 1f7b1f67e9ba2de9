"""Limits and usage of an instance at the instants where they change."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sandbox.http.fakes import ManualClock
from tui.sandbox.base.errors import ApiError
from tui.sandbox.core.instance import (
    NO_LIMITS,
    OPEN_PLAN,
    Limits,
    RateLimit,
    Usage,
    archive_crn,
    load_identity,
)
from tui.sandbox.db.database import SandboxDatabase


def retry_after(limit: RateLimit) -> int | None:
    """Return the seconds that the refusal asks to wait; `None`: one more is accepted, and counted."""
    try:
        limit.check()
    except ApiError as refused:
        assert refused.status == 429
        return int(dict(refused.headers)["Retry-After"])
    limit.count()
    return None


def test_rate_limit_refuses_what_is_too_many_in_any_minute() -> None:
    clock = ManualClock()
    limit = RateLimit(2, clock)
    assert retry_after(limit) is None
    clock.advance(20)
    assert [retry_after(limit) for _ in range(2)] == [None, 40]
    clock.advance(39.5)
    assert retry_after(limit) == 1
    clock.advance(0.5)
    assert [retry_after(limit) for _ in range(2)] == [None, 20]
    clock.advance(20)
    assert [retry_after(limit) for _ in range(2)] == [None, 40]


def test_rate_limit_of_none_accepts_everything() -> None:
    assert {retry_after(RateLimit(None, ManualClock())) for _ in range(100)} == {None}


def test_limit_of_pending_jobs_refuses_the_first_that_is_too_many() -> None:
    OPEN_PLAN.check_pending(2)
    NO_LIMITS.check_pending(10**6)
    with pytest.raises(ApiError, match="3 pending jobs") as refused:
        OPEN_PLAN.check_pending(3)
    assert (refused.value.status, refused.value.code) == (403, 3458)


def test_open_plan_has_no_dry_runs() -> None:
    NO_LIMITS.check_dry_run()
    with pytest.raises(ApiError, match="Dry runs") as refused:
        OPEN_PLAN.check_dry_run()
    assert (refused.value.status, refused.value.code) == (403, 1200)


@pytest.mark.parametrize(
    ("enforced", "own", "used", "reached"),
    [
        (True, None, 599.9, False),
        (True, None, 600.0, True),
        (False, None, 600.0, False),
        (False, 100, 99.9, False),
        (False, 100, 100.0, True),
        (True, 700, 650.0, True),
        (True, 0, 0.0, True),
    ],
)
def test_usage_reaches_the_users_limit_or_that_of_an_enforced_plan(
    tmp_path: Path, enforced: bool, own: int | None, used: float, reached: bool
) -> None:
    clock, database = ManualClock(), SandboxDatabase(tmp_path)
    usage = Usage(database, clock, Limits(allocation_seconds=600, enforced=enforced))
    usage.set_limit(own)
    usage.add_deleted("platform", clock.now(), used)
    assert (usage.limit(), usage.consumed("platform"), usage.consumed("classic")) == (own, used, 0.0)
    assert usage.limit_reached("platform") is reached
    if reached:
        with pytest.raises(ApiError):
            usage.check("platform")
    else:
        usage.check("platform")
    usage.set_limit(None)
    assert usage.limit() is None
    database.close()


def test_usage_of_an_earlier_period_does_not_count(tmp_path: Path) -> None:
    clock, database = ManualClock(), SandboxDatabase(tmp_path)
    usage = Usage(database, clock, NO_LIMITS)
    start, end = usage.period()
    assert start <= clock.now() < end and (end - start).days == 28
    usage.add_deleted("platform", start, 5.0)
    assert usage.consumed("platform") == 5.0
    clock.advance((end - clock.now()).total_seconds())
    assert usage.period()[0] == end and usage.consumed("platform") == 0.0
    database.close()


def test_identity_is_of_the_services_form_and_stays(tmp_path: Path) -> None:
    database = SandboxDatabase(tmp_path)
    identity = load_identity(database)
    lengths = len(identity.account), len(identity.user_id), len(identity.classic_user_id)
    assert lengths == (32, len("IBMid-") + 10, 24)
    assert load_identity(database) == identity
    archived = archive_crn(identity)
    assert archived != identity.crn and archived == archive_crn(identity)
    assert archived.split(":")[:7] == identity.crn.split(":")[:7]
    database.close()
