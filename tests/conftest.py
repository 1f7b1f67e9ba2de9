"""What every test may count on."""

from __future__ import annotations

from pathlib import Path

import hypothesis
import pytest
import pytest_textual_snapshot

from tests.support.sandbox import live_sandbox

__all__ = ["live_sandbox"]

# syrupy 5 renamed the attribute that the plugin sets: without this the pictures are called `.raw`.
pytest_textual_snapshot.SVGImageExtension.file_extension = "svg"

# How fast examples are made says something of the machine, not of the code.
hypothesis.settings.register_profile(
    "qdeck", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("qdeck")


@pytest.fixture(autouse=True)
def own_folders(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing that a test runs writes into the folders of whoever runs it."""
    monkeypatch.setenv("QDECK_HOME", str(tmp_path / "qdeck"))
