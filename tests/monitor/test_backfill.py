"""More jobs than watching needs: taken in page by page when they are asked for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.monitor.fakes import network
from tests.monitor.harness import MonitorHarness
from tui.common.errors import QdeckError
from tui.domain.jobs import Job, JobPage, JobQuery, JobStatus
from tui.jobquery.filters import parse_filter
from tui.monitor.polling.list_sync import DISORDER
from tui.monitor.state.events import HistoryCoverage, HistoryCoverageChanged, Notice


async def test_fetch_newest_adds_as_many_jobs_as_requested(tmp_path: Path) -> None:
    harness = MonitorHarness(tmp_path)
    for age in range(450):
        harness.host.add(JobStatus.DONE, age=7200 + age)
    await harness.enter()
    assert len(harness.services.jobs.all()) == 50
    harness.host.calls.clear()
    await harness.services.jobs.fetch_newest(430)
    assert harness.host.calls == ["jobs"] * 3
    assert len(harness.services.jobs.all()) == 430
    await harness.services.jobs.fetch_newest(1000)
    assert len(harness.services.jobs.all()) == 450
    await harness.clock.settle()
    assert harness.host.count("result") == 0
    await harness.services.aclose()


async def test_fetch_newest_raises_when_the_service_does_not_answer(tmp_path: Path) -> None:
    harness = await MonitorHarness(tmp_path).enter()
    harness.host.faults["jobs"] = [network()]
    with pytest.raises(QdeckError):
        await harness.services.jobs.fetch_newest(10)
    await harness.services.aclose()


def asked_pages(harness: MonitorHarness) -> list[tuple[JobQuery, tuple[Job, ...]]]:
    """What is asked of the list from now on, with the jobs that were listed."""
    asked: list[tuple[JobQuery, tuple[Job, ...]]] = []
    service = harness.made_services[-1]
    listing = service.jobs

    async def noted(query: JobQuery) -> JobPage:
        page = await listing(query)
        asked.append((query, page.jobs))
        return page

    service.jobs = noted  # type: ignore[method-assign]  # the test listens in
    return asked


async def scroll(harness: MonitorHarness, times: int = 1) -> None:
    """The user wants older jobs."""
    for _ in range(times):
        harness.services.jobs.request_older()
        await harness.clock.settle()


def known(harness: MonitorHarness) -> set[str]:
    """The ids of the jobs known here."""
    return {job.id for job in harness.services.jobs.all()}


async def test_backfill_goes_page_by_page_to_the_earliest_job(tmp_path: Path) -> None:
    harness = MonitorHarness(tmp_path)
    for number in range(730):
        harness.host.add(JobStatus.DONE, age=7200 + number * 60)
    await harness.enter()
    assert len(known(harness)) == 50
    assert not harness.services.jobs.coverage.whole
    asked = asked_pages(harness)
    harness.services.jobs.request_older()
    harness.services.jobs.request_older()
    assert harness.services.jobs.coverage.asking
    await harness.clock.settle()
    assert len(asked) == 1, "a page at a time, however often it is wanted"
    assert (len(known(harness)), harness.services.jobs.coverage.asking) == (249, False)
    assert harness.services.jobs.coverage.since == asked[0][1][-1].created + DISORDER
    await scroll(harness, 3)
    assert known(harness) == set(harness.host.jobs)
    assert harness.services.jobs.coverage.whole
    await scroll(harness, 3)
    assert len(asked) == 4
    again = [job.id for _, jobs in asked for job in jobs]
    assert len(again) - len(set(again)) <= 3, "pages overlap by no more than a moment"
    assert harness.host.count("result") == 0
    assert harness.services.jobs.unread() == frozenset()
    await harness.clock.advance(600)
    assert sum(query.created_before is not None for query, _ in asked) == 4, "nobody wants more"
    await harness.services.aclose()


async def test_lists_leave_out_what_cannot_be_read_and_tell_of_it_once(tmp_path: Path) -> None:
    harness = MonitorHarness(tmp_path)
    for number in range(300):
        harness.host.add(JobStatus.DONE, age=7200 + number * 60)
    bad = sorted(harness.host.jobs)[20:22] + sorted(harness.host.jobs)[260:261]
    harness.host.malformed.update(bad)
    await harness.enter()
    await scroll(harness, 3)
    assert known(harness) == set(harness.host.jobs) - set(bad) and harness.services.jobs.coverage.whole
    told = [event.text for event in harness.events if isinstance(event, Notice)]
    assert told == ["2 entries of the job list are left out: No `created`."]
    await harness.services.aclose()


async def test_list_of_a_service_that_ignores_limit_and_offset_ends(tmp_path: Path) -> None:
    harness = MonitorHarness(tmp_path)
    for number in range(300):
        harness.host.add(JobStatus.DONE, age=60 + number)
    await harness.enter()
    service = harness.services.connection.service
    assert service is not None
    asked: list[JobQuery] = []

    async def same(query: JobQuery) -> JobPage:
        asked.append(query)
        return JobPage(tuple(harness.host.jobs.values())[:200], cut=True)

    service.jobs = same  # type: ignore[method-assign]
    await harness.services.polling.refresh()
    await harness.services.jobs.fetch_newest(450)
    await scroll(harness, 2)
    assert len(asked) < 12
    told = [event.text for event in harness.events if isinstance(event, Notice)]
    assert sum("more jobs than it is asked for" in text for text in told) == 1
    await harness.services.aclose()


async def test_coverage_survives_a_restart(tmp_path: Path) -> None:
    harness = MonitorHarness(tmp_path)
    for number in range(620):
        harness.host.add(JobStatus.DONE, age=7200 + number * 60)
    await harness.enter()
    await scroll(harness)
    coverage, before = harness.services.jobs.coverage, known(harness)
    await harness.services.aclose()
    again = await MonitorHarness(tmp_path, harness.host).enter()
    assert again.services.jobs.coverage == coverage
    asked = asked_pages(again)
    await scroll(again, 2)
    listed = [job.id for query, jobs in asked if query.created_before for job in jobs]
    assert len(before & set(listed)) <= 1
    await scroll(again, 2)
    assert known(again) == set(harness.host.jobs)
    await again.services.aclose()
    third = await MonitorHarness(tmp_path, harness.host).enter()
    asked = asked_pages(third)
    await scroll(third, 3)
    assert third.services.jobs.coverage.whole
    assert not asked
    await third.services.aclose()


async def test_backfill_leaves_no_gap_when_new_jobs_appear(tmp_path: Path) -> None:
    harness = MonitorHarness(tmp_path)
    for number in range(500):
        harness.host.add(JobStatus.DONE, age=7200 + number * 60)
    await harness.enter()
    for _ in range(4):
        for _ in range(7):
            harness.host.add(JobStatus.DONE)
        await scroll(harness)
        await harness.clock.advance(60)
    await harness.services.polling.refresh()
    assert known(harness) == set(harness.host.jobs)
    await harness.services.aclose()


async def test_backfill_leaves_no_gap_when_a_page_of_new_jobs_appears(tmp_path: Path) -> None:
    harness = MonitorHarness(tmp_path)
    harness.host.add(JobStatus.DONE, age=7200)
    await harness.enter()
    for number in range(130):
        harness.host.add(JobStatus.DONE, age=130 - number)
    await harness.clock.advance(200)
    await harness.services.polling.refresh()
    assert known(harness) == set(harness.host.jobs)
    assert harness.services.jobs.coverage.whole
    await harness.services.aclose()


async def test_list_sync_repeats_what_a_failed_tick_listed(tmp_path: Path) -> None:
    harness = MonitorHarness(tmp_path)
    for _ in range(160):
        harness.host.add()
    await harness.enter()
    await harness.services.polling.refresh()
    service = harness.made_services[-1]
    listing = service.jobs
    failed = 0

    async def without_pending(query: JobQuery) -> JobPage:
        nonlocal failed
        if query.pending:
            failed += 1
            raise network()
        return await listing(query)

    harness.host.down = network()
    new = []
    for _ in range(10):
        new.append(harness.host.add(JobStatus.DONE).id)
        await harness.clock.advance(60)
    service.jobs = without_pending  # type: ignore[method-assign]  # half of the tick fails
    harness.host.down = None
    await harness.clock.run_until(lambda: failed == 1)
    service.jobs = listing  # type: ignore[method-assign]  # and the next is well
    await harness.clock.run_until(lambda: new[-1] in known(harness))
    assert set(new) <= known(harness)
    await harness.services.aclose()


async def test_backfill_passes_more_jobs_of_one_moment_than_a_page_holds(tmp_path: Path) -> None:
    harness = MonitorHarness(tmp_path)
    for _ in range(30):
        harness.host.add(JobStatus.DONE, age=7200)
    for _ in range(550):
        harness.host.add(JobStatus.DONE, age=9000)
    for _ in range(30):
        harness.host.add(JobStatus.DONE, age=10_000)
    await harness.enter()
    await scroll(harness, 8)
    assert known(harness) == set(harness.host.jobs)
    assert harness.services.jobs.coverage.whole
    await harness.services.aclose()


async def test_backfill_leaves_no_gap_when_jobs_are_deleted(tmp_path: Path) -> None:
    harness = MonitorHarness(tmp_path)
    for _ in range(700):
        harness.host.add(JobStatus.DONE, age=9000)
    await harness.enter()
    await scroll(harness)
    for job in harness.services.jobs.all()[:90]:
        await harness.services.jobs.delete(job.id)
    await scroll(harness, 6)
    assert known(harness) == set(harness.host.jobs)
    await harness.services.aclose()


async def test_backfill_without_time_filter_starts_from_the_newest(tmp_path: Path) -> None:
    harness = MonitorHarness(tmp_path)
    for number in range(900):
        harness.host.add(JobStatus.DONE, age=7200 + number * 60)
    await harness.enter()
    service = harness.made_services[-1]
    listing = service.jobs
    asked: list[JobQuery] = []

    async def unfiltered(query: JobQuery) -> JobPage:
        asked.append(query)
        return await listing(replace(query, created_before=None))

    service.jobs = unfiltered  # type: ignore[method-assign]  # a service that is not ours
    await scroll(harness, 10)
    assert known(harness) == set(harness.host.jobs)
    assert harness.services.jobs.coverage.whole
    assert len(asked) <= 6
    await harness.services.aclose()


async def test_backfill_shows_errors_and_backs_off(tmp_path: Path) -> None:
    harness = MonitorHarness(tmp_path)
    for number in range(300):
        harness.host.add(JobStatus.DONE, age=7200 + number * 60)
    await harness.enter()
    harness.host.faults["jobs"] = [network(), network()]
    harness.host.calls.clear()
    await scroll(harness, 5)
    assert harness.host.count("jobs") == 1
    assert harness.services.jobs.coverage.error is not None
    assert harness.published(HistoryCoverageChanged)[-1] == HistoryCoverageChanged(
        harness.services.jobs.coverage
    )
    await harness.clock.advance(2.5)
    await scroll(harness, 5)
    assert harness.host.count("jobs") == 2
    await harness.clock.advance(2.5)
    await scroll(harness, 5)
    assert harness.host.count("jobs") == 2, "longer after each failure"
    await harness.clock.advance(5)
    await scroll(harness, 5)
    assert harness.services.jobs.coverage.error is None
    assert len(known(harness)) > 50
    await harness.services.aclose()


async def test_coverage_of_an_account_without_jobs_is_whole(tmp_path: Path) -> None:
    harness = await MonitorHarness(tmp_path).enter()
    asked = asked_pages(harness)
    await scroll(harness, 3)
    assert harness.services.jobs.coverage.whole
    assert len(asked) == 1
    await harness.services.account.sign_out()
    assert harness.services.jobs.coverage == HistoryCoverage()
    await scroll(harness)
    await harness.services.aclose()


async def test_two_processes_backfill_together(tmp_path: Path) -> None:
    one = MonitorHarness(tmp_path)
    for number in range(700):
        one.host.add(JobStatus.DONE, age=7200 + number * 60)
    await one.enter()
    other = await MonitorHarness(tmp_path, one.host, seed=2).enter()
    await scroll(one, 2)
    await one.clock.advance(2)
    assert other.services.jobs.coverage.since == one.services.jobs.coverage.since
    assert known(other) == known(one)
    asked = asked_pages(other)
    await scroll(other, 4)
    assert sum(len(jobs) for _, jobs in asked) < 320
    assert known(other) == set(one.host.jobs)
    await one.clock.advance(2)
    assert one.services.jobs.coverage.whole
    await one.services.aclose()
    await other.services.aclose()


async def test_backfill_with_a_filter_fetches_fitting_jobs_first_without_a_gap(tmp_path: Path) -> None:
    harness = MonitorHarness(tmp_path)
    for number in range(900):
        session = "old-session" if number >= 890 else ""
        harness.host.add(JobStatus.DONE, age=7200 + number * 60, session_id=session)
    await harness.enter()
    coverage = harness.services.jobs.coverage
    asked = asked_pages(harness)
    wanted = parse_filter("session:old-session")
    harness.services.jobs.request_older(wanted)
    await harness.clock.settle()
    assert [query.session_id for query, _ in asked] == ["old-session"]
    assert sum(job.session_id == "old-session" for job in harness.services.jobs.all()) == 10
    assert harness.services.jobs.coverage == coverage, "how far back all jobs are known is as before"
    for _ in range(6):
        harness.services.jobs.request_older(wanted)
        await harness.clock.settle()
    assert known(harness) == set(harness.host.jobs), "then all the others come, without a gap"
    assert harness.services.jobs.coverage.whole
    assert sum(bool(query.session_id) for query, _ in asked) == 1
    await harness.services.aclose()


async def test_backfill_with_a_filter_goes_page_by_page(tmp_path: Path) -> None:
    harness = MonitorHarness(tmp_path)
    for number in range(700):
        harness.host.add(JobStatus.DONE, age=7200 + number * 60, tags=("vqe",) if number % 2 else ())
    await harness.enter()
    asked = asked_pages(harness)
    for _ in range(2):
        harness.services.jobs.request_older(parse_filter("tag:vqe backend:cusco"))
        await harness.clock.settle()
    listed = [job.id for query, jobs in asked if query.tags for job in jobs]
    assert len(listed) == len(set(listed)), "none twice"
    assert sum("vqe" in job.tags for job in harness.services.jobs.all()) == 350
    assert {query.backend for query, _ in asked} == {"ibm_cusco"}, "the one backend that is meant"
    await harness.services.aclose()


async def test_backfill_fetches_all_when_the_service_ignores_the_filter(tmp_path: Path) -> None:
    harness = MonitorHarness(tmp_path)
    for number in range(400):
        harness.host.add(JobStatus.DONE, age=7200 + number * 60, session_id="old" if number > 395 else "")
    await harness.enter()
    service = harness.made_services[-1]
    listing = service.jobs

    async def unfiltered(query: JobQuery) -> JobPage:
        return await listing(replace(query, session_id=""))

    service.jobs = unfiltered  # type: ignore[method-assign]  # it does not know the filter
    for _ in range(5):
        harness.services.jobs.request_older(parse_filter("session:old"))
        await harness.clock.settle()
    assert known(harness) == set(harness.host.jobs)
    await harness.services.aclose()


async def test_fetch_newest_requests_only_fitting_jobs(tmp_path: Path) -> None:
    harness = MonitorHarness(tmp_path)
    for age in range(300):
        harness.host.add(JobStatus.DONE, age=7200 + age, session_id="mine" if age == 299 else "")
    await harness.enter()
    harness.host.calls.clear()
    await harness.services.jobs.fetch_newest(20, JobQuery(session_id="mine"))
    assert harness.host.calls == ["jobs"]
    assert sum(job.session_id == "mine" for job in harness.services.jobs.all()) == 1
    await harness.services.aclose()
