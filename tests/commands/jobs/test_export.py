"""`qdeck snippet`: jobs in forms for elsewhere, from the history."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tests.commands.jobs.conftest import Keep
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
