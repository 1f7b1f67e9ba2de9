"""The evaluation of one job: predictions, calibrations at its moments, registers together."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from qiskit.primitives import BitArray, DataBin, SamplerPubResult

from tests.monitor.fakes import TRANSPILED, FakeService
from tests.monitor.harness import MonitorHarness
from tui.common.errors import ErrorKind, QdeckError
from tui.domain.devices.backends import BackendData
from tui.ibm.results.decoder import decode_result


async def test_registers_are_counted_together_as_qiskit_joins_them(tmp_path: Path) -> None:
    harness = await MonitorHarness(tmp_path).enter()
    chance = random.Random(4)
    a = [chance.randrange(8) for _ in range(300)]
    b = [(one * 3 + chance.randrange(2)) % 4 for one in a]
    arrays = {
        name: BitArray(np.array(values, np.uint8)[:, None], bits)
        for name, values, bits in (("a", a, 3), ("b", b, 2))
    }
    expected = SamplerPubResult(DataBin(**arrays)).join_data().get_counts()
    data = {
        name: {"samples": [hex(value) for value in values], "num_bits": bits}
        for name, values, bits in (("a", a, 3), ("b", b, 2))
    }
    result = decode_result(json.dumps({"results": [{"data": data}, {"data": {"a": data["a"]}}]}).encode())
    (joint,), alone = await harness.services.evaluation.joint(result)
    assert (joint.register, joint.num_bits, joint.shots) == ("b a", 5, 300)
    assert joint.counts == expected
    assert alone == ()
    with pytest.raises(QdeckError, match="counted over all registers"):
        await harness.services.evaluation.joint(replace(result, abridged=True))
    await harness.services.aclose()


async def test_calibrations_are_those_at_the_moments_of_the_job(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    harness = await MonitorHarness(tmp_path).enter()
    asked: list[datetime | None] = []

    async def backend_data(_service: FakeService, name: str, before: datetime | None = None) -> BackendData:
        asked.append(before)
        if before is not None and len(asked) == 2:
            raise QdeckError(ErrorKind.NOT_FOUND, "There is no such calibration.")
        return BackendData(name, b'{"n_qubits": 1}', b'{"last_update_date": "2026-03-14T12:00:00Z"}')

    monkeypatch.setattr(FakeService, "backend_data", backend_data)
    job = harness.services.jobs.get(await harness.finish(TRANSPILED))
    assert job is not None
    job = replace(job, started=job.created)
    first, start, now = await harness.services.evaluation.calibrations(job)
    assert [moment.name for moment in (first, start, now)] == ["made", "start", "now"]
    assert first.device is not None and first.device.calibrated is not None
    assert "no such calibration" in start.trouble or start.device == first.device
    assert now.device is not None
    assert asked[0] == job.created and asked[-1] is None
    await harness.services.aclose()
