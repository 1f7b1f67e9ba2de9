"""The sandbox's own endpoint: how long a job would take to simulate."""

from __future__ import annotations

from tests.sandbox.http.conftest import Sandbox


async def test_estimate_tells_seconds_and_creates_no_job(sandbox: Sandbox) -> None:
    params = {"pubs": [["OPENQASM 3.0; x $0;", None, 10]]}
    body = {"program_id": "sampler", "backend": "ibm_fez", "params": params}
    response = await sandbox.platform("POST", "/sandbox/estimates", json=body)
    assert response.status_code == 200
    assert response.json() == {"seconds": 0.5, "refusal": ""}
    assert not sandbox.service.database.jobs.pending(face="platform")
