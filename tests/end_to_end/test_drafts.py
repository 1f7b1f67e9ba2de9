"""Killed while its user types, qdeck comes back with the text: at most the last second of it is missing."""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from pathlib import Path

import msgspec
import pytest

from tests.bench.terminal import Terminal
from tui.openqasm.drafts import Choices, read_draft
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


def kept_texts(home: Path) -> list[str]:
    """The texts that the next start finds, in the order of their tabs."""
    choices = max((home / "qdeck").rglob("choices.json"), key=lambda path: path.stat().st_mtime, default=None)
    order = msgspec.json.decode(choices.read_bytes(), type=Choices).order if choices is not None else ()
    texts = {}
    for path in (home / "qdeck").rglob("*.draft"):
        draft = read_draft(path)
        assert draft is not None
        area = QasmEditor()
        area.load_text(draft.head.text)
        area.replay(draft.changes)
        texts[path.name] = area.text
    named = [texts.pop(name) for name in order if name in texts]
    return [*named, *texts.values()]


class Typist:
    """Types into the texts of a qdeck, one process after the other, and knows what is due.

    Attributes:
        texts: as they were kept by the process before, in the order of their tabs.
        ages: seconds from the oldest letter that is missing to the signal, of each process; 0: none is.
    """

    def __init__(self, home: Path, chance: random.Random, count: int) -> None:
        self.home, self.chance, self.count = home, chance, count
        self.texts = [""]
        self.ages: list[float] = []

    def type_until_killed(self, number: int) -> None:
        """Start qdeck, type into its texts, end it by the signal at a random moment.

        Asserts that all that was typed a second before is on the disk afterwards.
        """
        command = (sys.executable, "-m", "tui")
        with Terminal(command, environment(self.home)) as terminal:
            terminal.wait_for("esc later")
            terminal.press(b"\x1b")
            terminal.burst()
            terminal.press(b"\x1bOR")  # F3
            terminal.wait_for("OpenQASM" if any(self.texts) else "Type OpenQASM here")
            terminal.burst()
            while len(self.texts) < self.count:
                self._open_another(terminal)
            typed = self._type(terminal)
            killed = time.monotonic()
            os.kill(terminal.pid, number)
            terminal.wait_for_end()
        self._check(typed, killed)

    def _open_another(self, terminal: Terminal) -> None:
        """Begin a text after the last; each begins with a letter of its own."""
        if self.texts == [""]:
            self._begin(terminal, 0)
        terminal.press(b"\x0e")  # ctrl+n
        terminal.burst()
        self.texts.append("")
        self._begin(terminal, len(self.texts) - 1)

    def _begin(self, terminal: Terminal, place: int) -> None:
        self.texts[place] = "ABCDEF"[place]
        terminal.press(self.texts[place].encode())
        terminal.burst(first=1.0)

    def _type(self, terminal: Terminal) -> list[tuple[float, str, int]]:
        """Type letters for a while, going from text to text.

        Returns:
            When which letter was typed, and how many went to the next text before it.
        """
        typed = []
        end = time.monotonic() + self.chance.uniform(0.5, 3.0)
        moves = 0
        while time.monotonic() < end:
            if self.count > 1 and self.chance.random() < 0.1:
                terminal.press(b"\x1b[6;5~")  # ctrl+PageDown: the next text
                moves += 1
                terminal.drain(0.02)
            letter = self.chance.choice("abcxyz q[];")
            terminal.press(letter.encode())
            typed.append((time.monotonic(), letter, moves))
            terminal.drain(self.chance.uniform(0.005, 0.06))
        return typed

    def _check(self, typed: list[tuple[float, str, int]], killed: float) -> None:
        """Compare with what was kept, wherever the typing began; the cursor is at the end of each text."""
        kept = kept_texts(self.home)
        assert len(kept) == len(self.texts)
        faults = []
        for first in range(self.count):
            whole, due = list(self.texts), [len(text) for text in self.texts]
            oldest = 0.0
            for at, letter, moves in typed:
                place = (first + moves) % self.count
                whole[place] += letter
                if len(whole[place]) > len(kept[place]):
                    oldest = max(oldest, killed - at)
                if at <= killed - MOST_SECONDS:
                    due[place] = len(whole[place])
            wrong = [
                (text, mine)
                for text, mine, least in zip(whole, kept, due, strict=True)
                if not text.startswith(mine) or len(mine) < least
            ]
            if not wrong:
                self.texts = kept
                self.ages.append(oldest)
                return
            faults.append(wrong)
        pytest.fail(f"letters older than a second are missing, or others are there: {faults}")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGHUP, signal.SIGTERM])
def test_text_is_back_after_the_process_ended_by_a_signal(tmp_path: Path, number: int) -> None:
    typist = Typist(tmp_path, random.Random(number), 2 if number == signal.SIGKILL else 1)
    typist.type_until_killed(number)
    assert typist.texts[0]
    before = typist.texts
    typist.type_until_killed(number)
    assert all(after.startswith(text) for after, text in zip(typist.texts, before, strict=True))


@pytest.mark.slow
@pytest.mark.parametrize("count", [1, 3])
def test_texts_are_back_after_each_of_fifty_kills(
    tmp_path: Path, count: int, capsys: pytest.CaptureFixture[str]
) -> None:
    typist = Typist(tmp_path, random.Random(50 + count), count)
    for _ in range(50):
        typist.type_until_killed(signal.SIGKILL)
    ages = sorted(typist.ages)
    with capsys.disabled():
        print(f"\n{count} texts, 50 kills: oldest missing letter {ages[-1]:.2f} s, median {ages[25]:.2f} s")
