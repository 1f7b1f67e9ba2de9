"""Rows of jobs: filtered, sorted, grouped, and the same after changes as when made from the beginning."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.jobs import NOW, some_job
from tests.support.fixed_values import jobs
from tui.domain.jobs import Job, JobStatus
from tui.jobquery import job_list
from tui.jobquery.filters import JobFilter, matcher, parse_filter
from tui.jobquery.job_list import HEAD, NEWEST_FIRST, SORT_KEYS, Grouping, JobList, Order, build_rows

ORDERS = st.builds(Order, st.sampled_from(sorted(SORT_KEYS)), st.booleans())
FILTERS = st.sampled_from(["", "vqe", "status:done", "shots>100", "-tag:demo"]).map(parse_filter)


def newest_first(jobs: list[Job]) -> list[Job]:
    """As the services gives them, each id once."""
    once = {job.id: job for job in jobs}
    return sorted(once.values(), key=lambda job: job.created, reverse=True)


@given(st.lists(some_job(), max_size=30), ORDERS)
def test_build_rows_sorts_unknown_last_and_equals_newest_first(jobs: list[Job], order: Order) -> None:
    given_jobs = newest_first(jobs)
    rows = build_rows(given_jobs, None, order).rows
    by_id = {job.id: job for job in given_jobs}
    key = SORT_KEYS[order.column]
    known = [key(by_id[row]) for row in rows if key(by_id[row]) is not None]
    assert known == sorted(known, reverse=order.descending)  # type: ignore[type-var]  # every column sorts
    assert all(key(by_id[row]) is None for row in rows[len(known) :])
    assert sorted(rows) == sorted(by_id)
    places = {job.id: place for place, job in enumerate(given_jobs)}
    for one, other in itertools.pairwise(rows):
        if key(by_id[one]) == key(by_id[other]):
            assert places[one] < places[other]


@given(st.lists(some_job(), max_size=60), ORDERS)
def test_build_rows_sorts_in_pieces_as_in_one(jobs: list[Job], order: Order) -> None:
    given_jobs = newest_first(jobs)
    whole = build_rows(given_jobs, None, order)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(job_list, "_PIECE", 3)
        assert build_rows(given_jobs, None, order) == whole


@given(st.lists(some_job(), max_size=30), st.sampled_from([Grouping.SESSION, Grouping.TAG]))
def test_build_rows_puts_every_job_in_one_group_and_those_without_last(
    jobs: list[Job], grouping: Grouping
) -> None:
    given_jobs = newest_first(jobs)
    arranged = build_rows(given_jobs, grouping=grouping)
    assert [row for row in arranged.rows if row.startswith(HEAD)] == list(arranged.groups)
    assert sorted(row for row in arranged.rows if row not in arranged.groups) == sorted(
        j.id for j in given_jobs
    )
    for head, members in arranged.groups.items():
        at = list(arranged.rows).index(head)
        assert list(arranged.rows[at + 1 : at + 1 + len(members)]) == list(members)
    if HEAD in arranged.groups:
        assert list(arranged.groups)[-1] == HEAD
    folded = build_rows(given_jobs, grouping=grouping, folded=frozenset(arranged.groups))
    assert list(folded.rows) == list(arranged.groups)
    assert folded.shown == len(given_jobs)


def test_build_rows_groups_a_job_by_its_most_common_tag() -> None:
    tags = {"1": ("a", "vqe"), "2": ("vqe",), "3": ("b", "vqe"), "4": ("x", "y"), "5": ()}
    some = jobs()[0]
    given_jobs = [replace(some, id=job_id, tags=of_job) for job_id, of_job in tags.items()]
    groups = build_rows(given_jobs, grouping=Grouping.TAG).groups
    assert groups == {HEAD + "vqe": ["1", "2", "3"], HEAD + "x": ["4"], HEAD: ["5"]}
    # Of the jobs that are shown: a filter may leave another tag the most common.
    few = build_rows([given_jobs[0], given_jobs[3]], grouping=Grouping.TAG).groups
    assert groups != few and few == {HEAD + "a": ["1"], HEAD + "x": ["4"]}


@given(
    st.lists(some_job(), min_size=1, max_size=15),
    st.lists(some_job(), max_size=6),
    st.data(),
    ORDERS,
    FILTERS,
    st.sampled_from(Grouping),
)
def test_job_list_changes_give_the_rows_of_a_fresh_list(
    jobs: list[Job],
    others: list[Job],
    data: st.DataObject,
    order: Order,
    wanted: JobFilter,
    grouping: Grouping,
) -> None:
    before = newest_first(jobs)
    some = data.draw(st.lists(st.sampled_from(before)))
    changed = [replace(job, status=data.draw(st.sampled_from(JobStatus)), tags=("vqe",)) for job in some]
    removed = data.draw(st.lists(st.sampled_from([job.id for job in before])))
    after = newest_first([*(job for job in [*before, *others, *changed])])
    after = [job for job in after if job.id not in removed]
    batch = [job for job in after if job in changed or job in others]

    shown = JobList()
    shown.filter, shown.order, shown.grouping = wanted, order, grouping
    shown.replace_all(before)
    rows = shown.rows_builder(NOW)().rows
    if shown.apply_changes(batch, removed, lambda: after):
        rows = shown.rows_builder(NOW)().rows
    fresh = JobList()
    fresh.filter, fresh.order, fresh.grouping = wanted, order, grouping
    fresh.replace_all(after)
    assert list(rows) == list(fresh.rows_builder(NOW)().rows)
    assert all(shown.get(job.id) == job for job in after)


def test_jobs_without_what_they_are_sorted_by_come_last_either_way() -> None:
    bare = Job("bare", "platform", "b", "sampler", JobStatus.QUEUED, NOW)
    full = replace(
        bare,
        id="full",
        name="a",
        session_id="s",
        shots=1,
        qpu_seconds=0.5,
        tags=("t", "slurm:7"),
        finished=NOW,
        instance="crn",
        reason="r",
        estimated_seconds=1.0,
    )
    without = {column for column, key in SORT_KEYS.items() if key(bare) is None}
    assert {"session", "shots"} <= without
    for column in without:
        for descending in (False, True):
            assert list(build_rows([bare, full], None, Order(column, descending)).rows) == ["full", "bare"]


def test_jobs_sorted_by_status_begin_with_what_needs_attention() -> None:
    statuses = ["running", "queued", "unknown", "failed", "done", "cancelled"]
    given_jobs = [replace(jobs()[0], id=name, status=JobStatus(name)) for name in reversed(statuses)]
    assert list(build_rows(given_jobs, None, Order("status")).rows) == statuses


SOME = jobs()[0]
FIVE = [replace(SOME, id=str(n), name=f"job {n}", shots=n, tags=("a",)) for n in range(5)]


def listed(wanted: str = "", order: Order = NEWEST_FIRST, grouping: Grouping = Grouping.NONE) -> JobList:
    """Return the five jobs, whose rows were built once."""
    shown = JobList()
    shown.filter, shown.order, shown.grouping = parse_filter(wanted), order, grouping
    shown.replace_all(FIVE)
    shown.rows_builder(NOW)()
    return shown


def moves(shown: JobList, job: Job) -> bool:
    """Apply a changed job; return whether rows have to be built anew. All jobs must not be asked for."""
    return shown.apply_changes([job], [], lambda: pytest.fail("the job stays where it is"))


def test_rows_are_built_anew_when_a_job_begins_or_ends_to_fit_the_filter() -> None:
    assert moves(listed("name:job"), replace(FIVE[2], name="other"))
    assert moves(listed("name=other"), replace(FIVE[2], name="other"))
    assert not moves(listed("name:job"), replace(FIVE[2], name="job of another name"))


def test_rows_are_built_anew_when_what_they_are_sorted_or_grouped_by_changes() -> None:
    by_shots = Order("shots", True)
    assert moves(listed(order=by_shots), replace(FIVE[2], shots=99))
    assert not moves(listed(order=by_shots), replace(FIVE[2], name="other"))
    assert not moves(listed(), replace(FIVE[2], shots=99))
    assert moves(listed(grouping=Grouping.TAG), replace(FIVE[2], tags=("b",)))
    assert not moves(listed(grouping=Grouping.TAG), replace(FIVE[2], shots=99))


def test_rows_are_built_anew_when_a_job_goes_or_comes() -> None:
    shown = listed()
    assert not shown.apply_changes([], ["nowhere"], list)
    assert shown.apply_changes([], ["3"], list)
    assert shown.get("3") is None and len(shown) == 4
    new = replace(SOME, id="new")
    assert shown.apply_changes([new], [], lambda: [new, *FIVE])
    assert list(shown.rows_builder(NOW)().rows) == ["new", "0", "1", "2", "3", "4"]


def test_list_sorts_quickly_while_it_is_short_or_as_it_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    by_name = Order("name")
    monkeypatch.setattr(job_list, "_MANY", 5)
    assert listed(order=by_name).sorts_quickly
    monkeypatch.setattr(job_list, "_MANY", 4)
    assert listed().sorts_quickly
    for slow in (listed("a"), listed(order=by_name), listed(grouping=Grouping.TAG)):
        assert not slow.sorts_quickly


def test_jobs_are_grouped_filtered_and_sorted_by_the_slurm_job_of_their_tag() -> None:
    bare = Job("bare", "platform", "b", "sampler", JobStatus.DONE, NOW)
    jobs = [
        replace(bare, id=name, tags=tags)
        for name, tags in (
            ("a", ("slurm:9",)),
            ("b", ("x", "slurm:12")),
            ("c", ("slurm:9", "x")),
            ("d", ("x",)),
        )
    ]
    rows = build_rows(jobs, None, NEWEST_FIRST, Grouping.SLURM)
    assert {head.removeprefix(HEAD): list(ids) for head, ids in rows.groups.items()} == {
        "9": ["a", "c"],
        "12": ["b"],
        "": ["d"],
    }
    keep = matcher(parse_filter("slurm=9").terms, NOW)
    assert list(build_rows(jobs, keep).rows) == ["a", "c"]
    assert list(build_rows(jobs, None, Order("slurm")).rows) == ["a", "c", "b", "d"]
    assert not Grouping.SLURM.same(jobs[0], jobs[1]) and Grouping.SLURM.same(jobs[0], jobs[2])
