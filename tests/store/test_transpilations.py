"""How submitted circuits were transpiled: written with the submission, shared, let go with the last job."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from tests.store.made import NOON, kept, made_job, places
from tests.store.test_history import compacted, opened
from tests.support.circuits import BELL, BELL_ISA, bell_candidate
from tui.domain.circuits import Transpilation
from tui.domain.submissions import Primitive, Submission
from tui.store.import_export import check, exported, imported
from tui.store.records.models import JobRecord, PendingState, PendingSubmission
from tui.store.repository import JobRepository

TOLD = replace(bell_candidate(), at=NOON).transpilation


def _intent(tag: str = "qdeck-1", told: Transpilation | None = TOLD) -> PendingSubmission:
    submission = Submission(
        Primitive.SAMPLER, "ibm_peekskill", BELL_ISA, source=BELL, name="bell", transpilation=told
    )
    return PendingSubmission(tag, PendingState.PREPARED, "platform", "crn:one", NOON, submission)


def _accepted(history: JobRepository, number: int = 1) -> JobRecord:
    """A submission that became the job of that number."""
    history.upsert_submission(_intent(f"qdeck-{number}"))
    intent = history.submission(f"qdeck-{number}")
    assert intent is not None
    job = replace(made_job(number), circuit=BELL_ISA, source=BELL)
    history.upsert_submission(replace(intent, state=PendingState.ACCEPTED, job_id=job.id))
    (record,) = history.upsert([JobRecord(job, own_tag=intent.tag)])
    return record


async def test_it_is_written_with_the_submission_and_read_again(tmp_path: Path) -> None:
    folders = places(tmp_path)
    history = await opened(folders)
    history.upsert_submission(_intent())
    await history.flush()
    # One batch: the row of the submission says that the next line belongs to it.
    marks = [line[8:9] for line in folders.history_file.read_bytes().splitlines()[1:]]
    assert marks == [b"+", b" "]
    (row,) = kept(folders)["transpilations"].values()
    assert b"OPENQASM" not in json.dumps(row).encode()
    (submission,) = kept(folders)["submissions"].values()
    assert "two_qubit_gates" not in json.dumps(submission)
    record = _accepted(history)
    await history.aclose()
    for _ in range(2):
        again = await opened(folders)
        found = again.record(record.key)
        assert found is not None and again.transpilation(found) == TOLD
        assert again.pop_warnings() == ()
        await again.aclose()
        compacted(folders)
    assert again.transpilation(JobRecord(made_job(7))) is None


async def test_it_is_let_go_with_the_last_job_of_the_circuit(tmp_path: Path) -> None:
    folders = places(tmp_path)
    history = await opened(folders)
    first, second = _accepted(history, 1), _accepted(history, 2)
    await history.flush()
    assert len(kept(folders)["transpilations"]) == 1
    history.remove(first.key)
    await history.flush()
    assert history.transpilation(second) == TOLD
    assert len(kept(folders)["transpilations"]) == 1
    history.remove(second.key)
    await history.flush()
    assert not kept(folders).get("transpilations")
    third = _accepted(history, 3)
    await history.aclose()
    again = await opened(folders)
    assert again.transpilation(third) == TOLD
    await again.aclose()


async def test_what_never_becomes_a_job_keeps_none(tmp_path: Path) -> None:
    folders = places(tmp_path)
    history = await opened(folders)
    history.upsert_submission(_intent("qdeck-1"))
    history.remove_submission("qdeck-1")
    history.upsert_submission(_intent("qdeck-2"))
    history.upsert_submission(replace(_intent("qdeck-2", None), state=PendingState.WITHDRAWN))
    await history.aclose()
    assert not kept(folders).get("transpilations")


async def test_one_that_is_let_go_elsewhere_is_written_again_where_it_is_needed(tmp_path: Path) -> None:
    folders = places(tmp_path)
    one, other = await opened(folders), await opened(folders)
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
    again = await opened(folders)
    assert again.transpilation(stays) == TOLD
    assert len(kept(folders)["transpilations"]) == 1
    await again.aclose()


async def test_the_later_one_of_the_same_circuit_holds(tmp_path: Path) -> None:
    folders = places(tmp_path)
    one, other = await opened(folders), await opened(folders)
    later = replace(TOLD, seconds=7.0, at=NOON + timedelta(hours=1))
    one.upsert_submission(_intent("qdeck-1", later))
    await one.flush()
    other.upsert_submission(_intent("qdeck-2"))
    await other.flush()
    await other.aclose()
    await one.aclose()
    (row,) = kept(folders)["transpilations"].values()
    assert row["seconds"] == 7.0


async def test_exported_imported_and_checked(tmp_path: Path) -> None:
    folders, others = places(tmp_path / "one"), places(tmp_path / "two")
    history = await opened(folders)
    record = _accepted(history)
    await history.aclose()
    assert check(folders.history_file).rows["transpilations"] == 1
    tables = json.loads(b"".join(exported(folders.history_file)))
    counts, unknown = imported(others.history_file, others.old_history_file, tables, lambda: NOON)
    assert (counts["transpilations"], unknown) == (1, 0)
    again = await opened(others)
    found = again.record(record.key)
    assert found is not None and again.transpilation(found) == TOLD
    await again.aclose()


async def test_it_is_forgotten_with_an_old_submission_that_has_no_job(tmp_path: Path) -> None:
    folders = places(tmp_path)
    history = await opened(folders)
    history.upsert_submission(replace(_intent("qdeck-1"), state=PendingState.UNSENT))
    record = _accepted(history, 2)
    await history.flush()
    clock = history._clock
    await clock.jump(31 * 86400)  # type: ignore[attr-defined]  # the tests' own clock
    await history.sync()
    assert history.submissions() == ()
    assert history.transpilation(record) == TOLD
    history.remove(record.key)
    await history.aclose()
    assert not kept(folders).get("transpilations")
    assert not kept(folders).get("submissions")
