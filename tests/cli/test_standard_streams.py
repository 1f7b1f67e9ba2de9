"""Closed and full standard streams: data that cannot be written is a failure, talk that cannot be is none."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

COMMANDS = (
    ("where",),
    ("where", "--json"),
    ("--help",),
    ("--version",),
    ("run", "--help"),
    ("jobs", "--offline"),
)
PRINTING = COMMANDS[:-1]


def qdeck(
    words: tuple[str, ...],
    home: Path,
    *,
    stdout: int | None = subprocess.PIPE,
    stderr: int | None = subprocess.PIPE,
    before: Callable[[], None] | None = None,
) -> subprocess.CompletedProcess[bytes]:
    """Run a command with other standard streams; `before` is called in the child."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL") if name in os.environ}
    return subprocess.run(
        [sys.executable, "-m", "tui", *words],
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=stderr,
        preexec_fn=before,
        env={**kept, "HOME": str(home), "QDECK_HOME": str(home / "qdeck"), "TERM": "xterm"},
        timeout=60,
        check=False,
    )


def closes(*descriptors: int) -> Callable[[], None]:
    """What closes descriptors in a child, as `>&-` does."""

    def close() -> None:
        for descriptor in descriptors:
            os.close(descriptor)

    return close


@pytest.mark.parametrize("words", PRINTING, ids=" ".join)
def test_full_output_is_a_failure_in_a_sentence(tmp_path: Path, words: tuple[str, ...]) -> None:
    with Path("/dev/full").open("wb") as full:
        done = qdeck(words, tmp_path, stdout=full.fileno())
    assert done.returncode == 1
    assert done.stderr.decode().splitlines()[-1] == (
        "qdeck: The output cannot be written: No space left on device."
    )
    assert b"Traceback" not in done.stderr and b"Exception ignored" not in done.stderr


@pytest.mark.parametrize("words", PRINTING, ids=" ".join)
def test_closed_output_is_a_failure_in_a_sentence(tmp_path: Path, words: tuple[str, ...]) -> None:
    done = qdeck(words, tmp_path, stdout=None, before=closes(1))
    assert done.returncode == 1
    assert done.stderr.count(b"The output cannot be written") == 1
    assert b"Traceback" not in done.stderr and b"Exception ignored" not in done.stderr


@pytest.mark.parametrize("words", PRINTING, ids=" ".join)
def test_reader_that_went_away_is_told_by_the_status_alone(tmp_path: Path, words: tuple[str, ...]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = qdeck(words, tmp_path, stdout=writing)
    finally:
        os.close(writing)
    assert done.returncode == 141
    assert b"Traceback" not in done.stderr and b"Exception ignored" not in done.stderr


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("way", ["closed", "full"])
def test_errors_that_cannot_be_told_change_neither_data_nor_status(
    tmp_path: Path, words: tuple[str, ...], way: str
) -> None:
    told = qdeck(words, tmp_path)
    with Path("/dev/full").open("wb") as full:
        closed = way == "closed"
        done = qdeck(
            words,
            tmp_path,
            stderr=None if closed else full.fileno(),
            before=closes(2) if closed else None,
        )
    assert (done.returncode, done.stdout) == (told.returncode, told.stdout)


def test_all_streams_closed_end_without_a_word(tmp_path: Path) -> None:
    done = qdeck(("where",), tmp_path, stdout=None, stderr=None, before=closes(0, 1, 2))
    assert done.returncode == 1


def test_closed_input_is_an_unreadable_file(tmp_path: Path) -> None:
    done = qdeck(("run", "-"), tmp_path, before=closes(0))
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"Cannot read stdin" in done.stderr


@pytest.mark.parametrize("words", [("sandbox",), ("sandbox", "--json")], ids=" ".join)
@pytest.mark.parametrize(
    ("way", "status", "said"),
    [("full", 1, b"No space left on device"), ("closed", 1, b"cannot be written"), ("reader gone", 141, b"")],
)
def test_sandbox_that_cannot_say_where_it_listens_ends(
    tmp_path: Path, words: tuple[str, ...], way: str, status: int, said: bytes
) -> None:
    reading, broken = os.pipe()
    os.close(reading)
    with Path("/dev/full").open("wb") as full:
        stdout = {"full": full.fileno(), "reader gone": broken}.get(way)
        done = qdeck(words, tmp_path, stdout=stdout, before=closes(1) if way == "closed" else None)
    os.close(broken)
    assert done.returncode == status and said in done.stderr, done
    assert b"Traceback" not in done.stderr and b"Exception ignored" not in done.stderr


def test_sandbox_of_its_own_that_cannot_say_where_it_listens_ends(tmp_path: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "tui.sandbox", "--state", str(tmp_path)],
            stdin=subprocess.DEVNULL,
            stdout=full,
            stderr=subprocess.PIPE,
            timeout=60,
            check=False,
        )
    assert done.returncode == 1 and done.stderr.count(b"cannot say where it listens") == 1, done
    assert b"Traceback" not in done.stderr and b"Exception ignored" not in done.stderr
