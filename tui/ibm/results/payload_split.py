"""Splits large result bodies into JSON and long parts, which are then never decoded as JSON.

A result of ten million shots is a few hundred bytes of JSON around long runs of one kind: lists of hex
strings (the plain form) and base64 (the typed and the executor's form). A JSON decoder goes over all of it
several times, each time without letting another thread run, and makes an object of every shot. Here the
runs are found by searching for their ends, taken out, and a mark, `"#0"`, `"#1"`, ..., is left in the place
of each.
"""

from __future__ import annotations

from collections.abc import Sequence

_KEYS = (b'"samples"', b'"__value__"', b'"data"')
_SHORTEST = 512
_SPACE = b" \t\r\n"
_OPEN, _CLOSE, _QUOTE, _COLON, _COMMA = b'[]":,'

Part = memoryview
"""A run that was cut out: the inside of a list of strings, or of a string."""


def split_payload(body: bytes) -> tuple[bytes, list[Part]]:
    """Cut the long runs out of a body.

    A run that is not as expected stays where it is: the decoder will say what is wrong with it.

    Args:
        body: JSON bytes.

    Returns:
        The body with a mark in the place of each run, and the runs: mark `#n` stands for run `n`.
    """
    view = memoryview(body)
    kept: list[bytes] = []
    parts: list[Part] = []
    done = 0

    def cut(start: int, end: int, mark: str) -> None:
        nonlocal done
        kept.append(body[done:start])
        kept.append(mark.encode())
        parts.append(view[start:end])
        done = end

    ahead = {key: body.find(key) for key in _KEYS}
    at = 0
    while True:
        for key, place in ahead.items():
            if 0 <= place < at:
                ahead[key] = body.find(key, at)
        found = [(place, key) for key, place in ahead.items() if place >= 0]
        if not found:
            break
        place, key = min(found)
        at = place + len(key)
        start = _skip(body, at)
        if start >= len(body) or body[start] != _COLON:
            continue
        start = _skip(body, start + 1)
        if start >= len(body):
            break
        if body[start] == _OPEN and key == b'"samples"':
            for first, last in _leaves(body, start):
                at = last
                if last - first >= _SHORTEST:
                    cut(first, last, f'"#{len(parts)}"')
        elif body[start] == _QUOTE and key != b'"samples"':
            end = body.find(b'"', start + 1)
            # A backslash would mean that the text is not what it says.
            if end - start >= _SHORTEST and body.find(b"\\", start, end) < 0:
                cut(start + 1, end, f"#{len(parts)}")
                at = end
    kept.append(body[done:])
    return b"".join(kept), parts


def part_of(text: object, parts: Sequence[Part]) -> Part | None:
    """Return the part that a mark stands for; `None` when it is no mark.

    Raises:
        ValueError: there is no such part.
    """
    if not isinstance(text, str) or not text.startswith("#"):
        return None
    if not text[1:].isdecimal() or int(text[1:]) >= len(parts):
        raise ValueError("a part of the result is missing")
    return parts[int(text[1:])]


def _leaves(body: bytes, start: int) -> list[tuple[int, int]]:
    """Return first and last place of the innermost lists in the nested list that begins at `start`."""
    found: list[tuple[int, int]] = []
    at = start
    while at < len(body):
        byte = body[at]
        if byte == _OPEN:
            inside = _skip(body, at + 1)
            if inside < len(body) and body[inside] == _OPEN:
                at = inside
                continue
            end = body.find(b"]", inside)
            if end < 0:
                break
            if inside < end and body[inside] == _QUOTE:
                found.append((inside, end))
            at = end + 1
        elif byte in (_CLOSE, _COMMA) or byte in _SPACE:
            at += 1
        else:
            # The name or the end that follows the outermost list.
            break
    return found


def _skip(body: bytes, at: int) -> int:
    while at < len(body) and body[at] in _SPACE:
        at += 1
    return at
