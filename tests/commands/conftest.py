"""A home of its own for the commands."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.command_line import command_line

__all__ = ["command_line"]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user with neither account nor history."""
    for name in ("QISKIT_IBM_TOKEN", "QISKIT_IBM_CHANNEL", "QISKIT_IBM_INSTANCE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("QDECK_HOME", str(tmp_path))
    return tmp_path
