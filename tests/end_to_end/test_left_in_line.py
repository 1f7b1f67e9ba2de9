"""Submissions of a qdeck that was killed: the next one sends or finds them, however short it lives."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.end_to_end.circuits import BELL
from tests.end_to_end.conftest import Shell, clean_environment
from tests.soak.program import Program
from tui.monitor.outbox.reconciler import SURE_AFTER

VICTIM = """
import os, signal, sys
import httpx
point = sys.argv[1]
from tui.monitor.outbox.outbox import Outbox
async def die(*_args, **_options):
    os.kill(os.getpid(), signal.SIGKILL)
send = httpx.AsyncClient.send
async def die_on_post(self, request, **options):
    if request.method == "POST" and request.url.path.endswith("/jobs"):
        if point == "answered":
            await send(self, request, **options)
        await die()
    return await send(self, request, **options)
if point == "in line":
    Outbox._claim = die
else:
    httpx.AsyncClient.send = die_on_post
from tui.cli import main
sys.argv[:2] = ["qdeck"]
main()
"""
"""`qdeck`, which is killed before its submission is taken out of the line, sent, or answered."""


def kill_at(shell: Shell, point: str, name: str) -> None:
    """Submit a circuit of that name by a `qdeck run` that is killed at that point."""
    circuit = shell.home / f"{name}.qasm"
    circuit.write_text(BELL)
    done = subprocess.run(
        [sys.executable, "-c", VICTIM, point, "run", str(circuit), "-b", "ibm_peekskill"],
        env=clean_environment(shell.home) | shell.sandbox.environment("platform"),
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr


def names(shell: Shell) -> list[str]:
    """The names of the jobs that were submitted from this home, in order."""
    jobs = shell.answer("jobs", "--offline")["jobs"]
    return sorted(job["name"] for job in jobs if job["name"])


@pytest.mark.slow
def test_command_sends_at_once_what_a_killed_one_left_in_line(shell: Shell) -> None:
    kill_at(shell, "in line", "left")
    told = shell.qdeck("jobs")
    assert told.returncode == 0 and "1 submission is not known to be a job yet" in told.stderr
    done = shell.qdeck("run", "-", "-b", "ibm_peekskill", stdin=BELL)
    assert done.returncode == 0, done.stderr
    assert "From an earlier run “left” is in line, and is sent now" in done.stderr
    # No request of it can be under way: it is not held back.
    assert "next try at" not in done.stderr
    assert names(shell) == ["left", "stdin"]
    assert "not known to be" not in shell.qdeck("jobs").stderr


def test_command_that_fails_sends_what_a_killed_one_left_in_line(shell: Shell) -> None:
    kill_at(shell, "in line", "left")
    done = shell.qdeck("run", "-", "-b", "ibm_nowhere", stdin=BELL)
    assert done.returncode == 1 and "is job" in done.stderr, done.stderr
    assert "next try at" not in done.stderr
    assert names(shell) == ["left"]


@pytest.mark.slow
def test_command_finds_the_job_of_a_killed_one(shell: Shell) -> None:
    kill_at(shell, "answered", "left")
    done = shell.qdeck("run", "-", "-b", "ibm_nowhere", stdin=BELL)
    assert "“left” may be a job: looking for it" in done.stderr and "is job" in done.stderr, done.stderr
    assert names(shell) == ["left"]


@pytest.mark.slow
def test_command_waits_for_two_absences_of_what_a_killed_one_was_sending(shell: Shell) -> None:
    kill_at(shell, "unsent", "left")
    began = time.monotonic()
    done = shell.qdeck("run", "-", "-b", "ibm_nowhere", stdin=BELL)
    assert time.monotonic() - began >= SURE_AFTER - 5
    assert "“left” may be a job: looking for it" in done.stderr
    assert "was not created: the service said twice" in done.stderr, done.stderr
    assert names(shell) == []


async def test_app_that_lives_for_seconds_sends_what_a_killed_command_left(
    shell: Shell, tmp_path: Path
) -> None:
    kill_at(shell, "in line", "left")
    environ = clean_environment(shell.home) | shell.sandbox.environment("platform")
    app = Program(["--channel", "platform"], environ)
    while (shown := await app.screen()) and ("left" not in shown or "waiting" in shown or "sending" in shown):
        assert time.monotonic() - app.started < SURE_AFTER - 5, shown
    await app.end()
    assert os.WEXITSTATUS(app.status or 0) == 128 + signal.SIGTERM
    assert time.monotonic() - app.started < SURE_AFTER
    assert names(shell) == ["left"]


@pytest.mark.slow
async def test_app_asks_before_it_leaves_what_a_killed_command_was_sending(shell: Shell) -> None:
    kill_at(shell, "unsent", "left")
    environ = clean_environment(shell.home) | shell.sandbox.environment("platform")
    app = Program(["--channel", "platform"], environ)
    assert await app.see("checking for its job", 30), await app.screen()
    await app.press("ctrl+q")
    assert await app.see("1 submission in line", 10), await app.screen()
    await app.press("down", "enter")
    assert await app.see("Waiting for 1 submission", 10), await app.screen()
    await app.press("esc", "ctrl+q")
    assert await app.see("1 submission in line", 10), await app.screen()
    await app.press("down", "down", "enter")
    while app.running:
        assert time.monotonic() - app.started < 60
        await app.press(pause=0.1)
    await app.end()
    assert app.status == 0
