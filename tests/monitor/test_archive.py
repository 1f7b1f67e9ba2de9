"""An account with an archived instance: its jobs on a retired device are read; the other one is as ever."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from tests.contract.conftest import sandbox_process
from tests.end_to_end.circuits import assert_bell
from tests.monitor.fake_compiler import InProcessAnalyzer
from tests.monitor.test_on_sandbox import bell_on
from tests.store.samples import make_folders
from tests.support.sandbox import live_account
from tui.common.errors import ErrorKind, QdeckError
from tui.common.timing import SystemClock
from tui.compiler.client import Compiler
from tui.domain.accounts import Channel
from tui.domain.jobs import Job, JobStatus, Primitive
from tui.domain.primitives import JobProgram
from tui.domain.sessions import SessionMode
from tui.domain.submissions import Submission
from tui.ibm.factory import make_service
from tui.monitor.account_manager import Dependencies
from tui.monitor.services import AppServices, Options
from tui.sandbox.lifecycle.info import RunningSandbox

SECONDS = 60


@pytest.fixture
async def services(tmp_path: Path) -> AsyncIterator[AppServices]:
    """Services signed in to the instance that is not archived."""

    async def none() -> RunningSandbox:
        raise RuntimeError("It runs already.")

    with sandbox_process(tmp_path / "state", "--archive") as info:
        made = AppServices(
            Dependencies(
                folders=make_folders(tmp_path),
                environ={"HOME": str(tmp_path), "QDECK_HOME": str(tmp_path)},
                clock=SystemClock(),
                compiler=Compiler(),
                analyzer=InProcessAnalyzer(),
                make_service=make_service,
                launch_sandbox=none,
                chance=random.SystemRandom(),
            ),
            Options(program=JobProgram.LEGACY),
        )
        await made.start()
        try:
            # Nothing is said of which instance: the archived one is not taken for the user.
            await made.account.sign_in(live_account(info, Channel.PLATFORM, instance=""))
            yield made
        finally:
            await made.aclose()


async def until(services: AppServices, condition: Callable[[], bool]) -> None:
    """Ask the service again and again until the condition holds: nothing tells when an archive is filled."""
    async with asyncio.timeout(SECONDS):
        while not condition():
            await services.polling.refresh()
            await asyncio.sleep(0.2)


def submission(qasm: str) -> Submission:
    return Submission(Primitive.SAMPLER, "ibm_peekskill", qasm, 500)


async def test_archived_instance_is_read_and_refuses_what_is_new(services: AppServices) -> None:
    current = services.connection.instance
    names = {instance.name: instance.id for instance in await services.account.instances()}
    assert names["sandbox"] == current and len(names) == 2
    program = bell_on((await services.backends.data("ibm_peekskill")).configuration)

    await services.account.use_instance(names["sandbox-archive"])
    await until(services, lambda: len(services.jobs.all()) == 3)
    jobs = services.jobs.all()
    assert {(job.backend, job.status) for job in jobs} == {("ibm_brisbane", JobStatus.DONE)}
    for job in jobs:
        await assert_is_read(services, job)
    with pytest.raises(QdeckError, match="archived") as caught:
        await services.outbox.submit(submission(program))
    assert caught.value.kind is ErrorKind.FORBIDDEN
    with pytest.raises(QdeckError, match="archived"):
        await services.sessions.open("ibm_fez", SessionMode.BATCH)
    assert services.backends.all() == () and services.connection.freshness.offline_since is None

    await services.account.use_instance(current)
    job = await services.outbox.submit(submission(program))
    await until(services, lambda: (known := services.jobs.get(job.id)) is not None and known.status.final)
    assert_bell((await services.jobs.result(job.id)).pubs[0].counts[0].counts)


async def assert_is_read(services: AppServices, job: Job) -> None:
    """Read the result, metrics, log and circuit of an archived job; the circuit may be too new for Qiskit."""
    counts = (await services.jobs.result(job.id)).pubs[0].counts[0]
    assert sum(counts.counts.values()) == counts.shots > 0
    assert_bell(counts.counts)
    assert (await services.jobs.metrics(job.id)).qpu_seconds
    assert "recorded noise" in await services.jobs.logs(job.id)
    if "newer-qpy" in job.tags:
        with pytest.raises(QdeckError, match=r"version 99 .*newer than the installed Qiskit reads \(\d+\)"):
            await services.jobs.circuits(job.id)
    else:
        (circuit,) = await services.jobs.circuits(job.id)
        assert "62" in circuit and "ecr" in circuit
