"""`qdeck show`, `export` and `snippet`: jobs in forms for elsewhere, from the history."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.commands.jobs.conftest import Keep
from tests.commands.jobs.test_result import program
from tests.store.samples import sample_job
from tui.cli import main
from tui.domain.jobs import JobStatus

Output = pytest.CaptureFixture[str]


def test_snippet_of_a_known_job_asks_nobody(keep: Keep, capsys: Output) -> None:
    keep(sample_job(1, JobStatus.DONE), None)
    assert main(["snippet", "job-00001"]) == 0
    told = capsys.readouterr()
    assert "service.job('job-00001')" in told.out and not told.err
    compile(told.out, "snippet", "exec")
    assert main(["snippet", "job-00001", "--form", "repeat", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["job_id"], answer["form"]) == ("job-00001", "repeat")
    compile(answer["python"], "snippet", "exec")


def test_snippet_that_cannot_be_has_status_1_and_says_why(keep: Keep, capsys: Output) -> None:
    keep(replace(sample_job(1), service="classic"), None)
    assert main(["snippet", "job-00001"]) == 1
    assert "classic service" in capsys.readouterr().err


def test_unknown_job_without_an_account_has_status_2(keep: Keep, capsys: Output) -> None:
    assert main(["snippet", "job-00009"]) == 2
    assert "qdeck login" in capsys.readouterr().err


def test_show_has_every_fact_and_the_texts(keep: Keep, capsys: Output) -> None:
    keep(replace(sample_job(1, JobStatus.DONE), circuit="OPENQASM 3.0;", shots=100), None)
    assert main(["show", "job-00001"]) == 0
    told = capsys.readouterr()
    facts = dict(line.split("\t") for line in told.out.splitlines())
    assert (facts["job_id"], facts["status"], facts["shots"]) == ("job-00001", "done", "100")
    assert facts["timeline.1.status"] == "queued" and "From the history" in told.err
    assert main(["show", "job-00001", "--json", "--offline"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["history"], answer["circuit"], answer["source"]) == (True, "OPENQASM 3.0;", None)
    assert {"timeline", "metrics", "transpilation", "instance", "started"} <= set(answer)


def test_show_of_a_failed_job_has_status_1(keep: Keep, capsys: Output) -> None:
    keep(replace(sample_job(1, JobStatus.FAILED), reason="Too long."), None)
    assert main(["show", "job-00001", "--offline"]) == 1
    assert "reason\tToo long." in capsys.readouterr().out


def test_export_to_a_folder_writes_a_file_a_job_and_says_which_failed(
    keep: Keep, capsys: Output, tmp_path: Path
) -> None:
    keep(replace(sample_job(1, JobStatus.DONE), name="bell"), program())
    keep(sample_job(2, JobStatus.FAILED), None)
    folder = tmp_path / "new" / "folder"
    words = ["export", "job-00001", "job-00002", "--format", "csv", "--offline", "-o", f"{folder}/"]
    assert main([*words, "--json"]) == 1
    told = capsys.readouterr()
    done, failed = json.loads(told.out)["files"]
    assert done["jobs"] == ["job-00001"] and done["file"] == str(folder / "bell-job-00001.csv")
    assert done["bytes"] == (folder / "bell-job-00001.csv").stat().st_size
    assert failed["file"] is None and "it is failed" in failed["error"] and "it is failed" in told.err
    assert [path.name for path in folder.iterdir()] == ["bell-job-00001.csv"]


def test_export_of_several_jobs_is_one_file(keep: Keep, capsys: Output, tmp_path: Path) -> None:
    keep(sample_job(1, JobStatus.DONE), program())
    keep(sample_job(2, JobStatus.DONE), program())
    file = tmp_path / "all.csv"
    assert main(["export", "job-00001", "job-00002", "-o", str(file)]) == 0
    assert file.read_text().count("job-00002") == 7
    assert main(["export", "job-00001", "job-00002", "--offline"]) == 0
    assert [job["job_id"] for job in json.loads(capsys.readouterr().out)["jobs"]] == [
        "job-00001",
        "job-00002",
    ]


def test_export_writes_shots_to_stdout(keep: Keep, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    keep(sample_job(1, JobStatus.DONE), program())
    assert main(["export", "job-00001", "--format", "csv", "--table", "shots"]) == 0
    lines = capfdbinary.readouterr().out.decode().splitlines()
    assert lines[0] == "pub,circuit,index,shot,c,d" and len(lines) == 5


def test_joint_counts_are_printed_with_the_first_register_rightmost(keep: Keep, capsys: Output) -> None:
    keep(sample_job(1, JobStatus.DONE), program())
    assert main(["result", "job-00001", "--joint", "--json"]) == 0
    (pub,) = json.loads(capsys.readouterr().out)["pubs"]
    assert [(one["register"], one["num_bits"], one["counts"]) for one in pub["counts"]] == [
        ("d c", 3, {"1 11": 1, "0 00": 1}),
        ("d c", 3, {"0 01": 1, "1 01": 1}),
    ]


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["a", "b", "--format", "qasm", "-o", "x.qasm"], "holds one job"),
        (["a", "--json"], "name one, or a folder"),
        (["a", "--format", "json", "--table", "shots"], "--table is of the form csv"),
        (["a", "--picture", "map"], "--picture is of the forms svg and png"),
    ],
)
def test_options_of_an_export_that_do_not_go_together_have_status_2(
    home: Path, capsys: Output, words: list[str], why: str
) -> None:
    assert main(["export", *words]) == 2
    assert why in capsys.readouterr().err
