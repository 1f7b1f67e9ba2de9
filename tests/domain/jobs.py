"""Jobs for the tests of what is said of jobs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from tui.domain.jobs import Job, JobStatus

NOW = datetime(2026, 3, 14, 15, 9, 26, tzinfo=UTC)

WORDS = st.sampled_from(
    ["", "vqe", "VQE-7", "ibm_cusco", "ibm_fez", "demo", "a b", 'say "hi"', "ß", "-x", "a,b"]
)


@st.composite
def some_job(draw: st.DrawFn) -> Job:
    """A job with few different values, so that they are often equal."""
    return Job(
        id=draw(st.text(min_size=1, max_size=8)),
        service=draw(st.sampled_from(["platform", "sandbox platform"])),
        backend=draw(WORDS),
        program=draw(st.sampled_from(["sampler", "estimator"])),
        status=draw(st.sampled_from(JobStatus)),
        created=NOW - timedelta(seconds=draw(st.integers(0, 10**6))),
        name=draw(WORDS),
        session_id=draw(WORDS),
        tags=tuple(draw(st.lists(WORDS, max_size=3))),
        reason=draw(WORDS),
        shots=draw(st.none() | st.integers(0, 5000)),
        qpu_seconds=draw(st.none() | st.floats(0, 100)),
        finished=draw(st.none() | st.just(NOW)),
    )
