"""A crash leaves no memory on the disk, and no variable makes a log of what is typed."""

from __future__ import annotations

import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bench.terminal import Terminal
from tests.end_to_end.conftest import COMMAND, clean_environment

TYPED = "s3cretTokenThatIsTyped0123456789abcdef"


def _allow_core_dumps() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGABRT])
def test_command_that_crashes_dumps_no_core(tmp_path: Path, number: signal.Signals) -> None:
    # The crash comes where the command reads the token: what the process is then, it is to its end.
    program = (
        f"import os, sys, tui.cli as cli; cli.open_standard_streams = lambda: os.kill(os.getpid(), {number})"
    )
    done = subprocess.run(
        [sys.executable, "-c", f"{program}; cli.main(['login'])"],
        env=clean_environment(tmp_path) | {"PYTHONPATH": str(Path(__file__).parents[2])},
        cwd=tmp_path,
        preexec_fn=_allow_core_dumps,
        check=False,
        timeout=60,
    )
    assert done.returncode == -number
    assert not [file.name for file in tmp_path.iterdir() if file.name.startswith("core")]


def test_app_that_is_told_to_log_keys_does_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = tmp_path / "textual.log"
    variables = {"TEXTUAL_LOG": str(log), "TEXTUAL_DEBUG": "1", "TEXTUAL": "debug,devtools"}
    variables |= {"PYTHONASYNCIODEBUG": "1", "PYTHONPATH": str(Path(__file__).parents[2])}
    monkeypatch.chdir(tmp_path)
    with Terminal(COMMAND, clean_environment(tmp_path) | variables) as terminal:
        terminal.wait_for("Sign in")
        limits = Path(f"/proc/{terminal.pid}/limits").read_text("ascii")
        (core,) = [line for line in limits.splitlines() if line.startswith("Max core file size")]
        assert core.split()[4] in {"0", "1"}
        terminal.press(f"\x1b[200~{TYPED}\x1b[201~".encode())
        terminal.burst(first=2.0)
        terminal.press(TYPED.encode())
        terminal.burst(first=2.0)
    assert b"\x1b[?1049l" in terminal.output, "the terminal is given back"
    assert not log.exists()
    for file in tmp_path.rglob("*"):
        if file.is_file():
            assert TYPED.encode() not in file.read_bytes(), file
            assert file.name != "keys.log"
