"""`qdeck watch`, `tag`, `cancel` and `delete` on the live sandbox: what they change, say and end with."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import click
import pytest

from tests.commands.shared.test_output import IDENTITY
from tests.monitor.fakes import BELL
from tests.monitor.harness import MonitorHarness
from tests.monitor.test_at_most_once import SANDBOX
from tests.support.command_line import CommandLine
from tui.cli import main
from tui.commands.jobs.watch import watch_jobs
from tui.commands.shared.changes import confirm
from tui.commands.shared.listing import AS_JSON, AS_TABLE
from tui.commands.shared.output import Exit, UsageFault
from tui.commands.shared.submission import submit
from tui.domain.jobs import JobStatus


def test_job_is_watched_tagged_and_deleted(command_line: CommandLine) -> None:
    qdeck = command_line.qdeck
    first, second = command_line.submit(tags=["a"]), command_line.submit(tags=["a", "b c"])

    watched = qdeck("watch", first, second, "--format", "jsonl")
    assert watched.status == 0, watched.err
    last = {line["job_id"]: line for line in map(json.loads, watched.out.splitlines())}
    assert set(last) == {first, second}
    for line in last.values():
        assert line["status"] == "done" and line["qpu_seconds"] > 0 and line["at"]
    again = qdeck("watch", first, "--json")
    assert (again.status, [job["status"] for job in again.answer["jobs"]]) == (0, ["done"])
    assert qdeck("watch", "no-such-job").status == 1

    assert qdeck("tag", second).rows == [[second, "", "a b c"]]
    tagged = qdeck("tag", first, second, "--add", "x", "--remove", "a", "--json")
    assert {job["job_id"]: job["tags"] for job in tagged.answer["jobs"]} == {
        first: ["x"],
        second: ["b c", "x"],
    }
    assert command_line.request("GET", f"/jobs/{second}")["tags"] == ["b c", "x"]
    assert qdeck("tag", first, "--clear", "--add", "y").rows == [[first, "", "y"]]
    assert qdeck("tag", first, "--add", "z", "--remove", "z").status == 2
    partly = qdeck("tag", "no-such-job", first, "--format", "jsonl")
    assert partly.status == 1 and json.loads(partly.out)["job_id"] == first

    assert qdeck("cancel", first).status == 1, "it is over"
    refused = qdeck("delete", first)
    assert (refused.status, refused.out) == (2, "") and "--yes" in refused.err
    deleted = qdeck("delete", first, second, "--yes")
    assert deleted.status == 0 and f"Deleted job {second}." in deleted.err
    known = {job["job_id"] for job in qdeck("jobs", "--json").answer["jobs"]}
    assert not known & {first, second}
    assert first not in qdeck("jobs", "--offline").out
    assert qdeck("delete", first, "-y").status == 1


async def test_jobs_are_watched_until_all_are_over(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    harness = await MonitorHarness(tmp_path).enter(SANDBOX)
    assert await watch_jobs(harness.services, IDENTITY, [], AS_JSON) is Exit.DONE
    written = capsys.readouterr()
    assert json.loads(written.out)["jobs"] == [] and "No job is queued or running." in written.err
    jobs = [await submit(harness.services, replace(BELL, name=name)) for name in "abc"]
    ids = [job.id for job in jobs]
    watching = asyncio.ensure_future(watch_jobs(harness.services, IDENTITY, ids, AS_TABLE))
    await harness.clock.advance(1)
    harness.host.turn(ids[0], JobStatus.DONE)
    await harness.clock.advance(60)
    assert not watching.done()
    harness.host.turn(ids[1], JobStatus.FAILED)
    await harness.clock.advance(60)
    await harness.services.jobs.delete(ids[2])
    await harness.clock.run_until(watching.done, seconds=60)
    assert watching.result() is Exit.FAILED
    written = capsys.readouterr()
    told = [line.split("\t")[1:3] for line in written.out.splitlines()]
    assert told == [[one, "queued"] for one in ids] + [[ids[0], "done"], [ids[1], "failed"]]
    assert f"Deleted while watched: {ids[2]}." in written.err
    await harness.services.aclose()


@pytest.mark.parametrize(
    "words",
    [
        ("run", "bell.qasm"),
        ("cancel", "j"),
        ("delete", "j", "--yes"),
        ("tag", "j", "--add", "x"),
        ("sessions", "open", "-b", "ibm_fez"),
        ("sessions", "drain", "s"),
        ("sessions", "cancel", "s"),
    ],
    ids=" ".join,
)
def test_command_that_changes_the_service_is_refused_under_readonly(
    home: Path, words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--readonly", *words]) == 2
    assert "--readonly leaves nothing for" in capsys.readouterr().err


def test_confirmation_is_asked_at_a_terminal_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def answer(question: str, **_: object) -> None:
        asked.append(question)
        raise click.Abort

    monkeypatch.setattr(click, "confirm", answer)
    confirm("Sure?", yes=True, refusal="It cannot be undone.")
    with pytest.raises(UsageFault, match=r"cannot be undone\. --yes"):
        confirm("Sure?", yes=False, refusal="It cannot be undone.")
    assert asked == []
    for stream in ("stdin", "stderr"):
        monkeypatch.setattr(f"sys.{stream}.isatty", lambda: True)
    with pytest.raises(click.Abort):
        confirm("Delete \x1b[2J?", yes=False, refusal="It cannot be undone.")
    assert asked == ["Delete ␛[2J?"]
