"""What tests of long stretches of time share."""

from __future__ import annotations

import pytest


@pytest.fixture
def history_synced_rarely(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look for changes on the disk every minute: hours of every second take most of a test's time."""
    monkeypatch.setattr("tui.monitor.services.HISTORY_EVERY", 60.0)
