"""The sandbox recalibrates by its own clock; both faces serve the calibrations, jobs run on the newest."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.sandbox.http.conftest import Sandbox, SandboxFactory
from tests.sandbox.http.fakes import ManualClock
from tui.sandbox.core.devices import DEVICES, device

HOUR = 3600.0
START = datetime(2026, 11, 1, 12, tzinfo=UTC)
RECORDED = device("ibm_fez").properties()["last_update_date"]


async def _properties(sandbox: Sandbox, name: str = "ibm_fez", **query: str) -> dict[str, Any]:
    reply = await sandbox.platform("GET", f"/backends/{name}/properties", params=query)
    assert reply.status_code == 200, reply.text
    body: dict[str, Any] = reply.json()
    return body


async def _recalibrated(sandbox: Sandbox, hours: float) -> str:
    sandbox.clock.advance(hours * HOUR)
    await sandbox.run_ready_tasks()
    return str((await _properties(sandbox))["last_update_date"])


async def test_sandbox_calibrates_at_its_start_and_every_so_many_hours(sandboxes: SandboxFactory) -> None:
    async with sandboxes.open(recalibrate=24) as sandbox:
        first = await _properties(sandbox)
        assert first["last_update_date"] == "2026-11-01T12:00:00+00:00"
        assert await _recalibrated(sandbox, 1) == "2026-11-01T12:00:00+00:00"
        for _ in range(23):
            moment = await _recalibrated(sandbox, 1)
        assert moment == "2026-11-02T12:00:00+00:00"
        second = await _properties(sandbox)
        assert second["gates"] != first["gates"]
        listed = (await sandbox.platform("GET", "/backends")).json()["devices"]
        median = next(one for one in listed if one["name"] == "ibm_fez")["performance_metrics"]
        assert median["two_q_error_median"] != device("ibm_fez").summary()["performance_metrics"]


async def test_sandbox_without_recalibration_keeps_the_recorded_one(sandbox: Sandbox) -> None:
    for name in DEVICES:
        assert await _properties(sandbox, name) == device(name).properties()
    assert await _recalibrated(sandbox, 100) == RECORDED


@pytest.mark.parametrize("face", ["platform", "classic"])
async def test_properties_of_an_earlier_time_are_served(sandboxes: SandboxFactory, face: str) -> None:
    async with sandboxes.open(recalibrate=2) as sandbox:
        for _ in range(4):
            await _recalibrated(sandbox, 1)

        async def before(moment: datetime) -> Any:
            path, query = "/backends/ibm_fez/properties", {"updated_before": moment.isoformat()}
            if face == "platform":
                return await sandbox.platform("GET", path, params=query)
            return await sandbox.classic("GET", f"/runtime{path}", params=query)

        expected = {
            START - timedelta(seconds=1): RECORDED,
            START: START.isoformat(),
            START + timedelta(hours=1.9): START.isoformat(),
            START + timedelta(hours=3): (START + timedelta(hours=2)).isoformat(),
            START + timedelta(days=9): (START + timedelta(hours=4)).isoformat(),
        }
        for moment, date in expected.items():
            assert (await before(moment)).json()["last_update_date"] == date
        assert (await before(datetime(2001, 1, 1, tzinfo=UTC))).status_code == 404
        odd = await sandbox.platform("GET", "/backends/ibm_fez/properties", params={"updated_before": "soon"})
        assert odd.status_code == 400


async def test_calibrations_are_kept_over_a_restart(sandboxes: SandboxFactory) -> None:
    clock = ManualClock()
    async with sandboxes.open(recalibrate=24, clock=clock) as sandbox:
        first = await _properties(sandbox)
    clock.advance(5 * HOUR)
    async with sandboxes.open(recalibrate=24, clock=clock) as sandbox:
        assert await _properties(sandbox) == first, "it is not due yet"
    clock.advance(30 * HOUR)
    async with sandboxes.open(recalibrate=24, clock=clock) as sandbox:
        later = await _properties(sandbox)
        assert later["last_update_date"] == (START + timedelta(hours=35)).isoformat()
        assert await _properties(sandbox, updated_before=(START + timedelta(hours=6)).isoformat()) == first


async def test_damaged_calibrations_begin_anew(sandboxes: SandboxFactory) -> None:
    async with sandboxes.open() as sandbox:
        sandbox.service.database.set_setting("calibrations", '[["x"]]')
    async with sandboxes.open(recalibrate=24) as sandbox:
        assert (await _properties(sandbox))["last_update_date"] == START.isoformat()


async def test_calibration_id_of_any_kept_calibration_is_known(sandboxes: SandboxFactory) -> None:
    async with sandboxes.open(recalibrate=24) as sandbox:
        first = await _properties(sandbox)
        await _recalibrated(sandbox, 24)
        assert await _properties(sandbox, calibration_id="ibm_fez-2026-11-01T120000Z") == first
        recorded = await _properties(sandbox, calibration_id="ibm_fez-2025-02-26")
        assert recorded["last_update_date"] == RECORDED
        unknown = await sandbox.platform(
            "GET", "/backends/ibm_fez/properties", params={"calibration_id": "ibm_fez-2026-11-01T120001Z"}
        )
        assert (unknown.status_code, unknown.json()["errors"][0]["code"]) == (404, 1009)


async def test_job_runs_with_the_calibration_in_force_when_it_starts(sandboxes: SandboxFactory) -> None:
    async with sandboxes.open(recalibrate=24, gated=True) as sandbox:
        first = await sandbox.submitted_id(backend="ibm_fez")
        second = await sandbox.submitted_id(backend="ibm_fez")
        await sandbox.wait_for_status(first, "Running")
        await _recalibrated(sandbox, 24)
        sandbox.engine.finish_job()
        await sandbox.wait_for_status(second, "Running")
        await sandbox.wait_until(lambda: len(sandbox.engine.devices) == 2)
        numbers = [one.drift.number for one in sandbox.engine.devices if one.drift is not None]
        assert numbers == [1, 2]
        assert [one.name for one in sandbox.engine.devices] == ["ibm_fez", "ibm_fez"]
        sandbox.engine.finish_job()
        await sandbox.wait_for_status(second, "Completed")
