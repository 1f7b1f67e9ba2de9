"""Primitives of executor jobs from elsewhere: each is asked for once, one at a time, when nothing else is."""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import replace
from pathlib import Path

import pytest

from tests.monitor.fakes import BELL, FakeHost, network
from tests.monitor.harness import MonitorHarness
from tests.support.clock import FakeClock
from tui.common.errors import ErrorKind, QdeckError
from tui.domain.jobs import Job, JobPage, JobQuery, JobStatus
from tui.domain.results import JobResult, Role
from tui.jobquery.filters import matcher, parse_filter
from tui.monitor.state.events import FreshnessChanged, Notice

pytestmark = pytest.mark.usefixtures("history_synced_rarely")

MANY = 200
ROLES = ("sampler", "estimator", "noise-learner", "")


def host_with_executor_jobs(many: int) -> FakeHost:
    """Return a host with finished executor jobs of others, of each role in turn."""
    host = FakeHost(FakeClock())
    for number in range(many):
        job = host.add(JobStatus.DONE, age=3600.0 + number, program="executor")
        host.roles[job.id] = ROLES[number % len(ROLES)]
    return host


async def with_executor_jobs(root: Path, many: int, host: FakeHost | None = None) -> MonitorHarness:
    """Return a harness that knows them, and has asked for none of them yet."""
    harness = await MonitorHarness(root, host or host_with_executor_jobs(many)).enter()
    await harness.services.jobs.fetch_newest(many)
    assert len(harness.services.jobs.all()) == many
    return harness


def roles(harness: MonitorHarness) -> dict[str, str]:
    return {job.id: job.role for job in harness.services.jobs.all()}


async def keep_using(harness: MonitorHarness, seconds: float) -> None:
    """Let time pass with a user who presses a key every minute."""
    for _ in range(int(seconds // 60)):
        harness.services.polling.user_active()
        await harness.clock.advance(60)


async def test_each_of_two_hundred_jobs_is_asked_once(tmp_path: Path) -> None:
    harness = await with_executor_jobs(tmp_path, MANY)
    assert {job.primitive for job in harness.services.jobs.all()} == {"executor"}
    await keep_using(harness, 900)
    assert harness.host.count("role") == MANY
    assert roles(harness) == harness.host.roles
    fits = matcher(parse_filter("primitive:sampler").terms, harness.clock.now())
    fitting = [job for job in harness.services.jobs.all() if fits(job)]
    assert len(fitting) == MANY // len(ROLES)
    # Not by a further round, a refresh or another sign-in: neither those with a role nor those without.
    await harness.services.polling.refresh()
    await keep_using(harness, 600)
    await harness.services.aclose()
    again = await MonitorHarness(tmp_path, harness.host).enter()
    await keep_using(again, 600)
    assert harness.host.count("role") == MANY and roles(again) == harness.host.roles
    await again.services.aclose()


async def test_role_requests_are_spaced_and_newest_first(tmp_path: Path) -> None:
    harness = await with_executor_jobs(tmp_path, 30)
    asked: list[tuple[float, str]] = []
    service = harness.made_services[-1]
    job = service.job

    async def noted(
        job_id: str, *, with_params: bool = False, once: bool = False, limit: int | None = None
    ) -> Job:
        assert (with_params, once) == (True, True) and limit
        asked.append((harness.clock.monotonic(), job_id))
        return await job(job_id, with_params=with_params, once=once, limit=limit)

    service.job = noted  # type: ignore[method-assign]  # the test listens in
    await keep_using(harness, 120)
    assert [job_id for _, job_id in asked] == sorted(harness.host.jobs)
    gaps = [later[0] - earlier[0] for earlier, later in itertools.pairwise(asked)]
    assert min(gaps) >= 1.8
    await harness.services.aclose()


async def test_role_waits_for_every_other_request(tmp_path: Path) -> None:
    harness = await with_executor_jobs(tmp_path, 5)
    # A request of the user is under way.
    harness.host.under_way = 1
    await harness.clock.advance(100)
    assert harness.host.count("role") == 0
    harness.host.under_way = 0
    # The list takes its time, and whatever else there is waits for it.
    service, answered = harness.made_services[-1], asyncio.Event()
    listing = service.jobs

    async def slow(query: JobQuery) -> JobPage:
        await answered.wait()
        return await listing(query)

    service.jobs = slow  # type: ignore[method-assign]  # for as long as the test wants
    refreshed = asyncio.ensure_future(harness.services.polling.refresh())
    await harness.clock.settle()
    before = harness.host.count("role")
    await harness.clock.advance(100)
    assert harness.host.count("role") == before <= 1
    answered.set()
    await refreshed
    await keep_using(harness, 60)
    assert harness.host.count("role") == 5
    await harness.services.aclose()


async def test_nothing_is_asked_while_nobody_is_here(tmp_path: Path) -> None:
    harness = await with_executor_jobs(tmp_path, 30)
    harness.services.polling.focus_changed(False)
    await harness.clock.advance(3600)
    assert harness.host.count("role") == 0
    harness.services.polling.focus_changed(True)
    await harness.clock.advance(90)
    assert harness.host.count("role") == 30
    await harness.services.aclose()


async def test_rate_limit_is_obeyed_and_no_job_is_given_up(tmp_path: Path) -> None:
    harness = await with_executor_jobs(tmp_path, 3)
    limited = QdeckError(ErrorKind.RATE_LIMITED, "Too many.", status=429, retry_after=300.0)
    harness.host.faults["role"] = [limited]
    await harness.clock.run_until(lambda: harness.host.count("role") == 1, seconds=30)
    await keep_using(harness, 240)
    assert harness.host.count("role") == 1
    await keep_using(harness, 240)
    assert roles(harness) == harness.host.roles
    assert not harness.published(Notice)
    # Without a time that the service names the waits grow.
    harness.host.roles[harness.host.add(JobStatus.DONE, program="executor", age=9000.0).id] = "sampler"
    await harness.services.jobs.fetch_newest(10)
    harness.host.calls.clear()
    harness.host.faults["role"] = [QdeckError(ErrorKind.RATE_LIMITED, "Too many.", status=429)] * 1000
    await keep_using(harness, 3600)
    assert 5 <= harness.host.count("role") <= 40
    harness.host.faults.clear()
    await keep_using(harness, 3600)
    assert roles(harness) == harness.host.roles
    await harness.services.aclose()


async def test_one_job_that_cannot_be_read_delays_no_other(tmp_path: Path) -> None:
    harness = await with_executor_jobs(tmp_path, 20)
    service, bad = harness.made_services[-1], min(harness.host.jobs)
    job = service.job

    async def failing(
        job_id: str, *, with_params: bool = False, once: bool = False, limit: int | None = None
    ) -> Job:
        found = await job(job_id, with_params=with_params, once=once, limit=limit)
        if job_id == bad:
            raise QdeckError(ErrorKind.SERVER, "The job cannot be read.", status=500)
        return found

    service.job = failing  # type: ignore[method-assign]  # one job of the service is broken
    harness.events.clear()
    await keep_using(harness, 300)
    told = roles(harness)
    assert told.pop(bad) == "" and told == {id: role for id, role in harness.host.roles.items() if id != bad}
    assert not harness.published(FreshnessChanged) and not harness.published(Notice)
    await keep_using(harness, 24 * 3600)
    assert harness.host.count("role") <= 19 + 5
    await harness.services.aclose()


async def test_job_that_is_gone_or_too_large_is_asked_once(tmp_path: Path) -> None:
    harness = await with_executor_jobs(tmp_path, 3)
    harness.host.faults["role"] = [
        QdeckError(ErrorKind.NOT_FOUND, "No such job."),
        QdeckError(ErrorKind.TOO_LARGE, "The answer is too large."),
        QdeckError(ErrorKind.FORBIDDEN, "Not yours."),
    ]
    await keep_using(harness, 300)
    assert harness.host.count("role") == 3 and set(roles(harness).values()) == {""}
    await harness.services.aclose()


async def test_service_that_is_down_is_not_asked_for_roles(tmp_path: Path) -> None:
    harness = await with_executor_jobs(tmp_path, 5)
    harness.host.down = network()
    await keep_using(harness, 1200)
    assert harness.host.count("role") <= 1
    harness.host.down = None
    await keep_using(harness, 600)
    assert roles(harness) == harness.host.roles
    await harness.services.aclose()


async def test_private_and_other_jobs_are_not_asked(tmp_path: Path) -> None:
    host = FakeHost(FakeClock())
    host.add(JobStatus.DONE, age=3600, program="executor", private=True)
    host.add(JobStatus.DONE, age=3600, program="sampler")
    host.add(JobStatus.DONE, age=3600, program="noise-learner")
    harness = await with_executor_jobs(tmp_path, 3, host)
    await keep_using(harness, 600)
    assert harness.host.count("role") == 0
    await harness.services.aclose()


async def test_details_of_a_watched_job_tell_its_role(tmp_path: Path) -> None:
    host = FakeHost(FakeClock())
    plain, told = (host.add(age=seconds, program="executor") for seconds in (20, 10))
    host.roles[told.id] = "estimator"
    harness = await MonitorHarness(tmp_path, host).enter()
    for job in (plain, told):
        host.turn(job.id, JobStatus.DONE)
    await keep_using(harness, 120)
    assert roles(harness) == {plain.id: "", told.id: "estimator"}
    assert host.count("role") == 0 and host.count("job with params") == 2
    await harness.services.aclose()


async def test_result_that_passes_by_tells_the_role(tmp_path: Path) -> None:
    harness = await MonitorHarness(tmp_path).enter()
    job = await harness.services.outbox.submit(BELL)
    harness.host.jobs[job.id] = replace(harness.host.jobs[job.id], program="executor")
    service = harness.made_services[-1]
    result = service.result

    async def of_sampler(
        job_id: str, *, once: bool = False, limit: int | None = None, short: bool = False
    ) -> JobResult:
        return replace(await result(job_id, once=once, limit=limit), role=Role.SAMPLER)

    service.result = of_sampler  # type: ignore[method-assign]  # as of a program of the executor
    harness.host.turn(job.id, JobStatus.DONE)
    await harness.clock.run_until(lambda: harness.keeps_result(job.id), seconds=60)
    known = harness.services.jobs.get(job.id)
    assert known is not None and known.primitive == "sampler"
    assert harness.host.count("role") <= 1
    await harness.services.aclose()
