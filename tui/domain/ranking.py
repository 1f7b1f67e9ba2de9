"""The order of candidates: what is broken last, then by estimated success, ties within 2 %."""

from __future__ import annotations

from collections.abc import Iterable

from tui.domain.circuits import Candidate

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
