"""The looks of qdeck, and which one a terminal gets: 24-bit, 256 colours, or the terminal's own sixteen."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from textual.theme import Theme


class ThemeName(StrEnum):
    """Theme names."""

    FULL = "qdeck"
    GREY = "qdeck-256"
    """Greys that stay apart in the 6x6x6 palette, where dark blues collapse to navy."""
    TERMINAL = "qdeck-terminal"
    """The terminal's own colours; without any under NO_COLOR."""


def _scrollbars(back: str, bar: str, hover: str, active: str) -> dict[str, str]:
    names = ("background", "background-hover", "background-active", "corner-color")
    return {
        **{f"scrollbar-{name}": back for name in names},
        "scrollbar": bar,
        "scrollbar-hover": hover,
        "scrollbar-active": active,
    }


VARIABLES: Mapping[str, str] = {
    "rule": "#444444",
    "quiet": "#949494",
    "busy": "#5fafd7",
    "waiting": "#d7d787",
    "cursor": "#005f87",
    "cursor-text": "#ffffff",
    "sandbox-back": "#d7af5f",
    "sandbox-text": "#121212",
}
"""What the style sheets use and Textual's own themes do not have; for 256 colours."""
_TERMINAL_FIELDS = ("input-cursor-background", "input-cursor-foreground", "border-blurred", "rule", "quiet")
_TERMINAL_TEXT = (
    "ansi-background",
    "ansi-foreground",
    "cursor",
    "cursor-text",
    "sandbox-back",
    "sandbox-text",
)
_TERMINAL_ACCENT = ("border", "block-cursor-background", "input-selection-background", "busy")
THEMES: tuple[Theme, ...] = (
    Theme(
        name=ThemeName.FULL,
        primary="#4fa3c7",
        secondary="#7a8ea3",
        accent="#4fa3c7",
        warning="#d9a441",
        error="#d9606b",
        success="#6fb57c",
        foreground="#d3d9de",
        background="#12161a",
        surface="#181d22",
        panel="#20272d",
        variables={
            **_scrollbars("#12161a", "#36424b", "#4a5a66", "#4fa3c7"),
            "rule": "#36424b",
            "quiet": "#8394a1",
            "busy": "#58b4d1",
            "waiting": "#c9b458",
            "cursor": "#24435a",
            "cursor-text": "#f2f6f8",
            "sandbox-back": "#d9a441",
            "sandbox-text": "#12161a",
        },
    ),
    Theme(
        name=ThemeName.GREY,
        primary="#5fafd7",
        secondary="#8a8a8a",
        accent="#5fafd7",
        warning="#d7af5f",
        error="#d75f5f",
        success="#87af87",
        foreground="#d0d0d0",
        background="#121212",
        surface="#1c1c1c",
        panel="#262626",
        variables={**_scrollbars("#121212", "#444444", "#585858", "#5fafd7"), **VARIABLES},
    ),
    Theme(
        name=ThemeName.TERMINAL,
        ansi=True,
        primary="ansi_cyan",
        secondary="ansi_cyan",
        accent="ansi_cyan",
        warning="ansi_yellow",
        error="ansi_red",
        success="ansi_green",
        foreground="ansi_default",
        background="ansi_default",
        surface="ansi_default",
        panel="ansi_default",
        boost="ansi_default",
        variables={
            **_scrollbars("ansi_default", "ansi_cyan", "ansi_cyan", "ansi_cyan"),
            **dict.fromkeys((*_TERMINAL_FIELDS, *_TERMINAL_TEXT), "ansi_default"),
            **dict.fromkeys(_TERMINAL_ACCENT, "ansi_cyan"),
            **dict.fromkeys(("block-cursor-foreground", "input-selection-foreground"), "ansi_black"),
            "input-cursor-text-style": "reverse",
            "waiting": "ansi_yellow",
        },
    ),
)


def theme_for(environ: Mapping[str, str]) -> ThemeName:
    """Return the theme for a terminal.

    `NO_COLOR` (https://no-color.org) and 16-colour terminals get the terminal's own colours; sshd does not
    forward `COLORTERM`, so 24-bit colour is only used where it is set.

    Args:
        environ: the environment variables.
    """
    if environ.get("NO_COLOR"):
        return ThemeName.TERMINAL
    asked = environ.get("TEXTUAL_COLOR_SYSTEM", "auto").strip().lower()
    if asked in {"standard", "256", "truecolor"}:
        return {"standard": ThemeName.TERMINAL, "256": ThemeName.GREY, "truecolor": ThemeName.FULL}[asked]
    if environ.get("COLORTERM", "").strip().lower() in {"truecolor", "24bit"}:
        return ThemeName.FULL
    term = environ.get("TERM", "").strip().lower()
    if term.endswith(("-256color", "-kitty", "-direct", "-truecolor")):
        return ThemeName.GREY
    return ThemeName.TERMINAL
