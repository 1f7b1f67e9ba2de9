"""The theme a terminal gets, from its environment."""

from __future__ import annotations

import pytest

from tui.widgets.terminal.themes import ThemeName, theme_for


@pytest.mark.parametrize(
    ("environ", "theme"),
    [
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor"}, ThemeName.FULL),
        ({"TERM": "xterm-256color"}, ThemeName.GREY),
        ({"TERM": "tmux-256color", "COLORTERM": ""}, ThemeName.GREY),
        ({"TERM": "screen"}, ThemeName.TERMINAL),
        ({"TERM": "vt100"}, ThemeName.TERMINAL),
        ({}, ThemeName.TERMINAL),
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor", "NO_COLOR": "1"}, ThemeName.TERMINAL),
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor", "NO_COLOR": ""}, ThemeName.FULL),
        ({"TERM": "xterm-256color", "TEXTUAL_COLOR_SYSTEM": "truecolor"}, ThemeName.FULL),
    ],
)
def test_theme_for_environment(environ: dict[str, str], theme: ThemeName) -> None:
    assert theme_for(environ) == theme
