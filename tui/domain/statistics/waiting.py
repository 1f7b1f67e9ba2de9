"""Where a job's time went, and when one that waits may start."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from tui.common.values import Value
from tui.domain.jobs import Job, JobMetrics, JobStatus
from tui.domain.results import ExecutionSpan

NEWEST: Final = 20
"""Own jobs of a backend that an estimate looks at."""


class JobTime(Value, frozen=True):
    """Seconds of a job by what it did; `None` where that is not known.

    Attributes:
        waiting: from its creation to its start.
        preparing: from the start to the first execution.
        executing: from the first execution to the last, pauses between them included.
        after: from the last execution to the end.
        running: from the start to the end; the three before it where they are known.
        billed: QPU time that is charged.
    """

    waiting: float | None = None
    preparing: float | None = None
    executing: float | None = None
    after: float | None = None
    running: float | None = None
    billed: float | None = None


def job_time(job: Job, metrics: JobMetrics | None, spans: Sequence[ExecutionSpan], now: datetime) -> JobTime:
    """Return where the time of a job went.

    Args:
        job: with its times.
        metrics: the service's, which are exact.
        spans: when it was executed; none where that is not told.
        now: ends what has not ended.
    """
    created, started, finished = times_of(job, metrics)
    over = finished if job.over else now
    waiting = _between(created, started if started is not None or job.over else now)
    running = _between(started, over)
    measured = None if metrics is None else metrics.qpu_seconds
    billed = job.qpu_seconds if job.qpu_seconds is not None else measured
    if not spans or started is None:
        return JobTime(waiting, running=running, billed=billed)
    first, last = min(span.start for span in spans), max(span.stop for span in spans)
    return JobTime(
        waiting,
        _between(started, first),
        _between(first, last),
        _between(last, over),
        running,
        billed,
    )


def times_of(job: Job, metrics: JobMetrics | None) -> tuple[datetime, datetime | None, datetime | None]:
    """Return when a job was created, started and finished, the service's own times first."""
    seen = {step.status: step.at for step in job.timeline}
    started = (metrics and metrics.running) or job.started or seen.get(JobStatus.RUNNING)
    finished = (metrics and metrics.finished) or job.finished
    if finished is None and job.status.final:
        finished = seen.get(job.status)
    return (metrics and metrics.created) or job.created, started, finished


def _between(start: datetime | None, end: datetime | None) -> float | None:
    if start is None or end is None:
        return None
    return max(0.0, (end - start).total_seconds())


class StartEstimate(Value, frozen=True):
    """When a job that waits may start: an estimate from own jobs of the same backend.

    Attributes:
        queue: jobs in the backend's queue, as the service says; `None`: not told.
        waits: seconds that own jobs waited there, the newest first.
        runs: seconds that they ran.
        at: when it may start (UTC); `None` where nothing is known to go by.
    """

    queue: int | None = None
    waits: tuple[float, ...] = ()
    runs: tuple[float, ...] = ()
    at: datetime | None = None


def start_estimate(job: Job, others: Iterable[Job], queue: int | None, now: datetime) -> StartEstimate:
    """Estimate when a job that waits starts.

    With a queue and own jobs that ran on the backend: as many times their median run as jobs wait, else
    the median of their waits from its creation on; never before now.

    Args:
        job: the job.
        others: jobs, newest first.
        queue: length of the backend's queue.
        now: the time.
    """
    waits: list[float] = []
    runs: list[float] = []
    for other in others:
        if other.backend != job.backend or other.id == job.id or not other.status.final:
            continue
        created, started, finished = times_of(other, None)
        if started is None or other.status is not JobStatus.DONE:
            continue
        waits.append(max(0.0, (started - created).total_seconds()))
        if finished is not None:
            runs.append(max(0.0, (finished - started).total_seconds()))
        if len(waits) >= NEWEST:
            break
    at: datetime | None = None
    if queue is not None and runs:
        at = now + timedelta(seconds=queue * statistics.median(runs))
    elif waits:
        at = max(now, job.created + timedelta(seconds=statistics.median(waits)))
    return StartEstimate(queue, tuple(waits), tuple(runs), at)
