"""The order of candidates, ties, and the shares of the stages."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from tests.support.circuits import bell_candidate
from tui.domain.circuits import Candidate, StageLosses
from tui.domain.devices.backends import Backend
from tui.domain.ranking import BackendFound, as_good, ranked, ranked_backends
from tui.domain.search import SearchProgress, SearchResult


def candidate(success: float | None, *, flags: tuple[str, ...] = (), depth: int = 1) -> Candidate:
    """A candidate with this success."""
    made = bell_candidate()
    return replace(
        made,
        estimated_success=success,
        estimated_success_idle=success,
        flags=flags,
        after=replace(made.after, two_qubit_depth=depth),
    )


def test_ranked_puts_what_is_broken_last_and_then_goes_by_success() -> None:
    best, good, poor, unknown = map(candidate, (0.9, 0.8, 0.1, None))
    broken = candidate(0.99, flags=("coupler 1-2 is dead",))
    assert ranked([broken, unknown, poor, good, best]) == [best, good, poor, unknown, broken]


def test_ranked_breaks_equal_success_by_two_qubit_depth() -> None:
    deep, flat = candidate(0.5, depth=9), candidate(0.5, depth=3)
    assert ranked([deep, flat]) == [flat, deep]


def found(name: str, queue: int | None, best: Candidate | None) -> BackendFound:
    """A backend with this queue, and its best candidate."""
    backend = Backend(name, queue_length=queue)
    if best is None:
        return BackendFound(backend, refusal="too small")
    return BackendFound(backend, SearchResult((best,), SearchProgress(1, 1, 0, 2.0)))


def test_backends_go_by_success_then_of_ties_by_queue() -> None:
    """A tie counts from the best one on: it does not go on from one to the next."""
    backends = [
        found("broken", 0, candidate(0.99, flags=("qubit 1 is dead",))),
        found("small", 0, None),
        found("third", 0, candidate(0.773)),
        found("second", 1, candidate(0.79)),
        found("unknown", None, candidate(0.795)),
        found("busy", 7, candidate(0.8)),
    ]
    order = [one.backend.name for one in ranked_backends(backends)]
    assert order == ["second", "busy", "unknown", "third", "broken", "small"]
    assert ranked_backends(backends[1:2])[0].best is None
    assert ranked_backends([]) == ()


@pytest.mark.parametrize(
    ("success", "tie"), [(0.5, True), (0.491, True), (0.489, False), (0.0, False), (None, False)]
)
def test_tie_is_a_relative_difference_of_two_percent(success: float | None, tie: bool) -> None:
    assert as_good(candidate(success), candidate(0.5)) is tie


def test_broken_candidate_is_no_tie() -> None:
    assert not as_good(candidate(0.5, flags=("qubit 1 is dead",)), candidate(0.5))


def test_shares_of_stages_multiply_to_the_success() -> None:
    stages = StageLosses(synthesis=0.2, basis=0.1, routing=-0.05, readout=0.3)
    shares = stages.shares()
    assert list(shares) == ["synthesis", "basis", "routing", "readout"]
    assert shares["routing"] < 0 < shares["basis"]
    assert math.prod(1 - share for share in shares.values()) == pytest.approx(math.exp(-stages.total))
