"""Observables: sums of Pauli strings with real coefficients, as text and laid out over a device's qubits."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Final

from tui.common.safe_text import plain
from tui.common.values import Value

MOST_OBSERVABLES: Final = 1_000
MOST_TERMS: Final = 10_000
"""Terms of all observables of a PUB."""
_TERM: Final = re.compile(
    r"\s*+(?P<sign>[-+]?+)\s*+(?:(?P<factor>(?:\d++(?:\.\d*+)?+|\.\d++)(?:[eE][-+]?+\d++)?+)\s*+\*?+\s*+)?+"
    r"(?P<letters>[A-Za-z]++)\s*+",
    re.ASCII,
)
_LETTERS: Final = frozenset("IXYZ")


class Observable(Value, frozen=True):
    """A sum of Pauli strings.

    Attributes:
        terms: Pauli string (leftmost letter = highest qubit) and coefficient; each string once, all of one
            length.
    """

    terms: tuple[tuple[str, float], ...]

    @property
    def qubits(self) -> int:
        """Number of qubits it is over."""
        return len(self.terms[0][0])

    @property
    def text(self) -> str:
        """The sum as text, which `parse_observable` reads back: `ZZ`, `0.5*XX - 0.3*ZI`."""
        return (
            "".join(map(_written, self.terms))
            .removeprefix(" + ")
            .replace(" - ", "-", 1 if self._negative else 0)
        )

    @property
    def _negative(self) -> bool:
        return math.copysign(1.0, self.terms[0][1]) < 0

    def laid_out(self, layout: Sequence[int], width: int) -> Observable:
        """Return the observable over the device's qubits.

        Args:
            layout: physical qubit by virtual qubit, one for each qubit it is over.
            width: qubits of the device.
        """
        return Observable(tuple((_moved(pauli, layout, width), factor) for pauli, factor in self.terms))


def _written(term: tuple[str, float]) -> str:
    pauli, coefficient = term
    size = abs(coefficient)
    sign = " - " if math.copysign(1.0, coefficient) < 0 else " + "
    return sign + ("" if size == 1 else f"{size!r}*") + pauli


def _moved(pauli: str, layout: Sequence[int], width: int) -> str:
    moved = ["I"] * width
    for virtual, letter in enumerate(reversed(pauli)):
        moved[width - 1 - layout[virtual]] = letter
    return "".join(moved)


def parse_observable(text: str) -> Observable:
    """Read one observable: `ZZ`, `0.5*XX + 0.5*ZZ`, `ZZ - 0.3 XI`.

    Terms of the same string are added up.

    Raises:
        ValueError: it is none; in words for the user.
    """
    terms: dict[str, float] = {}
    at, text = 0, text.strip()
    shown = plain(text, limit=60)
    while at < len(text) or not terms:
        found = _TERM.match(text, at)
        if found is None or (at and not found["sign"]):
            raise ValueError(
                f"“{shown}” is not a sum of Pauli strings: write for example ZZ or 0.5*XX - 0.3*ZI, "
                "with the letters I, X, Y and Z."
            )
        at = found.end()
        pauli = found["letters"].upper()
        if set(pauli) - _LETTERS:
            raise ValueError(
                f"“{plain(pauli, limit=40)}” is not a Pauli string: use the letters I, X, Y and Z."
            )
        coefficient = float(found["factor"] or 1) * (-1 if found["sign"] == "-" else 1)
        terms[pauli] = terms.get(pauli, 0.0) + coefficient
        if len(terms) > MOST_TERMS:
            raise ValueError(f"More than {MOST_TERMS:,} terms are too many for one job.")
    if len(lengths := {len(pauli) for pauli in terms}) > 1:
        raise ValueError(
            f"“{shown}” has Pauli strings of {min(lengths)} and of {max(lengths)} letters: "
            "one letter a qubit in each."
        )
    if not all(map(math.isfinite, terms.values())):
        raise ValueError(f"“{shown}” has a coefficient that is too large.")
    return Observable(tuple(terms.items()))


def parse_observables(text: str) -> tuple[Observable, ...]:
    """Read observables with commas between.

    Raises:
        ValueError: there is none, one cannot be read, or there are too many.
    """
    if not text.strip():
        raise ValueError("An observable is missing: Pauli strings with commas between, for example ZZ, XX.")
    parts = text.split(",")
    if len(parts) > MOST_OBSERVABLES:
        raise ValueError(f"At most {MOST_OBSERVABLES:,} observables, these are {len(parts):,}.")
    found = tuple(map(parse_observable, parts))
    if sum(len(observable.terms) for observable in found) > MOST_TERMS:
        raise ValueError(f"More than {MOST_TERMS:,} terms are too many for one job.")
    return found
