"""Jobs and places for the tests of the history."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from tui.domain.jobs import Job, JobStatus
from tui.settings import Folders

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def places(root: Path) -> Folders:
    """Folders below `root`, made."""
    folders = Folders(root / "config", root / "data", root / "state")
    folders.create()
    return folders


def made_job(number: int = 1, status: JobStatus = JobStatus.QUEUED, seconds: float = 0.0) -> Job:
    """A job created at noon, as told `seconds` later."""
    created = NOON + timedelta(minutes=number)
    return Job(
        id=f"job-{number:05d}",
        service="platform",
        backend="ibm_peekskill",
        program="sampler",
        status=status,
        status_text=status.value.title(),
        created=created,
        instance="crn:one",
        tags=("demo",),
        confirmed=created + timedelta(seconds=seconds),
    )
