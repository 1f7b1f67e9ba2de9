"""Names that were probably meant: the nearest by edit distance, or by what other languages call it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

_LONGEST: Final = 40
"""Characters of a name up to which others are compared with it."""
_MOST: Final = 2_000
"""Names that are compared at most."""
_OTHER_NAMES: Final = {
    "cnot": "cx",
    "not": "x",
    "toffoli": "ccx",
    "ccnot": "ccx",
    "fredkin": "cswap",
    "hadamard": "h",
    "phase": "p",
    "tdag": "tdg",
    "sdag": "sdg",
    "i": "id",
    "v": "sx",
    "creg": "bit",
    "qreg": "qubit",
    "qbit": "qubit",
    "cbit": "bit",
    "clbit": "bit",
    "u": "U",
    "import": "include",
    "#include": "include",
    "function": "def",
    "measurement": "measure",
}
"""Names of other languages and of textbooks."""


def nearest(name: str, known: Iterable[str]) -> str:
    """Return the known name that was probably meant.

    Args:
        name: as written.
        known: names that could stand there.

    Returns:
        The name; empty when none is near enough: one mistake in a short name, two in one of five letters on.
    """
    names = [one for _, one in zip(range(_MOST), known, strict=False)]
    lower = name.lower()
    other = _OTHER_NAMES.get(lower, "")
    if other in names and other != name:
        return other
    for one in names:
        if one.lower() == lower and one != name:
            return one
    if not 1 < len(name) <= _LONGEST:
        return ""
    most = 1 if len(name) < 5 else 2
    near = [(_distance(lower, one.lower(), most), one) for one in names if abs(len(one) - len(name)) <= most]
    close = [
        (distance, one[:1] != name[:1], _distance(name, one, _LONGEST), one)
        for distance, one in near
        if distance <= most
    ]
    return min(close)[-1] if close else ""


def _distance(one: str, other: str, most: int) -> int:
    """Letters to insert, leave out, replace or swap with the next (restricted Damerau–Levenshtein)."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        above, before2, row = row, before, [i]
        for j, wanted in enumerate(other, 1):
            cost = min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (letter != wanted))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == wanted:
                cost = min(cost, before2[j - 2] + 1)
            row.append(cost)
        before = above
        if min(row) > most:
            return most + 1
    return row[-1]
