"""The terminal's driver in a process of its own, on a pseudo-terminal."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from tests.bench.first_paint import environment
from tests.bench.terminal import Terminal


def _threads(pid: int) -> int:
    """Number of a process's threads."""
    return len(list(Path(f"/proc/{pid}/task").iterdir()))


def test_stopped_and_continued_app_has_no_more_threads_and_ends(tmp_path: Path) -> None:
    terminal = Terminal([sys.executable, "-m", "tui"], environment(tmp_path))
    try:
        terminal.wait_for("Sign in")
        terminal.burst(first=2, quiet=0.5)
        before = _threads(terminal.pid)
        for _ in range(3):
            os.kill(terminal.pid, signal.SIGSTOP)
            os.kill(terminal.pid, signal.SIGCONT)
            terminal.burst(first=5, quiet=0.5)
        assert _threads(terminal.pid) <= before + 1
    finally:
        status = terminal.close()
    assert os.waitstatus_to_exitcode(status) == 128 + signal.SIGTERM
