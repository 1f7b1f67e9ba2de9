"""Parts of a device on which trials of a search are made: without direction, and without bad couplers.

Layout and routing of Qiskit take couplers as they come: the errors decide only among placements that need no
further swaps. On a device with bad couplers a circuit does better where they are left out beforehand. Where
a two-qubit gate has a direction (ECR), the passes for placement (VF2) look only for circuits whose gates
happen to point the right way: on a target with both directions they find hundreds of times more. mapomatic
(https://github.com/qiskit-community/mapomatic) has shown what that is worth. Directions are mended later.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import rustworkx
from qiskit.transpiler import Target

from tui.compiler.qiskit.calibration import DEAD
from tui.qiskit_common.target import ANGLE_BOUNDS

SHARES: Final = (0.9, 0.75, 0.6, 0.45)
"""Shares of the couplers, the best ones, that regions are made of."""
ROOM: Final = 1.25
"""Qubits a region has, at least, for each one of the circuit: routing needs room."""

Edge = frozenset[int]


@dataclass(frozen=True, slots=True)
class Region:
    """A part of a device.

    Attributes:
        target: the device with both directions of every coupler in the region, and no other coupler.
        limit: two-qubit errors in it are below this; `None`: all couplers of the device.
        differs: it is not the device as it is.
    """

    target: Target
    limit: float | None
    differs: bool


def regions(target: Target, qubits: int) -> tuple[Region, ...]:
    """Choose the regions in which a circuit is tried.

    Args:
        target: the device.
        qubits: how many the circuit has.

    Returns:
        At least one region: all couplers but those that are as good as dead; the whole device, unless that is
        the same; of the former the couplers between qubits that can be read out; then the best ones of them
        alone, less each time. Each only if enough qubits hang together in it. (Where not all qubits hang
        together, Qiskit's layout makes fewer trials: on some circuits the whole device does better.)
    """
    errors = coupler_errors(target)
    unread = _unread(target)
    sound = {edge for edge, error in errors.items() if error < DEAD}
    read = {edge for edge in sound if not edge & unread}
    ranked = sorted(errors[edge] for edge in read)
    limits = [ranked[int(share * len(ranked))] for share in SHARES if ranked]
    best = [({edge for edge in read if errors[edge] < limit}, limit) for limit in limits]
    roomy = max(qubits + 1, math.ceil(ROOM * qubits))
    found: list[Region] = []
    for edges, limit, least in (
        (sound, DEAD, qubits),
        (read if unread else set(), DEAD, qubits),
        *((edges, limit, roomy) for edges, limit in best),
    ):
        largest = _largest(edges)
        if len(largest) >= least:
            found.append(_region(target, {edge for edge in edges if edge <= largest}, limit, set(errors)))
    if not found or any(len(edge & _largest(sound)) < 2 for edge in errors):
        found.insert(1, _region(target, set(errors), None, set(errors)))
    return tuple(found)


def _region(target: Target, edges: set[Edge], limit: float | None, there: set[Edge]) -> Region:
    made = undirected(target, edges)
    directed = any(
        qubits[::-1] not in entries
        for name in target.operation_names
        for entries in [_entries(target, name) or {}]
        for qubits in entries
        if len(qubits) == 2
    )
    return Region(made, limit, directed or edges != there)


def coupler_errors(target: Target) -> dict[Edge, float]:
    """Read the two-qubit errors of a device.

    Returns:
        The error of each coupler, the smallest over gates and directions; 0 where the calibration has none.
    """
    errors: dict[Edge, float] = {}
    for name in target.operation_names:
        for qubits, entry in (_entries(target, name) or {}).items():
            if len(qubits) == 2:
                edge = frozenset(qubits)
                error = (None if entry is None else entry.error) or 0.0
                errors[edge] = min(error, errors.get(edge, 1.0))
    return errors


def _unread(target: Target) -> set[int]:
    """The qubits whose readout is as good as dead."""
    return {
        qubits[0]
        for qubits, entry in (_entries(target, "measure") or {}).items()
        if entry is not None and (entry.error or 0.0) >= DEAD
    }


def undirected(target: Target, edges: Iterable[Edge]) -> Target:
    """Copy a target, with these couplers in both directions and no others.

    Returns:
        The copy; a direction that the device does not have is given the calibration of the one it has.
    """
    kept = set(edges)
    copy = Target(
        num_qubits=target.num_qubits,
        dt=target.dt,
        qubit_properties=target.qubit_properties,
        granularity=target.granularity,
        min_length=target.min_length,
        pulse_alignment=target.pulse_alignment,
        acquire_alignment=target.acquire_alignment,
    )
    for name in target.operation_names:
        operation, entries = target.operation_from_name(name), _entries(target, name)
        if entries is None:
            copy.add_instruction(operation, name=name)
            continue
        properties: dict[tuple[int, ...], Any] = {}
        for qubits, entry in entries.items():
            if len(qubits) != 2:
                properties[qubits] = entry
            elif frozenset(qubits) in kept:
                properties[qubits] = entry
                properties.setdefault(qubits[::-1], entries.get(qubits[::-1], entry))
        copy.add_instruction(operation, properties, name=name, angle_bounds=ANGLE_BOUNDS.get(name))
    return copy


def _entries(target: Target, name: str) -> dict[tuple[int, ...], Any] | None:
    """The calibration of an operation by its qubits; `None` where it may act on any."""
    if inspect.isclass(target.operation_from_name(name)):
        return None
    entries = target[name]
    return None if entries is None or None in entries else dict(entries)


def _largest(edges: Iterable[Edge]) -> frozenset[int]:
    graph = rustworkx.PyGraph()
    graph.extend_from_edge_list([(min(edge), max(edge)) for edge in edges])
    return frozenset(max(rustworkx.connected_components(graph), key=len, default=()))
