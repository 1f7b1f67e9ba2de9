"""The page on how qdeck is built names files that are there."""

from __future__ import annotations

import re
from pathlib import Path

CHECKOUT = Path(__file__).parents[1]
PAGE = CHECKOUT / "assets" / "architecture.md"


def test_architecture_page_names_existing_files() -> None:
    names = set(re.findall(r"`([\w/]+\.py)`", PAGE.read_text(encoding="utf-8")))
    assert len(names) > 30, "the page names the files of three journeys"
    known = {path.name for path in (CHECKOUT / "tui").rglob("*.py")}
    for name in names:
        places = (CHECKOUT / "tui" / name, CHECKOUT / name)
        assert any(place.is_file() for place in places) if "/" in name else name in known, name
