"""Escape sequences for the terminal around us, and for the one around tmux."""

from __future__ import annotations

import base64

from tui.common.sanitize import plain


def tmux_clipboard(text: str) -> str:
    """OSC 52 for `text`, wrapped so that tmux passes it on to the terminal around it."""
    encoded = base64.b64encode(text.encode("utf-8", "replace")).decode("ascii")
    return f"\x1bPtmux;\x1b\x1b]52;c;{encoded}\x07\x1b\\"


def terminal_notice(text: str, *, tmux: bool) -> str:
    """OSC 9 and OSC 777, of which terminals know one or none, for a notice beside the terminal's window.

    The text is made plain: nothing in it ends the sequence.
    """
    told = plain(text, limit=200)
    # In OSC 777 a semicolon parts title and body.
    sequences = f"\x1b]9;{told}\x1b\\", f"\x1b]777;notify;qdeck;{told.replace(';', ',')}\x1b\\"
    if tmux:
        return "".join("\x1bPtmux;" + one.replace("\x1b", "\x1b\x1b") + "\x1b\\" for one in sequences)
    return "".join(sequences)
