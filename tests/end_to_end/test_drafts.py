"""Killed while its user types, qdeck comes back with the text: at most the last second of it is missing."""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from pathlib import Path

import pytest

from tests.bench.terminal import Terminal
from tui.openqasm.drafts import read_draft
from tui.widgets.circuit.qasm_editor import QasmEditor

MOST_SECONDS = 1.0


def environment(home: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "PYTHONPATH") if name in os.environ}
    return {
        **kept,
        "HOME": str(home),
        "QDECK_HOME": str(home / "qdeck"),
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
    }


def kept_text(home: Path) -> str:
    """The text that the next start finds."""
    (path,) = (home / "qdeck").rglob("*.draft")
    draft = read_draft(path)
    assert draft is not None
    area = QasmEditor()
    area.load_text(draft.head.text)
    area.replay(draft.changes)
    return area.text


def type_until_killed(home: Path, chance: random.Random, number: int, before: str) -> str:
    """Start qdeck, type numbered lines into the editor, end it by the signal at a random moment.

    Returns:
        The text on the disk afterwards, after asserting that it holds all that was typed a second before.
    """
    command = (sys.executable, "-m", "tui")
    with Terminal(command, environment(home)) as terminal:
        terminal.wait_for("esc later")
        terminal.press(b"\x1b")
        terminal.burst()
        terminal.press(b"\x1bOR")  # F3
        terminal.wait_for("OpenQASM" if before else "Type OpenQASM here")
        terminal.burst()
        # The cursor is where it was: at the end.
        typed: list[tuple[float, str]] = []
        end = time.monotonic() + chance.uniform(0.5, 3.0)
        text = before
        while time.monotonic() < end:
            letter = chance.choice("abcxyz q[];")
            terminal.press(letter.encode())
            text += letter
            typed.append((time.monotonic(), text))
            terminal.drain(chance.uniform(0.005, 0.06))
        killed = time.monotonic()
        os.kill(terminal.pid, number)
        terminal.wait_for_end()
    kept = kept_text(home)
    assert text.startswith(kept), "nothing but what was typed, in its order"
    due = max((len(whole) for at, whole in typed if at <= killed - MOST_SECONDS), default=len(before))
    assert len(kept) >= due, f"{due - len(kept)} letters older than a second are missing"
    return kept


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGHUP, signal.SIGTERM])
def test_text_is_back_after_the_process_ended_by_a_signal(tmp_path: Path, number: int) -> None:
    chance = random.Random(number)
    kept = type_until_killed(tmp_path, chance, number, "")
    assert kept
    again = type_until_killed(tmp_path, chance, number, kept)
    assert again.startswith(kept)


@pytest.mark.slow
def test_text_is_back_after_each_of_fifty_kills(tmp_path: Path) -> None:
    chance = random.Random(50)
    kept = ""
    for _ in range(50):
        kept = type_until_killed(tmp_path, chance, signal.SIGKILL, kept)
