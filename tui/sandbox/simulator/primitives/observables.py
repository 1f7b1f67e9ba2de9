"""Observables of a pub, in every form the service takes, and how to measure them together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tui.sandbox.simulator.base import typed_json
from tui.sandbox.simulator.base.values import JobFailure

Terms = dict[str, float]
"""Pauli label (leftmost letter: highest qubit) to its real coefficient."""


@dataclass(frozen=True)
class Observables:
    """Observables in C order of `shape`."""

    shape: tuple[int, ...]
    items: tuple[Terms, ...]


def read_observables(given: Any) -> Observables:
    """Read the observables of a pub.

    Args:
        given: `"ZZ"`, `{"ZZ": 1.0}`, a typed SparsePauliOp or ObservablesArray, or nested arrays of these.

    Raises:
        JobFailure: There is none, or one is malformed.
    """
    items: list[Terms] = []
    shape = _collect(typed_json.decode(given), items)
    if not items:
        raise JobFailure("Empty observables array is not allowed")
    return Observables(shape, tuple(items))


def widen_observables(observables: Observables, width: int, widest: int) -> Observables:
    """Put the identity on the qubits up to `widest` that observables do not name.

    Args:
        observables: On at least `width` qubits each.
        width: Qubits of the circuit.
        widest: Qubits of the result.

    Raises:
        JobFailure: One is narrower than the circuit or wider than `widest`; the text is IBM's.
    """
    widened = []
    for index, terms in zip(np.ndindex(observables.shape), observables.items, strict=True):
        length = len(next(iter(terms)))
        if not width <= length <= widest:
            raise JobFailure(
                f"The number of qubits of the circuit ({width}) does not match the number of qubits of"
                f" the {index}-th observable ({length}).",
                solution="Apply the layout of the transpiled circuit to the observable.",
            )
        widened.append({"I" * (widest - length) + label: value for label, value in terms.items()})
    return Observables(observables.shape, tuple(widened))


def measurement_bases(labels: Iterable[str]) -> list[tuple[str, list[str]]]:
    """Group Paulis that commute qubit by qubit, so that the same shots give all of a group.

    Greedy, the heaviest first.

    Returns:
        Basis and labels of each group. The identity needs no measurement and is left out.
    """
    groups: list[tuple[list[str], list[str]]] = []
    remaining = {label for label in labels if set(label) != {"I"}}
    for label in sorted(remaining, key=lambda text: (text.count("I"), text)):
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
    """Return the qubits on which some label is not the identity."""
    return {len(label) - 1 - place for label in labels for place, letter in enumerate(label) if letter != "I"}
