"""Inside a job of Slurm, by its environment variables on the live sandbox: no Slurm is needed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ibm.credentials.test_slurm import variables
from tests.support.circuits import BELL
from tests.support.command_line import CommandLine


@pytest.fixture
def session(command_line: CommandLine) -> str:
    """The session that the plugin opened before the job began."""
    body = {"mode": "dedicated", "backend": "ibm_peekskill"}
    return str(command_line.request("POST", "/sessions", body)["id"])


@pytest.fixture
def slurm(command_line: CommandLine, session: str, monkeypatch: pytest.MonkeyPatch) -> CommandLine:
    """A job of Slurm with one QPU; the account in the user's own environment is another one."""
    info = command_line.info
    given = variables("ibm_peekskill", key=info.api_key, crn=info.crn, session=session, url=info.url)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("QRMI_JOB_QPU_RESOURCES", "ibm_peekskill")
    monkeypatch.setenv("SLURM_JOB_ID", "4711")
    monkeypatch.setenv("QISKIT_IBM_TOKEN", "wr0ng" * 8)
    for name in ("QDECK_ENDPOINT_IAM", "QDECK_ENDPOINT_API", "QISKIT_IBM_INSTANCE"):
        monkeypatch.delenv(name)
    return command_line


def test_jobs_run_in_the_session_of_slurm_which_stays_open(
    slurm: CommandLine, session: str, tmp_path: Path
) -> None:
    circuit = tmp_path / "bell.qasm"
    circuit.write_text(BELL)
    run = slurm.qdeck("run", str(circuit), "--shots", "20", "--tag", "mine", "--json")
    assert run.status == 0, run.err
    assert (run.answer["backend"], run.answer["session_id"]) == ("ibm_peekskill", session)
    assert run.answer["tags"] == ["mine", "slurm:4711"]
    submitted = slurm.request("GET", f"/jobs/{run.answer['job_id']}")
    assert {"mine", "slurm:4711"} <= set(submitted["tags"])

    (listed,) = slurm.qdeck("jobs", "--tag", "slurm:4711", "--json").answer["jobs"]
    assert (listed["slurm_job"], listed["session_id"]) == ("4711", session)
    used = slurm.qdeck("usage", "--by", "slurm", "--tag", "slurm:4711", "--json").answer
    assert used["groups"] == [{"slurm": "4711", "jobs": 1, "qpu_seconds": listed["qpu_seconds"], "open": 0}]
    assert slurm.qdeck("run", str(circuit), "-b", "ibm_fez").status == 2

    for ending in ("drain", "cancel"):
        refused = slurm.qdeck("sessions", ending, session)
        assert refused.status == 1 and "belongs to the job of Slurm" in refused.err
    state = slurm.request("GET", f"/sessions/{session}")
    assert state["accepting_jobs"] and state["state"] in {"open", "active", "inactive"}

    said = [
        run,
        refused,
        slurm.qdeck("where"),
        slurm.qdeck("doctor", "--json"),
        slurm.qdeck("where", "--json"),
    ]
    assert all(slurm.info.api_key not in one.out + one.err for one in said)
    assert "slurm:ibm_peekskill" in said[2].out
    written = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert len(written) > 3
    assert not any(slurm.info.api_key.encode() in file.read_bytes() for file in written)
    slurm.request("DELETE", f"/sessions/{session}/close")
