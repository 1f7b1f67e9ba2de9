"""Prices before a submit: prepared program, own jobs, and dry runs that nobody mistakes for data."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from tests.monitor.fakes import BELL
from tests.monitor.harness import MonitorHarness
from tui.common.errors import ErrorKind, QdeckError
from tui.domain.jobs import JobStatus
from tui.domain.pricing import DryRun, ProgramWork
from tui.domain.primitives import JobProgram
from tui.domain.submissions import Submission
from tui.monitor.state.events import JobsFinished
from tui.store.records.models import JobRecord

CUSCO = 2 + 8192 * 250e-6 + 0.05
"""Seconds by the formula of what the fake compiler prepares."""


@asynccontextmanager
async def entered(folder: Path, program: JobProgram = JobProgram.EXECUTOR) -> AsyncIterator[MonitorHarness]:
    harness = await MonitorHarness(folder, program=program).enter()
    try:
        yield harness
    finally:
        await harness.services.aclose()


async def learn(harness: MonitorHarness, **changes: object) -> None:
    """Let the history have a job of 4 s by the formula that was charged 6 s, with changes."""
    known = sum(1 for _ in harness.app_state.history.records())
    job = replace(harness.host.add(JobStatus.DONE, age=3600.0 + known, program="executor"), qpu_seconds=6.0)
    formula = changes.pop("formula_seconds", 4.0)
    assert formula is None or isinstance(formula, float)
    record = JobRecord(replace(job, **changes), finalized=True, formula_seconds=formula)  # type: ignore[arg-type]
    await harness.app_state.jobs.upsert([record])


async def charged_dry_run(harness: MonitorHarness, submission: Submission = BELL) -> DryRun:
    """Run it dry, and let the service end the job."""
    prepared = await harness.services.transpiler.prepared(submission)
    return await dry_run_ends(harness, harness.services.pricing.dry_run(prepared), JobStatus.DONE)


async def dry_run_ends(harness: MonitorHarness, dry_run: Awaitable[DryRun], status: JobStatus) -> DryRun:
    running = asyncio.ensure_future(dry_run)
    await harness.clock.settle()
    if not running.done():
        harness.host.turn(next(reversed(harness.host.jobs)), status)
        await harness.clock.run_until(running.done)
    return running.result()


async def test_formula_is_of_the_prepared_program(tmp_path: Path) -> None:
    async with entered(tmp_path) as harness:
        priced = await harness.services.pricing.price(BELL)
        assert priced.price.formula == pytest.approx(CUSCO)
        assert (priced.price.own, priced.price.dry_run) == (None, None)
        assert priced.price.seconds == priced.price.formula
        assert not harness.host.submitted


async def test_program_that_was_priced_is_submitted_without_preparing_it_again(tmp_path: Path) -> None:
    async with entered(tmp_path) as harness:
        priced = await harness.services.pricing.price(BELL)
        job = await harness.services.outbox.submit(priced.submission)
        (sent,) = harness.host.submitted
        assert (sent.params, len(harness.compiler.prepared)) == (priced.submission.params, 1)
        record = harness.app_state.jobs.record(job.id)
        assert record is not None and record.formula_seconds == pytest.approx(CUSCO)


async def test_batch_is_priced_job_by_job_and_copies_are_prepared_once(tmp_path: Path) -> None:
    async with entered(tmp_path) as harness:
        jobs = [*(replace(BELL, name=f"bell {copy}") for copy in (1, 2)), replace(BELL, shots=7)]
        pricing = harness.services.pricing
        priced = await pricing.price_batch(BELL, jobs)
        assert priced.price.formula == pytest.approx(3 * CUSCO) and priced.price.own is None
        assert [(one.name, bool(one.params)) for one in priced.jobs] == [
            ("bell 1", True),
            ("bell 2", True),
            (BELL.name, True),
        ]
        assert len(harness.compiler.prepared) == 2
        for _ in range(12):
            await learn(harness)
        known = pricing.known_batch(replace(BELL, max_seconds=3), priced.jobs).price
        assert known.own is not None and known.own.jobs == 12
        assert (known.formula, known.seconds) == (9.0, 9.0)


async def test_price_is_corrected_by_own_jobs_of_the_backend_and_program(tmp_path: Path) -> None:
    async with entered(tmp_path) as harness:
        for _ in range(12):
            await learn(harness)
        price = (await harness.services.pricing.price(BELL)).price
        assert price.own is not None and price.own.jobs == 12
        assert price.own.past_error == pytest.approx(1 / 3)
        assert price.seconds == price.own.seconds == pytest.approx(1.5 * CUSCO, rel=0.1)
        assert price.own.low < price.own.seconds < price.own.high


@pytest.mark.parametrize(
    "changes",
    [
        {"backend": "ibm_fez"},
        {"backend": "mock_cusco"},
        {"program": "sampler"},
        {"status": JobStatus.FAILED},
        {"status": JobStatus.RUNNING},
        {"qpu_seconds": None},
        {"qpu_seconds": 0.0},
        {"formula_seconds": None},
        {"instance": "crn:two"},
        {"service": "classic"},
    ],
)
async def test_price_is_not_learned_from_other_jobs(tmp_path: Path, changes: dict[str, object]) -> None:
    async with entered(tmp_path) as harness:
        await learn(harness, **changes)
        assert (await harness.services.pricing.price(BELL)).price.own is None


async def test_limit_of_the_service_ends_the_pricing(tmp_path: Path) -> None:
    async with entered(tmp_path) as harness:
        harness.compiler.work = ProgramWork(10_000_001, 1.0, 0, 0, 0, 0)
        with pytest.raises(QdeckError, match=r"10,000,001 executions; the service's limit is 10,000,000"):
            await harness.services.pricing.price(BELL)


async def test_service_primitive_is_priced_as_its_submission_says(tmp_path: Path) -> None:
    async with entered(tmp_path, JobProgram.LEGACY) as harness:
        await learn(harness, program="sampler")
        price = (await harness.services.pricing.price(replace(BELL, formula_seconds=4.0))).price
        assert price.formula == 4.0 and price.own is not None and price.own.jobs == 1
        assert (await harness.services.pricing.price(BELL)).price.seconds is None


async def test_usage_is_asked_for_when_the_service_has_not_told_it(tmp_path: Path) -> None:
    async with entered(tmp_path) as harness:
        assert (await harness.services.pricing.usage()) == harness.services.connection.usage
        harness.services.connection.usage = None
        before = harness.host.count("usage")
        usage = await harness.services.pricing.usage()
        assert usage is not None and usage.limit_seconds == 600.0
        assert harness.host.count("usage") == before + 1


async def test_dry_run_asks_the_twin_and_tells_usage_and_timing(tmp_path: Path) -> None:
    async with entered(tmp_path) as harness:
        harness.host.charge = 8.5
        timing = {"metadata": {"scheduler_timing": {"timing": "", "circuit_duration": 4416}}, "results": {}}
        harness.host.result_body = json.dumps({"data": [timing]}).encode()
        answer = await charged_dry_run(harness, replace(BELL, session_id="s", tags=("demo",), max_seconds=1))
        (sent,) = harness.host.submitted
        assert (sent.backend, sent.session_id, sent.tags, sent.max_seconds) == ("mock_cusco", "", (), None)
        assert sent.params
        assert answer == DryRun("job-0000", 8.5, (4416,), None)


async def test_dry_run_is_in_no_list_and_its_record_is_marked(tmp_path: Path) -> None:
    async with entered(tmp_path) as harness:
        answer = await charged_dry_run(harness)
        record = harness.app_state.jobs.record(answer.job_id)
        assert record is not None and record.dry_run and not record.result_kept
        assert harness.services.jobs.all() == () and not harness.services.jobs.unread()
        assert not harness.published(JobsFinished)
        result = await harness.services.jobs.result(answer.job_id)
        assert result.dry_run and result.pubs == ()
        polls = harness.host.count("job")
        await harness.clock.advance(120)
        assert harness.host.count("job") == polls, "nobody watches it any more"
        await harness.services.account.sign_out()
        assert harness.services.jobs.all() == ()
    again = MonitorHarness(tmp_path, harness.host, seed=2)
    await again.services.start()
    assert again.services.jobs.all() == ()
    await again.services.aclose()


async def test_dry_run_that_the_plan_refuses_is_asked_for_once(tmp_path: Path) -> None:
    async with entered(tmp_path) as harness:
        prepared = await harness.services.transpiler.prepared(BELL)
        no = QdeckError(
            ErrorKind.FORBIDDEN, "Dry runs are not available on this plan.", code="1200", status=403
        )
        harness.host.faults["submit"] = [no]
        pricing = harness.services.pricing
        before = pricing.dry_run_refusal
        for _ in range(2):
            with pytest.raises(QdeckError, match="not available on this plan"):
                await pricing.dry_run(prepared)
        assert (before, pricing.dry_run_refusal, harness.host.count("submit")) == (None, no, 1)


@pytest.mark.parametrize(
    "error",
    [
        QdeckError(ErrorKind.FORBIDDEN, "You have reached the limit of 3 pending jobs.", code="3458"),
        QdeckError(ErrorKind.RATE_LIMITED, "Too many requests."),
        QdeckError(ErrorKind.SERVER, "Maintenance."),
        QdeckError(ErrorKind.PROTOCOL, "A gateway answered."),
    ],
)
async def test_dry_run_that_fails_for_now_may_be_asked_for_again(tmp_path: Path, error: QdeckError) -> None:
    async with entered(tmp_path) as harness:
        harness.host.faults["submit"] = [error]
        prepared = await harness.services.transpiler.prepared(BELL)
        with pytest.raises(QdeckError):
            await harness.services.pricing.dry_run(prepared)
        assert harness.services.pricing.dry_run_refusal is None
        assert (await charged_dry_run(harness)).seconds == 2.0


async def test_dry_run_of_a_job_that_would_fail_says_why(tmp_path: Path) -> None:
    async with entered(tmp_path) as harness:
        prepared = await harness.services.transpiler.prepared(BELL)
        running = asyncio.ensure_future(harness.services.pricing.dry_run(prepared))
        await harness.clock.settle()
        failed = replace(
            harness.host.jobs["job-0000"], reason="A gate is not in the target.", reason_code="1517"
        )
        harness.host.jobs["job-0000"] = replace(failed, status=JobStatus.FAILED)
        await harness.clock.run_until(running.done)
        with pytest.raises(QdeckError, match="A gate is not in the target") as caught:
            running.result()
        assert (caught.value.kind, caught.value.code) == (ErrorKind.CIRCUIT, "1517")


async def test_dry_run_outlives_answers_that_do_not_come(tmp_path: Path) -> None:
    async with entered(tmp_path) as harness:
        prepared = await harness.services.transpiler.prepared(BELL)
        harness.host.faults["job"] = [QdeckError(ErrorKind.SERVER, "Down.")] * 3
        dry_run = harness.services.pricing.dry_run(prepared)
        assert (await dry_run_ends(harness, dry_run, JobStatus.DONE)).seconds == 2.0


async def test_dry_run_nobody_waits_for_is_cancelled(tmp_path: Path) -> None:
    async with entered(tmp_path) as harness:
        prepared = await harness.services.transpiler.prepared(BELL)
        running = asyncio.ensure_future(harness.services.pricing.dry_run(prepared))
        await harness.clock.settle()
        running.cancel()
        await harness.clock.settle()
        assert running.cancelled() and harness.host.count("cancel") == 1


async def test_dry_run_whose_usage_is_not_told_has_no_seconds(tmp_path: Path) -> None:
    async with entered(tmp_path) as harness:
        harness.host.charge = None
        assert (await charged_dry_run(harness)).seconds is None


async def test_service_primitive_has_no_dry_run(tmp_path: Path) -> None:
    async with entered(tmp_path, JobProgram.LEGACY) as harness:
        with pytest.raises(QdeckError, match="for quantum programs"):
            await harness.services.pricing.dry_run(BELL)
        assert not harness.host.submitted
