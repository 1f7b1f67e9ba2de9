"""Homes that cannot be written, read or entered: every command says so in sentences, and nothing is sent."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.conftest import clean_environment

_DROP = 24
"""`PR_CAPBSET_DROP` of prctl(2)."""
_OVERRIDES = (1, 2, 3)
"""CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_FOWNER: what lets root ignore permissions."""
COMMANDS = (
    ("where",),
    ("jobs", "--offline"),
    ("jobs",),
    ("history", "check"),
    ("history", "compact"),
    ("history", "export"),
    ("logout",),
    ("doctor",),
)


def as_ordinary_user() -> None:
    """Make root obey permissions; called in a child."""
    if os.getuid() == 0:
        libc = ctypes.CDLL(None)
        for capability in _OVERRIDES:
            libc.prctl(_DROP, capability, 0, 0, 0)


def qdeck(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a command of somebody whom permissions hold; the service is not there."""
    nobody = {"QDECK_ENDPOINT_IAM": "http://127.0.0.1:9", "QISKIT_IBM_TOKEN": "t0ken" * 9}
    return subprocess.run(
        [sys.executable, "-m", "tui", *words],
        env=clean_environment(home) | nobody,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        preexec_fn=as_ordinary_user,
        timeout=60,
        check=False,
    )


@pytest.fixture(params=["not entered", "not written", "parent not written", "journal not read"])
def home(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    """A user's home whose qdeck folder cannot be used."""
    root = tmp_path / "qdeck"
    if request.param == "parent not written":
        changed = {tmp_path: 0o555}
    else:
        for name in ("config", "data", "state"):
            (root / name).mkdir(parents=True)
        (root / "data" / "history.journal").write_bytes(b"")
        changed = {
            "not entered": {root: 0o000},
            "not written": {root / "data": 0o555, root / "state": 0o555, root / "config": 0o555},
            "journal not read": {root / "data" / "history.journal": 0o000},
        }[request.param]
    for path, mode in changed.items():
        path.chmod(mode)
    yield tmp_path
    for path in changed:
        path.chmod(0o755)


def test_commands_say_what_cannot_be_used(home: Path) -> None:
    for words in COMMANDS:
        done = qdeck(home, *words)
        assert done.returncode in {0, 1, 2}, (words, done)
        assert "Traceback" not in done.stderr, (words, done.stderr)
        assert done.stderr or done.stdout, words


def test_history_that_cannot_be_read_is_a_failure_of_the_list(tmp_path: Path) -> None:
    journal = tmp_path / "qdeck" / "data" / "history.journal"
    journal.parent.mkdir(parents=True)
    journal.write_bytes(b"")
    journal.chmod(0)
    done = qdeck(tmp_path, "jobs", "--offline")
    assert (done.returncode, done.stdout) == (1, ""), done
    assert "cannot be" in done.stderr
