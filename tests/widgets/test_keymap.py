"""The keys are what people have in their fingers, and in their settings: none changes by accident."""

from __future__ import annotations

from pathlib import Path

from tui.widgets.keymap import PLACES

FROZEN = Path(__file__).with_name("keymap.txt")


def test_keymap_is_as_it_was() -> None:
    """A key that changes on purpose is changed in the file, too; its id stays, since settings name it."""
    now = [f"{key.id} {key.keys}" for place in PLACES for key in place]
    assert now == FROZEN.read_text(encoding="utf-8").splitlines()


def test_keymap_ids_are_unique() -> None:
    ids = [key.id for place in PLACES for key in place]
    assert len(ids) == len(set(ids))
