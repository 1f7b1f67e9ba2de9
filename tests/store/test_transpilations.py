"""Transpilations: written with their submission, shared by circuit, removed with the last job."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from tests.store.samples import NOON, compact_journal, make_folders, open_repository, read_tables, sample_job
from tests.support.circuits import BELL, BELL_ISA, bell_candidate
from tui.domain.circuits import Transpilation
from tui.domain.jobs import Primitive
from tui.domain.submissions import Submission
from tui.store.import_export import check, export_json, import_json
from tui.store.records.models import JobRecord, PendingState, PendingSubmission
from tui.store.repository import JobRepository

TRANSPILATION = replace(bell_candidate(), at=NOON).transpilation


def _pending(tag: str = "qdeck-1", transpilation: Transpilation | None = TRANSPILATION) -> PendingSubmission:
    submission = Submission(
        Primitive.SAMPLER, "ibm_peekskill", BELL_ISA, source=BELL, name="bell", transpilation=transpilation
    )
    return PendingSubmission(tag, PendingState.PREPARED, "platform", "crn:one", NOON, submission)


def _accepted(history: JobRepository, number: int = 1) -> JobRecord:
    """A submission that became the job of that number."""
    history.upsert_submission(_pending(f"qdeck-{number}"))
    pending = history.submission(f"qdeck-{number}")
    assert pending is not None
    job = replace(sample_job(number), circuit=BELL_ISA, source=BELL)
    history.upsert_submission(replace(pending, state=PendingState.ACCEPTED, job_id=job.id))
    (record,) = history.upsert([JobRecord(job, own_tag=pending.tag)])
    return record


async def test_transpilation_is_written_in_the_batch_of_its_submission(tmp_path: Path) -> None:
    folders = make_folders(tmp_path)
    history = await open_repository(folders)
    history.upsert_submission(_pending())
    await history.flush()
    # One batch: the row of the submission says that the next line belongs to it.
    marks = [line[8:9] for line in folders.history_file.read_bytes().splitlines()[1:]]
    assert marks == [b"+", b" "]
    (row,) = read_tables(folders)["transpilations"].values()
    assert b"OPENQASM" not in json.dumps(row).encode()
    (submission,) = read_tables(folders)["submissions"].values()
    assert "two_qubit_gates" not in json.dumps(submission)
    record = _accepted(history)
    await history.aclose()
    for _ in range(2):
        again = await open_repository(folders)
        found = again.record(record.key)
        assert found is not None and again.transpilation(found) == TRANSPILATION
        assert again.pop_warnings() == ()
        await again.aclose()
        compact_journal(folders)
    assert again.transpilation(JobRecord(sample_job(7))) is None


async def test_transpilation_is_removed_with_last_job_of_circuit(tmp_path: Path) -> None:
    folders = make_folders(tmp_path)
    history = await open_repository(folders)
    first, second = _accepted(history, 1), _accepted(history, 2)
    await history.flush()
    assert len(read_tables(folders)["transpilations"]) == 1
    history.remove(first.key)
    await history.flush()
    assert history.transpilation(second) == TRANSPILATION
    assert len(read_tables(folders)["transpilations"]) == 1
    history.remove(second.key)
    await history.flush()
    assert not read_tables(folders).get("transpilations")
    third = _accepted(history, 3)
    await history.aclose()
    again = await open_repository(folders)
    assert again.transpilation(third) == TRANSPILATION
    await again.aclose()


async def test_transpilation_is_removed_with_refused_submission(tmp_path: Path) -> None:
    folders = make_folders(tmp_path)
    history = await open_repository(folders)
    history.upsert_submission(_pending("qdeck-1"))
    history.remove_submission("qdeck-1")
    history.upsert_submission(_pending("qdeck-2"))
    history.upsert_submission(replace(_pending("qdeck-2", None), state=PendingState.WITHDRAWN))
    await history.aclose()
    assert not read_tables(folders).get("transpilations")


async def test_transpilation_removed_elsewhere_is_written_again_when_needed(tmp_path: Path) -> None:
    folders = make_folders(tmp_path)
    one, other = await open_repository(folders), await open_repository(folders)
    gone = _accepted(one, 1)
    await one.flush()
    await other.sync()
    # The other submits the same circuit while this one deletes the only job it knows of it.
    stays = _accepted(other, 2)
    await other.flush()
    one.remove(gone.key)
    await one.flush()
    await other.sync()
    await other.sync()
    await one.sync()
    await one.aclose()
    await other.aclose()
    again = await open_repository(folders)
    assert again.transpilation(stays) == TRANSPILATION
    assert len(read_tables(folders)["transpilations"]) == 1
    await again.aclose()


async def test_later_transpilation_of_same_circuit_wins(tmp_path: Path) -> None:
    folders = make_folders(tmp_path)
    one, other = await open_repository(folders), await open_repository(folders)
    later = replace(TRANSPILATION, seconds=7.0, at=NOON + timedelta(hours=1))
    one.upsert_submission(_pending("qdeck-1", later))
    await one.flush()
    other.upsert_submission(_pending("qdeck-2"))
    await other.flush()
    await other.aclose()
    await one.aclose()
    (row,) = read_tables(folders)["transpilations"].values()
    assert row["seconds"] == 7.0


async def test_each_job_keeps_the_success_estimated_for_it(tmp_path: Path) -> None:
    """Two jobs of the same ISA circuit, a day and a calibration apart: the later one changes nothing."""
    folders = make_folders(tmp_path)
    history = await open_repository(folders)
    days = [
        replace(
            bell_candidate(),
            at=NOON + timedelta(days=day),
            calibrated=NOON + timedelta(days=day, hours=-3),
            estimated_success=0.97 - day / 10,
            estimated_success_idle=0.96 - day / 10,
        ).transpilation
        for day in range(2)
    ]
    for day, transpilation in enumerate(days):
        pending = _pending(f"qdeck-{day}", transpilation)
        history.upsert_submission(pending)
        kept = history.submission(pending.tag)
        assert kept is not None and kept.submission.predicted == transpilation.prediction
        job = replace(sample_job(day), circuit=BELL_ISA, source=BELL)
        history.upsert([JobRecord(job, own_tag=pending.tag, prediction=kept.submission.predicted)])
    await history.aclose()
    again = await open_repository(folders)
    for day, transpilation in enumerate(days):
        record = again.record(("platform", sample_job(day).id))
        assert record is not None
        found = again.transpilation(record)
        assert found is not None and found.prediction == transpilation.prediction
        assert (found.options, found.layout) == (transpilation.options, transpilation.layout)
    await again.aclose()


async def test_transpilation_is_exported_imported_and_checked(tmp_path: Path) -> None:
    folders, others = make_folders(tmp_path / "one"), make_folders(tmp_path / "two")
    history = await open_repository(folders)
    record = _accepted(history)
    await history.aclose()
    assert check(folders.history_file).rows["transpilations"] == 1
    tables = json.loads(b"".join(export_json(folders.history_file)))
    counts, unknown = import_json(others.history_file, others.old_history_file, tables, lambda: NOON)
    assert (counts["transpilations"], unknown) == (1, 0)
    again = await open_repository(others)
    found = again.record(record.key)
    assert found is not None and again.transpilation(found) == TRANSPILATION
    await again.aclose()


async def test_transpilation_is_removed_with_old_submission_without_job(tmp_path: Path) -> None:
    folders = make_folders(tmp_path)
    history = await open_repository(folders)
    history.upsert_submission(replace(_pending("qdeck-1"), state=PendingState.UNSENT))
    record = _accepted(history, 2)
    await history.flush()
    clock = history._clock
    await clock.jump(31 * 86400)  # type: ignore[attr-defined]  # the tests' own clock
    await history.sync()
    assert history.submissions() == ()
    assert history.transpilation(record) == TRANSPILATION
    history.remove(record.key)
    await history.aclose()
    assert not read_tables(folders).get("transpilations")
    assert not read_tables(folders).get("submissions")
