"""The bytes of the journal: a line of each table exactly as earlier versions wrote it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from tests.store.samples import NOON, make_folders, open_repository, sample_job
from tests.support.circuits import bell_candidate
from tui.domain.jobs import JobMetrics, JobStatus, Primitive
from tui.domain.sessions import Session, SessionMode, SessionState
from tui.domain.submissions import Submission
from tui.store.records.models import Interval, JobRecord, PendingState, PendingSubmission
from tui.store.records.tables import dump, load

LINES = Path(__file__).parents[1] / "fixtures" / "journal_lines.txt"


async def test_line_of_each_table_is_byte_exact(tmp_path: Path) -> None:
    folders = make_folders(tmp_path)
    history = await open_repository(folders)
    job = replace(sample_job(1, JobStatus.DONE, 60), qpu_seconds=0.0, private=True, tags=())
    metrics = JobMetrics(created=NOON, qpu_seconds=2.5)
    history.upsert([JobRecord(job, "qdeck-1", "c" * 64, "s" * 64, metrics, True, True, True, seen=True)])
    session = Session("s", "platform", "b", SessionMode.BATCH, SessionState.OPEN, accepting_jobs=False)
    history.upsert_sessions([session])
    transpilation = replace(bell_candidate(), at=NOON).transpilation
    submission = Submission(Primitive.SAMPLER, "b", "OPENQASM 3;", transpilation=transpilation)
    pending = PendingSubmission("qdeck-2", PendingState.PREPARED, "platform", "crn:one", NOON, submission)
    history.upsert_submission(pending)
    history.add_interval("platform", "crn:one", Interval(NOON - timedelta(days=1), NOON))
    await history.flush()
    history.remove(("platform", job.id))
    await history.aclose()
    assert folders.history_file.read_bytes().partition(b"\n")[2] == LINES.read_bytes()


def test_submission_of_an_earlier_version_is_read() -> None:
    """Before quantum programs a submission had no program, options, params, price, sweep or prediction."""
    submission = Submission(Primitive.SAMPLER, "b", "OPENQASM 3;")
    pending = PendingSubmission("qdeck-2", PendingState.PREPARED, "platform", "crn:one", NOON, submission)
    row = dump(pending)
    members = row["submission"]
    assert isinstance(members, dict)
    for name in (
        *("program", "options", "params", "formula_seconds"),
        *("parameters", "sweep", "further", "inputs", "prediction"),
    ):
        del members[name]
    assert load(PendingSubmission)(row) == pending
