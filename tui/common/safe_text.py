"""Text made safe to show: foreign characters that move the cursor become visible, secrets stay hidden."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

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


def plain_lines(parts: Iterable[str], *, limit: int = _LIMIT) -> str:
    """Make each part plain and put it on a line of its own: no part can pass for two.

    Args:
        parts: any texts; empty ones are left out.
        limit: the most characters of each.
    """
    return "\n".join(plain(part, limit=limit) for part in parts if part)


def shorten(text: str, width: int) -> str:
    """Make `text` plain and cut it to `width` characters.

    Returns:
        At most `width` characters, the last one `…` when something was cut.
    """
    # Cut first: one character stands for each, and a name may have thousands that are never seen.
    return plain(text) if len(text) <= width else plain(text[: max(0, width - 1)]) + "…"


class Secret:
    """A token, key or password: `repr`, `str` and format say nothing of it.

    The value is read only by `reveal`, at the place that sends it.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The secret itself: for a request's header or body, nowhere else."""
        return self._value

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._value == other._value

    def __hash__(self) -> int:
        return hash(("Secret", self._value))

    def __repr__(self) -> str:
        return "Secret(…)"

    __str__ = __repr__

    def __reduce__(self) -> str:
        raise TypeError("a Secret is not pickled")
