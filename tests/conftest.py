"""What every test may count on."""

from __future__ import annotations

import pytest_textual_snapshot

# syrupy 5 renamed the attribute that the plugin sets: without this the pictures are called `.raw`.
pytest_textual_snapshot.SVGImageExtension.file_extension = "svg"
# All pictures in one place: tests/snapshots/<test file>/<test>.svg.
pytest_textual_snapshot.SVGImageExtension.snapshot_dirname = "../snapshots"
