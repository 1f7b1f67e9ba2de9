"""The main job from a shell: both faces of the sandbox, its devices, alone and in a session."""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
from pathlib import Path

import httpx
import pytest

from tests.end_to_end.circuits import BELL, WALKTHROUGH, assert_bell, assert_mostly_one
from tests.end_to_end.conftest import COMMAND, Sandbox, Shell, clean_environment


@pytest.mark.parametrize(
    ("channel", "backend", "extra"),
    [
        ("platform", "ibm_peekskill", ("--level", "3")),
        ("classic", "ibm_cusco", ("--cloud",)),
        (
            "classic",
            "ibm_peekskill",
            (
                *("--cloud", "--ai", "false", "--transpile-option", "seed_transpiler=7"),
                *("--private", "--max-seconds", "60", "--log-level", "debug"),
            ),
        ),
    ],
)
def test_run_returns_counts_of_the_walkthrough_circuit(
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


def test_run_in_a_session_appears_in_jobs(shell: Shell, sandbox: Sandbox) -> None:
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


@pytest.mark.parametrize("channel", ["platform", "classic"])
def test_backends_are_listed_and_told_qubit_by_qubit(shell: Shell, channel: str) -> None:
    listed = shell.answer("backends", channel=channel)
    assert listed["sandbox"] is True
    by_name = {one["name"]: one for one in listed["backends"]}
    assert {name: one["qubits"] for name, one in by_name.items()}.items() >= {
        ("ibm_peekskill", 27),
        ("ibm_cusco", 127),
        ("ibm_fez", 156),
    }
    assert all(0 < one["median_2q_error"] < 0.1 for one in by_name.values())
    device = shell.answer("backends", "ibm_fez", channel=channel)
    assert len(device["qubits"]) == len(device["coordinates"]) == 156 and len(device["couplers"]) == 176
    assert device["backend"]["median_t1_us"] > 50 and device["calibrated"]
    plain = shell.qdeck("backends", "ibm_peekskill", channel=channel)
    assert plain.returncode == 0, plain.stderr
    rows = [line.split("\t") for line in plain.stdout.splitlines()]
    assert [row[0] for row in rows].count("qubit") == 27 and [row[0] for row in rows].count("coupler") == 28
    assert "ibm_peekskill: calibrated 20" in plain.stderr
    assert shell.qdeck("backends", channel=channel).stdout.count("\n") == len(by_name)
    unknown = shell.qdeck("backends", "ibm_nowhere", channel=channel)
    assert unknown.returncode == 1 and "There are: ibm_cusco, ibm_fez, ibm_peekskill" in unknown.stderr


def test_dry_run_tells_what_the_service_would_charge_and_leaves_no_job(shell: Shell) -> None:
    answer = shell.answer("run", "-", "-b", "ibm_peekskill", "--dry-run", stdin=BELL)
    price = answer["price"]
    assert price["seconds"] == price["dry_run"]["seconds"] > 2
    assert abs(price["dry_run"]["seconds"] / price["formula_seconds"] - 1) < 0.6
    (length,) = price["dry_run"]["circuit_durations_dt"]
    assert 1e-7 < length * price["dry_run"]["dt_seconds"] < 1e-4
    assert price["dry_run"]["job_id"] not in {job["job_id"] for job in shell.answer("jobs")["jobs"]}
    shown = shell.qdeck("result", price["dry_run"]["job_id"])
    assert shown.returncode == 0 and "nothing was measured" in shown.stderr and not shown.stdout


def test_run_estimator_prints_values_in_columns(shell: Shell) -> None:
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
def test_commands_report_refusals_in_a_sentence(
    shell: Shell, words: tuple[str, ...], stdin: str, said: str
) -> None:
    done = shell.qdeck(*words, stdin=stdin)
    assert (done.returncode, done.stdout) == (1, ""), done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("channel", ["platform", "classic"])
def test_commands_report_a_wrong_token_and_a_silent_host(shell: Shell, channel: str) -> None:
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


@pytest.mark.parametrize(
    ("channel", "ended"),
    [("platform", "cannot revoke"), ("classic", "refused the token when it was tried again")],
)
def test_login_saves_the_account_privately_and_logout_forgets_it(
    shell: Shell, channel: str, ended: str
) -> None:
    token = shell.sandbox.environment(channel)["QISKIT_IBM_TOKEN"]
    instance = ("--instance", shell.sandbox.environment(channel)["QISKIT_IBM_INSTANCE"])
    nothing_set = {"QISKIT_IBM_TOKEN": "", "QISKIT_IBM_CHANNEL": "", "QISKIT_IBM_INSTANCE": ""}

    login = shell.qdeck(
        "login", "--channel", channel, *instance, channel=channel, stdin=f"{token}\n", **nothing_set
    )
    assert (login.returncode, login.stdout) == (0, ""), login.stderr
    (kept,) = shell.home.rglob("accounts.json")
    assert kept.stat().st_mode & 0o777 == 0o600

    hosts = dict.fromkeys(shell.sandbox.environment(channel), "") | nothing_set
    where = shell.qdeck("where", channel=channel, **hosts)
    assert "saved by qdeck" in where.stdout
    listed = shell.qdeck("jobs", "--json", channel=channel, **hosts)
    assert (listed.returncode, json.loads(listed.stdout)["sandbox"]) == (0, True), listed.stderr

    logout = shell.qdeck("logout", channel=channel, **hosts)
    assert ended in logout.stderr
    assert logout.returncode == 0
    assert "saved by qdeck" not in shell.qdeck("where", channel=channel, **hosts).stdout
    for done in (login, where, listed, logout):
        assert token not in done.stdout + done.stderr


def test_run_interrupted_leaves_the_job_on_the_service(shell: Shell) -> None:
    environ = {**clean_environment(shell.home), **shell.sandbox.environment("platform")}
    command = [*COMMAND, "run", "-", "-b", "ibm_peekskill", "--shots", "100000"]
    with subprocess.Popen(
        command,
        env=environ,
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None and process.stdout is not None and process.stderr is not None
        process.stdin.write(BELL)
        process.stdin.close()
        line = next(line for line in process.stderr if line.startswith("Job "))
        process.send_signal(signal.SIGINT)
        said = process.stderr.read()
        assert (process.wait(timeout=60), process.stdout.read()) == (130, "")
    assert "Traceback" not in said
    job_id = line.split()[1]
    assert job_id in [job["job_id"] for job in shell.answer("jobs")["jobs"]]


def test_jobs_ends_quietly_when_the_reader_goes_away(shell: Shell) -> None:
    environ = {**clean_environment(shell.home), **shell.sandbox.environment("platform")}
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = subprocess.run(
            [*COMMAND, "jobs", "--json"],
            env=environ,
            stdout=writer,
            stderr=subprocess.PIPE,
            timeout=60,
            check=False,
        )
    finally:
        os.close(writer)
    assert (done.returncode, [line[:8] for line in done.stderr.splitlines()]) == (141, [b"SANDBOX:"])


@pytest.mark.slow
def test_rerun_repeats_a_job_to_the_letter_and_every_command_reads_it(shell: Shell, sandbox: Sandbox) -> None:
    words = ("-b", "ibm_peekskill", "--shots", "500", "--twirl", "measurements", "--tag", "pair")
    first = shell.answer("run", "-", *words, stdin=BELL)
    answer = shell.answer("rerun", first["job_id"], "--copies", "2")
    assert answer["repeats"] == first["job_id"] and answer["price"]["seconds"] > 2
    copies = answer["jobs"]
    assert [(job["status"], job["tags"], job["shots"]) for job in copies] == [("done", ["pair"], 500)] * 2
    params = [params_of(sandbox, job_id) for job_id in (first["job_id"], *(job["job_id"] for job in copies))]
    assert params[0] == params[1] == params[2] and "quantum_program" in params[0]
    # As another user, who has none of it in a history.
    elsewhere = Shell(sandbox, shell.home / "other")
    again = elsewhere.answer("rerun", first["job_id"])
    assert params_of(sandbox, again["jobs"][0]["job_id"]) == params[0]
    assert elsewhere.answer("show", copies[0]["job_id"])["metrics"]["qpu_seconds"] > 0


TWO_REGISTERS = """OPENQASM 3.0;
include "stdgates.inc";
qubit[3] q;
bit[1] low;
bit[2] high;
ry(0.6) q[0];
x q[1];
low[0] = measure q[0];
high[0] = measure q[1];
high[1] = measure q[2];
"""


@pytest.mark.slow
def test_ideal_has_the_bits_of_the_result_in_the_same_places(shell: Shell, tmp_path: Path) -> None:
    run = shell.answer("run", "-", "-b", "ibm_peekskill", "--shots", "2000", stdin=TWO_REGISTERS)
    report = shell.answer("compare", run["job_id"], "--ideal")
    tables = {table["register"]: table for table in report["counts"]}
    assert report["sides"][0] == "ideal" and set(tables) == {"low", "high"}
    shares = {name: {row["bits"]: row["shares"] for row in of["rows"]} for name, of in tables.items()}
    assert shares["high"]["01"][0] == 1.0 and shares["high"]["01"][1] > 0.9
    assert abs(shares["low"]["1"][0] - math.sin(0.3) ** 2) < 1e-9
    assert abs(shares["low"]["1"][1] - shares["low"]["1"][0]) < 0.06
    joint = shell.answer("result", run["job_id"], "--joint")["pubs"][0]["counts"][0]
    assert joint["register"] == "high low" and max(joint["counts"], key=joint["counts"].get) == "01 0"
    for form in ("json", "csv", "qasm", "qpy", "py", "svg", "png"):
        files = shell.answer("export", run["job_id"], "--format", form, "-o", f"{tmp_path}/out/")["files"]
        assert files[0]["bytes"] > 100
    for picture in ("map", "timing"):
        made = shell.answer("export", run["job_id"], "--picture", picture, "-o", f"{tmp_path}/{picture}.svg")
        assert made["format"] == "svg"


def params_of(sandbox: Sandbox, job_id: str) -> dict[str, object]:
    """What the service says a job was given."""
    info = sandbox.info
    grant = {"grant_type": "urn:ibm:params:oauth:grant-type:apikey", "apikey": info["api_key"]}
    token = httpx.post(f"{info['url']}/identity/token", data=grant).json()["access_token"]
    headers = {
        "Authorization": f"Bearer {token}",
        "Service-CRN": info["crn"],
        "IBM-API-Version": "2026-04-15",
    }
    answer = httpx.get(f"{info['url']}/api/v1/jobs/{job_id}?exclude_params=false", headers=headers)
    params: dict[str, object] = answer.raise_for_status().json()["params"]
    return params
