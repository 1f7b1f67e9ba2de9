"""Prices of `qdeck run`: shown before anything is sent, refused beyond what is left, dry runs."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.monitor.fake_compiler import PreparingCompiler
from tests.monitor.harness import MonitorHarness
from tests.monitor.test_send_queue import SANDBOX
from tests.support.fixed_values import identity
from tui.commands.circuits import run as run_module
from tui.commands.circuits.run_request import GivenValues, RunRequest
from tui.commands.shared.context import OpenServices
from tui.commands.shared.output import Exit, UsageFault
from tui.commands.shared.prices import price_facts
from tui.common.errors import ErrorKind, QdeckError
from tui.domain.accounts import Usage
from tui.domain.circuits import CheckReport
from tui.domain.cloud_transpiler import NOTHING_ASKED
from tui.domain.jobs import JobStatus
from tui.domain.pricing import Correction, DryRun, Price
from tui.domain.primitives import JobProgram

LITTLE = Usage(598.0, 600.0)
"""2 s are left; a run takes 4.1 s by the formula."""


@asynccontextmanager
async def opened(
    folder: Path, monkeypatch: pytest.MonkeyPatch, usage: Usage | None = LITTLE
) -> AsyncIterator[MonitorHarness]:
    async def check(self: PreparingCompiler, qasm: str) -> CheckReport:
        return CheckReport((), measures=True)

    monkeypatch.setattr(PreparingCompiler, "check", check)
    harness = await MonitorHarness(folder, program=JobProgram.EXECUTOR).enter(SANDBOX)
    harness.services.connection.usage = usage
    try:
        yield harness
    finally:
        await harness.services.aclose()


async def run(harness: MonitorHarness, **options: Any) -> Exit:
    """Run a circuit; its job ends as soon as it is there.

    Raises:
        UsageFault, QdeckError: as the command.
    """
    request = RunRequest(("bell.qasm",), backend="ibm_cusco", **options)
    work = run_module._submit_and_wait(
        OpenServices(harness.services, identity()), request, NOTHING_ASKED, GivenValues(), ["OPENQASM 3;"]
    )
    running = asyncio.ensure_future(work)
    await harness.clock.run_until(lambda: running.done() or bool(harness.host.jobs), seconds=60)
    for job_id in harness.host.jobs:
        harness.host.turn(job_id, JobStatus.DONE)
    await harness.clock.run_until(running.done, seconds=60)
    return running.result()


async def test_run_beyond_what_is_left_is_refused_and_nothing_is_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async with opened(tmp_path, monkeypatch) as harness:
        with pytest.raises(UsageFault, match=r"about 4\.1 s of QPU time, and the instance has 2\.0 s left"):
            await run(harness)
        assert not harness.host.submitted
        assert "QPU time: formula 4.1 s; the instance has 2.0 s left." in capsys.readouterr().err, (
            "shown first"
        )


@pytest.mark.parametrize(
    ("options", "usage"),
    [
        ({"yes": True}, LITTLE),
        ({"max_seconds": 1}, LITTLE),
        ({}, Usage(0.0, 600.0)),
        ({}, Usage(598.0, None)),
        ({"yes": True}, Usage(600.0, 600.0, limit_reached=True)),
    ],
)
async def test_run_within_what_is_left_or_confirmed_is_sent_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: dict[str, Any], usage: Usage
) -> None:
    async with opened(tmp_path, monkeypatch, usage) as harness:
        assert await run(harness, **options) is Exit.DONE
        (sent,) = harness.host.submitted
        assert sent.params and len(harness.compiler.prepared) == 1, "what was priced is what is sent"


async def test_run_with_the_limit_reached_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with opened(tmp_path, monkeypatch, Usage(600.0, 600.0, limit_reached=True)) as harness:
        with pytest.raises(UsageFault, match="the limit of the instance is reached"):
            await run(harness)
        assert not harness.host.submitted


async def test_run_answers_with_its_price(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async with opened(tmp_path, monkeypatch, Usage(0.0, 600.0)) as harness:
        await run(harness, as_json=True)
        price = json.loads(capsys.readouterr().out)["price"]
        assert price["formula_seconds"] == pytest.approx(4.098)
        assert (price["own"], price["dry_run"], price["left_seconds"]) == (None, None, 600.0)


async def test_dry_run_prints_what_the_service_says_and_runs_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async with opened(tmp_path, monkeypatch) as harness:
        harness.host.charge = 8.5
        assert await run(harness, dry_run=True) is Exit.DONE
        assert [sent.backend for sent in harness.host.submitted] == ["mock_cusco"]
        assert capsys.readouterr().out.splitlines() == ["dry run\t8.5 s", "formula\t4.1 s"]


async def test_dry_run_that_the_plan_refuses_says_so_once_and_uses_the_formula(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async with opened(tmp_path, monkeypatch) as harness:
        no = QdeckError(ErrorKind.FORBIDDEN, "Dry runs are not available on this plan.", status=403)
        harness.host.faults["submit"] = [no]
        assert await run(harness, dry_run=True, as_json=True) is Exit.DONE
        printed = capsys.readouterr()
        assert printed.err.count("not available on this plan") == 1
        answer = json.loads(printed.out)
        assert answer["dry_run_refused"] == no.message
        assert answer["price"]["dry_run"] is None
        assert answer["price"]["seconds"] == answer["price"]["formula_seconds"] == pytest.approx(4.098)
        assert not harness.host.jobs


async def test_dry_run_of_what_the_service_refuses_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(tmp_path, monkeypatch) as harness:
        harness.host.faults["submit"] = [QdeckError(ErrorKind.INVALID, "The circuit is not ISA.", status=400)]
        with pytest.raises(QdeckError, match="not ISA"):
            await run(harness, dry_run=True)


def test_dry_run_of_the_service_primitive_is_refused_at_once() -> None:
    with pytest.raises(UsageFault, match="not for --program legacy"):
        RunRequest(("bell.qasm",), dry_run=True, program=JobProgram.LEGACY).verify()


def test_price_facts_tell_all_ways() -> None:
    price = Price(4.0, Correction(6.0, 5.0, 7.0, 12, 0.33), DryRun("mock-1", 6.5, (100,), 4e-9))
    facts = price_facts(price, LITTLE)
    assert facts["own"] == {"seconds": 6.0, "low": 5.0, "high": 7.0, "jobs": 12, "formula_error": 0.33}
    assert facts["dry_run"] == {
        "job_id": "mock-1",
        "seconds": 6.5,
        "circuit_durations_dt": [100],
        "dt_seconds": 4e-9,
    }
    assert (facts["seconds"], facts["left_seconds"]) == (6.5, 2.0)
