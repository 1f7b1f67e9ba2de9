"""The order of candidates and of backends: what is broken last, then by success, ties within 2 %."""

from __future__ import annotations

import math
from collections.abc import Iterable

from tui.common.values import Value
from tui.domain.circuits import Candidate
from tui.domain.devices.backends import Backend
from tui.domain.search import SearchResult

TIE = 0.02
"""Relative difference of success below which two candidates are as good as each other.

Differences of this size do not show in noisy simulations of the same circuits.
"""
POOR = 0.01
"""Success below which a result is noise for the most part."""


def rank_key(candidate: Candidate) -> tuple[float, ...]:
    """Return a key that sorts the best first.

    Broken couplers or qubits come last, whatever the success; then success, the one with idle time, two-qubit
    depth, two-qubit gates, depth. A success that is not known comes after those that are.
    """
    success, idle = candidate.estimated_success, candidate.estimated_success_idle
    return (
        float(bool(candidate.flags)),
        float(success is None),
        -(success or 0.0),
        -(idle or 0.0),
        candidate.after.two_qubit_depth,
        candidate.after.two_qubit_gates,
        candidate.after.depth,
    )


def ranked(candidates: Iterable[Candidate]) -> list[Candidate]:
    """Return the candidates, best first; those that are equal stay in order."""
    return sorted(candidates, key=rank_key)


def as_good(candidate: Candidate, best: Candidate) -> bool:
    """Return True when a candidate is a tie with the best one: nothing broken, success within 2 %."""
    mine, most = candidate.estimated_success, best.estimated_success
    if candidate.flags or best.flags or not mine or not most:
        return False
    return abs(mine - most) <= TIE * max(mine, most)


class BackendFound(Value, frozen=True):
    """What a search on one of several backends has brought.

    Attributes:
        backend: as listed; its queue decides between those that are equally good.
        result: the candidates, best first; `None`: there is none.
        refusal: why there is none.
    """

    backend: Backend
    result: SearchResult | None = None
    refusal: str = ""

    @property
    def best(self) -> Candidate | None:
        """The best candidate; `None` when there is none."""
        return None if self.result is None else self.result.candidates[0]


def ranked_backends(found: Iterable[BackendFound]) -> tuple[BackendFound, ...]:
    """Return backends, the best one for the circuit first.

    Those without a candidate, then with something broken, come last; then the estimated success decides. Of
    those that are ties with the best of them, within 2 %, the one with the shortest queue comes first; a
    queue that is not told counts as the longest.
    """
    left = sorted(found, key=lambda one: (one.best is None, rank_key(one.best) if one.best else ()))
    order: list[BackendFound] = []
    while left:
        first = left[0].best
        ties = [one for one in left if first is not None and one.best and as_good(one.best, first)] or left[
            :1
        ]
        order += sorted(ties, key=lambda one: _queue(one.backend))
        left = [one for one in left if one not in ties]
    return tuple(order)


def _queue(backend: Backend) -> float:
    return math.inf if backend.queue_length is None else backend.queue_length
