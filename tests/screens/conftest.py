"""A terminal that is the same on every machine: its colours and its time zone."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.support.keyrings import WorthlessKeyring, in_place


@pytest.fixture(autouse=True)
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """24-bit colour and UTC; no keyring."""
    for name in ("NO_COLOR", "TMUX", "TEXTUAL_COLOR_SYSTEM", "TEXTUAL_THEME", "TEXTUAL_ANIMATIONS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    with in_place(WorthlessKeyring()):
        yield
    monkeypatch.undo()
    time.tzset()
