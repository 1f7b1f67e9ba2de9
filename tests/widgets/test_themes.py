"""Which look a terminal gets."""

from __future__ import annotations

import pytest

from tui.widgets.terminal.themes import Look, look_for


@pytest.mark.parametrize(
    ("environ", "look"),
    [
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor"}, Look.FULL),
        ({"TERM": "xterm-256color"}, Look.GREY),
        ({"TERM": "tmux-256color", "COLORTERM": ""}, Look.GREY),
        ({"TERM": "screen"}, Look.TERMINAL),
        ({"TERM": "vt100"}, Look.TERMINAL),
        ({}, Look.TERMINAL),
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor", "NO_COLOR": "1"}, Look.TERMINAL),
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor", "NO_COLOR": ""}, Look.FULL),
        ({"TERM": "xterm-256color", "TEXTUAL_COLOR_SYSTEM": "truecolor"}, Look.FULL),
    ],
)
def test_look(environ: dict[str, str], look: Look) -> None:
    assert look_for(environ) == look
