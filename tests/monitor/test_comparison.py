"""Jobs side by side: the ideal of values, and the calibrations with which the jobs started."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from tests.compiler.small_devices import small_device
from tests.monitor.fakes import BELL, FakeService
from tests.monitor.harness import MonitorHarness
from tests.support.circuits import bell_candidate
from tui.common.errors import ErrorKind, QdeckError
from tui.compiler.simulations import Values
from tui.domain.devices.backends import BackendData
from tui.domain.jobs import Primitive
from tui.domain.results import ExpectationValue, JobResult, PubResult
from tui.domain.statistics.predictions import ForetoldValues

ISA = 'OPENQASM 3.0;\ninclude "stdgates.inc";\nsx $1;\ncz $1, $2;\n'


def _device(name: str, readout: float, day: int) -> BackendData:
    made = small_device(4, {(1, 2): 0.01}, readout={1: readout}, gate="cz", name=name)
    properties = {**json.loads(made.properties), "last_update_date": f"2026-03-{day}T12:00:00Z"}
    return replace(made, properties=json.dumps(properties).encode())


async def _estimated(harness: MonitorHarness, name: str) -> str:
    made = replace(bell_candidate(), final_layout=(1, 2)).transpilation
    submission = replace(
        BELL,
        name=name,
        primitive=Primitive.ESTIMATOR,
        qasm=ISA,
        observables=("IZZI", "IXXI"),
        observable_labels=("ZZ", "XX"),
        transpilation=made,
    )
    return await harness.finish(submission)


async def test_values_are_held_against_their_ideal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    harness = await MonitorHarness(tmp_path).enter()

    async def result(_service: FakeService, _job_id: str, **_limits: object) -> JobResult:
        return JobResult((PubResult(values=(ExpectationValue(0.9, 0.05), ExpectationValue(-0.2, 0.1))),))

    monkeypatch.setattr(FakeService, "result", result)

    async def values(
        qasm: str,
        observables: Sequence[str],
        sets: Sequence[Values],
        *,
        target: BackendData | None = None,
        of: int = 1,
    ) -> ForetoldValues:
        assert (qasm, tuple(observables), target) == (ISA, ("ZZI", "XXI"), None)
        return ForetoldValues((1.0, 1e-17), qubits=2, method="state vector")

    harness.compiler.simulations.values = values  # type: ignore[method-assign]
    report = await harness.services.comparisons.report([await _estimated(harness, "one")], ideal=True)
    assert report.sides[0] == "ideal"
    first, second = report.values
    assert first.values == ((1.0, 0.0), (0.9, 0.05)) and first.z[1] == pytest.approx(-2.0)
    assert second.values[0] == (0.0, 0.0) and second.z[1] == pytest.approx(-2.0)
    assert any("without noise here, state vector" in note for note in report.notes)
    assert not any(fact.name == "calibration at start" for fact in report.facts)
    await harness.services.aclose()


async def test_calibrations_at_the_start_of_jobs_are_facts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    harness = await MonitorHarness(tmp_path).enter()
    asked: list[datetime | None] = []

    async def backend_data(_service: FakeService, name: str, before: datetime | None = None) -> BackendData:
        asked.append(before)
        if len(asked) > 2:
            raise QdeckError(ErrorKind.NOT_FOUND, "There is none.")
        return _device(name, 0.01 * len(asked), 13 + len(asked))

    monkeypatch.setattr(FakeService, "backend_data", backend_data)
    one = await _estimated(harness, "one")
    await harness.clock.advance(60)
    two = await _estimated(harness, "two")
    asked.clear()
    facts = {fact.name: fact for fact in (await harness.services.comparisons.report([one, two])).facts}
    assert len(asked) == 2 and asked[0] != asked[1]
    assert facts["calibration at start"].values == ("2026-03-14 12:00:00", "2026-03-15 12:00:00")
    # Qubits 1 and 2 are in use; the readout of qubit 1 doubled.
    assert facts["q1 readout error"].values == ("1 %", "2 %")
    assert facts["readout error"].values == ("1 %, mean of 2", "1.5 %, mean of 2")
    await harness.clock.advance(60)
    three = await _estimated(harness, "three")
    report = await harness.services.comparisons.report([three, await _estimated(harness, "four")])
    assert any("No calibration at the start of three, four: There is none." in note for note in report.notes)
    await harness.services.aclose()
