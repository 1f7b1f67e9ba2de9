"""State vectors of many runs of the same Pauli rotations with angles of their own, compiled by numba.

`exp(-i angle/2 P)` joins each amplitude with one other (Jones and Gacon, arXiv:2009.02823). The runs lie
side by side in memory, so that one instruction of the processor turns several of them; rotations that
follow each other work on parts of the state that fit the cache.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from tui.sandbox.simulator.rotations.reduction import Masks, ReducedRotations

Floats = NDArray[np.float32]

# Of the parts of the state that rotations work on one after the other: 128 amplitudes of 64 runs are 64 kB.
_PART_QUBITS = 7


def run_states(reduced: ReducedRotations, angles: NDArray[np.float64]) -> Floats:
    """Rotate |0...0>, once for each column of `angles`.

    Args:
        reduced: The rotations.
        angles: Radians, of shape (rotations, runs).

    Returns:
        The amplitudes, real part and imaginary part, of shape (2**qubits, 2, runs).
    """
    runs = angles.shape[1]
    states = np.zeros((1 << reduced.qubits, 2, runs), dtype=np.float32)
    states[0, 0] = 1
    cosines, sines = np.cos(angles / 2), np.sin(angles / 2)
    odd = (reduced.phases % 2).astype(np.bool_)
    # i**phase is this times 1 or, when odd, times i.
    sines[reduced.phases >= 2] *= -1
    for group in _groups(reduced):
        part = group.rotations
        _rotate(
            states,
            group.starts,
            group.offsets,
            group.shifts,
            group.inner_signs,
            reduced.signs[part],
            odd[part],
            cosines[part].astype(np.float32),
            sines[part].astype(np.float32),
        )
    return states


def sample_states(states: Floats, chances: NDArray[np.float64], runs: NDArray[np.int64]) -> Masks:
    """Measure all qubits of states.

    Args:
        states: As `run_states` returns them.
        chances: Uniform numbers below 1, one for each measurement.
        runs: The run that each measurement is of, in ascending order.

    Returns:
        The outcomes as numbers, qubit 0 least significant.
    """
    order = np.lexsort((chances, runs))
    firsts = np.searchsorted(runs, np.arange(states.shape[2] + 1))
    found = np.zeros(len(runs), dtype=np.uint32)
    _sample(states, chances[order], firsts, found)
    outcomes = np.empty_like(found)
    outcomes[order] = found
    return outcomes


@dataclass(frozen=True)
class _Group:
    """Rotations one after the other that stay within cosets of a small space of shifts."""

    rotations: slice
    starts: Masks
    offsets: Masks
    shifts: Masks
    inner_signs: Masks


def _groups(reduced: ReducedRotations) -> Iterator[_Group]:
    first = 0
    basis: dict[int, int] = {}
    for index, shift in enumerate(reduced.shifts.tolist()):
        rest = _rest(basis, shift)
        if rest and len(basis) == _PART_QUBITS:
            yield _group(reduced, slice(first, index), basis)
            first, basis, rest = index, {}, shift
        if rest:
            pivot = rest.bit_length() - 1
            basis = {other: row ^ rest if row >> pivot & 1 else row for other, row in basis.items()}
            basis[pivot] = rest
    if first < len(reduced.shifts):
        yield _group(reduced, slice(first, len(reduced.shifts)), basis)


def _rest(basis: dict[int, int], vector: int) -> int:
    for pivot, row in basis.items():
        if vector >> pivot & 1:
            vector ^= row
    return vector


def _group(reduced: ReducedRotations, rotations: slice, basis: dict[int, int]) -> _Group:
    used = sorted(basis)
    # A few more, so that short groups on large states do not start anew for every pair.
    for qubit in range(reduced.qubits):
        if len(used) < min(_PART_QUBITS, reduced.qubits) and qubit not in basis:
            basis = {**{pivot: row & ~(1 << qubit) for pivot, row in basis.items()}, qubit: 1 << qubit}
            used.append(qubit)
    rows = [basis[pivot] for pivot in used]
    outside = [qubit for qubit in range(reduced.qubits) if qubit not in basis]
    shifts = reduced.shifts[rotations]
    inner = np.zeros_like(shifts)
    for place, row in enumerate(rows):
        parity = np.bitwise_count(reduced.signs[rotations] & np.uint32(row)) & 1
        inner |= parity.astype(np.uint32) << np.uint32(place)
    within = np.zeros_like(shifts)
    for place, pivot in enumerate(used):
        within |= ((shifts >> np.uint32(pivot)) & np.uint32(1)) << np.uint32(place)
    return _Group(rotations, _sums([1 << qubit for qubit in outside]), _sums(rows), within, inner)


def _sums(rows: Sequence[int]) -> Masks:
    """All sums of some bit strings; bit i of the index tells whether row i is in."""
    sums = np.zeros(1, dtype=np.uint32)
    for row in rows:
        sums = np.concatenate([sums, sums ^ np.uint32(row)])
    return sums


def _rotate_python(
    states: Floats,
    starts: Masks,
    offsets: Masks,
    shifts: Masks,
    inner_signs: Masks,
    signs: Masks,
    odd: NDArray[np.bool_],
    cosines: Floats,
    sines: Floats,
) -> None:
    size, runs = offsets.size, states.shape[2]
    one: Any = np.uint32(1)
    for start in starts:
        for rotation in range(shifts.size):
            shift = shifts[rotation]
            outer = _parity(signs[rotation] & start)
            inner = inner_signs[rotation]
            cosine, sine = cosines[rotation], sines[rotation]
            if shift == 0:
                for place in range(size):
                    sign = np.float32(1 - 2 * np.int32(outer ^ _parity(inner & np.uint32(place))))
                    row = offsets[place] ^ start
                    for run in range(runs):
                        turn = sine[run] * sign
                        real, imaginary = states[row, 0, run], states[row, 1, run]
                        states[row, 0, run] = cosine[run] * real + turn * imaginary
                        states[row, 1, run] = cosine[run] * imaginary - turn * real
                continue
            high = np.uint32(1)
            while (high << one) <= shift:
                high <<= one
            for pair in range(size >> 1):
                low = np.uint32(pair) & (high - one)
                place = ((np.uint32(pair) ^ low) << one) | low
                sign = np.float32(1 - 2 * np.int32(outer ^ _parity(inner & place)))
                row, other = offsets[place] ^ start, offsets[place ^ shift] ^ start
                if odd[rotation]:
                    for run in range(runs):
                        turn = sine[run] * sign
                        real, imaginary = states[row, 0, run], states[row, 1, run]
                        other_real, other_imaginary = states[other, 0, run], states[other, 1, run]
                        states[row, 0, run] = cosine[run] * real - turn * other_real
                        states[row, 1, run] = cosine[run] * imaginary - turn * other_imaginary
                        states[other, 0, run] = cosine[run] * other_real + turn * real
                        states[other, 1, run] = cosine[run] * other_imaginary + turn * imaginary
                else:
                    for run in range(runs):
                        turn = sine[run] * sign
                        real, imaginary = states[row, 0, run], states[row, 1, run]
                        other_real, other_imaginary = states[other, 0, run], states[other, 1, run]
                        states[row, 0, run] = cosine[run] * real + turn * other_imaginary
                        states[row, 1, run] = cosine[run] * imaginary - turn * other_real
                        states[other, 0, run] = cosine[run] * other_real + turn * imaginary
                        states[other, 1, run] = cosine[run] * other_imaginary - turn * real


def _sample_python(states: Floats, chances: NDArray[np.float64], firsts: Any, found: Masks) -> None:
    runs = states.shape[2]
    totals = np.zeros(runs)
    for row in range(states.shape[0]):
        for run in range(runs):
            totals[run] += states[row, 0, run] ** 2 + states[row, 1, run] ** 2
    nexts = firsts[:-1].copy()
    sums = np.zeros(runs)
    for row in range(states.shape[0]):
        for run in range(runs):
            sums[run] += states[row, 0, run] ** 2 + states[row, 1, run] ** 2
            while nexts[run] < firsts[run + 1] and chances[nexts[run]] * totals[run] < sums[run]:
                found[nexts[run]] = row
                nexts[run] += 1


def _parity_python(mask: Any) -> Any:
    mask ^= mask >> np.uint32(16)
    mask ^= mask >> np.uint32(8)
    mask ^= mask >> np.uint32(4)
    # Bit n of this number is the parity of n.
    return (np.uint32(0x6996) >> (mask & np.uint32(15))) & np.uint32(1)


def _compiled(function: Any, **options: Any) -> Any:
    """The function compiled at its first call, and kept on disk where there is a place for it."""
    try:
        return numba.njit(cache=True, **options)(function)
    except RuntimeError:
        # Neither the package's folder nor the user's cache can be written.
        return numba.njit(**options)(function)


_parity = numba.njit(inline="always")(_parity_python)
_rotate = _compiled(_rotate_python, nogil=True, fastmath=True)
_sample = _compiled(_sample_python, nogil=True)
