"""The repository: reopening, files, damage, several instances on one file."""

from __future__ import annotations

import asyncio
import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.store.samples import (
    KEY,
    NOON,
    compact_journal,
    make_folders,
    open_repository,
    read_tables,
    sample_job,
    set_schema,
    write_journal,
)
from tests.support.clock import FakeClock
from tests.support.full_disk import full_disk
from tui.common.errors import ErrorKind, QdeckError
from tui.domain.jobs import JobMetrics, JobStatus, LogLevel, Primitive
from tui.domain.results import Counts, ExpectationValue, JobResult, PubResult
from tui.domain.sessions import Session, SessionMode, SessionState
from tui.domain.submissions import Submission
from tui.store.records.models import JobRecord, PendingState, PendingSubmission
from tui.store.records.tables import JOBS
from tui.store.repository import JobRepository


async def test_flushed_rows_survive_reopening(tmp_path: Path) -> None:
    folders = make_folders(tmp_path)
    history = await open_repository(folders)
    job = replace(
        sample_job(1, JobStatus.DONE, 9), circuit="OPENQASM 3; // λ", source="qubit q;", qpu_seconds=0.0
    )
    metrics = JobMetrics(created=NOON, qpu_seconds=2.5)
    history.upsert([JobRecord(job, own_tag="qdeck-0123456789ab", metrics=metrics, finalized=True)])
    session = Session("s", "platform", "b", SessionMode.BATCH, SessionState.OPEN, accepting_jobs=False)
    history.upsert_sessions([session])
    await history.aclose()

    again = await open_repository(folders)
    record = again.record(KEY)
    assert record is not None
    whole = again.job_with_texts(record)
    assert (whole.circuit, whole.source, whole.qpu_seconds) == (job.circuit, job.source, 0.0)
    assert (record.own_tag, record.metrics, record.finalized) == ("qdeck-0123456789ab", metrics, True)
    assert tuple(again.sessions()) == (session,)
    assert again.pop_warnings() == ()
    await again.aclose()


async def test_program_texts_are_not_in_the_journal(tmp_path: Path) -> None:
    folders = make_folders(tmp_path)
    history = await open_repository(folders)
    history.upsert([JobRecord(replace(sample_job(n), circuit="OPENQASM 3; x q;")) for n in range(5)])
    await history.aclose()
    assert b"OPENQASM" not in folders.history_file.read_bytes()
    assert len(list((folders.data / "circuits").rglob("*.gz"))) == 1


async def test_files_are_private_to_their_owner(tmp_path: Path) -> None:
    folders = make_folders(tmp_path)
    history = await open_repository(folders)
    history.upsert([JobRecord(replace(sample_job(), circuit="x"))])
    await history.save_result(KEY, JobResult(()))
    await history.aclose()
    files = [path for path in folders.data.rglob("*") if path.is_file()]
    assert len(files) >= 3
    assert {path.stat().st_mode & 0o077 for path in files} == {0}


async def test_flush_syncs_the_journal_once(tmp_path: Path) -> None:
    folders = make_folders(tmp_path)
    history = await open_repository(folders)
    history.upsert([JobRecord(sample_job(1))])
    await history.flush()
    before = folders.history_file.read_bytes()
    history.upsert(JobRecord(sample_job(n)) for n in range(2, 200))
    history.upsert_sessions([Session("s", "platform", "b", SessionMode.BATCH, SessionState.OPEN)])
    await asyncio.gather(*(history.flush() for _ in range(10)))
    assert not history.dirty
    written = folders.history_file.read_bytes()
    assert written.startswith(before)
    # One batch: all of its lines but the last say that more follows.
    marks = [line[8:9] for line in written[len(before) :].splitlines()]
    assert marks == [b"+"] * 198 + [b" "]
    stamp = folders.history_file.stat().st_mtime_ns
    assert history.upsert([JobRecord(sample_job(1, seconds=99))]) == ()
    await history.flush()
    assert folders.history_file.stat().st_mtime_ns == stamp


async def test_result_is_saved_with_raw_body(tmp_path: Path) -> None:
    history = await open_repository(make_folders(tmp_path))
    history.upsert([JobRecord(sample_job())])
    counts = Counts("c", 2, 10, {"00": 6, "11": 4})
    for raw in (b'{"results": []}', b"\xff\x00binary", b""):
        result = JobResult(
            (PubResult((counts,), shots=10), PubResult(values=(ExpectationValue(0.5, 0.1),))), raw
        )
        await history.save_result(KEY, result)
        assert await history.result(KEY) == result
    record = history.record(KEY)
    assert record is not None and record.result_kept
    await history.remove_result(KEY)
    assert await history.result(KEY) is None


async def test_hostile_job_id_stays_in_results_folder(tmp_path: Path) -> None:
    folders = make_folders(tmp_path)
    history = await open_repository(folders)
    for job_id in ("../../etc/passwd", "a/b", "." * 300, "\x1b[2J", "é"):
        await history.save_result(("platform", job_id), JobResult((), b"{}"))
        assert await history.result(("platform", job_id)) is not None
    assert len(list(folders.results.iterdir())) == 5


async def test_damaged_result_is_none(tmp_path: Path) -> None:
    folders = make_folders(tmp_path)
    history = await open_repository(folders)
    await history.save_result(KEY, JobResult((), b"{}"))
    (file,) = folders.results.iterdir()
    file.write_bytes(file.read_bytes()[:-9])
    assert await history.result(KEY) is None


async def test_lone_surrogates_are_stored_replaced(tmp_path: Path) -> None:
    folders = make_folders(tmp_path)
    history = await open_repository(folders)
    history.upsert([JobRecord(replace(sample_job(), tags=("\ud800",), source="\udcff"))])
    await history.aclose()
    again = await open_repository(folders)
    record = again.record(KEY)
    assert record is not None and again.job_with_texts(record).source == "\udcff"


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.999])
async def test_cut_journal_is_backed_up_and_whole_rows_kept(tmp_path: Path, share: float) -> None:
    folders = make_folders(tmp_path)
    history = await open_repository(folders)
    history.upsert(JobRecord(sample_job(n)) for n in range(100))
    await history.aclose()
    compact_journal(folders)
    data = folders.history_file.read_bytes()
    cut = data[: int(len(data) * share)]
    folders.history_file.write_bytes(cut)

    again = await open_repository(folders)
    assert len(list(again.records())) >= int(100 * share) - 5
    (warning,) = again.pop_warnings()
    (aside,) = folders.data.glob("history.journal.damaged-*")
    assert aside.name in warning
    assert aside.read_bytes() == cut
    again.upsert([JobRecord(sample_job(500))])
    await again.aclose()
    third = await open_repository(folders)
    assert third.pop_warnings() == ()
    assert third.record(("platform", "job-00500")) is not None


async def test_rows_of_unknown_form_stay_in_the_file(tmp_path: Path) -> None:
    folders = make_folders(tmp_path)
    history = await open_repository(folders)
    history.upsert([JobRecord(sample_job(1)), JobRecord(sample_job(2))])
    await history.aclose()
    data = read_tables(folders)
    data["jobs"]["1"]["status"] = 17
    data["jobs"]["2"]["new_member"] = "of a newer qdeck"
    write_journal(folders, data)
    again = await open_repository(folders)
    assert again.record(KEY) is None
    assert "1 entries" in again.pop_warnings()[0]
    again.upsert([JobRecord(sample_job(2, JobStatus.DONE, 5))])
    await again.aclose()
    written = read_tables(folders)["jobs"]
    assert written["1"]["status"] == 17
    assert (written["2"]["new_member"], written["2"]["status"]) == ("of a newer qdeck", "done")


async def test_row_of_unknown_form_is_replaced_when_its_job_is_written(tmp_path: Path) -> None:
    folders = make_folders(tmp_path)
    history = await open_repository(folders)
    history.upsert([JobRecord(sample_job(1))])
    await history.aclose()
    data = read_tables(folders)
    data["jobs"]["1"].update(status=17, new_member="of a newer qdeck")
    write_journal(folders, data)
    again = await open_repository(folders)
    again.upsert([JobRecord(sample_job(1, JobStatus.DONE, 5))])
    await again.aclose()
    (row,) = read_tables(folders)["jobs"].values()
    assert (row["status"], row["new_member"]) == ("done", "of a newer qdeck")


async def test_journal_of_newer_version_is_read_not_written(tmp_path: Path) -> None:
    folders = make_folders(tmp_path)
    history = await open_repository(folders)
    history.upsert([JobRecord(sample_job(1))])
    await history.aclose()
    set_schema(folders, 99)
    before = folders.history_file.read_bytes()
    again = await open_repository(folders)
    assert again.record(KEY) is not None
    again.upsert([JobRecord(sample_job(2))])
    with pytest.raises(QdeckError) as caught:
        await again.flush()
    assert caught.value.kind is ErrorKind.STORAGE
    assert "newer" in caught.value.message
    assert folders.history_file.read_bytes() == before


async def test_unwritable_folder_warns_and_memory_goes_on(tmp_path: Path) -> None:
    folders = make_folders(tmp_path)
    folders.history_file.mkdir()
    history = await open_repository(folders)
    assert history.pop_warnings()
    history.upsert([JobRecord(replace(sample_job(), circuit="x"))])
    with pytest.raises(QdeckError) as caught:
        await history.flush()
    assert caught.value.kind is ErrorKind.STORAGE
    assert history.dirty
    folders.history_file.rmdir()
    await history.aclose()
    assert (await open_repository(folders)).record(KEY) is not None


async def test_sync_returns_changes_of_other_process(tmp_path: Path) -> None:
    folders = make_folders(tmp_path)
    one, other = await open_repository(folders), await open_repository(folders)
    one.upsert([JobRecord(sample_job(1)), JobRecord(sample_job(2))])
    await one.flush()
    changes = await other.sync()
    assert {job_id for _, job_id in changes.values[JOBS]} == {"job-00001", "job-00002"}
    other.upsert([JobRecord(sample_job(1, JobStatus.DONE, 60))])
    one.upsert([JobRecord(replace(sample_job(1, JobStatus.RUNNING, 30), name="bell"))])
    await asyncio.gather(one.flush(), other.flush())
    await one.sync()
    await other.sync()
    for history in (one, other):
        record = history.record(KEY)
        assert record is not None
        assert (record.job.status, record.job.name) == (JobStatus.DONE, "bell")
    one.remove(KEY)
    await one.flush()
    assert (await other.sync()).removed[JOBS] == {KEY}
    other.upsert_sessions([Session("s", "platform", "b", SessionMode.BATCH, SessionState.OPEN)])
    await other.flush()
    assert other.record(KEY) is None and not (await one.sync()).removed
    assert (await open_repository(folders)).record(KEY) is None


async def test_submission_state_never_goes_back_and_texts_are_kept(tmp_path: Path) -> None:
    folders = make_folders(tmp_path)
    history = await open_repository(folders)
    submission = Submission(
        Primitive.SAMPLER,
        "ibm_cusco",
        "OPENQASM 3;",
        source="x",
        name="bell",
        max_seconds=60,
        private=True,
        log_level=LogLevel.DEBUG,
    )
    pending = PendingSubmission("qdeck-1", PendingState.SENDING, "platform", "crn", NOON, submission)
    history.upsert_submission(pending)
    history.upsert_submission(replace(pending, state=PendingState.ACCEPTED, job_id="j"))
    assert (
        history.upsert_submission(replace(pending, state=PendingState.UNSENT)).state is PendingState.ACCEPTED
    )
    await history.aclose()
    again = await open_repository(folders)
    (found,) = again.submissions()
    assert (found.state, found.job_id) == (PendingState.ACCEPTED, "j")
    assert again.submission_with_texts(found) == submission
    assert b"OPENQASM" not in folders.history_file.read_bytes()


async def test_later_step_of_a_submission_holds_though_the_clock_was_set_back(tmp_path: Path) -> None:
    clock = FakeClock()
    history = JobRepository(make_folders(tmp_path), clock)
    await history.open()
    submission = Submission(Primitive.SAMPLER, "ibm_cusco", "OPENQASM 3;")
    pending = PendingSubmission("qdeck-1", PendingState.PREPARED, "platform", "crn", NOON, submission)
    first = history.upsert_submission(replace(pending, place=7, owner="z"))
    await clock.set_wall(timedelta(hours=-1))
    second = history.upsert_submission(replace(pending, place=3, owner="a"))
    third = history.upsert_submission(replace(pending, place=5, owner="0"))
    assert (second.place, third.place) == (3, 5) and history.submission("qdeck-1") == third
    assert first.changed is not None and second.changed is not None and third.changed is not None
    assert first.changed < second.changed < third.changed < first.changed + timedelta(seconds=1)
    await history.aclose()


async def test_removal_that_a_full_disk_refused_is_written_later(tmp_path: Path) -> None:
    folders = make_folders(tmp_path)
    history = await open_repository(folders)
    history.upsert([JobRecord(sample_job(1)), JobRecord(sample_job(2))])
    await history.flush()
    history.remove(KEY)
    history.upsert([JobRecord(sample_job(3))])
    with full_disk(folders.history_file), pytest.raises(QdeckError):
        await history.flush()
    assert len(read_tables(folders)["jobs"]) == 2
    await history.flush()
    await history.aclose()
    again = await open_repository(folders)
    assert {record.job.id for record in again.records()} == {"job-00002", "job-00003"}
    await again.aclose()


async def test_leftovers_of_killed_writers_are_removed(tmp_path: Path) -> None:
    folders = make_folders(tmp_path)
    history = await open_repository(folders)
    history.upsert([JobRecord(sample_job())])
    await history.aclose()
    leftover = folders.data / ".history.journal.writing-1-abcd"
    leftover.write_text("{")
    os.utime(leftover, (0, 0))
    await open_repository(folders)
    assert not leftover.exists()


async def test_sync_returns_jobs_that_were_read_late(tmp_path: Path) -> None:
    folders = make_folders(tmp_path)
    history = await open_repository(folders)
    history.upsert([JobRecord(sample_job(1)), JobRecord(sample_job(2))])
    await history.aclose()
    aside = folders.history_file.rename(folders.data / "aside")
    folders.history_file.mkdir()
    late = await open_repository(folders)
    assert late.pop_warnings() and not late.records()
    late.upsert([JobRecord(sample_job(3))])
    folders.history_file.rmdir()
    aside.rename(folders.history_file)
    # A write is the first to read it; who shows the jobs asks later.
    await late.flush()
    changes = await late.sync()
    assert {"job-00001", "job-00002"} <= {job_id for _, job_id in changes.values[JOBS]}
    await late.aclose()


async def test_old_submissions_are_removed_after_30_days(tmp_path: Path) -> None:
    folders = make_folders(tmp_path)
    clock = FakeClock()
    history = JobRepository(folders, clock)
    await history.open()
    submission = Submission(Primitive.SAMPLER, "ibm_cusco", "OPENQASM 3;")
    ended = PendingSubmission("qdeck-1", PendingState.REFUSED, "platform", "crn", NOON, submission)
    history.upsert_submission(ended)
    history.upsert_submission(replace(ended, tag="qdeck-2", state=PendingState.PREPARED))
    await history.sync()
    assert [pending.tag for pending in history.submissions()] == ["qdeck-1", "qdeck-2"]
    assert [pending.tag for pending in history.pending_submissions()] == ["qdeck-2"]
    await clock.jump(31 * 86400)
    await history.sync()
    assert [pending.tag for pending in history.submissions()] == ["qdeck-2"]
    assert len(read_tables(folders)["submissions"]) == 1
    await history.aclose()
