"""`qdeck jobs` from the history: without an account, and when nothing is to be asked."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.store.samples import make_folders, sample_job
from tui.cli import main
from tui.commands.jobs.views import arranged
from tui.commands.shared.context import started_services
from tui.common.timing import SystemClock
from tui.config.view_settings import change_view
from tui.domain.jobs import JobStatus
from tui.jobquery.job_list import Grouping, Order
from tui.jobquery.view import ColumnChoice, SavedView
from tui.store.records.models import JobRecord
from tui.store.repository import JobRepository

Output = pytest.CaptureFixture[str]


@pytest.fixture
async def stored_jobs(home: Path) -> Path:
    """A history of two jobs, one of each generation, confirmed at different times."""
    history = JobRepository(make_folders(home), SystemClock())
    await history.open()
    now = datetime.now(UTC)
    platform = sample_job(1, JobStatus.RUNNING)
    classic = replace(sample_job(2, JobStatus.DONE), instance="a/b/c")
    history.upsert(
        [
            JobRecord(replace(platform, service="platform", instance="crn:one", confirmed=now)),
            JobRecord(
                replace(
                    classic, service="sandbox classic", instance="a/b/c", confirmed=now - timedelta(days=3)
                )
            ),
        ]
    )
    await history.aclose()
    return home


async def test_only_run_sends_queued_submissions(home: Path) -> None:
    environ = {"QDECK_HOME": str(home), "HOME": str(home)}
    for submits in (False, True):
        async with started_services(environ, sends=submits) as services:
            assert services.outbox.queue.sends is submits
    async with started_services(environ) as services:
        assert not services.outbox.queue.sends


@pytest.mark.parametrize("words", [(), ("--offline",)])
def test_jobs_without_account_lists_the_history_and_says_so(
    stored_jobs: Path, words: tuple[str, ...], capsys: Output
) -> None:
    assert main(["jobs", *words]) == 0
    told = capsys.readouterr()
    rows = [line.split("\t") for line in told.out.splitlines()]
    assert {row[1] for row in rows} == {"job-00001", "job-00002"}
    assert {row[7] for row in rows} == {"platform", "sandbox classic"}
    assert all(row[8] for row in rows)
    assert "This is the history" in told.err
    assert "between 0 min ago and 3 days ago" in told.err
    assert "SANDBOX" in told.err
    assert ("No account found" in told.err) is (words == ())


def test_jobs_json_marks_the_history(stored_jobs: Path, capsys: Output) -> None:
    assert main(["jobs", "--offline", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["history"], answer["stale"], answer["sandbox"]) == (True, True, True)
    assert answer["service"] is None
    assert {job["service"] for job in answer["jobs"]} == {"platform", "sandbox classic"}
    assert all(job["confirmed"] for job in answer["jobs"])


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("--channel", "platform"), {"job-00001"}),
        (("--channel", "classic"), {"job-00002"}),
        (("--sandbox",), {"job-00002"}),
        (("--instance", "crn:one"), {"job-00001"}),
        (("--instance", "by-name"), {"job-00001", "job-00002"}),
        (("--limit", "1"), {"job-00002"}),
        (("--pending",), {"job-00001"}),
        (("--backend", "ibm_peekskill"), {"job-00001", "job-00002"}),
        (("--backend", "elsewhere"), set()),
        (("--program", "estimator"), set()),
        (("--session", "none"), set()),
        (("--tag", "none"), set()),
        (("--since", "2020-01", "--until", "2030-12-31"), {"job-00001", "job-00002"}),
        (("--until", "2001-01-01"), set()),
        (("--since", "1s"), set()),
    ],
)
def test_jobs_options_filter_the_history(
    stored_jobs: Path, words: tuple[str, ...], expected: set[str], capsys: Output
) -> None:
    assert main(["jobs", "--offline", *words]) == 0
    assert {line.split("\t")[1] for line in capsys.readouterr().out.splitlines()} == expected


@pytest.mark.parametrize("words", [("--since", "soon"), ("--until", "2026-99")])
def test_jobs_refuses_a_malformed_time(stored_jobs: Path, words: tuple[str, ...], capsys: Output) -> None:
    assert main(["jobs", "--offline", *words]) == 2
    assert words[1] in capsys.readouterr().err


def test_jobs_without_account_and_history_points_to_login(home: Path, capsys: Output) -> None:
    assert main(["jobs"]) == 2
    told = capsys.readouterr()
    assert told.out == "" and "qdeck login" in told.err and "--sandbox" in told.err
    assert main(["jobs", "--offline"]) == 0
    assert "holds no such job" in capsys.readouterr().err


def test_jobs_ignores_an_account_of_the_other_channel(
    stored_jobs: Path, capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QISKIT_IBM_TOKEN", "a-token-for-the-platform")
    monkeypatch.setenv("QISKIT_IBM_CHANNEL", "ibm_quantum_platform")
    assert main(["jobs", "--channel", "classic"]) == 0
    told = capsys.readouterr()
    assert "No classic account found" in told.err
    assert [line.split("\t")[1] for line in told.out.splitlines()] == ["job-00002"]


@pytest.fixture
def views(stored_jobs: Path) -> Path:
    """Views of two accounts beside the history."""
    columns = tuple(map(ColumnChoice, ("name", "nonsense", "status", "instance")))
    done = SavedView("done", "platform lab", "status:done", columns)
    change_view(
        make_folders(stored_jobs).state,
        lambda view: replace(
            view, views=(done, SavedView("old", "classic", "age>9000d"), SavedView("wrong", filter="x:1"))
        ),
    )
    return stored_jobs


def test_jobs_of_a_view_are_chosen_and_shown_as_in_it(views: Path, capsys: Output) -> None:
    assert main(["jobs", "--offline", "--view", "done"]) == 0
    rows = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert [row[1:4] for row in rows] == [["done", "a/b/c", "sandbox classic"]]
    assert main(["jobs", "--offline", "--view", "done", "--json"]) == 0
    assert [job["job_id"] for job in json.loads(capsys.readouterr().out)["jobs"]] == ["job-00002"]
    assert main(["jobs", "--offline", "--view", "old"]) == 0
    assert "holds no such job" in capsys.readouterr().err


def test_jobs_of_a_view_that_is_none_or_wrong_are_refused(views: Path, capsys: Output) -> None:
    assert main(["jobs", "--offline", "--view", "nobodys"]) == 2
    assert "no view 'nobodys'" in (said := capsys.readouterr().err) and "done, old, wrong" in said
    assert main(["jobs", "--offline", "--view", "wrong"]) == 2
    assert "filter of the view cannot be read" in capsys.readouterr().err


def test_jobs_of_a_view_sort_and_group_as_the_app_does() -> None:
    now = datetime.now(UTC)
    many = [
        replace(sample_job(number, JobStatus.DONE), tags=(tag,), created=now - timedelta(hours=number))
        for number, tag in enumerate(("a", "b", "a", "b"))
    ]
    by_tag = SavedView("tags", order=Order("age", True), grouping=Grouping.TAG)
    assert [job.tags[0] for job in arranged(many, by_tag, now, frozenset())] == ["b", "b", "a", "a"]
    unseen = SavedView("unseen", filter="is:unseen")
    assert arranged(many, unseen, now, {many[2].id}) == [many[2]]
