"""Pauli rotations on as few qubits as they need, followed by measurements of all of them.

Left out are rotations that only change the global phase of |0...0> and rotations that no outcome feels.
The rest moves the state only within a space spanned by the computational states that their X parts reach:
with r independent X parts it is a state of r qubits. An outcome whose Pauli leaves this space is a fair
coin (its Pauli anticommutes with a stabilizer of the state).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tui.sandbox.simulator.rotations.pulled_circuit import Pauli, PulledCircuit

Masks = NDArray[np.uint32]
_Words = NDArray[np.uint64]

_MOST_QUBITS = 30
# A rotation is compared with this many before it to be joined with one of them.
_NEAR = 256


@dataclass(frozen=True)
class ReducedRotations:
    """Rotations of a state of a few qubits, and outcomes as parities of its bits.

    Attributes:
        qubits: How many; the state begins as |0...0>.
        shifts: X part of each rotation's Pauli.
        signs: Z part of each rotation's Pauli.
        phases: Power of i of each rotation's Pauli.
        terms: Of each rotation the rotations of the circuit that it joins, with their angles.
        parities: For each measurement the qubits whose parity it is.
        negated: Which measurements are the opposite of the parity.
        coins: For each measurement the fair coins, by number, that are added to it.
        coin_count: How many fair coins there are.
    """

    qubits: int
    shifts: Masks
    signs: Masks
    phases: NDArray[np.uint8]
    terms: Sequence[Sequence[tuple[int, float]]]
    parities: Masks
    negated: NDArray[np.bool_]
    coins: Sequence[frozenset[int]]
    coin_count: int


@dataclass(frozen=True)
class JoinedRotation:
    """Rotations of a circuit about the same Pauli that can meet: by number in the circuit, with angles."""

    pauli: Pauli
    terms: Sequence[tuple[int, float]]


def needed_rotations(pulled: PulledCircuit) -> list[JoinedRotation]:
    """Join the rotations that can be, and leave out those that no outcome feels."""
    return _needed(_join(pulled.rotations), pulled.measured)


def reduce_rotations(joined: Sequence[JoinedRotation], pulled: PulledCircuit) -> ReducedRotations | None:
    """Write needed rotations on the qubits they need.

    Returns:
        None when that are more than 30, which no computer has the memory for.
    """
    space = _Space()
    for rotation in joined:
        space.add(rotation.pauli.x)
        if space.size > _MOST_QUBITS:
            return None
    space.close()
    measured, coins, coin_count = _toss_coins(space, pulled.measured)
    on_few = [space.restrict(rotation.pauli) for rotation in joined]
    turns, parities, negated = _diagonalize([space.restrict(pauli) for pauli in measured])
    paulis = on_few + turns
    # A turn is no rotation of the circuit: nothing flips it.
    terms = [rotation.terms for rotation in joined] + [[(-1, math.pi / 2)] for _ in turns]
    return ReducedRotations(
        qubits=space.size,
        shifts=np.array([pauli.x for pauli in paulis], dtype=np.uint32),
        signs=np.array([pauli.z for pauli in paulis], dtype=np.uint32),
        phases=np.array([pauli.phase for pauli in paulis], dtype=np.uint8),
        terms=terms,
        parities=np.array(parities, dtype=np.uint32),
        negated=np.array(negated, dtype=np.bool_),
        coins=coins,
        coin_count=coin_count,
    )


class _PauliTable:
    """X and Z parts of Paulis in words, to be compared with one Pauli at once."""

    def __init__(self, paulis: Sequence[Pauli]) -> None:
        widest = max(((pauli.x | pauli.z).bit_length() for pauli in paulis), default=1)
        self._words = max((widest + 63) // 64, 1)
        self.x = np.zeros((len(paulis), self._words), dtype=np.uint64)
        self.z = np.zeros_like(self.x)
        self.size = 0

    def append(self, pauli: Pauli) -> None:
        self.x[self.size], self.z[self.size] = self.pack(pauli.x), self.pack(pauli.z)
        self.size += 1

    def pack(self, mask: int) -> _Words:
        return np.frombuffer(mask.to_bytes(8 * self._words, "little"), dtype=np.uint64)

    def anticommuting(self, pauli: Pauli, first: int = 0) -> NDArray[np.bool_]:
        """Which of the Paulis from `first` on anticommute with this one."""
        x, z = self.x[first : self.size], self.z[first : self.size]
        mixed = (x & self.pack(pauli.z)) ^ (z & self.pack(pauli.x))
        odd: NDArray[np.bool_] = np.bitwise_count(mixed).sum(axis=1) % 2 == 1
        return odd


def _join(rotations: Sequence[tuple[Pauli, float]]) -> list[JoinedRotation]:
    """Drop what changes |0...0> by a phase alone, join rotations about the same Pauli that can meet."""
    table = _PauliTable([pauli for pauli, _ in rotations])
    joined: list[tuple[Pauli, list[tuple[int, float]]]] = []
    for source, (pauli, angle) in enumerate(rotations):
        first = max(table.size - _NEAR, 0)
        hindering = np.flatnonzero(table.anticommuting(pauli, first))
        meets = first + int(hindering[-1]) + 1 if hindering.size else first
        same = np.flatnonzero(
            (table.x[meets : table.size] == table.pack(pauli.x)).all(axis=1)
            & (table.z[meets : table.size] == table.pack(pauli.z)).all(axis=1)
        )
        if same.size:
            other, terms = joined[meets + int(same[-1])]
            terms.append((source, angle if other.phase == pauli.phase else -angle))
        elif pauli.x or hindering.size or table.anticommuting(pauli).any():
            table.append(pauli)
            joined.append((pauli, [(source, angle)]))
    return [JoinedRotation(pauli, terms) for pauli, terms in joined]


def _needed(rotations: Sequence[JoinedRotation], measured: Sequence[Pauli]) -> list[JoinedRotation]:
    """Drop what commutes with every measurement and every needed rotation after it."""
    table = _PauliTable([*measured, *(rotation.pauli for rotation in rotations)])
    for pauli in measured:
        table.append(pauli)
    needed: list[JoinedRotation] = []
    for rotation in reversed(rotations):
        near = max(table.size - _NEAR, 0)
        if table.anticommuting(rotation.pauli, near).any() or table.anticommuting(rotation.pauli).any():
            table.append(rotation.pauli)
            needed.append(rotation)
    needed.reverse()
    return needed


@dataclass
class _Space:
    """A space of bit strings, with a basis in reduced echelon form: by pivot bit."""

    basis: dict[int, int] = field(default_factory=dict)
    pivots: list[int] = field(default_factory=list)

    @property
    def size(self) -> int:
        return len(self.basis)

    def rest(self, vector: int) -> int:
        """Take from a bit string its part in the space."""
        for pivot, row in self.basis.items():
            if vector >> pivot & 1:
                vector ^= row
        return vector

    def add(self, vector: int) -> None:
        rest = self.rest(vector)
        if not rest:
            return
        pivot = rest.bit_length() - 1
        for other, row in self.basis.items():
            if row >> pivot & 1:
                self.basis[other] = row ^ rest
        self.basis[pivot] = rest

    def close(self) -> None:
        self.pivots = sorted(self.basis)

    def restrict(self, pauli: Pauli) -> Pauli:
        """The Pauli on the space, one qubit for each vector of the basis. Its X part is in the space."""
        x = z = 0
        for place, pivot in enumerate(self.pivots):
            x |= (pauli.x >> pivot & 1) << place
            z |= ((pauli.z & self.basis[pivot]).bit_count() & 1) << place
        return Pauli(x, z, pauli.phase)


def _toss_coins(space: _Space, measured: Sequence[Pauli]) -> tuple[list[Pauli], list[frozenset[int]], int]:
    """Write every outcome as that of a Pauli within the space and of fair coins."""
    tossed: list[tuple[int, Pauli]] = []
    within: list[Pauli] = []
    coins: list[frozenset[int]] = []
    for pauli in measured:
        used: set[int] = set()
        for number, (pivot, other) in enumerate(tossed):
            if space.rest(pauli.x) >> pivot & 1:
                pauli = pauli * other
                used ^= {number}
        rest = space.rest(pauli.x)
        if rest:
            # With those before it, this Pauli makes the outcome of its own measurement.
            used ^= {len(tossed)}
            tossed.append((rest.bit_length() - 1, pauli))
            pauli = Pauli(0, 0)
        within.append(pauli)
        coins.append(frozenset(used))
    return within, coins, len(tossed)


def _diagonalize(measured: Sequence[Pauli]) -> tuple[list[Pauli], list[int], list[bool]]:
    """Find quarter turns after which commuting Paulis are products of Zs.

    Returns:
        The axes of the turns by pi/2, then of each Pauli the qubits of its Zs, and whether it is minus them.
    """
    paulis = list(measured)
    turns: list[Pauli] = []
    for index in range(len(paulis)):
        pauli = paulis[index]
        if not pauli.x:
            continue
        # A turn about i Z P brings P to Z, as P and Z anticommute.
        axis = (Pauli(0, 1 << (pauli.x.bit_length() - 1)) * pauli).times_i(1)
        turns.append(axis)
        paulis = [(other * axis).times_i(1) if other.anticommutes(axis) else other for other in paulis]
    return turns, [pauli.z for pauli in paulis], [pauli.phase == 2 for pauli in paulis]
