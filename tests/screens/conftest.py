"""A terminal that is the same on every machine: its colours and its time zone."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tui.ibm.credentials import keyring


@pytest.fixture(autouse=True)
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """24-bit colour and UTC; no keyring."""
    for name in ("NO_COLOR", "TMUX", "TEXTUAL_COLOR_SYSTEM", "TEXTUAL_THEME", "TEXTUAL_ANIMATIONS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    # Each login screen would start a process that asks for it.
    monkeypatch.setattr(keyring, "installed", lambda: False)
    yield
    monkeypatch.undo()
    time.tzset()
