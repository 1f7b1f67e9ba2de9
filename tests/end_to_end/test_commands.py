"""The main job from a shell: both faces of the sandbox, its devices, alone and in a session."""

from __future__ import annotations

import httpx
import pytest

from tests.end_to_end.circuits import BELL, WALKTHROUGH, assert_bell, assert_mostly_one
from tests.end_to_end.conftest import Sandbox, Shell


@pytest.mark.parametrize(
    ("channel", "backend", "extra"),
    [
        ("platform", "ibm_peekskill", ("--level", "3")),
        ("classic", "ibm_cusco", ("--cloud",)),
    ],
)
def test_the_walkthrough_circuit_comes_out_right(
    shell: Shell, channel: str, backend: str, extra: tuple[str, ...]
) -> None:
    answer = shell.answer("run", "-", "-b", backend, *extra, channel=channel, stdin=WALKTHROUGH)
    assert (answer["status"], answer["backend"]) == ("done", backend)
    assert answer["sandbox"] is True
    assert answer["service"] == f"sandbox {channel}"
    assert_mostly_one(answer["counts"])
    assert answer["transpiled"]["two_qubit_gates"] == 0
    assert answer["transpiled"]["where"] == ("cloud" if "--cloud" in extra else "local")
    assert "$" in answer["qasm"] or "OPENQASM 2" in answer["qasm"]


def test_a_bell_pair_in_a_session_then_the_list_knows_the_job(shell: Shell, sandbox: Sandbox) -> None:
    session = open_session(sandbox, "ibm_cusco")
    answer = shell.answer("run", "-", "--session", session, "--tag", "pair", "--shots", "1000", stdin=BELL)
    assert (answer["backend"], answer["session_id"]) == ("ibm_cusco", session)
    assert sum(answer["counts"].values()) == 1000
    assert_bell(answer["counts"])
    assert answer["transpiled"]["two_qubit_gates"] == 1

    listed = shell.answer("jobs", "--limit", "1")
    assert listed["sandbox"] is True
    assert [job["job_id"] for job in listed["jobs"]] == [answer["job_id"]]
    assert listed["jobs"][0]["tags"] == ["pair"]
    cancelled = shell.qdeck("cancel", answer["job_id"])
    assert cancelled.returncode == 1
    assert "Traceback" not in cancelled.stderr


def test_the_estimator_prints_values_in_columns(shell: Shell) -> None:
    bell = "\n".join(line for line in BELL.splitlines() if "measure" not in line)
    words = ("--primitive", "estimator", "--observable", "ZZ", "--observable", "ZI", "-b", "ibm_peekskill")
    done = shell.qdeck("run", "-", *words, stdin=bell)
    assert done.returncode == 0, done.stderr
    rows = [line.split("\t") for line in done.stdout.splitlines()]
    assert [row[0] for row in rows] == ["ZZ", "ZI"]
    assert float(rows[0][1]) > 0.8
    assert abs(float(rows[1][1])) < 0.2


@pytest.mark.parametrize(
    ("words", "stdin", "said"),
    [
        (("run", "-", "-b", "ibm_nowhere"), BELL, "ibm_peekskill"),
        (("run", "-"), "OPENQASM 3;\nqubit q;\nnonsense q;\n", "stdin:3:"),
        (("run", "-"), "OPENQASM 3; qubit q;", "measures nothing"),
        (("run", "-", "--session", "no-such-session", "-b", "ibm_peekskill"), BELL, "Session not found"),
        (("cancel", "no-such-job"), "", "no-such-job"),
    ],
)
def test_what_cannot_be_done_is_said_plainly(
    shell: Shell, words: tuple[str, ...], stdin: str, said: str
) -> None:
    done = shell.qdeck(*words, stdin=stdin)
    assert (done.returncode, done.stdout) == (1, ""), done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("channel", ["platform", "classic"])
def test_a_wrong_token_and_a_silent_host_are_said_plainly(shell: Shell, channel: str) -> None:
    wrong = shell.qdeck("jobs", channel=channel, QISKIT_IBM_TOKEN="wr0ng" * 8)
    assert (wrong.returncode, wrong.stdout) == (1, "")
    assert "wr0ng" not in wrong.stderr
    assert "Traceback" not in wrong.stderr
    nobody = {"QDECK_ENDPOINT_IAM": "http://127.0.0.1:9", "QDECK_ENDPOINT_AUTH": "http://127.0.0.1:9/api"}
    silent = shell.qdeck("jobs", channel=channel, **nobody)
    assert (silent.returncode, silent.stdout) == (1, "")
    assert "127.0.0.1" in silent.stderr
    assert "Traceback" not in silent.stderr


def open_session(sandbox: Sandbox, backend: str) -> str:
    """Open a dedicated session through the platform's REST interface; its id."""
    url = sandbox.info["url"]
    grant = {"grant_type": "urn:ibm:params:oauth:grant-type:apikey", "apikey": sandbox.info["api_key"]}
    token = httpx.post(f"{url}/identity/token", data=grant).json()["access_token"]
    answer = httpx.post(
        f"{url}/api/v1/sessions",
        headers={
            "Authorization": f"Bearer {token}",
            "Service-CRN": sandbox.info["crn"],
            "IBM-API-Version": "2025-05-01",
        },
        json={"mode": "dedicated", "backend": backend},
    )
    answer.raise_for_status()
    return str(answer.json()["id"])
