"""A history for the commands about jobs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.store.samples import make_folders
from tui.common.timing import SystemClock
from tui.domain.jobs import Job
from tui.ibm.results.decoder import decode_result
from tui.store.records.models import JobRecord
from tui.store.repository import JobRepository

Keep = Callable[[Job, bytes | None], None]


@pytest.fixture
def keep(home: Path) -> Keep:
    """Writes a job, and its result, to the history."""

    async def written(job: Job, body: bytes | None) -> None:
        history = JobRepository(make_folders(home), SystemClock())
        await history.open()
        record = JobRecord(job, finalized=True)
        history.upsert([record])
        if body is not None:
            await history.save_result(record.key, decode_result(body))
        await history.aclose()

    return lambda job, body: asyncio.run(written(job, body))
