"""`qdeck result` from the history, and what it prints of sweeps, values and dry runs."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest

from tests.commands.jobs.conftest import Keep
from tests.store.samples import sample_job
from tui.cli import main
from tui.domain.jobs import JobStatus
from tui.domain.pubs.inputs import Pub, encode_inputs
from tui.domain.pubs.sweep_text import sweep_of
from tui.domain.results import JobResult

Output = pytest.CaptureFixture[str]


def program(**members: object) -> bytes:
    """A result of the executor: one item, registers `c` (2 bits) and `d` (1 bit) at two places of a sweep."""
    results = {
        # Two places, two shots, two bits: 11 00 | 01 01, the first bit in the lowest place.
        "c": {"data": "Uw==", "shape": [2, 2, 2], "dtype": "bool"},
        "d": {"data": "CQ==", "shape": [2, 2, 1], "dtype": "bool"},
    }
    body = {"schema_version": "v1.0", "data": [{"results": results, "metadata": {}}], "metadata": {}}
    return json.dumps({**body, **members}).encode()


def test_result_prints_every_register_and_place(keep: Keep, capsys: Output) -> None:
    keep(sample_job(1, JobStatus.DONE), program())
    assert main(["result", "job-00001"]) == 0
    told = capsys.readouterr()
    assert told.out.splitlines() == [
        "1\tc\t0\t00\t1",
        "1\tc\t0\t11\t1",
        "1\tc\t1\t01\t2",
        "1\td\t0\t0\t1",
        "1\td\t0\t1\t1",
        "1\td\t1\t0\t1",
        "1\td\t1\t1\t1",
    ]
    assert "From the history" in told.err


def test_result_json_has_every_place_by_its_index(keep: Keep, capsys: Output) -> None:
    keep(sample_job(1, JobStatus.DONE), program())
    assert main(["result", "job-00001", "--offline", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["job_id"], answer["history"], answer["dry_run"]) == ("job-00001", True, False)
    (pub,) = answer["pubs"]
    places = [(one["register"], one["index"], one["counts"]) for one in pub["counts"]]
    assert places == [
        ("c", [0], {"00": 1, "11": 1}),
        ("c", [1], {"01": 2}),
        ("d", [0], {"0": 1, "1": 1}),
        ("d", [1], {"0": 1, "1": 1}),
    ]


@pytest.mark.parametrize("words", [(), ("--json",)])
def test_result_of_a_dry_run_is_usage_and_timing(keep: Keep, words: tuple[str, ...], capsys: Output) -> None:
    job = replace(sample_job(1, JobStatus.DONE), backend="mock_fez", qpu_seconds=2.5)
    timed = json.loads(program())["data"][0] | {"metadata": {"scheduler_timing": {"circuit_duration": 4064}}}
    keep(job, program(data=[timed]))
    assert main(["result", "job-00001", *words]) == 0
    told = capsys.readouterr()
    assert "dry run on mock_fez" in told.err
    assert "2.5 s of QPU time" in told.err
    assert "4,064 dt" in told.err
    if words:
        answer = json.loads(told.out)
        assert (answer["pubs"], answer["dry_run"], answer["qpu_seconds"]) == ([], True, 2.5)
    else:
        assert told.out == ""


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (JobStatus.DONE, "does not keep its result"),
        (JobStatus.RUNNING, "no result yet, it is running"),
        (JobStatus.FAILED, "it is failed"),
    ],
)
def test_result_offline_says_why_there_is_none(
    keep: Keep, status: JobStatus, said: str, capsys: Output
) -> None:
    keep(sample_job(1, status), None)
    assert main(["result", "job-00001", "--offline"]) == 1
    told = capsys.readouterr()
    assert said in told.err
    assert told.out == ""


def test_result_without_account_and_job_is_a_usage_fault(keep: Keep, capsys: Output) -> None:
    assert main(["result", "job-00009"]) == 2
    assert "No account found" in capsys.readouterr().err
    assert main(["result", "job-00009", "--offline"]) == 1
    assert "knows no job 'job-00009'" in capsys.readouterr().err


def test_result_that_cannot_be_read_fails_with_the_reason(keep: Keep, capsys: Output) -> None:
    keep(sample_job(1, JobStatus.DONE), program(data=[{"results": {"c": 3}}]))
    assert main(["result", "job-00001", "--offline"]) == 1
    told = capsys.readouterr()
    assert (told.out, "cannot be read" in told.err) == ("", True)


def test_result_type_of_a_dry_run_is_not_readable() -> None:
    assert not JobResult((), note="A dry run.", dry_run=True).readable


SWEEP = """OPENQASM 3.0;
include "stdgates.inc";
input float[64] theta;
bit[2] c;
bit[1] d;
ry(theta) $4;
c[0] = measure $4;
c[1] = measure $5;
d[0] = measure $7;
"""


def test_result_tells_what_was_foretold_of_each_place(keep: Keep, capsys: Output) -> None:
    sweep = sweep_of([("theta", "0, pi")], ["theta"])
    job = replace(
        sample_job(1, JobStatus.DONE),
        circuit=SWEEP,
        circuits=1,
        inputs=encode_inputs([Pub(SWEEP, ("theta",), sweep)]),
    )
    keep(job, program())
    assert main(["result", "job-00001", "--offline", "--predicted", "--json"]) == 0
    (pub,) = json.loads(capsys.readouterr().out)["pubs"]
    ideal, noisy = pub["predicted"]["ideal"], pub["predicted"]["noisy"]
    assert ideal["note"] is None and "signed in" in noisy["note"]
    # Measured: 11 and 00 where 00 was foretold, twice 01 where 01 was; d once 1 of two where 0 was.
    apart = {(one["register"], one["index"][0]): one["total_variation"] for one in ideal["distances"]}
    assert apart == pytest.approx({("c", 0): 0.5, ("c", 1): 0.0, ("d", 0): 0.5, ("d", 1): 0.5}, abs=1e-9)
    assert ideal["distances"][1]["parameters"] == pytest.approx({"theta": math.pi})
    assert main(["result", "job-00001", "--offline", "--predicted"]) == 0
    told = capsys.readouterr()
    assert "1\tc\t1\t3.141592654\tideal\t1.0000\t1.0000\t0.0000\t0.0000\twithin shot noise" in told.out
    assert "PUB 1, noisy: Nobody is signed in" in told.err
