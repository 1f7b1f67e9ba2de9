"""Opening a large history: the newest jobs first, the rest while the event loop goes on."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

from tests.store.samples import make_folders, open_repository, read_tables, sample_job, write_journal
from tests.support.clock import FakeClock
from tui.config.settings import Folders
from tui.domain.jobs import JobStatus
from tui.store.records.models import JobRecord
from tui.store.records.tables import dump_job
from tui.store.repository import JobRepository

JOBS = 3000


def _large(root: Path) -> Folders:
    folders = make_folders(root)
    # The service lists the newest first, so the numbers do not tell the age.
    rows = {str(n): dump_job(JobRecord(sample_job(JOBS - n, JobStatus.DONE))) for n in range(JOBS)}
    write_journal(folders, {"jobs": rows})
    return folders


async def test_open_reads_newest_jobs_first(tmp_path: Path) -> None:
    folders = _large(tmp_path)
    history = await open_repository(folders)
    # Later than all: changes of old jobs, a removal, and one new job.
    history.upsert(
        JobRecord(replace(sample_job(n, JobStatus.DONE, 99), tags=("old",), name="x" * 800))
        for n in range(1, 300)
    )
    history.upsert([JobRecord(sample_job(JOBS + 5))])
    history.remove(("platform", f"job-{JOBS - 1:05d}"))
    await history.aclose()

    again = JobRepository(folders, FakeClock())
    parts: list[tuple[JobRecord, ...]] = []
    await again.open(parts.append)
    assert again.loading and not parts
    first = {record.job.id for record in again.records()}
    expected = {f"job-{n:05d}" for n in (JOBS + 5, JOBS, *range(JOBS - 41, JOBS - 1))}
    assert expected <= first and f"job-{JOBS - 1:05d}" not in first
    await again.loaded()
    assert len(again.records()) == JOBS
    assert parts[-1] == () and sum(map(len, parts)) == JOBS
    await again.aclose()


async def test_changes_while_loading_are_kept(tmp_path: Path) -> None:
    folders = _large(tmp_path)
    history = JobRepository(folders, FakeClock())
    await history.open(lambda _: None)
    assert history.loading
    history.upsert(
        [JobRecord(replace(sample_job(7, JobStatus.DONE, 500), tags=("mine",))), JobRecord(sample_job(9999))]
    )
    history.remove(("platform", "job-00008"))
    # Writing waits until it is known what is there.
    await asyncio.gather(history.flush(), history.loaded())
    assert not history.dirty
    await history.aclose()
    rows = {row["id"]: row for row in read_tables(folders)["jobs"].values()}
    assert len(rows) == JOBS
    assert rows["job-00007"]["tags"] == ["mine"]
    assert "job-00008" not in rows and "job-09999" in rows


async def test_aclose_does_not_wait_for_loading(tmp_path: Path) -> None:
    folders = _large(tmp_path)
    history = JobRepository(folders, FakeClock())
    await history.open(lambda _: None)
    await history.aclose()
    assert len(read_tables(folders)["jobs"]) == JOBS
