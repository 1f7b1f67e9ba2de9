"""Escape sequences: SGR transitions between styles, the clipboard and notices of the terminal."""

from __future__ import annotations

import base64
from functools import lru_cache
from typing import NamedTuple

from rich.color import ColorSystem
from rich.style import Style
from textual.strip import Strip

from tui.common.safe_text import plain

DEFAULT = ""
"""The rendition of text without any style: what SGR 0 sets."""
_LINK = "\0"


class _Codes(NamedTuple):
    attributes: tuple[str, ...]
    foreground: str
    background: str


def rendition_of(style: Style | None, color_system: ColorSystem) -> str:
    """The rendition of a style: its SGR codes joined by `;`, as Textual would send them.

    Two styles that look the same on this terminal have one rendition, whatever else they hold (actions of
    clicks, colours that the colour system cannot tell apart). A hyperlink is part of the rendition.
    """
    if style is None:
        return DEFAULT
    # Private in Rich 14: `_ansi` is where `Strip.render_ansi` keeps the codes,
    # `_link_id` is sent with links.
    # Nothing public gives the codes of a style without a text.
    codes = style._ansi
    if codes is None:
        codes = Strip.render_ansi(style, color_system)
    if style._link:
        return f"{codes}{_LINK}id={style._link_id};{style._link}"
    return codes


@lru_cache(maxsize=16384)
def transition(old: str, new: str) -> str:
    """Return the sequences that change the rendition.

    Args:
        old: the terminal's rendition now.
        new: the rendition to set.

    Returns:
        The shortest SGR sequence, and OSC 8 for another link; empty when both are the same.
    """
    if old == new:
        return ""
    (before, link_before), (after, link_after) = _split(old), _split(new)
    link = "" if link_before == link_after else f"\x1b]8;{link_after or ';'}\x1b\\"
    if before == after:
        return link
    ways = [f"0;{after}" if after else "0"]
    one, other = _parse(before), _parse(after)
    if one.attributes == other.attributes[: len(one.attributes)]:
        codes = list(other.attributes[len(one.attributes) :])
        if one.foreground != other.foreground:
            codes.append(other.foreground)
        if one.background != other.background:
            codes.append(other.background)
        # The same colours can be written in two ways (none, or the default one): then nothing is to do.
        ways.append(";".join(codes))
    way = min(ways, key=len)
    return f"{link}\x1b[{way}m" if way else link


def _split(rendition: str) -> tuple[str, str]:
    codes, _, link = rendition.partition(_LINK)
    return codes, link


@lru_cache(maxsize=16384)
def _parse(codes: str) -> _Codes:
    """The codes by what they set (ECMA-48 8.3.117; 38 and 48 with 5;N or 2;R;G;B)."""
    attributes: list[str] = []
    foreground, background = "39", "49"
    rest = codes.split(";") if codes else []
    while rest:
        code = int(rest[0])
        size = 1
        if code in {38, 48}:
            size = 5 if rest[1] == "2" else 3
        whole, rest = ";".join(rest[:size]), rest[size:]
        if 30 <= code <= 39 or 90 <= code <= 97:
            foreground = whole
        elif 40 <= code <= 49 or 100 <= code <= 107:
            background = whole
        else:
            attributes.append(whole)
    return _Codes(tuple(attributes), foreground, background)


def tmux_clipboard(text: str) -> str:
    """Return OSC 52 for `text`, wrapped so that tmux passes it on to the terminal around it."""
    encoded = base64.b64encode(text.encode("utf-8", "replace")).decode("ascii")
    return f"\x1bPtmux;\x1b\x1b]52;c;{encoded}\x07\x1b\\"


def terminal_notice(text: str, *, tmux: bool) -> str:
    """Return OSC 9 and OSC 777 for a notice beside the terminal's window; terminals know one or none.

    Args:
        text: untrusted; sanitized, so that nothing in it ends the sequence.
        tmux: wrap the sequences so that tmux passes them on.
    """
    message = plain(text, limit=200)
    # In OSC 777 a semicolon parts title and body.
    sequences = f"\x1b]9;{message}\x1b\\", f"\x1b]777;notify;qdeck;{message.replace(';', ',')}\x1b\\"
    if tmux:
        return "".join("\x1bPtmux;" + one.replace("\x1b", "\x1b\x1b") + "\x1b\\" for one in sequences)
    return "".join(sequences)
