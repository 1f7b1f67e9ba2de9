"""Exit status and JSON of every command, in one table: scripts rely on both."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from tests.support.circuits import BELL
from tests.support.command_line import CommandLine
from tui.cli import qdeck

SERVICE = ("service", "sandbox", "instance", "hosts")
JOB = (
    "job_id",
    "name",
    "backend",
    "status",
    "status_text",
    "program",
    "primitive",
    "service",
    "sandbox",
    "session_id",
    "slurm_job",
    "tags",
    "shots",
    "qpu_seconds",
    "created",
    "finished",
    "confirmed",
    "reason",
    "reason_code",
)
RUN = (
    *("job_id", "name", "backend", "status", *SERVICE, "program", "primitive", "session_id", "tags", "shots"),
    *("qpu_seconds", "counts", "registers", "price", "transpiled", "qasm"),
)
QUICK: tuple[tuple[str, int, tuple[str, ...]], ...] = (
    ("--version", 0, ()),
    ("-1", 0, ()),
    ("-1 jobs", 2, ()),
    ("", 2, ()),
    ("jobs --json", 0, (*SERVICE, "history", "stale", "jobs")),
    ("jobs --offline --json", 0, (*SERVICE, "history", "stale", "jobs")),
    ("jobs --since nonsense", 2, ()),
    ("jobs --json --format csv", 2, ()),
    ("jobs --account nobody", 2, ()),
    ("result {job} --json", 0, (*JOB, "history", "dry_run", "note", "pubs")),
    ("result no-such-job", 1, ()),
    (
        "show {job} --json",
        0,
        (
            "history",
            *JOB,
            "instance",
            "private",
            "circuits",
            "observables",
            "options",
            "started",
            "estimated_seconds",
            "reason_solution",
            "timeline",
            "metrics",
            "transpilation",
            "trust",
            "circuit",
            "source",
        ),
    ),
    ("show no-such-job", 1, ()),
    ("compare {job} {other} --json", 0, ("sides", "facts", "counts", "values", "circuits", "notes")),
    ("compare {job} no-such-job", 1, ()),
    ("export {job} -o {folder}/job.json --json", 0, ("format", "files")),
    ("export no-such-job -o {folder}/none.json", 1, ()),
    ("snippet {job} --json", 0, ("job_id", "form", "python")),
    ("snippet no-such-job", 1, ()),
    ("rerun no-such-job", 1, ()),
    ("watch {job} {other} --json", 0, (*SERVICE, "jobs")),
    ("watch no-such-job", 1, ()),
    ("tag {job} --add x --json", 0, (*SERVICE, "jobs")),
    ("tag no-such-job", 1, ()),
    ("cancel {job}", 1, ()),
    ("delete {job}", 2, ()),
    ("delete no-such-job --yes", 1, ()),
    ("sessions", 2, ()),
    ("sessions open -b ibm_peekskill --mode batch --json", 0, (*SERVICE, "session")),
    ("sessions open", 2, ()),
    ("sessions list --json", 0, (*SERVICE, "sessions")),
    ("sessions drain {session}", 0, ()),
    ("sessions cancel {session}", 0, ()),
    ("sessions cancel no-such-session", 1, ()),
    ("backends --json", 0, (*SERVICE, "backends")),
    (
        "backends ibm_peekskill --json",
        0,
        (*SERVICE, "backend", "calibrated", "compared_with", "coordinates", "qubits", "couplers", "changes"),
    ),
    ("backends ibm_nowhere", 1, ()),
    (
        "usage --json",
        0,
        (
            *SERVICE,
            "usage",
            "instance_limit_seconds",
            "plans",
            "spending",
            "by_backend",
            "by_instance",
            "withheld",
        ),
    ),
    ("usage --by slurm --json", 0, (*SERVICE, "history", "by", "jobs", "groups")),
    ("usage --pending", 2, ()),
    ("instances --json", 0, (*SERVICE, "instances")),
    ("login nonsense", 2, ()),
    ("logout", 0, ()),
    ("where --json", 0, ("settings", "accounts")),
    ("doctor --json", 0, ("ok", "steps")),
    ("config", 2, ()),
    ("config list --json", 0, ("file", "settings")),
    ("config get readonly --json", 0, ("name", "value", "default", "source", "form", "meaning")),
    ("config get nonsense", 2, ()),
    ("config set kept_mib 100", 0, ()),
    ("config set kept_mib many", 1, ()),
    ("config unset kept_mib", 0, ()),
    ("config set readonly false --json", 0, ("name", "value", "default", "source", "form", "meaning")),
    ("config unset readonly --json", 0, ("name", "value", "default", "source", "form", "meaning")),
    ("history", 2, ()),
    (
        "history check --json",
        0,
        (
            "version",
            "jobs",
            "extents",
            "sessions",
            "calibrations",
            "bytes",
            "bytes_needed",
            "entries_of_unknown_form",
            "damaged_places",
            "bytes_of_an_unfinished_write",
        ),
    ),
    ("history export {folder}/history.json", 0, ()),
    ("history import {folder}/history.json", 0, ()),
    ("history import {folder}/nowhere.json", 2, ()),
    ("history compact", 0, ()),
    ("completion bash", 0, ()),
    ("completion tcsh", 2, ()),
    ("help statuses", 0, ()),
    ("help nonsense", 2, ()),
    ("format --check {file}", 0, ()),
    ("format {folder}/nowhere.qasm", 2, ()),
    ("run {folder}/nowhere.qasm", 2, ()),
    ("check {folder}/nowhere.qasm --json", 2, ("files",)),
    ("transpile {folder}/nowhere.qasm -b ibm_fez", 2, ()),
    ("convert {folder}/nowhere.qasm --to 2", 2, ()),
    ("edit {file}", 2, ()),
    ("open {job}", 2, ()),
    ("sandbox --fault nonsense", 2, ()),
)
"""Words of the command, its exit status, and the members of its JSON object; in this order."""


WITH_QISKIT: tuple[tuple[str, int, tuple[str, ...]], ...] = (
    ("check {file} --json", 0, ("files",)),
    ("check {broken} --json", 1, ("files",)),
    ("convert {file} --to 2", 0, ()),
    (
        "transpile {file} -b ibm_peekskill --level 1 --json",
        0,
        ("candidates", "best", "unavailable", "qasm"),
    ),
    ("run {file} -b ibm_peekskill --shots 10 --json", 0, RUN),
    (
        "run {file} -b ibm_peekskill --dry-run --json",
        0,
        ("dry_run", "backend", *SERVICE, "price", "dry_run_refused", "transpiled", "qasm"),
    ),
    ("run {broken} -b ibm_peekskill --json", 1, ()),
    ("run {file} -b ibm_nowhere --json", 1, ()),
    ("rerun {job} --json", 0, (*SERVICE, "repeats", "price", "jobs")),
)


def test_table_has_every_command() -> None:
    listed = {words.partition("{")[0].partition("--")[0].strip() for words, _, _ in (*QUICK, *WITH_QISKIT)}
    for path in _commands(qdeck):
        words = " ".join(path)
        assert any(f"{one} ".startswith(f"{words} ") for one in listed), f"the table lacks {words}"


def _commands(group: click.Group, above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, command in group.commands.items():
        path = (*above, name)
        yield from _commands(command, path) if isinstance(command, click.Group) else [path]


@pytest.fixture
def places(command_line: CommandLine, tmp_path: Path) -> dict[str, object]:
    """What stands for the words in braces: files, two jobs that are done, a session."""
    good, broken = tmp_path / "bell.qasm", tmp_path / "broken.qasm"
    good.write_text(BELL)
    broken.write_text("OPENQASM 3.0;\nqubit q;\nnonsense q;\n")
    job, other = command_line.submit(tags=["a"]), command_line.submit()
    assert command_line.qdeck("watch", job, other).status == 0
    session = command_line.request("POST", "/sessions", {"mode": "batch", "backend": "ibm_peekskill"})["id"]
    return {
        "file": good,
        "broken": broken,
        "folder": tmp_path,
        "job": job,
        "other": other,
        "session": session,
    }


def _walk(
    command_line: CommandLine, table: tuple[tuple[str, int, tuple[str, ...]], ...], places: dict[str, object]
) -> None:
    wrong = []
    for words, status, members in table:
        done = command_line.qdeck(*(word.format(**places) for word in words.split()))
        answered = tuple(done.answer) if "--json" in words and done.out else ()
        if (done.status, answered) != (status, members):
            wrong.append((words, done.status, answered, done.err[-300:]))
    assert not wrong, "\n".join(map(repr, wrong))


def test_every_command_ends_with_its_status_and_prints_its_json(
    command_line: CommandLine, places: dict[str, object]
) -> None:
    _walk(command_line, QUICK, places)


@pytest.mark.slow
def test_every_command_with_qiskit_ends_with_its_status_and_prints_its_json(
    command_line: CommandLine, places: dict[str, object]
) -> None:
    _walk(command_line, WITH_QISKIT, places)
