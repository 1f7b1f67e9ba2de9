"""Where a job's time went, as lines: the way, the bar, the queue, what was billed, the executions."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from tests.support.fixed_values import NOW, ago, jobs
from tui.domain.jobs import JobMetrics, JobStatus
from tui.domain.results import ExecutionSpan
from tui.domain.statistics.waiting import StartEstimate, job_time
from tui.widgets.results.time_lines import time_page
from tui.widgets.text.styled_text import text_of

DONE = next(job for job in jobs() if job.name == "bell")
QUEUED = next(job for job in jobs() if job.status is JobStatus.QUEUED)


def _page(job: object, *spans: ExecutionSpan, width: int = 78, **more: object) -> str:
    time = job_time(job, None, spans, NOW)  # type: ignore[arg-type]
    return "\n".join(
        text_of(row).rstrip()
        for row in time_page(job, None, time, spans, NOW, width, **more)  # type: ignore[arg-type]
    )


def test_way_of_a_job_and_what_was_billed() -> None:
    page = _page(replace(DONE, estimated_seconds=4.2), formula=2.1)
    assert "waiting 12 s ─ QPU 2.1 s ─ other 3.9 s ─ done" in page
    assert "billed           2.1 s" in page
    assert "estimate         4.2 s  100 % too high" in page
    assert "IBM's formula    2.1 s  right" in page
    wide = _page(DONE, width=118)
    assert f"created {DONE.created.astimezone():%H:%M:%S} ─ waiting" in wide
    bar = page.splitlines()[1]
    assert bar.count("░") > bar.count("▒") > bar.count("█") > 0


def test_executions_are_drawn_on_one_axis() -> None:
    start = DONE.started
    assert start is not None
    spans = (
        ExecutionSpan(start + timedelta(seconds=1), start + timedelta(seconds=2), ((0, 500),)),
        ExecutionSpan(start + timedelta(seconds=4), start + timedelta(seconds=5), ((1, 24),)),
    )
    page = _page(DONE, *spans)
    assert "preparing 1.0 s ─ QPU 4.0 s ─ after 1.0 s ─ done" in page
    assert "2 over 4.0 s, the device busy for 2.0 s" in page
    first, second = (row for row in page.splitlines() if row.startswith(" PUB"))
    assert "PUB 1  500" in first and "PUB 2  24" in second
    assert first.rindex("█") < second.index("█")
    many = tuple(ExecutionSpan(spans[0].start, spans[0].stop, ((0, 1),)) for _ in range(1000))
    assert len(_page(DONE, *many).splitlines()) < 60


def test_queued_job_has_an_estimate_of_its_start_that_is_called_one() -> None:
    estimate = StartEstimate(12, (60.0, 600.0, 120.0), (5.0,), NOW + timedelta(minutes=4))
    page = _page(QUEUED, start=estimate)
    assert "12 jobs of this backend" in page
    assert "an estimate      starts in about 4m, by the queue and your last runs here" in page
    assert "1m to 10m, half of them 2m or less, the last 3 times" in page
    assert "none: no job of yours ran" in _page(QUEUED, start=StartEstimate(None))
    told = JobMetrics(queue_position=7, estimated_start=ago(minutes=-9))
    time = job_time(QUEUED, told, (), NOW)
    lines = time_page(QUEUED, told, time, (), NOW, 78, start=estimate)
    page = "\n".join(map(text_of, lines))
    assert "place in line    7" in page and "says the service" in page
