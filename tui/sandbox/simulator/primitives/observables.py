"""Observables of a pub, in every form the service takes, and how to measure them together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tui.sandbox.simulator.base import typed_json as wire
from tui.sandbox.simulator.base.values import JobFailure

Terms = dict[str, float]
"""Pauli label (leftmost letter: highest qubit) to its real coefficient."""


@dataclass(frozen=True)
class Observables:
    """Observables in C order of `shape`."""

    shape: tuple[int, ...]
    items: tuple[Terms, ...]


def observables(given: Any) -> Observables:
    """Read `"ZZ"`, `{"ZZ": 1.0}`, a typed SparsePauliOp or ObservablesArray, or nested arrays of these.

    Raises `JobFailure`.
    """
    value = wire.plain(given)
    items: list[Terms] = []
    shape = _collect(value, items)
    if not items:
        raise JobFailure("Empty observables array is not allowed")
    return Observables(shape, tuple(items))


def fit(given: Observables, width: int, widest: int) -> Observables:
    """The observables on `widest` qubits, where they were for `width` qubits or any number above.

    Raises `JobFailure` (IBM's text) for one that is narrower than the circuit or wider than `widest`.
    """
    fitted = []
    for index, terms in zip(np.ndindex(given.shape), given.items, strict=True):
        length = len(next(iter(terms)))
        if not width <= length <= widest:
            raise JobFailure(
                f"The number of qubits of the circuit ({width}) does not match the number of qubits of"
                f" the {index}-th observable ({length}).",
                solution="Apply the layout of the transpiled circuit to the observable.",
            )
        fitted.append({"I" * (widest - length) + label: value for label, value in terms.items()})
    return Observables(given.shape, tuple(fitted))


def measurement_bases(labels: Iterable[str]) -> list[tuple[str, list[str]]]:
    """Group Paulis that can be read from the same shots: (basis, labels), qubit by qubit commuting.

    Greedy, the heaviest first. The identity needs no measurement and is left out.
    """
    groups: list[tuple[list[str], list[str]]] = []
    wanted = {label for label in labels if set(label) != {"I"}}
    for label in sorted(wanted, key=lambda text: (text.count("I"), text)):
        for basis, members in groups:
            if all(a in ("I", b) or b == "I" for a, b in zip(label, basis, strict=True)):
                basis[:] = [b if a == "I" else a for a, b in zip(label, basis, strict=True)]
                members.append(label)
                break
        else:
            groups.append((list(label), [label]))
    return [("".join(basis), members) for basis, members in groups]


def _collect(value: Any, items: list[Terms]) -> tuple[int, ...]:
    if isinstance(value, list):
        shapes = {_collect(item, items) for item in value}
        if len(shapes) > 1:
            raise JobFailure("The array of observables is ragged.")
        return (len(value), *(shapes.pop() if shapes else ()))
    items.append(_terms(value))
    return ()


def _terms(value: Any) -> Terms:
    if isinstance(value, str):
        value = {value: 1.0}
    if not isinstance(value, Mapping) or not value:
        raise JobFailure("An observable must be a Pauli string or an object of Pauli strings and numbers.")
    terms: Terms = {}
    for label, coefficient in value.items():
        if not label or set(label) - set("IXYZ"):
            raise JobFailure(f"Observables alphabet is limited to I, X, Y, Z; {label!r} is not.")
        terms[label] = _real(coefficient, label)
    if len({len(label) for label in terms}) > 1:
        raise JobFailure("The Pauli strings of an observable must have the same length.")
    return terms


def _real(coefficient: Any, label: str) -> float:
    if isinstance(coefficient, complex) and coefficient.imag == 0:
        coefficient = coefficient.real
    if isinstance(coefficient, bool) or not isinstance(coefficient, int | float):
        raise JobFailure(f"The coefficient of {label} must be a real number.")
    return float(coefficient)


def used_qubits(labels: Sequence[str]) -> set[int]:
    """The qubits on which some label is not the identity."""
    return {len(label) - 1 - place for label in labels for place, letter in enumerate(label) if letter != "I"}
