"""The quota of result and circuit files: the oldest are removed, with a warning."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.store.samples import NOON, make_folders, sample_job
from tests.support.clock import FakeClock
from tui.common.errors import QdeckError
from tui.config.settings import load_settings
from tui.domain.jobs import Primitive
from tui.domain.results import JobResult
from tui.domain.submissions import Submission
from tui.store.blobs import Quota
from tui.store.records.models import JobRecord, PendingState, PendingSubmission
from tui.store.repository import JobRepository


async def test_quota_removes_oldest_results_with_a_warning(tmp_path: Path) -> None:
    folders = make_folders(tmp_path)
    history = JobRepository(folders, FakeClock(), quota=20_000)
    await history.open()
    for n in range(30):
        await history.save_result(("platform", f"job-{n:05d}"), JobResult((), os.urandom(1000)))
        for file in folders.results.iterdir():
            # An hour older with each one that comes: files of one moment have no order.
            os.utime(file, ns=(0, file.stat().st_mtime_ns - 3_600_000_000_000))
    assert sum(file.stat().st_size for file in folders.results.iterdir()) <= 20_000
    there = [await history.result(("platform", f"job-{n:05d}")) is not None for n in range(30)]
    kept = there.count(True)
    assert 5 < kept < 30
    assert there == [False] * (30 - kept) + [True] * kept
    warnings = history.pop_warnings()
    assert warnings and "let go" in warnings[0]
    await history.aclose()


def test_quota_is_read_from_settings(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    assert load_settings(file).kept_mib is None
    file.write_text("kept_mib = 500\n")
    assert load_settings(file).kept_mib == 500
    for wrong in ('"1 GiB"', "0", "true", "1.5"):
        file.write_text(f"kept_mib = {wrong}\n")
        with pytest.raises(QdeckError):
            load_settings(file)


async def test_quota_keeps_circuit_that_is_used_again(tmp_path: Path) -> None:
    folders = make_folders(tmp_path)
    history = JobRepository(folders, FakeClock(), quota=10_000)
    await history.open()
    text = "OPENQASM 3; // kept"
    for n in range(20):
        history.upsert([JobRecord(replace(sample_job(n), circuit=text))])
        history.upsert([JobRecord(replace(sample_job(100 + n), circuit=os.urandom(800).hex()))])
        await history.flush()
        for file in (folders.data / "circuits").rglob("*.gz"):
            os.utime(file, ns=(0, file.stat().st_mtime_ns - 3_600_000_000_000))
    await history.aclose()
    again = JobRepository(folders, FakeClock())
    await again.open()
    record = again.record(("platform", "job-00000"))
    lost = again.record(("platform", "job-00100"))
    assert record is not None and again.job_with_texts(record).circuit == text
    assert lost is not None and again.job_with_texts(lost).circuit == ""
    await again.aclose()


@pytest.mark.parametrize(
    "state", [PendingState.PREPARED, PendingState.SENDING, PendingState.UNCONFIRMED, PendingState.UNSENT]
)
async def test_quota_keeps_texts_of_pending_submissions(tmp_path: Path, state: PendingState) -> None:
    folders = make_folders(tmp_path)
    history = JobRepository(folders, FakeClock(), quota=10_000)
    await history.open()
    submission = Submission(Primitive.SAMPLER, "b", "OPENQASM 3; // isa", source="OPENQASM 3; // mine")
    history.upsert_submission(PendingSubmission("qdeck-1", state, "platform", "crn:one", NOON, submission))
    await history.flush()
    for file in (folders.data / "circuits").rglob("*.gz"):
        os.utime(file, ns=(0, 0))
    for n in range(10):
        await history.save_result(("platform", f"job-{n:05d}"), JobResult((), os.urandom(2000)))
        history.upsert([JobRecord(replace(sample_job(n), circuit=os.urandom(800).hex()))])
        await history.flush()
    assert "let go" in history.pop_warnings()[0]
    await history.aclose()
    again = JobRepository(folders, FakeClock())
    await again.open()
    (pending,) = again.submissions()
    assert again.submission_with_texts(pending) == submission
    await again.aclose()


async def test_quota_removes_nothing_before_history_is_loaded(tmp_path: Path) -> None:
    folders = make_folders(tmp_path)
    history = JobRepository(folders, FakeClock(), quota=10_000)
    for n in range(10):
        await history.save_result(("platform", f"job-{n:05d}"), JobResult((), os.urandom(2000)))
    assert len(list(folders.results.iterdir())) == 10
    await history.open()
    await history.save_result(("platform", "job-00010"), JobResult((), os.urandom(2000)))
    assert len(list(folders.results.iterdir())) < 10
    await history.aclose()


def written(folder: Path, number: int, size: int) -> Path:
    """Write a file, an hour later than the one before."""
    path = folder / f"{number:02d}"
    path.write_bytes(bytes(size))
    os.utime(path, ns=(0, number * 3_600_000_000_000))
    return path


def test_quota_removes_the_oldest_until_some_room_is_left(tmp_path: Path) -> None:
    quota = Quota((tmp_path,), 1000)
    added = [quota.add(written(tmp_path, number, 100)) for number in range(11)]
    # Of 1,100 bytes, down to 95 % of the limit.
    assert added == [(0, 0)] * 10 + [(2, 200)]
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"{number:02d}" for number in range(2, 11)]


def test_quota_removes_no_more_than_it_must(tmp_path: Path) -> None:
    quota = Quota((tmp_path,), 1000)
    # Of 1,050 bytes, down to exactly 95 % of the limit.
    assert [quota.add(written(tmp_path, number, 50)) for number in range(21)][-1] == (2, 100)


def test_quota_counts_what_it_removed_as_free(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    walks: list[tuple[Path, ...]] = []
    files = Quota._files

    def counted(self: Quota) -> Iterator[tuple[int, int, str]]:
        walks.append(self._folders)
        return files(self)

    monkeypatch.setattr(Quota, "_files", counted)
    quota = Quota((tmp_path,), 1000)
    for number in range(11):
        quota.add(written(tmp_path, number, 100))
    walked = len(walks)
    assert quota.add(written(tmp_path, 11, 100)) == (0, 0) and len(walks) == walked
    assert quota.add(written(tmp_path, 12, 100)) == (2, 200) and len(walks) == walked + 1


def test_quota_keeps_needed_files_and_the_one_just_written(tmp_path: Path) -> None:
    quota = Quota((tmp_path,), 100)
    oldest, second = written(tmp_path, 0, 50), written(tmp_path, 1, 50)
    large = written(tmp_path, 2, 500)
    assert quota.add(large, {oldest}) == (1, 50)
    assert sorted(tmp_path.iterdir()) == [oldest, large] and not second.exists()


def test_quota_counts_files_of_others_before_it_removes(tmp_path: Path) -> None:
    quota = Quota((tmp_path,), 1000)
    quota.add(written(tmp_path, 0, 900))
    (tmp_path / "00").unlink()
    # Removed by another process: there is room for this one after all.
    assert quota.add(written(tmp_path, 1, 200)) == (0, 0)
    assert quota.add(written(tmp_path, 2, 800)) == (0, 0)
    assert quota.add(written(tmp_path, 3, 1)) == (1, 200)


def test_quota_without_knowledge_of_what_is_needed_removes_nothing(tmp_path: Path) -> None:
    quota = Quota((tmp_path,), 100)
    assert quota.add(written(tmp_path, 0, 500), None) == (0, 0)
    assert quota.add(written(tmp_path, 1, 500), None) == (0, 0)
