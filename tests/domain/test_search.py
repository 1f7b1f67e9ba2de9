"""The order of trials and the end of a search, without any transpiler."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from tui.domain.search import PATIENCE, Schedule, SearchOptions, SearchProgress, Trial


def trial(
    seed: int,
    success: float | None,
    *,
    level: int = 3,
    regions: int = 1,
    flagged: bool = False,
    gates: int = 9,
) -> Trial:
    region = (seed - 1) % regions if seed and level == 3 else -1
    return Trial(level, seed, region, regions, seed > 0, success, gates, gates, flagged)


def seeds_until_the_end(schedule: Schedule, regions: int, success: Callable[[int], float]) -> list[int]:
    """Do all of a search, one trial at a time; the seeds of the level with many of them."""
    while (first := schedule.first()) is not None:
        schedule.took(trial(first[1], success(0), level=first[0], regions=regions))
    seeds: list[int] = []
    while (following := schedule.next()) is not None:
        seeds.append(following[1])
        schedule.took(trial(following[1], success(following[1]), regions=regions))
    return seeds


def test_schedule_makes_level_3_first_and_the_others_once() -> None:
    schedule = Schedule(SearchOptions())
    assert [schedule.first() for _ in range(5)] == [(3, 0), (0, 0), (1, 0), (2, 0), None]
    assert [schedule.next() for _ in range(3)] == [(3, 1), (3, 2), (3, 3)]


def test_schedule_of_one_level_makes_that_alone() -> None:
    schedule = Schedule(SearchOptions(level=1, seeds=3))
    assert [schedule.first(), schedule.first()] == [(1, 0), None]
    assert [schedule.next() for _ in range(3)] == [(1, 1), (1, 2), None]


def test_schedule_of_a_number_of_seeds_makes_them_all_in_order_whatever_comes() -> None:
    schedule = Schedule(SearchOptions(seeds=40))
    assert seeds_until_the_end(schedule, 3, lambda _: 0.5) == list(range(1, 40))
    assert schedule.progress(1.0).seeds == 40


def test_schedule_ends_when_ten_seeds_in_a_row_bring_less_than_a_percent() -> None:
    def success(seed: int) -> float:
        return 0.4 + 0.05 * (seed == 5) + 0.0001 * (seed % 3) + 0.001 * (seed == 12)

    assert max(seeds_until_the_end(Schedule(SearchOptions()), 1, success)) == 5 + PATIENCE


def test_schedule_goes_on_while_ten_seeds_bring_a_percent() -> None:
    seeds = seeds_until_the_end(Schedule(SearchOptions()), 1, lambda seed: min(0.9, 0.4 + 0.002 * seed))
    assert max(seeds) > 200


def test_schedule_gives_up_a_region_that_always_gives_the_same() -> None:
    assert seeds_until_the_end(Schedule(SearchOptions()), 1, lambda _: 0.7) == [1, 2, 3, 4]


def test_schedule_tries_the_region_that_promises_more() -> None:
    def success(seed: int) -> float:
        return (0.5 if seed % 2 else 0.3) + 0.01 * math.sin(seed)

    seeds = seeds_until_the_end(Schedule(SearchOptions()), 2, success)
    good, poor = [sum(seed % 2 == odd for seed in seeds) for odd in (1, 0)]
    assert poor <= 4 < good, "the other one cannot reach it"


def test_schedule_counts_for_a_region_what_was_made_before_the_regions_were_known() -> None:
    schedule = Schedule(SearchOptions(level=3))
    handed_out = [schedule.first(), *(schedule.next() for _ in range(5))]
    assert handed_out == [(3, seed) for seed in range(6)]
    for seed in range(6):
        schedule.took(trial(seed, 0.5 + 0.01 * seed, regions=4))
    following = [schedule.next() for _ in range(7)]
    assert len({*following, *handed_out}) == 13, "no seed twice"
    assert sorted((seed - 1) % 4 for _, seed in filter(None, following)) == [0, 1, 1, 2, 2, 3, 3]


def test_schedule_gives_up_a_region_in_which_the_circuit_cannot_be_made() -> None:
    schedule = Schedule(SearchOptions(level=3))
    assert schedule.first() == (3, 0)
    schedule.took(trial(0, 0.5, regions=2))
    schedule.failed(2)
    following = [schedule.next() for _ in range(3)]
    assert [seed % 2 for _, seed in filter(None, following)] == [1, 1, 1]


def test_best_is_never_a_flagged_one_while_there_is_another() -> None:
    schedule = Schedule(SearchOptions())
    schedule.took(trial(1, 0.9, flagged=True))
    assert schedule.best is not None and schedule.best.flagged
    schedule.took(trial(2, 0.1))
    schedule.took(trial(3, 0.8, flagged=True))
    assert schedule.best.seed == 2
    assert [one.seed for one in schedule.leaders(3)] == [2, 1, 3]


def test_leaders_are_told_apart_by_their_figures() -> None:
    schedule = Schedule(SearchOptions())
    for seed, success in ((0, 0.5), (1, 0.5), (2, 0.6), (3, 0.6 + 1e-12)):
        schedule.took(trial(seed, success))
    assert [one.seed for one in schedule.leaders(6)] == [3, 0]


@pytest.mark.parametrize(("first", "second"), [(0.5, 0.4), (1e-200, 0.0), (0.3, 1e-320)])
def test_rank_goes_by_success(first: float, second: float) -> None:
    assert trial(9, first).rank < trial(1, second).rank


def test_rank_without_calibration_goes_by_two_qubit_gates() -> None:
    assert trial(9, None, gates=3).rank < trial(1, None, gates=4).rank


def test_progress_says_which_seed_brought_the_best() -> None:
    schedule = Schedule(SearchOptions())
    assert schedule.progress(0.0).words == "0 candidates in 0.0 s"
    schedule.took(trial(0, 0.5, level=0))
    assert schedule.progress(0.26) == SearchProgress(1, 0, None, 0.26)
    assert schedule.progress(0.26).words == "1 candidate in 0.3 s"
    for seed in range(3):
        schedule.took(trial(seed, 0.6 if seed == 1 else 0.55))
    assert schedule.progress(2.04).words == "4 candidates in 2.0 s, best of 3 seeds since 1"
