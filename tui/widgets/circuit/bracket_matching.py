"""The partner of a bracket, looked for in so many lines that no key waits for it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

Location = tuple[int, int]

LINES: Final = 2_000
"""Lines in which the partner is looked for."""
_PARTNERS: Final = {"(": ")", "[": "]", "{": "}"}
_BRACKETS: Final = re.compile(r"[()\[\]{}]")


def partner(line: Callable[[int], str], count: int, bracket: str, place: Location) -> Location | None:
    """Find the partner of a bracket.

    Args:
        line: the text of a row, from 0.
        count: how many rows there are.
        bracket: the character; another than a bracket has no partner.
        place: row and column where it stands.

    Returns:
        Row and column; `None` for a bracket without a partner within `LINES` lines.
    """
    forwards = bracket in _PARTNERS
    if not forwards and bracket not in _PARTNERS.values():
        return None
    unmatched: list[str] = []
    for found, character in _brackets(line, count, place, forwards=forwards):
        if (character in _PARTNERS) == forwards:
            unmatched.append(character)
            continue
        pair = (unmatched[-1], character) if forwards else (character, unmatched[-1])
        if _PARTNERS[pair[0]] == pair[1]:
            unmatched.pop()
            if not unmatched:
                return found
    return None


def _brackets(
    line: Callable[[int], str], count: int, start: Location, *, forwards: bool
) -> Iterator[tuple[Location, str]]:
    """Yield the brackets from a place on, in either direction."""
    row, column = start
    rows = range(row, min(row + LINES, count)) if forwards else range(row, max(row - LINES, -1), -1)
    for index in rows:
        found = [(match.start(), match[0]) for match in _BRACKETS.finditer(line(index))]
        for place, character in found if forwards else reversed(found):
            if index != row or (place >= column if forwards else place <= column):
                yield (index, place), character
