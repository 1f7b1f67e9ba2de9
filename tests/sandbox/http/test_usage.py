"""Usage period of 28 days: the same while it runs, and without the usage before it."""

from __future__ import annotations

from datetime import timedelta

from tests.sandbox.http.conftest import Sandbox
from tui.sandbox.base.clock import from_iso


async def test_usage_period_stays_the_same_until_it_is_over(sandbox: Sandbox) -> None:
    async def period() -> tuple[str, str]:
        platform = (await sandbox.platform("GET", "/instances/usage")).json()["usage_period"]
        classic = (await sandbox.classic("GET", "/runtime/usage")).json()["period"]
        assert (classic["start"], classic["end"]) == (platform["start_time"], platform["end_time"])
        return platform["start_time"], platform["end_time"]

    first = await period()
    start, end = map(from_iso, first)
    assert end - start == timedelta(days=28)
    assert start <= sandbox.clock.now() < end
    sandbox.clock.advance((end - sandbox.clock.now()).total_seconds() - 1)
    assert await period() == first
    sandbox.clock.advance(1)
    assert from_iso((await period())[0]) == end


async def test_usage_starts_at_zero_in_a_new_period(sandbox: Sandbox) -> None:
    await sandbox.wait_for_status(await sandbox.submitted_id(), "Completed")
    assert (await sandbox.platform("GET", "/instances/usage")).json()["usage_consumed_seconds"] > 0
    sandbox.clock.advance(28 * 86_400)
    assert (await sandbox.platform("GET", "/instances/usage")).json()["usage_consumed_seconds"] == 0


async def test_first_classic_login_warms_the_transpiler_once(sandbox: Sandbox) -> None:
    await sandbox.bearer()
    await sandbox.http.post("/auth/api/users/loginWithToken", json={"apiToken": "0" * 128})
    await sandbox.run_ready_tasks()
    assert sandbox.engine.transpiler_warmed == 0
    for _ in range(2):
        await sandbox.log_in()
    await sandbox.run_ready_tasks()
    assert sandbox.engine.transpiler_warmed == 1
