"""Tab in a real bash, zsh and fish: what is offered comes from the history and files, without network."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import shutil
import signal
import struct
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from tests.store.samples import make_folders, sample_job, write_journal
from tui.cli import main
from tui.commands.shared.completion import KINDS, words
from tui.store.records.models import JobRecord
from tui.store.records.tables import dump_job

PATIENCE = 30.0
SETUP = {
    "bash": (["--norc", "--noprofile", "-i"], 'eval "$(qdeck completion bash)"'),
    "zsh": (["-f", "-i"], 'autoload -Uz compinit && compinit -u -D && eval "$(qdeck completion zsh)"'),
    "fish": (["--no-config", "-i"], "qdeck completion fish | source"),
}
"""By shell: its arguments, and what a user has it read at its start."""
ESCAPES = re.compile(r"\x1b(?:\[[0-9;?>=]*[a-zA-Z]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[()][A-Z0-9]|[=>78])")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A user whose history holds two jobs, and a command `qdeck`."""
    folders = make_folders(tmp_path / "qdeck")
    first = replace(sample_job(1), id="dq1first", tags=("paper", "a b", "$(x)"), session_id="sess-1")
    second = replace(sample_job(2), id="dq2second", backend="ibm_fez", name="bell")
    rows = {str(number): dump_job(JobRecord(one)) for number, one in enumerate((first, second), 1)}
    write_journal(folders, {"jobs": rows})
    command = tmp_path / "bin" / "qdeck"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m tui "$@"\n')
    command.chmod(0o755)
    return tmp_path


class Typed:
    """A shell in a terminal, into which keys are typed."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._shown = ""

    def type(self, keys: str) -> None:
        """Press keys; what was shown before does not count any more."""
        self._shown = ""
        os.write(self._descriptor, keys.encode())

    def see(self, text: str) -> None:
        """Wait until the text is shown."""
        deadline = time.monotonic() + PATIENCE
        while text not in ESCAPES.sub("", self._shown):
            ready, _, _ = select.select([self._descriptor], [], [], max(0, deadline - time.monotonic()))
            assert ready, f"waited in vain for {text!r}: {self._shown!r}"
            self._shown += os.read(self._descriptor, 65536).decode(errors="replace")


@contextmanager
def shell(name: str, home: Path) -> Iterator[Typed]:
    """The shell, set up as `qdeck help completion` says; a network that is touched would be an error."""
    arguments, setup = SETUP[name]
    environ = {
        "PATH": f"{home / 'bin'}:{os.environ['PATH']}",
        "PYTHONPATH": os.pathsep.join(sys.path),
        "HOME": str(home),
        "QDECK_HOME": str(home / "qdeck"),
        "TERM": "xterm",
        "LANG": "C.UTF-8",
        "QISKIT_IBM_TOKEN": "t0ken" * 9,
        "QDECK_ENDPOINT_IAM": "http://127.0.0.1:9",
        "QDECK_ENDPOINT_API": "http://127.0.0.1:9",
    }
    pid, terminal = pty.fork()  # with a terminal of its own, as shells want it
    if pid == 0:
        os.chdir(home)
        os.execvpe(name, [name, *arguments], environ)
    try:
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 200, 0, 0))
        typed = Typed(terminal)
        typed.type(f"{setup}; echo rea''dy\r")
        typed.see("ready")
        yield typed
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(terminal)


@pytest.mark.parametrize("name", SETUP)
def test_tab_completes_commands_ids_and_backends(name: str, home: Path) -> None:
    if shutil.which(name) is None:
        pytest.skip(f"{name} is not installed")
    with shell(name, home) as typed:
        typed.type("qdeck result dq2\t")
        typed.see("qdeck result dq2second" if name != "fish" else "second")
        typed.type("\x15qdeck jobs --backend ibm_f\t")
        typed.see("ez")
        typed.type("\x15qdeck sess\t")
        typed.see("ions")


def test_words_are_those_that_can_be_typed_as_they_are(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QDECK_HOME", str(home / "qdeck"))
    monkeypatch.setenv("QISKIT_IBM_TOKEN", "t0ken" * 9)
    assert dict(words("jobs", "dq")).keys() == {"dq1first", "dq2second"}
    assert dict(words("jobs", "dq2")) == {"dq2second": "queued bell ibm_fez"}
    assert dict(words("tags", "")).keys() == {"paper", "demo"}
    assert dict(words("backends", "ibm_")).keys() == {"ibm_peekskill", "ibm_fez"}
    assert dict(words("sessions", "")).keys() == {"sess-1"}
    assert dict(words("accounts", "")) == {"environment": "platform"}
    assert "readonly" in dict(words("settings", "read"))


@pytest.mark.parametrize("kind", KINDS)
def test_words_of_an_unreadable_home_are_none(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QDECK_HOME", str(tmp_path / "nowhere"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("QISKIT_IBM_TOKEN", raising=False)
    assert (words(kind, "") == []) == (kind != "settings")
    folders = make_folders(tmp_path / "nowhere")
    folders.history_file.write_bytes(b"\x00" * 5000)
    folders.settings_file.write_text("= nonsense")
    assert (words(kind, "") == []) == (kind != "settings")


def test_help_prints_topics_pages_and_commands(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["help"]) == 0
    topics = capsys.readouterr().out
    assert {"completion", "formats", "settings", "statuses"} <= set(topics.split())
    assert main(["help", "formats"]) == 0
    assert capsys.readouterr().out.startswith("# Lists as")
    assert main(["help", "sessions", "open"]) == 0
    assert "Usage: qdeck sessions open" in capsys.readouterr().out
    assert main(["help", "nonsense"]) == 2
    assert "Topics: completion" in capsys.readouterr().err
