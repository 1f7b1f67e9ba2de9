"""The pages of `qdeck help`: Markdown files that come with qdeck."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

import tui


def _folder() -> Traversable:
    """`tui/help` of an installed qdeck; in a checkout, `assets/help` beside the package."""
    installed = files(tui).joinpath("help")
    if installed.is_dir():
        return installed
    return Path(tui.__file__).resolve().parent.parent / "assets" / "help"


@cache
def topics() -> dict[str, str]:
    """Return the topics, by name, each with the title of its page."""
    pages = sorted((one for one in _folder().iterdir() if one.name.endswith(".md")), key=lambda one: one.name)
    return {
        one.name.removesuffix(".md"): one.read_text("utf-8").partition("\n")[0].lstrip("# ") for one in pages
    }


def page(topic: str) -> str:
    """Return the page on a topic; empty: there is none."""
    return _folder().joinpath(f"{topic}.md").read_text("utf-8") if topic in topics() else ""
