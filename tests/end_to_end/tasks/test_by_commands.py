"""Task 15: what the other tasks do by keys, by commands of a shell with `--json`, read by jq or by Python."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.end_to_end.conftest import Sandbox, clean_environment
from tests.end_to_end.tasks.terminal_user import INSTALLED
from tests.support.circuits import BELL


class Step(NamedTuple):
    """One line of the shell.

    Attributes:
        words: the command; `$JOB` and `$OTHER` are ids that earlier steps answered.
        jq: a filter of jq.
        python: the same of `answer`.
        expected: what is printed; `$NAME`: it is kept under that name.
    """

    words: str
    jq: str
    python: str
    expected: str


STEPS = (
    Step("check bell.qasm", ".files[0].qubits", "answer['files'][0]['qubits']", "2"),
    Step("run bell.qasm -b ibm_peekskill --tag demo", ".job_id", "answer['job_id']", "$JOB"),
    Step("rerun $JOB", ".jobs[0].job_id", "answer['jobs'][0]['job_id']", "$OTHER"),
    Step("jobs --tag demo", ".jobs[-1].status", "answer['jobs'][-1]['status']", "done"),
    Step(
        "result $JOB",
        ".pubs[0].counts[0].counts | add",
        "sum(answer['pubs'][0]['counts'][0]['counts'].values())",
        "4096",
    ),
    Step("tag $JOB --add paper", ".jobs[0].tags[1]", "answer['jobs'][0]['tags'][1]", "paper"),
    Step("compare $JOB $OTHER", ".sides | length", "len(answer['sides'])", "2"),
    Step("snippet $JOB", ".job_id", "answer['job_id']", "$JOB"),
    Step(
        "backends ibm_peekskill",
        ".qubits | min_by(.readout_error) | .qubit",
        "min(answer['qubits'], key=lambda qubit: qubit['readout_error'])['qubit']",
        "11",
    ),
    Step("usage", ".spending.jobs > 1 | tostring", "str(answer['spending']['jobs'] > 1).lower()", "true"),
)


@pytest.mark.parametrize("reader", ["jq", "python"])
def test_task_by_commands_is_read(sandbox: Sandbox, tmp_path: Path, reader: str) -> None:
    if reader == "jq" and shutil.which("jq") is None:
        pytest.skip("jq is not installed; the same is done with Python")
    (tmp_path / "bell.qasm").write_text(BELL)
    environ = {**clean_environment(tmp_path), **sandbox.environment("platform")}
    environ["PATH"] = f"{INSTALLED}{os.pathsep}{environ['PATH']}"
    for step in STEPS:
        python = f"import json, sys; answer = json.load(sys.stdin); print({step.python})"
        read = ["jq", "-r", step.jq] if reader == "jq" else [sys.executable, "-c", python]
        line = f"set -o pipefail; qdeck {step.words} --json | {shlex.join(read)}"
        done = subprocess.run(
            ["bash", "-c", line], env=environ, cwd=tmp_path, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, (step, done.stderr)
        said = done.stdout.strip()
        if step.expected.startswith("$"):
            assert environ.setdefault(step.expected[1:], said) == said
        else:
            assert said == step.expected, step
