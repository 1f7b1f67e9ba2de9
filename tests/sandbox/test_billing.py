"""Charges of executor jobs."""

from __future__ import annotations

import math
import statistics
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tui.sandbox.core.billing import Billing
from tui.sandbox.core.devices import DEVICES
from tui.sandbox.db.models import Job
from tui.sandbox.server.job_views import job_view
from tui.sandbox.simulator.base.values import RunOutcome

NOW = datetime(2026, 11, 1, tzinfo=UTC)


def job(number: int, backend: str, program: str = "executor") -> Job:
    return Job(f"job{number}", "platform", program, backend, NOW)


def outcome(seconds: float) -> RunOutcome:
    return RunOutcome("Completed", "{}", qpu_seconds=2 + seconds, execution_ns=round(seconds * 1e9))


def test_charge_is_the_same_for_one_job_and_varies_between_jobs() -> None:
    billing = Billing("seed")
    charges = [billing.charge(job(number, "ibm_fez"), outcome(10)) for number in range(50)]
    assert charges == [Billing("seed").charge(job(number, "ibm_fez"), outcome(10)) for number in range(50)]
    assert charges != [Billing("other").charge(job(number, "ibm_fez"), outcome(10)) for number in range(50)]
    assert len(set(charges)) == 50


@pytest.mark.parametrize("name", DEVICES)
def test_dry_run_is_told_the_median_charge(name: str) -> None:
    billing = Billing("seed")
    charges = [billing.charge(job(number, name), outcome(8)) for number in range(2000)]
    dry = billing.charge(job(0, name.replace("ibm_", "mock_")), outcome(8))
    assert statistics.median(charges) == pytest.approx(dry, rel=0.02)
    spread = statistics.stdev(math.log(charge) for charge in charges)
    assert 0.1 < spread < 0.2


def test_charge_of_older_programs_and_failures_is_the_engines() -> None:
    billing = Billing("seed")
    assert billing.charge(job(1, "ibm_fez", "sampler"), outcome(3)) == 5
    failed = RunOutcome("Failed", reason="no", qpu_seconds=0.0)
    assert billing.charge(job(1, "ibm_fez"), failed) == 0


def test_formula_alone_misses_by_more_than_a_fifth_often() -> None:
    """A client that learns nothing is right within 20 % for about half of the jobs."""
    billing = Billing("seed")
    hits = [
        abs(2 + seconds - (charge := billing.charge(job(number, name), outcome(seconds)))) <= 0.2 * charge
        for name in DEVICES
        for number, seconds in enumerate([1, 2, 4, 8, 16, 32, 64] * 100)
    ]
    assert 0.35 < statistics.mean(hits) < 0.6


def test_estimated_running_time_follows_the_formula_and_not_the_charge() -> None:
    ended = replace(job(1, "ibm_fez"), status="Completed", execution_ns=3_250_000_000, qpu_seconds=7.1)
    view = job_view(ended, "user", "2026-04-15")
    assert view["estimated_running_time_seconds"] == 5.25
    assert view["usage"]["qpu_charge_time_seconds"] == 7.1
    assert "estimated_running_time_seconds" not in job_view(job(1, "ibm_fez"), "user", "2026-04-15")
