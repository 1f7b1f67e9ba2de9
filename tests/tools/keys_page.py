"""Write `assets/help/keys.md`, which `qdeck help keys` shows, from the registry of keys."""

from __future__ import annotations

from pathlib import Path

from tui.widgets.keymap import PLACES

PAGE = Path(__file__).parents[2] / "assets" / "help" / "keys.md"
_HEAD = """# The keys, by the names that settings.toml may give other keys to

A table `[keymap]` in `settings.toml` has Textual's names of the new keys, comma-separated:

    [keymap]
    "jobs.cancel" = "f24"

What clashes with a key of the same screen or of the whole app, or what terminals cannot send, is
told at the start.

"""


def page() -> str:
    """Return the page: name, keys and sentence of every key, in the order of the help screen."""
    keys = [key for place in PLACES for key in place]
    name, names = (
        max(len(text) for text in column) for column in zip(*((k.id, k.keys) for k in keys), strict=True)
    )
    return _HEAD + "".join(f"    {key.id:<{name}}  {key.keys:<{names}}  {key.help}\n" for key in keys)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
