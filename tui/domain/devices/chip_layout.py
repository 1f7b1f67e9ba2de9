"""The places of a device's qubits in a drawing: from its coordinates, else computed from the coupling map."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence

Place = tuple[int, int]
"""Column and row, from 0."""
_WIDEST_LAYER = 64
"""Qubits above each other in a computed drawing; more are wrapped into further columns."""


def chip_layout(
    qubits: int, couplers: Iterable[tuple[int, int]], coordinates: Sequence[tuple[int, int]] = ()
) -> tuple[Place, ...]:
    """Place the qubits of a device on a grid.

    The maker's coordinates are used where there is one for each qubit and none twice. Else the rows of a
    heavy-hex or square lattice are looked for, in IBM's numbering: runs of coupled successive numbers, with
    the numbers between two runs as the bridges between them. Any other device is drawn in layers of equal
    distance from one of its ends. Each takes a time about linear in qubits and couplers.

    Args:
        qubits: number of qubits.
        couplers: pairs of coupled qubits; those outside of the device are passed over.
        coordinates: column and row by qubit.

    Returns:
        The place of each qubit; no two are the same, columns and rows begin at 0.
    """
    if len(coordinates) == qubits and len(set(coordinates)) == qubits:
        return _from_zero(coordinates)
    neighbours: dict[int, set[int]] = {qubit: set() for qubit in range(qubits)}
    for one, other in couplers:
        if one != other and one in neighbours and other in neighbours:
            neighbours[one].add(other)
            neighbours[other].add(one)
    rows = _rows(neighbours)
    return _from_zero(rows if rows is not None else _layers(neighbours))


def _from_zero(places: Sequence[Place]) -> tuple[Place, ...]:
    left = min((column for column, _ in places), default=0)
    top = min((row for _, row in places), default=0)
    return tuple((column - left, row - top) for column, row in places)


def _rows(neighbours: Mapping[int, set[int]]) -> list[Place] | None:
    """Place the rows of a lattice below one another, bridges upright between them; `None`: it has no rows."""
    places: dict[int, Place] = {}
    bridges: list[int] = []
    row = 0
    for run in _runs(neighbours):
        if len(run) == 1:
            # A bridge is coupled to no successive number.
            bridges.append(run.start)
            continue
        left = _left_end(run, bridges, neighbours, places) if places else 0
        if left is None:
            return None
        row += (1 if places else 0) + bool(bridges)
        places.update({qubit: (left + step, row) for step, qubit in enumerate(run)})
        if not _place_bridges(bridges, row - 1, neighbours, places):
            return None
        bridges = []
    if not _place_bridges(bridges, row + 1, neighbours, places):
        return None
    apart = len(set(places.values())) == len(places)
    upright = all(_adjacent(places[one], places[other]) for one in neighbours for other in neighbours[one])
    return [places[qubit] for qubit in neighbours] if apart and upright else None


def _runs(neighbours: Mapping[int, set[int]]) -> list[range]:
    """Divide the numbers into runs in which each is coupled to the next."""
    runs: list[range] = []
    start = 0
    for qubit in range(len(neighbours)):
        if qubit + 1 not in neighbours[qubit]:
            runs.append(range(start, qubit + 1))
            start = qubit + 1
    return runs


def _left_end(
    run: range, bridges: Sequence[int], neighbours: Mapping[int, set[int]], places: Mapping[int, Place]
) -> int | None:
    """Return the column of a row's first qubit, the row right below its neighbours; `None`: there is none."""
    between = set(bridges)
    found: set[int] = set()
    for qubit in run:
        steps = neighbours[qubit] & between if bridges else {qubit}
        ends = (end for step in steps for end in neighbours[step] if end in places)
        found.update(places[end][0] - (qubit - run.start) for end in ends)
    return found.pop() if len(found) == 1 else None


def _place_bridges(
    bridges: Iterable[int], row: int, neighbours: Mapping[int, set[int]], places: dict[int, Place]
) -> bool:
    """Place bridges in the columns of their ends; false where one has none."""
    for bridge in bridges:
        column = next((places[end][0] for end in neighbours[bridge] if end in places), None)
        if column is None:
            return False
        places[bridge] = (column, row)
    return True


def _adjacent(one: Place, other: Place) -> bool:
    return abs(one[0] - other[0]) + abs(one[1] - other[1]) == 1


def _layers(neighbours: Mapping[int, set[int]]) -> list[Place]:
    """Place each connected part in columns of equal distance from an end, parts below one another."""
    places: dict[int, Place] = {}
    top = 0
    unconnected = [qubit for qubit in neighbours if not neighbours[qubit]]
    for start in neighbours:
        if start in places or not neighbours[start]:
            continue
        end = list(_distances(start, neighbours))[-1]
        distances = _distances(end, neighbours)
        height = _place_part(distances, neighbours, places, top)
        top += height + 1
    side = max(1, round(len(unconnected) ** 0.5))
    for number, qubit in enumerate(unconnected):
        places[qubit] = (number % side, top + number // side)
    return [places[qubit] for qubit in range(len(neighbours))]


def _distances(start: int, neighbours: Mapping[int, set[int]]) -> dict[int, int]:
    """Return the distances from a qubit, nearest first."""
    found = {start: 0}
    waiting = deque([start])
    while waiting:
        qubit = waiting.popleft()
        for other in sorted(neighbours[qubit]):
            if other not in found:
                found[other] = found[qubit] + 1
                waiting.append(other)
    return found


def _place_part(
    distances: Mapping[int, int], neighbours: Mapping[int, set[int]], places: dict[int, Place], top: int
) -> int:
    """Place the layers of one part side by side; its height in rows is returned.

    Each layer is ordered by the mean row of the neighbours in the layer before (barycentre heuristic of
    Sugiyama et al., 1981), and as far as it is free each qubit takes that row.
    """
    layers: dict[int, list[int]] = {}
    for qubit, distance in distances.items():
        layers.setdefault(distance, []).append(qubit)
    column, bottom = 0, top
    for layer in layers.values():
        wanted: dict[int, float] = {}
        for qubit in layer:
            rows = [places[other][1] for other in neighbours[qubit] if other in places]
            wanted[qubit] = sum(rows) / len(rows) if rows else float(top)
        for first in range(0, len(layer), _WIDEST_LAYER):
            row = top
            for qubit in sorted(layer[first : first + _WIDEST_LAYER], key=lambda q: (wanted[q], q)):
                row = max(row, round(wanted[qubit])) if len(layer) <= _WIDEST_LAYER else row
                places[qubit] = (column, row)
                bottom = max(bottom, row)
                row += 1
            column += 1
    return bottom - top + 1
