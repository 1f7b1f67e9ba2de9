"""The usage period: stable while it runs, with what was used before it left behind."""

from __future__ import annotations

from datetime import timedelta

from tests.sandbox.http.conftest import Box
from tui.sandbox.base.clock import from_iso


async def test_the_period_stays_the_same_until_it_is_over(box: Box) -> None:
    async def period() -> tuple[str, str]:
        platform = (await box.platform("GET", "/instances/usage")).json()["usage_period"]
        classic = (await box.classic("GET", "/runtime/usage")).json()["period"]
        assert (classic["start"], classic["end"]) == (platform["start_time"], platform["end_time"])
        return platform["start_time"], platform["end_time"]

    first = await period()
    start, end = map(from_iso, first)
    assert end - start == timedelta(days=28)
    assert start <= box.clock.now() < end
    box.clock.advance((end - box.clock.now()).total_seconds() - 1)
    assert await period() == first
    box.clock.advance(1)
    assert from_iso((await period())[0]) == end


async def test_a_new_period_starts_with_nothing_used(box: Box) -> None:
    await box.until_status(await box.submitted(), "Completed")
    assert (await box.platform("GET", "/instances/usage")).json()["usage_consumed_seconds"] > 0
    box.clock.advance(28 * 86_400)
    assert (await box.platform("GET", "/instances/usage")).json()["usage_consumed_seconds"] == 0


async def test_the_first_classic_sign_in_warms_the_transpiler(box: Box) -> None:
    await box.bearer()
    await box.http.post("/auth/api/users/loginWithToken", json={"apiToken": "0" * 128})
    await box.settle()
    assert box.engine.transpiler_warmed == 0
    for _ in range(2):
        await box.login()
    await box.settle()
    assert box.engine.transpiler_warmed == 1
