"""`qdeck sessions`, `usage` and `instances` on the live sandbox."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import pytest

from tests.domain.jobs import NOW
from tests.support.command_line import CommandLine
from tui.commands.service.usage import GROUPS, UsageGroup, add_up
from tui.domain.jobs import Job, JobStatus


def test_sessions_are_opened_listed_drained_and_cancelled(command_line: CommandLine, tmp_path: Path) -> None:
    qdeck = command_line.qdeck
    opened = qdeck("sessions", "open", "-b", "ibm_peekskill", "--mode", "batch", "--max-seconds", "600")
    ((session,),) = opened.rows
    assert opened.status == 0 and session in opened.err
    second = qdeck("sessions", "open", "-b", "ibm_peekskill", "--json").answer["session"]
    assert (second["mode"], second["takes_jobs"], second["opened_here"]) == ("dedicated", True, True)
    assert qdeck("sessions", "open", "-b", "ibm_nowhere").status == 1

    listed = {one["session_id"]: one for one in qdeck("sessions", "list", "--json").answer["sessions"]}
    assert (listed[session]["mode"], listed[session]["max_ttl"]) == ("batch", 600)
    assert listed[session]["opened_here"] and listed[session]["takes_jobs"]

    command_line.submit(session=session)
    assert qdeck("sessions", "drain", session).status == 0
    partly = qdeck("sessions", "cancel", second["session_id"], "no-such-session")
    assert partly.status == 1 and second["session_id"] in partly.err
    file = tmp_path / "open.csv"
    assert qdeck("sessions", "list", "--open", "-o", str(file)).status == 0
    still_open = {row["session_id"] for row in csv.DictReader(file.read_text().splitlines())}
    assert not still_open & {session, second["session_id"]}

    used = qdeck("usage", "--by", "session", "--session", session, "--json").answer
    assert (used["by"], used["jobs"], used["groups"][0]["session"]) == ("session", 1, session)
    assert qdeck("usage", "--by", "session", "--offline", "--session", session).rows[0][0] == session


def test_usage_and_instances_are_those_of_the_account(command_line: CommandLine) -> None:
    usage = command_line.qdeck("usage", "--json").answer
    facts = usage["usage"]
    assert facts["remaining_seconds"] == facts["limit_seconds"] - facts["consumed_seconds"] > 0
    assert facts["instance"] == command_line.info.crn and {"plans", "by_backend", "withheld"} <= usage.keys()
    assert ["limit QPU s", f"{facts['limit_seconds']:g}"] in command_line.qdeck("usage").rows
    assert command_line.qdeck("usage", "--offline").status == 2

    (instance,) = command_line.qdeck("instances", "--json").answer["instances"]
    assert (instance["instance"], instance["in_use"]) == (command_line.info.crn, True)


@pytest.mark.parametrize("words", [("sessions",), ("history",)])
def test_group_without_a_command_prints_its_help(command_line: CommandLine, words: tuple[str, ...]) -> None:
    done = command_line.qdeck(*words)
    assert (done.status, done.out) == (2, "")
    lines = done.err.splitlines()
    assert lines[0].startswith("Usage: qdeck") and any(line.startswith("Commands:") for line in lines)


def test_usage_is_added_up_by_each_tag_the_largest_first() -> None:
    one = Job("1", "platform", "ibm_fez", "sampler", JobStatus.DONE, NOW)
    jobs = [
        replace(one, tags=("a", "b"), qpu_seconds=2.0),
        replace(one, id="2", tags=("b",), qpu_seconds=3.0),
        replace(one, id="3"),
    ]
    assert add_up(jobs, GROUPS["tag"]) == [
        UsageGroup("b", 2, 5.0, 0),
        UsageGroup("a", 1, 2.0, 0),
        UsageGroup("", 1, 0.0, 0),
    ]
