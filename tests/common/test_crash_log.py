"""The log of the unexpected: useful, and without what could be a secret."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tui.common.crash_log import describe, without_secrets, write_trouble

NOW = datetime(2026, 3, 14, tzinfo=UTC)
SECRETS = (
    "0123456789abcdef" * 8,
    "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.c2lnbmF0dXJl",
    "ApiKey-0aZ_9bY-8cX_7dW-6eV_5fU-4gT_3hS-2iR_1",
)


@pytest.mark.parametrize("secret", SECRETS)
def test_crash_log_hides_tokens(secret: str) -> None:
    assert secret not in without_secrets(f"Bearer {secret}!")
    assert without_secrets(f"Bearer {secret}!") == "Bearer [hidden]!"


def test_crash_log_describes_places_and_causes_without_values() -> None:
    secret = SECRETS[0]
    try:
        try:
            raise KeyError(secret)
        except KeyError as cause:
            raise RuntimeError("broke") from cause
    except RuntimeError as error:
        told = describe(error)
    assert "RuntimeError: broke" in told and "KeyError: '[hidden]'" in told
    assert "test_crash_log.py:" in told
    assert secret not in told


def test_crash_log_is_private_and_rotates(tmp_path: Path) -> None:
    path = write_trouble(tmp_path / "state", ValueError("one"), NOW)
    assert path.stat().st_mode & 0o777 == 0o600
    path.write_text("x" * 1_000_001)
    write_trouble(tmp_path / "state", ValueError("two"), NOW)
    assert "two" in path.read_text() and path.stat().st_size < 1000
    assert path.with_suffix(".log.old").exists()
