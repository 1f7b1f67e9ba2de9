"""The list of jobs is in order after every change, as if it were sorted anew."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from tests.store.samples import sample_job
from tui.domain.jobs import Job
from tui.monitor.state.sorted_jobs import SortedJobs

_jobs = st.builds(
    lambda number, minute, name: replace(sample_job(minute), id=f"j{number}", name=name),
    st.integers(0, 60),
    st.integers(0, 30),
    st.sampled_from(["", "bell"]),
)
_steps = st.lists(st.tuples(st.booleans(), st.lists(_jobs, max_size=30)), max_size=8)


@given(_steps)
def test_sorted_jobs_equal_a_full_sort_after_any_changes(steps: list[tuple[bool, list[Job]]]) -> None:
    roster = SortedJobs()
    expected: dict[tuple[str, str], Job] = {}
    for take_in, jobs in steps:
        if take_in:
            roster.upsert(jobs)
            expected |= {(job.service, job.id): job for job in jobs}
        else:
            roster.remove([(job.service, job.id) for job in jobs])
            for job in jobs:
                expected.pop((job.service, job.id), None)
        newest_first = sorted(expected.values(), key=lambda job: (job.created, job.id), reverse=True)
        assert list(roster.jobs) == newest_first
        named = roster.only(lambda job: job.name == "bell")
        assert list(named.jobs) == [job for job in newest_first if job.name == "bell"]
        assert named.ids() == {job.id for job in named.jobs}
