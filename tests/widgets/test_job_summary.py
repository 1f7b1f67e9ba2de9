"""The facts of a job in words."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from tests.support.circuits import bell_candidate
from tests.support.fixed_values import NOW, jobs
from tui.domain.circuits import Maker
from tui.domain.jobs import JobMetrics, JobStatus
from tui.widgets.results.job_summary import details_lines, facts
from tui.widgets.text.format import format_datetime
from tui.widgets.text.styled_text import StyledLine

QUEUED = next(job for job in jobs() if job.status is JobStatus.QUEUED)
METRICS = JobMetrics(
    created=NOW,
    estimated_start=NOW + timedelta(minutes=5),
    estimated_completion=NOW + timedelta(minutes=6),
    queue_position=1234,
    provider_position=7,
)


def text(lines: list[StyledLine]) -> str:
    return "\n".join("".join(span.text for span in each) for each in lines)


def test_facts_of_queued_job_have_the_queue_position() -> None:
    told = text(facts(QUEUED, NOW, 80, metrics=METRICS))
    assert "position 1,234 (7 in the provider)" in told
    assert f"expected to start {format_datetime(METRICS.estimated_start)}" in told
    assert "queue  " not in text(facts(QUEUED, NOW, 80, metrics=JobMetrics(created=NOW)))
    running = replace(QUEUED, status=JobStatus.RUNNING)
    assert "position" not in text(facts(running, NOW, 80, metrics=METRICS)), "it was, when it was asked"


def test_details_have_expected_times_when_known() -> None:
    told = text(details_lines(QUEUED, METRICS))
    assert f"expected end {format_datetime(METRICS.estimated_completion)}" in " ".join(told.split())
    assert "queue position" in told
    assert "expected" not in text(details_lines(QUEUED, JobMetrics(created=NOW)))


def test_facts_say_with_what_the_circuit_was_transpiled() -> None:
    made = replace(bell_candidate(), at=NOW).transpilation
    for maker, words in (
        (Maker.QISKIT, "level 1, here, seed"),
        (Maker.FRACTIONAL, "level 1, fract., seed"),
        (Maker.PYTKET, "level 1, pytket, seed"),
    ):
        one = replace(made, options=replace(made.options, seed=7, maker=maker))
        assert words in text(facts(QUEUED, NOW, 80, transpilation=one))


def test_details_have_the_options_that_were_chosen() -> None:
    chosen = replace(QUEUED, options=(("resilience_level", "2"), ("twirling.strategy", '"active"')))
    told = [line.split("  ") for line in text(details_lines(chosen, None)).splitlines()]
    assert any(row[0] == " options" and row[-1].strip() == "resilience_level = 2" for row in told)
    assert 'twirling.strategy = "active"' in text(details_lines(chosen, None))
    assert "none known here" in text(details_lines(QUEUED, None))
