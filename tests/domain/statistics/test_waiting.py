"""Where a job's time went, and when one that waits may start."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from tui.domain.jobs import Job, JobMetrics, JobStatus, StatusStep
from tui.domain.results import ExecutionSpan
from tui.domain.statistics.waiting import job_time, start_estimate

NOW = datetime(2026, 3, 14, 15, 0, 0, tzinfo=UTC)


def _at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def _job(number: int, status: JobStatus = JobStatus.DONE, **more: object) -> Job:
    base = Job(f"j{number}", "platform", "ibm_fez", "sampler", status, _at(-1000))
    return replace(base, **more)  # type: ignore[arg-type]


def test_time_of_a_job_by_what_it_did() -> None:
    job = _job(1, started=_at(-900), finished=_at(-800), qpu_seconds=3.0)
    spans = (ExecutionSpan(_at(-890), _at(-880)), ExecutionSpan(_at(-860), _at(-850)))
    found = job_time(job, None, spans, NOW)
    assert (found.waiting, found.preparing, found.executing, found.after) == (100, 10, 40, 50)
    assert (found.running, found.billed) == (100, 3.0)
    exact = JobMetrics(_at(-1000), _at(-950), _at(-700), 2.5)
    found = job_time(replace(job, qpu_seconds=None), exact, (), NOW)
    assert (found.waiting, found.running, found.preparing, found.billed) == (50, 250, None, 2.5)


def test_time_of_a_job_that_goes_on_ends_now() -> None:
    waits = job_time(_job(1, JobStatus.QUEUED), None, (), NOW)
    assert (waits.waiting, waits.running) == (1000, None)
    runs = _job(1, JobStatus.RUNNING, timeline=(StatusStep(JobStatus.RUNNING, _at(-60)),))
    found = job_time(runs, None, (), NOW)
    assert (found.waiting, found.running) == (940, 60)


def test_start_is_estimated_from_own_jobs_of_the_backend() -> None:
    others = [
        _job(place, created=_at(-5000), started=_at(-5000 + wait), finished=_at(-5000 + wait + 6))
        for place, wait in enumerate((100, 300, 2000), 10)
    ]
    others.append(_job(20, backend="ibm_other", created=_at(-9), started=_at(-1), finished=_at(0)))
    waits = _job(1, JobStatus.QUEUED, created=_at(-10))
    by_history = start_estimate(waits, others, None, NOW)
    assert by_history.waits == (100, 300, 2000)
    assert by_history.at == _at(290)
    by_queue = start_estimate(waits, others, 5, NOW)
    assert by_queue.at == _at(30)
    late = start_estimate(replace(waits, created=_at(-5000)), others, None, NOW)
    assert late.at == NOW
    assert start_estimate(waits, [], 5, NOW).at is None
