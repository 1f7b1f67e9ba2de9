"""Text from outside, made safe to show: control and direction-changing characters become visible."""

from __future__ import annotations

import unicodedata

_CONTROL_PICTURES = {code: chr(0x2400 + code) for code in range(0x20)} | {0x7F: "␡"}
_LIMIT = 20_000


def plain(text: str, *, limit: int = _LIMIT, lines: bool = False) -> str:
    """Make every character visible that could move the cursor or reorder the line.

    Control characters become Unicode control pictures, format characters (bidi marks, zero-width
    characters) and lone surrogates become `�`; text past `limit` characters is cut with `…`.

    Args:
        text: any text.
        limit: the most characters that are returned.
        lines: keep line feeds, and turn tabs into four spaces.

    Returns:
        Text that is safe to draw, of one line unless `lines`.
    """
    # Nearly all text: none of what would be replaced counts as printable.
    if len(text) <= limit:
        if text.isprintable():
            return text
        if lines and text.replace("\n", "").replace("\t", "").isprintable():
            return text.replace("\t", "    ")
    shown: list[str] = []
    for character in text[:limit]:
        code = ord(character)
        if lines and character == "\n":
            shown.append(character)
        elif lines and character == "\t":
            shown.append("    ")
        elif code in _CONTROL_PICTURES:
            shown.append(_CONTROL_PICTURES[code])
        elif unicodedata.category(character) in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}:
            shown.append("�")
        else:
            shown.append(character)
    if len(text) > limit:
        shown.append("…")
    return "".join(shown)


def shorten(text: str, width: int) -> str:
    """Make `text` plain and cut it to `width` characters.

    Returns:
        At most `width` characters, the last one `…` when something was cut.
    """
    # Cut first: one character stands for each, and a name may have thousands that are never seen.
    return plain(text) if len(text) <= width else plain(text[: max(0, width - 1)]) + "…"
