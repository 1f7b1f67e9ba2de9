"""The keys are what people have in their fingers, and in their settings: none changes by accident."""

from __future__ import annotations

from tests.tools.keys_page import PAGE, page
from tui.widgets.keymap import PLACES


def test_keys_are_those_of_the_help_page() -> None:
    """Frozen: one that changes on purpose is written there by `python -m tests.tools.keys_page`, too."""
    assert PAGE.read_text(encoding="utf-8") == page()


def test_keymap_ids_are_unique() -> None:
    ids = [key.id for place in PLACES for key in place]
    assert len(ids) == len(set(ids))
