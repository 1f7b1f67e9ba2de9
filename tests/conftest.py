"""What every test may count on."""

from __future__ import annotations

import pytest_textual_snapshot

from tests.support.sandbox import live_sandbox

__all__ = ["live_sandbox"]

# syrupy 5 renamed the attribute that the plugin sets: without this the pictures are called `.raw`.
pytest_textual_snapshot.SVGImageExtension.file_extension = "svg"
