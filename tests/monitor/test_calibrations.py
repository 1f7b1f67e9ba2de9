"""Calibrations of backends: asked for once, kept in the history, asked for anew on demand."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.support.app_services import AppServicesHarness
from tests.support.devices import CALIBRATED, recorded_data
from tui.common.errors import ErrorKind, QdeckError
from tui.domain.devices.backends import BackendData


async def test_calibration_is_asked_for_once_and_kept() -> None:
    services = AppServicesHarness()
    await services.start()
    services.device_data["ibm_peekskill"] = recorded_data("ibm_peekskill")
    calibration = await services.backends.calibration("ibm_peekskill")
    assert len(calibration.qubits) == 27 and calibration.calibrated == CALIBRATED
    assert await services.backends.calibration("ibm_peekskill") is calibration
    await services.backends.details("ibm_peekskill")
    assert services.names_asked().count("backend_data") == 1
    (kept,) = services.backends.seen_calibrations("ibm_peekskill")
    assert kept.calibrated == CALIBRATED
    await services.aclose()


async def test_calibration_asked_for_anew_is_another() -> None:
    services = AppServicesHarness()
    await services.start()
    name = "ibm_peekskill"
    services.device_data[name] = recorded_data(name)
    await services.backends.calibration(name)
    services.device_data[name] = recorded_data(name, CALIBRATED + timedelta(days=1))
    later = await services.backends.calibration(name, anew=True)
    assert later.calibrated == CALIBRATED + timedelta(days=1)
    assert [one.calibrated for one in services.backends.seen_calibrations(name)] == [
        CALIBRATED + timedelta(days=1),
        CALIBRATED,
    ]
    await services.aclose()


async def test_calibration_that_cannot_be_read_is_an_error() -> None:
    services = AppServicesHarness()
    await services.start()
    services.device_data["ibm_odd"] = BackendData("ibm_odd", b"{", b"")
    with pytest.raises(QdeckError) as caught:
        await services.backends.calibration("ibm_odd")
    assert caught.value.kind is ErrorKind.PROTOCOL
    assert services.backends.seen_calibrations("ibm_odd") == ()
    await services.aclose()
