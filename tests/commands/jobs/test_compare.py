"""`qdeck compare` from the history."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tests.commands.jobs.conftest import Keep
from tests.store.samples import sample_job
from tui.cli import main
from tui.domain.jobs import JobStatus

Output = pytest.CaptureFixture[str]


def plain_result(samples: list[str]) -> bytes:
    return json.dumps({"results": [{"data": {"c": {"samples": samples, "num_bits": 2}}}]}).encode()


def test_two_jobs_are_compared_without_asking_anybody(keep: Keep, capsys: Output) -> None:
    circuit = "OPENQASM 3.0;\nx $1;\n"
    done = replace(sample_job(1, JobStatus.DONE), circuits=1)
    keep(
        replace(done, name="one", circuit=circuit),
        plain_result(["0x1"] * 90 + ["0x2"] * 10),
    )
    keep(
        replace(
            sample_job(2, JobStatus.DONE),
            name="two",
            circuit=circuit.replace("1", "2"),
            circuits=1,
            shots=100,
        ),
        plain_result(["0x1"] * 10 + ["0x2"] * 90),
    )
    assert main(["compare", "job-00001", "job-00002"]) == 0
    rows = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert next(row for row in rows if row[0] == "distance")[:6] == [
        "distance",
        "1",
        "c",
        "",
        "two",
        "0.8000",
    ]
    assert ["counts", "1", "c", "", "01", "0.9000", "0.1000", "-11.3"] in rows
    assert ["circuit", "1", "two", "- x $1;"] in rows and ["circuit", "1", "two", "+ x $2;"] in rows
    assert main(["compare", "job-00001", "job-00002", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert list(answer) == ["sides", "facts", "counts", "values", "circuits", "notes"]
    (table,) = answer["counts"]
    assert list(table) == [
        *("pub", "register", "index", "parameters", "outcomes", "shots", "distances", "rows"),
    ]
    assert table["distances"][0] is None and table["distances"][1]["differs"] is True
    assert set(table["distances"][1]) == {
        *("total_variation", "total_variation_bound", "hellinger_fidelity", "hellinger_fidelity_bound"),
        "differs",
    }
    assert {"name": "circuits", "values": ["1", "1"], "differs": False} in answer["facts"]


def test_jobs_without_results_have_their_facts_and_status_1(keep: Keep, capsys: Output) -> None:
    keep(replace(sample_job(1, JobStatus.FAILED), circuit="a"), None)
    keep(replace(sample_job(2, JobStatus.FAILED), circuit="a", backend="ibm_fez"), None)
    assert main(["compare", "job-00001", "job-00002", "--offline"]) == 1
    told = capsys.readouterr()
    assert "fact\tbackend\tibm_peekskill\tibm_fez" in told.out and "has no result" in told.err


def test_one_job_alone_is_not_compared(keep: Keep, capsys: Output) -> None:
    assert main(["compare", "job-00001"]) == 2
    assert "--ideal" in capsys.readouterr().err
