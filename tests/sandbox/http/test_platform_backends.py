from __future__ import annotations

import pytest

from tests.sandbox.http.conftest import Box
from tui.sandbox.core.devices import DEVICES


async def test_devices_carry_status_and_queue(box: Box) -> None:
    devices = (await box.platform("GET", "/backends")).json()["devices"]
    assert [device["name"] for device in devices] == list(DEVICES)
    for device in devices:
        assert device["status"]["name"] == "online"
        assert device["queue_length"] == 0
        assert "wait_time_seconds" not in device


async def test_wait_times_come_when_asked_for(box: Box) -> None:
    reply = await box.platform(
        "GET", "/backends", params={"fields": "wait_time_seconds", "include_mocks": "True"}
    )
    assert set(reply.json()["devices"][0]["wait_time_seconds"]) == {"average", "p50", "p95"}


@pytest.mark.parametrize("version", ["", "1999-01-01", "latest"])
async def test_an_unknown_version_gets_the_legacy_list(box: Box, version: str) -> None:
    reply = await box.platform("GET", "/backends", version=version)
    assert reply.json() == {"devices": list(DEVICES)}


@pytest.mark.parametrize("name", DEVICES)
async def test_every_device_has_its_recorded_data(box: Box, name: str) -> None:
    configuration = (await box.platform("GET", f"/backends/{name}/configuration")).json()
    properties = (await box.platform("GET", f"/backends/{name}/properties")).json()
    status = (await box.platform("GET", f"/backends/{name}/status")).json()
    assert configuration["backend_name"] == properties["backend_name"] == name
    assert len(properties["qubits"]) == configuration["n_qubits"]
    assert set(status) == {"state", "status", "message", "length_queue", "backend_version"}
    assert (await box.platform("GET", f"/backends/{name}/defaults")).json() == {}


@pytest.mark.parametrize("part", ["configuration", "properties", "status", "defaults"])
async def test_an_unknown_device_is_404_with_1007(box: Box, part: str) -> None:
    reply = await box.platform("GET", f"/backends/ibm_nowhere/{part}")
    assert (reply.status_code, reply.json()["errors"][0]["code"]) == (404, 1007)


async def test_an_unknown_path_is_404_in_the_form_of_the_api(box: Box) -> None:
    reply = await box.platform("GET", "/nothing/here")
    assert reply.status_code == 404
    assert reply.json()["errors"]
    assert (await box.platform("PUT", "/jobs")).status_code == 405
