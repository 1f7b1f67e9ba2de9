"""The sandbox's own endpoint: how long a job would take to simulate."""

from __future__ import annotations

import pytest

from tests.sandbox.http.conftest import Sandbox
from tui.sandbox.simulator.base.values import EngineError


async def test_estimate_tells_seconds_and_creates_no_job(sandbox: Sandbox) -> None:
    params = {"pubs": [["OPENQASM 3.0; x $0;", None, 10]]}
    body = {"program_id": "sampler", "backend": "ibm_fez", "params": params}
    response = await sandbox.platform("POST", "/sandbox/estimates", json=body)
    assert response.status_code == 200
    assert response.json() == {"seconds": 0.5, "refusal": ""}
    assert not sandbox.service.database.jobs.pending(face="platform")


async def test_estimate_that_takes_too_long_says_why_there_is_none(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def stopped(*_: object) -> None:
        raise EngineError("This took longer than 60 s and was stopped.")

    monkeypatch.setattr(sandbox.service.engine, "estimate", stopped)
    body = {
        "program_id": "sampler",
        "backend": "ibm_fez",
        "params": {"pubs": [["OPENQASM 3.0; x $0;", None, 10]]},
    }
    response = await sandbox.platform("POST", "/sandbox/estimates", json=body)
    expected = {"seconds": None, "refusal": "", "trouble": "This took longer than 60 s and was stopped."}
    assert response.json() == expected
