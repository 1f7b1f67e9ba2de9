"""Backends on the platform."""

from __future__ import annotations

import pytest

from tests.sandbox.http.conftest import Sandbox
from tui.sandbox.core.devices import DEVICES


async def test_backend_list_has_status_and_queue_length(sandbox: Sandbox) -> None:
    devices = (await sandbox.platform("GET", "/backends")).json()["devices"]
    assert [device["name"] for device in devices] == list(DEVICES)
    for device in devices:
        assert device["status"]["name"] == "online"
        assert device["queue_length"] == 0
        assert "wait_time_seconds" not in device


async def test_backend_list_has_wait_times_when_the_field_is_requested(sandbox: Sandbox) -> None:
    reply = await sandbox.platform(
        "GET", "/backends", params={"fields": "wait_time_seconds", "include_mocks": "True"}
    )
    assert set(reply.json()["devices"][0]["wait_time_seconds"]) == {"average", "p50", "p95"}


@pytest.mark.parametrize("version", ["", "1999-01-01", "latest"])
async def test_backend_list_holds_names_only_for_an_unknown_version(sandbox: Sandbox, version: str) -> None:
    reply = await sandbox.platform("GET", "/backends", version=version)
    assert reply.json() == {"devices": list(DEVICES)}


@pytest.mark.parametrize("name", DEVICES)
async def test_backend_bodies_are_the_recorded_ones(sandbox: Sandbox, name: str) -> None:
    configuration = (await sandbox.platform("GET", f"/backends/{name}/configuration")).json()
    properties = (await sandbox.platform("GET", f"/backends/{name}/properties")).json()
    status = (await sandbox.platform("GET", f"/backends/{name}/status")).json()
    assert configuration["backend_name"] == properties["backend_name"] == name
    assert len(properties["qubits"]) == configuration["n_qubits"]
    assert set(status) == {"state", "status", "message", "length_queue", "backend_version"}
    assert (await sandbox.platform("GET", f"/backends/{name}/defaults")).json() == {}


@pytest.mark.parametrize("part", ["configuration", "properties"])
async def test_unknown_calibration_is_404_with_1009(sandbox: Sandbox, part: str) -> None:
    path = f"/backends/ibm_fez/{part}"
    known = await sandbox.platform("GET", path, params={"calibration_id": "ibm_fez-2025-02-26"})
    unknown = await sandbox.platform("GET", path, params={"calibration_id": "yesterday"})
    assert known.json() == (await sandbox.platform("GET", path)).json()
    assert (unknown.status_code, unknown.json()["errors"][0]["code"]) == (404, 1009)


@pytest.mark.parametrize("name", DEVICES)
async def test_configuration_names_dynamic_circuits_as_a_feature(sandbox: Sandbox, name: str) -> None:
    configuration = (await sandbox.platform("GET", f"/backends/{name}/configuration")).json()
    assert "dynamic_circuits" in configuration["supported_features"]


@pytest.mark.parametrize("part", ["configuration", "properties", "status", "defaults"])
async def test_unknown_backend_is_404_with_1007(sandbox: Sandbox, part: str) -> None:
    reply = await sandbox.platform("GET", f"/backends/ibm_nowhere/{part}")
    assert (reply.status_code, reply.json()["errors"][0]["code"]) == (404, 1007)


async def test_unknown_path_is_404_with_an_error_list(sandbox: Sandbox) -> None:
    reply = await sandbox.platform("GET", "/nothing/here")
    assert reply.status_code == 404
    assert reply.json()["errors"]
    assert (await sandbox.platform("PUT", "/jobs")).status_code == 405
