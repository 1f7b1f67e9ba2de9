"""Sweeps, sums of Pauli strings and several circuits from a shell, on both faces of the sandbox."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from tests.end_to_end.circuits import BELL, assert_bell
from tests.end_to_end.conftest import Shell

ROTATED = """OPENQASM 3.0;
include "stdgates.inc";
input float theta;
input float phi;
qubit[2] q;
bit[2] c;
ry(theta) q[0];
cx q[0], q[1];
rx(phi) q[1];
c = measure q;
"""
UNMEASURED = "\n".join(line for line in ROTATED.splitlines() if "measure" not in line)


@pytest.mark.parametrize(
    ("channel", "extra"),
    [("platform", ()), ("classic", ()), pytest.param("classic", ("--cloud",), marks=pytest.mark.slow)],
)
def test_sweep_of_a_sampler_has_a_place_for_each_set(
    shell: Shell, channel: str, extra: tuple[str, ...]
) -> None:
    words = ("--param", "theta=0:2pi:5", "--param", "phi=0, pi", "--shots", "300", "-b", "ibm_peekskill")
    answer = shell.answer("run", "-", *words, *extra, channel=channel, stdin=ROTATED)
    (pub,) = answer["pubs"]
    assert pub["sweep"] == {"shape": [5, 2], "parameters": ["theta", "phi"]}
    assert [one["index"] for one in pub["counts"]] == [[a, b] for a in range(5) for b in range(2)]
    for one in pub["counts"]:
        theta, phi = one["parameters"]["theta"], one["parameters"]["phi"]
        flipped = sum(n for bits, n in one["counts"].items() if bits[1] == "1") / 300
        assert flipped == pytest.approx(math.sin(theta / 2) ** 2, abs=0.15)
        unequal = sum(n for bits, n in one["counts"].items() if bits[0] != bits[1]) / 300
        assert unequal == pytest.approx(math.sin(phi / 2) ** 2, abs=0.15)
    kept = shell.answer("result", answer["job_id"], "--offline", channel=channel)
    assert kept["pubs"] == answer["pubs"], "the history keeps the values of the parameters"


@pytest.mark.parametrize("channel", ["platform", "classic"])
def test_sweep_of_an_estimator_has_values_by_observable_and_set(
    shell: Shell, channel: str, tmp_path: Path
) -> None:
    rows = tmp_path / "sweep.csv"
    rows.write_text("theta,phi\n0,0\npi/2,0\npi,0\n")
    words = ("--primitive", "estimator", "--observable", "0.5*XX + 0.5*ZZ", "--observable", "ZI - IZ")
    done = shell.qdeck(
        *("run", "-", *words, "--precision", "0.05", "--params-file", str(rows), "-b", "ibm_peekskill"),
        channel=channel,
        stdin=UNMEASURED,
    )
    assert done.returncode == 0, done.stderr
    lines = [line.split("\t") for line in done.stdout.splitlines()]
    assert [float(line[0]) for line in lines] == pytest.approx([0, math.pi / 2, math.pi] * 2)
    assert [line[2] for line in lines] == ["0.5*XX + 0.5*ZZ"] * 3 + ["ZI - IZ"] * 3
    for line in lines[:3]:
        theta = float(line[0])
        assert float(line[3]) == pytest.approx(0.5 + 0.5 * math.sin(theta), abs=0.25)


@pytest.mark.parametrize(
    ("words", "stdin", "said"),
    [
        ((), ROTATED, "phi has no value yet"),
        (("--param", "theta=0:1:1000", "--param", "phi=1", "--shots", "20000"), ROTATED, "20,000,000"),
        (("--primitive", "estimator", "--observable", "ZZZ + XXX"), BELL, "has 3 letters"),
    ],
)
def test_values_that_do_not_fit_are_refused_before_anything_is_sent(
    shell: Shell, words: tuple[str, ...], stdin: str, said: str
) -> None:
    done = shell.qdeck("run", "-", "-b", "ibm_peekskill", "--tag", "refused", *words, stdin=stdin)
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    assert said in done.stderr and "Traceback" not in done.stderr
    assert shell.answer("jobs", "--tag", "refused")["jobs"] == []


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str]:
    (tmp_path / "rotated.qasm").write_text(ROTATED)
    (tmp_path / "bell.qasm").write_text(BELL)
    return str(tmp_path / "rotated.qasm"), str(tmp_path / "bell.qasm")


@pytest.mark.parametrize("channel", ["platform", pytest.param("classic", marks=pytest.mark.slow)])
def test_several_files_are_pubs_of_one_job(shell: Shell, files: tuple[str, str], channel: str) -> None:
    values = ("--param", "theta=0,pi", "--param", "phi=0", "--shots", "400")
    answer = shell.answer("run", *files, *values, "--copies", "2", "-b", "ibm_peekskill", channel=channel)
    names = [pub["name"] for pub in answer["pubs"]]
    assert names == ["rotated 1", "rotated 2", "bell 1", "bell 2"]
    assert [len(pub["counts"]) for pub in answer["pubs"]] == [2, 2, 1, 1]
    assert_bell(answer["pubs"][2]["counts"][0]["counts"])
    assert len(answer["circuits"]) == 2


def test_batch_has_a_job_for_each_circuit_and_is_closed(shell: Shell, files: tuple[str, str]) -> None:
    words = ("--batch", "--param", "theta=pi", "--param", "phi=0", "--seed", "5", "-b", "ibm_peekskill")
    answer = shell.answer("run", *files, *words)
    first, second = answer["jobs"]
    assert first["session_id"] == second["session_id"] != ""
    assert (first["status"], second["status"]) == ("done", "done")
    assert first["transpiled"]["seed"] == 5
    assert_bell(second["counts"])
    late = shell.qdeck("run", files[1], "--session", first["session_id"], "-b", "ibm_peekskill")
    assert late.returncode == 1, "it takes no more jobs"


def test_job_that_is_not_waited_for_is_named(shell: Shell, files: tuple[str, str]) -> None:
    done = shell.qdeck("run", files[1], "--no-wait", "-b", "ibm_peekskill")
    assert done.returncode == 0, done.stderr
    job_id, name = done.stdout.strip().split("\t")
    assert name == "bell"
    listed = json.loads(shell.qdeck("jobs", "--json").stdout)["jobs"]
    assert job_id in [job["job_id"] for job in listed]
