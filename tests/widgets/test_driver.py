"""The terminal's driver in a process of its own, on a pseudo-terminal."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import pytest
from textual import _parser
from textual.events import Key, Paste

from tests.bench.first_paint import environment
from tests.bench.terminal import Terminal
from tui.widgets.keymap import PLACES
from tui.widgets.terminal.driver import KeyParser


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


_SHOWS_KEYS = """
from textual import events
from textual.app import App
from tui.widgets.terminal.driver import TerminalDriver

class Keys(App):
    def on_key(self, event: events.Key):
        self.told(event.key)
    def on_paste(self, event: events.Paste):
        self.told(f"paste {event.text!r}")
    def told(self, text):
        print(text, file=told, flush=True)
        if text == "q":
            self.exit()

import sys
with open(sys.argv[1], "w") as told:
    print("ready", file=told, flush=True)
    Keys(driver_class=TerminalDriver, ansi_color=True).run()
"""


def _keys_of(parser: KeyParser, text: str) -> list[str]:
    return [one.key for one in parser.feed(text) if isinstance(one, Key)]


def test_keys_in_one_write_with_a_terminal(tmp_path: Path) -> None:
    """Each write holds an escape and what follows it at once, as repeating keys or a slow line come."""
    told = tmp_path / "keys"
    writes = (b"\x1bn\x1bn\x1bnx\x1b[A", b"\x1b[200~a\x1bn\x1b[201~\x1bN\xc3", b"\xa9\x1b")
    command = [sys.executable, "-c", _SHOWS_KEYS, str(told)]
    wanted = ["alt+n", "alt+n", "alt+n", "x", "up", "paste 'an'", "alt+shift+n", "é", "escape", "q"]
    with Terminal(command, environment(tmp_path)) as terminal:
        terminal.burst(first=10, quiet=0.3)
        for number, keys in enumerate(writes):
            terminal.press(keys)
            last = (5, 7, 9)[number]
            deadline = time.monotonic() + 10
            while len(told.read_text().split("\n")) < last + 2 and time.monotonic() < deadline:
                terminal.drain(0.02)
        terminal.press(b"q")
        terminal.wait_for_end()
        assert told.read_text().split("\n")[1:-1] == wanted


def test_parser_with_an_escape_in_a_paste_in_any_pieces() -> None:
    sent = "x\x1b[200~a\x1b\x11b\x1b[A\x1b[20c\x1b[201~\x1bn"
    for size in range(1, len(sent)):
        parser, got = KeyParser(), []
        for start in range(0, len(sent), size):
            got += list(parser.feed(sent[start : start + size]))
        told = [one.key if isinstance(one, Key) else one.text for one in got if isinstance(one, Key | Paste)]
        assert told == ["x", "a\x11b[A[20c", "alt+n"], size


@pytest.mark.parametrize(
    ("sent", "keys"),
    [
        ("\x1bn", ["alt+n"]),
        ("\x1bnx", ["alt+n", "x"]),
        ("\x1bn\x1b[B", ["alt+n", "down"]),
        ("\x1b.\x1b1", ["alt+full_stop", "alt+1"]),
        ("\x1b\x1bn", ["escape", "alt+n"]),
        ("\x1b\r", ["escape", "enter"]),
        ("\x1bf\x1bb", ["ctrl+right", "ctrl+left"]),
        ("\x1b\x7f", ["ctrl+w"]),
        ("\x1bOP\x1b[1;3A", ["f1", "alt+up"]),
    ],
)
def test_parser_with_keys_behind_an_escape(sent: str, keys: list[str]) -> None:
    assert _keys_of(KeyParser(), sent) == keys


def test_parser_with_a_lone_escape_waits_for_what_follows(monkeypatch: pytest.MonkeyPatch) -> None:
    parser = KeyParser()
    assert _keys_of(parser, "\x1b") == []
    monkeypatch.setattr(_parser, "get_time", lambda: time.monotonic() + 60)
    assert [one.key for one in parser.tick() if isinstance(one, Key)] == ["escape"]


def test_keys_with_alt_are_what_a_terminal_sends_for_them() -> None:
    """A key that terminals send as another one would never arrive: alt+f comes as ctrl+right."""
    names = {name for place in PLACES for key in place for name in key.keys.split(",")}
    for name in sorted(names):
        letter = name.removeprefix("alt+").removeprefix("shift+")
        if name.startswith("alt+") and len(letter) == 1:
            sent = letter.upper() if "shift+" in name else letter
            assert _keys_of(KeyParser(), f"\x1b{sent}") == [name]
