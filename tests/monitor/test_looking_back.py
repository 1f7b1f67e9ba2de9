"""More jobs than watching needs: taken in page by page when they are asked for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.monitor.fakes import MonitorHarness, network
from tui.common.errors import QdeckError
from tui.domain.jobs import Job, JobPage, JobQuery, JobStatus
from tui.jobquery.filters import parse_filter
from tui.monitor.polling.list_sync import DISORDER
from tui.monitor.state.events import HistoryCoverage, HistoryCoverageChanged


async def test_as_many_as_asked_for_are_taken_in(tmp_path: Path) -> None:
    pit = MonitorHarness(tmp_path)
    for age in range(450):
        pit.host.add(JobStatus.DONE, age=7200 + age)
    await pit.enter()
    assert len(pit.services.jobs.all()) == 50
    pit.host.calls.clear()
    await pit.services.jobs.fetch_newest(430)
    assert pit.host.calls == ["jobs"] * 3
    assert len(pit.services.jobs.all()) == 430
    await pit.services.jobs.fetch_newest(1000)
    assert len(pit.services.jobs.all()) == 450
    await pit.clock.settle()
    assert pit.host.count("result") == 0
    await pit.services.aclose()


async def test_a_service_that_does_not_answer_is_told(tmp_path: Path) -> None:
    pit = await MonitorHarness(tmp_path).enter()
    pit.host.faults["jobs"] = [network()]
    with pytest.raises(QdeckError):
        await pit.services.jobs.fetch_newest(10)
    await pit.services.aclose()


def asked_pages(pit: MonitorHarness) -> list[tuple[JobQuery, tuple[Job, ...]]]:
    """What is asked of the list from now on, with what it told."""
    asked: list[tuple[JobQuery, tuple[Job, ...]]] = []
    service = pit.made_services[-1]
    listing = service.jobs

    async def noted(query: JobQuery) -> JobPage:
        page = await listing(query)
        asked.append((query, page.jobs))
        return page

    service.jobs = noted  # type: ignore[method-assign]  # the test listens in
    return asked


async def scroll(pit: MonitorHarness, times: int = 1) -> None:
    """The user wants older jobs."""
    for _ in range(times):
        pit.services.jobs.request_older()
        await pit.clock.settle()


def known(pit: MonitorHarness) -> set[str]:
    """The ids of the jobs known here."""
    return {job.id for job in pit.services.jobs.all()}


async def test_older_jobs_come_page_by_page_until_the_beginning(tmp_path: Path) -> None:
    pit = MonitorHarness(tmp_path)
    for number in range(730):
        pit.host.add(JobStatus.DONE, age=7200 + number * 60)
    await pit.enter()
    assert len(known(pit)) == 50
    assert not pit.services.jobs.coverage.whole
    asked = asked_pages(pit)
    pit.services.jobs.request_older()
    pit.services.jobs.request_older()
    assert pit.services.jobs.coverage.asking
    await pit.clock.settle()
    assert len(asked) == 1, "a page at a time, however often it is wanted"
    assert (len(known(pit)), pit.services.jobs.coverage.asking) == (249, False)
    assert pit.services.jobs.coverage.since == asked[0][1][-1].created + DISORDER
    await scroll(pit, 3)
    assert known(pit) == set(pit.host.jobs)
    assert pit.services.jobs.coverage.whole
    await scroll(pit, 3)
    assert len(asked) == 4
    again = [job.id for _, jobs in asked for job in jobs]
    assert len(again) - len(set(again)) <= 3, "pages overlap by no more than a moment"
    assert pit.host.count("result") == 0
    assert pit.services.jobs.unread() == frozenset()
    await pit.clock.advance(600)
    assert sum(query.created_before is not None for query, _ in asked) == 4, "nobody wants more"
    await pit.services.aclose()


async def test_how_far_back_is_known_survives_a_restart(tmp_path: Path) -> None:
    pit = MonitorHarness(tmp_path)
    for number in range(620):
        pit.host.add(JobStatus.DONE, age=7200 + number * 60)
    await pit.enter()
    await scroll(pit)
    reach, before = pit.services.jobs.coverage, known(pit)
    await pit.services.aclose()
    again = await MonitorHarness(tmp_path, pit.host).enter()
    assert again.services.jobs.coverage == reach
    asked = asked_pages(again)
    await scroll(again, 2)
    told = [job.id for query, jobs in asked if query.created_before for job in jobs]
    assert len(before & set(told)) <= 1
    await scroll(again, 2)
    assert known(again) == set(pit.host.jobs)
    await again.services.aclose()
    third = await MonitorHarness(tmp_path, pit.host).enter()
    asked = asked_pages(third)
    await scroll(third, 3)
    assert third.services.jobs.coverage.whole
    assert not asked
    await third.services.aclose()


async def test_new_jobs_meanwhile_leave_no_gap(tmp_path: Path) -> None:
    pit = MonitorHarness(tmp_path)
    for number in range(500):
        pit.host.add(JobStatus.DONE, age=7200 + number * 60)
    await pit.enter()
    for _ in range(4):
        for _ in range(7):
            pit.host.add(JobStatus.DONE)
        await scroll(pit)
        await pit.clock.advance(60)
    await pit.services.polling.refresh()
    assert known(pit) == set(pit.host.jobs)
    await pit.services.aclose()


async def test_more_new_jobs_than_the_first_page_holds_leave_no_gap(tmp_path: Path) -> None:
    pit = MonitorHarness(tmp_path)
    pit.host.add(JobStatus.DONE, age=7200)
    await pit.enter()
    for number in range(130):
        pit.host.add(JobStatus.DONE, age=130 - number)
    await pit.clock.advance(200)
    await pit.services.polling.refresh()
    assert known(pit) == set(pit.host.jobs)
    assert pit.services.jobs.coverage.whole
    await pit.services.aclose()


async def test_what_a_tick_told_before_it_failed_is_asked_for_again(tmp_path: Path) -> None:
    pit = MonitorHarness(tmp_path)
    for _ in range(160):
        pit.host.add()
    await pit.enter()
    await pit.services.polling.refresh()
    service = pit.made_services[-1]
    listing = service.jobs
    failed = 0

    async def without_pending(query: JobQuery) -> JobPage:
        nonlocal failed
        if query.pending:
            failed += 1
            raise network()
        return await listing(query)

    pit.host.down = network()
    new = []
    for _ in range(10):
        new.append(pit.host.add(JobStatus.DONE).id)
        await pit.clock.advance(60)
    service.jobs = without_pending  # type: ignore[method-assign]  # half of the tick fails
    pit.host.down = None
    await pit.clock.run_until(lambda: failed == 1)
    service.jobs = listing  # type: ignore[method-assign]  # and the next is well
    await pit.clock.run_until(lambda: new[-1] in known(pit))
    assert set(new) <= known(pit)
    await pit.services.aclose()


async def test_more_jobs_of_one_moment_than_a_page_holds(tmp_path: Path) -> None:
    pit = MonitorHarness(tmp_path)
    for _ in range(30):
        pit.host.add(JobStatus.DONE, age=7200)
    for _ in range(550):
        pit.host.add(JobStatus.DONE, age=9000)
    for _ in range(30):
        pit.host.add(JobStatus.DONE, age=10_000)
    await pit.enter()
    await scroll(pit, 8)
    assert known(pit) == set(pit.host.jobs)
    assert pit.services.jobs.coverage.whole
    await pit.services.aclose()


async def test_deleting_while_going_back_leaves_no_gap(tmp_path: Path) -> None:
    pit = MonitorHarness(tmp_path)
    for _ in range(700):
        pit.host.add(JobStatus.DONE, age=9000)
    await pit.enter()
    await scroll(pit)
    for job in pit.services.jobs.all()[:90]:
        await pit.services.jobs.delete(job.id)
    await scroll(pit, 6)
    assert known(pit) == set(pit.host.jobs)
    await pit.services.aclose()


async def test_a_service_without_the_filter_is_gone_through_from_the_newest(tmp_path: Path) -> None:
    pit = MonitorHarness(tmp_path)
    for number in range(900):
        pit.host.add(JobStatus.DONE, age=7200 + number * 60)
    await pit.enter()
    service = pit.made_services[-1]
    listing = service.jobs
    asked: list[JobQuery] = []

    async def unfiltered(query: JobQuery) -> JobPage:
        asked.append(query)
        return await listing(replace(query, created_before=None))

    service.jobs = unfiltered  # type: ignore[method-assign]  # a service that is not ours
    await scroll(pit, 10)
    assert known(pit) == set(pit.host.jobs)
    assert pit.services.jobs.coverage.whole
    assert len(asked) <= 6
    await pit.services.aclose()


async def test_errors_are_told_and_back_off(tmp_path: Path) -> None:
    pit = MonitorHarness(tmp_path)
    for number in range(300):
        pit.host.add(JobStatus.DONE, age=7200 + number * 60)
    await pit.enter()
    pit.host.faults["jobs"] = [network(), network()]
    pit.host.calls.clear()
    await scroll(pit, 5)
    assert pit.host.count("jobs") == 1
    assert pit.services.jobs.coverage.error is not None
    assert pit.told(HistoryCoverageChanged)[-1] == HistoryCoverageChanged(pit.services.jobs.coverage)
    await pit.clock.advance(2.5)
    await scroll(pit, 5)
    assert pit.host.count("jobs") == 2
    await pit.clock.advance(2.5)
    await scroll(pit, 5)
    assert pit.host.count("jobs") == 2, "longer after each failure"
    await pit.clock.advance(5)
    await scroll(pit, 5)
    assert pit.services.jobs.coverage.error is None
    assert len(known(pit)) > 50
    await pit.services.aclose()


async def test_an_account_without_jobs_is_whole(tmp_path: Path) -> None:
    pit = await MonitorHarness(tmp_path).enter()
    asked = asked_pages(pit)
    await scroll(pit, 3)
    assert pit.services.jobs.coverage.whole
    assert len(asked) == 1
    await pit.services.account.sign_out()
    assert pit.services.jobs.coverage == HistoryCoverage()
    await scroll(pit)
    await pit.services.aclose()


async def test_two_qdecks_go_back_together(tmp_path: Path) -> None:
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


async def test_what_fits_a_filter_is_asked_for_first_and_leaves_no_gap(tmp_path: Path) -> None:
    pit = MonitorHarness(tmp_path)
    for number in range(900):
        session = "old-session" if number >= 890 else ""
        pit.host.add(JobStatus.DONE, age=7200 + number * 60, session_id=session)
    await pit.enter()
    reach = pit.services.jobs.coverage
    asked = asked_pages(pit)
    wanted = parse_filter("session:old-session")
    pit.services.jobs.request_older(wanted)
    await pit.clock.settle()
    assert [query.session_id for query, _ in asked] == ["old-session"]
    assert sum(job.session_id == "old-session" for job in pit.services.jobs.all()) == 10
    assert pit.services.jobs.coverage == reach, "how far back all jobs are known is as before"
    for _ in range(6):
        pit.services.jobs.request_older(wanted)
        await pit.clock.settle()
    assert known(pit) == set(pit.host.jobs), "then all the others come, without a gap"
    assert pit.services.jobs.coverage.whole
    assert sum(bool(query.session_id) for query, _ in asked) == 1
    await pit.services.aclose()


async def test_many_that_fit_come_page_by_page(tmp_path: Path) -> None:
    pit = MonitorHarness(tmp_path)
    for number in range(700):
        pit.host.add(JobStatus.DONE, age=7200 + number * 60, tags=("vqe",) if number % 2 else ())
    await pit.enter()
    asked = asked_pages(pit)
    for _ in range(2):
        pit.services.jobs.request_older(parse_filter("tag:vqe backend:cusco"))
        await pit.clock.settle()
    told = [job.id for query, jobs in asked if query.tags for job in jobs]
    assert len(told) == len(set(told)), "none twice"
    assert sum("vqe" in job.tags for job in pit.services.jobs.all()) == 350
    assert {query.backend for query, _ in asked} == {"ibm_cusco"}, "the one backend that is meant"
    await pit.services.aclose()


async def test_a_service_that_knows_no_filter_is_asked_for_all(tmp_path: Path) -> None:
    pit = MonitorHarness(tmp_path)
    for number in range(400):
        pit.host.add(JobStatus.DONE, age=7200 + number * 60, session_id="old" if number > 395 else "")
    await pit.enter()
    service = pit.made_services[-1]
    listing = service.jobs

    async def unfiltered(query: JobQuery) -> JobPage:
        return await listing(replace(query, session_id=""))

    service.jobs = unfiltered  # type: ignore[method-assign]  # it does not know the filter
    for _ in range(5):
        pit.services.jobs.request_older(parse_filter("session:old"))
        await pit.clock.settle()
    assert known(pit) == set(pit.host.jobs)
    await pit.services.aclose()


async def test_only_what_is_wanted_is_looked_back_for(tmp_path: Path) -> None:
    pit = MonitorHarness(tmp_path)
    for age in range(300):
        pit.host.add(JobStatus.DONE, age=7200 + age, session_id="mine" if age == 299 else "")
    await pit.enter()
    pit.host.calls.clear()
    await pit.services.jobs.fetch_newest(20, JobQuery(session_id="mine"))
    assert pit.host.calls == ["jobs"]
    assert sum(job.session_id == "mine" for job in pit.services.jobs.all()) == 1
    await pit.services.aclose()
