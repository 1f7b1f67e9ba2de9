"""A calibration after the review: compared only when it is later, and said to pay only when it does."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.support.app_services import AppServicesHarness
from tests.support.circuits import BELL, bell_candidate
from tests.support.devices import CALIBRATED, recorded_data
from tui.common.errors import ErrorKind, QdeckError
from tui.domain.circuits import Candidate
from tui.domain.devices.backends import BackendData
from tui.monitor.actions.recalibration import Recalibration, recalibration

REVIEWED = replace(bell_candidate(), calibrated=CALIBRATED)
LATER = CALIBRATED + timedelta(hours=20)


def _services(calibrated: BackendData | None = None) -> AppServicesHarness:
    services = AppServicesHarness()
    data = calibrated or recorded_data("ibm_peekskill", LATER)
    services.device_data = {"ibm_peekskill": data}
    return services


async def _compare(services: AppServicesHarness, candidate: Candidate = REVIEWED) -> Recalibration | None:
    told: list[str] = []
    found = await recalibration(
        services.transpiler,
        services.backends,
        candidate,
        BELL,
        search=True,
        tell=lambda: told.append("later"),
    )
    assert bool(told) is (found is not None) or "review" in services.trouble
    return found


@pytest.mark.parametrize(
    ("candidate", "data"),
    [
        (REVIEWED, recorded_data("ibm_peekskill", CALIBRATED)),
        (REVIEWED, recorded_data("ibm_peekskill", CALIBRATED - timedelta(days=1))),
        (REVIEWED, BackendData("ibm_peekskill", b"{}", b"{}")),
        (bell_candidate(), recorded_data("ibm_peekskill", LATER)),
    ],
    ids=["the same", "an earlier one", "not told", "not told at the review"],
)
async def test_nothing_is_measured_without_a_later_calibration(
    candidate: Candidate, data: BackendData
) -> None:
    services = _services(data)
    assert await _compare(services, candidate) is None
    assert "search" not in services.names_asked()
    await services.aclose()


async def test_later_calibration_gives_the_circuit_other_figures_and_a_search() -> None:
    services = _services()
    services.device_data = {"ibm_peekskill": recorded_data("ibm_peekskill", CALIBRATED)}
    await services.backends.calibration("ibm_peekskill")
    services.device_data = {"ibm_peekskill": recorded_data("ibm_peekskill", LATER)}
    await services.clock.advance(11 * 60)
    services.candidate = replace(REVIEWED, estimated_success=0.9, flags=("coupler 13-14 is dead",))
    found = await _compare(services)
    assert found is not None and found.reviewed is REVIEWED and found.changes == ()
    assert found.now == replace(
        REVIEWED, estimated_success=0.9, flags=("coupler 13-14 is dead",), calibrated=LATER
    )
    assert [one.calibrated for one in found.redone] == [LATER] and found.searched
    await services.aclose()


async def test_calibration_that_cannot_be_had_holds_nothing_up(monkeypatch: pytest.MonkeyPatch) -> None:
    services = _services()

    async def refused(*_: object) -> BackendData:
        raise QdeckError(ErrorKind.NETWORK, "No route to host.")

    monkeypatch.setattr(services.backends, "data", refused)
    assert await _compare(services) is None
    await services.aclose()


def _success(success: float | None, *flags: str) -> Candidate:
    return replace(REVIEWED, estimated_success=success, flags=flags)


@pytest.mark.parametrize(
    ("now", "redone", "pays"),
    [
        (_success(0.9), _success(0.95), True),
        (_success(0.9), _success(0.91), False),
        (_success(0.9), _success(0.8), False),
        (_success(0.9, "coupler 1-2 is dead"), _success(0.8), True),
        (_success(0.5), _success(0.9, "coupler 1-2 is dead"), False),
        (_success(None), _success(None), False),
    ],
)
def test_redo_pays_beyond_a_tie_or_when_it_avoids_what_is_broken(
    now: Candidate, redone: Candidate, pays: bool
) -> None:
    assert Recalibration(REVIEWED, now, (redone,)).pays is pays
    assert not Recalibration(REVIEWED, now, ()).pays
