"""Several processes on one journal, kill -9 and full disks: no acknowledged write is lost."""

from __future__ import annotations

import asyncio
import random
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.store.samples import NOON, make_folders, open_repository, read_tables
from tui.store.journal.format import HEADER_BYTES
from tui.store.journal.tinydb_storage import JournalStorage
from tui.store.journal.tinydb_table import JournalDB
from tui.store.records.tables import JOBS

ROOT = Path(__file__).parents[2]

_WRITER = """
import asyncio, sys
from pathlib import Path
from tests.store.samples import sample_job, make_folders
from tui.common.timing import SystemClock
from tui.store.repository import JobRepository
from tui.store.records.models import JobRecord

async def main(root: str, first: int, count: int) -> None:
    history = JobRepository(make_folders(Path(root)), SystemClock())
    await history.open()
    for number in range(first, first + count):
        history.upsert([JobRecord(sample_job(number))])
        await history.flush()
        print(number, flush=True)

asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
"""

_FULL_DISK = """
import asyncio, resource, sys
from dataclasses import replace
from pathlib import Path
from tests.store.samples import sample_job, make_folders
from tui.common.timing import SystemClock
from tui.common.errors import QdeckError
from tui.store.repository import JobRepository
from tui.store.records.models import JobRecord

async def main(root: str) -> None:
    history = JobRepository(make_folders(Path(root)), SystemClock())
    await history.open()
    acknowledged = 0
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, resource.RLIM_INFINITY))
    refused = 0
    for number in range(200):
        history.upsert([JobRecord(replace(sample_job(number), circuit=f"x {number}"))])
        try:
            await history.flush()
        except QdeckError as error:
            refused += 1
            assert error.kind.value == "storage"
            assert len(list(history.records())) == number + 1
            if refused > 20:
                break
        else:
            acknowledged = number + 1
    print(acknowledged, len(list(history.records())), flush=True)
    if sys.argv[2] == "room":
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        await history.flush()
        assert not history.dirty

asyncio.run(main(sys.argv[1]))
"""


def _start(code: str, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _ended(process: subprocess.Popen[str]) -> str:
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    return out


async def test_concurrent_writers_lose_no_rows(tmp_path: Path) -> None:
    watching = await open_repository(make_folders(tmp_path))
    writers = [_start(_WRITER, tmp_path, 1000 * n, 500) for n in range(4)]
    for writer in writers:
        await asyncio.to_thread(_ended, writer)
    seen = {job_id for _, job_id in (await watching.sync()).values[JOBS]}
    assert len(seen) == len(watching.records()) == 2000
    history = await open_repository(make_folders(tmp_path))
    assert len(history.records()) == 2000
    assert history.pop_warnings() == ()


_DATABASE_WRITER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from tinydb import where
from tui.store.journal.tinydb_storage import JournalStorage
from tui.store.journal.tinydb_table import JournalDB

def storage():
    # Written anew every few hundred writes, so that some kills come in the middle of that.
    return JournalStorage(Path(sys.argv[1]), now=lambda: datetime.now(UTC), compact_bytes=50_000)

database = JournalDB(storage=storage)
print("open", flush=True)
number = int(sys.argv[2])
while True:
    number += 1
    database.insert_multiple([{"n": number, "part": part, "pad": "x" * 500} for part in range(3)])
    database.update({"again": number}, where("n") == number)
    database.remove(where("n") == number - 40)
    print(number, flush=True)
"""


def _kill_at_random(root: Path, kills: int, seed: int) -> tuple[int, int]:
    """Kill a writer that often; returns the writes it acknowledged, and the generations its file had."""
    chance = random.Random(seed)
    path = root / "journal"
    acknowledged: set[int] = set()
    last = 0
    generations = set()
    for _ in range(kills):
        writer = _start(_DATABASE_WRITER, path, last)
        try:
            assert writer.stdout is not None
            assert writer.stdout.readline() == "open\n"
            # Not a moment of the clock but an amount of work, and then wherever the writer happens to be.
            for _ in range(chance.randrange(25)):
                acknowledged.add(int(writer.stdout.readline()))
        finally:
            writer.send_signal(signal.SIGKILL)
            rest, _ = writer.communicate()
        acknowledged.update(map(int, rest.split()))
        generations.add(path.read_bytes()[:HEADER_BYTES])
        with JournalDB(storage=lambda: JournalStorage(path, now=lambda: NOON)) as database:
            found = Counter(row["n"] for row in database)
            updated = Counter(row["n"] for row in database if row.get("again") == row["n"])
        # Each write removes the one of 40 before.
        last = max(found, default=0)
        assert all(updated[number] == 3 for number in acknowledged if number > last - 40), (last, updated)
        # What was on its way when the writer died is there as a whole or not at all.
        assert set(found.values()) | set(updated.values()) <= {3}
    return len(acknowledged), len(generations)


def test_kill_9_loses_no_acknowledged_write(tmp_path: Path) -> None:
    acknowledged, generations = _kill_at_random(tmp_path, 30, seed=1)
    assert acknowledged > 30
    assert generations > 2


@pytest.mark.slow
def test_300_kills_lose_no_acknowledged_write(tmp_path: Path) -> None:
    acknowledged, generations = _kill_at_random(tmp_path, 300, seed=2)
    assert acknowledged > 1000
    assert generations > 20


async def test_killed_repository_has_every_flushed_job(tmp_path: Path) -> None:
    folders = make_folders(tmp_path)
    writer = _start(_WRITER, tmp_path, 0, 10_000)
    assert writer.stdout is not None
    acknowledged = {int(writer.stdout.readline()) for _ in range(20)}
    writer.send_signal(signal.SIGKILL)
    rest, _ = await asyncio.to_thread(writer.communicate)
    acknowledged |= {int(line) for line in rest.splitlines()}
    history = await open_repository(folders)
    assert acknowledged <= {int(record.job.id.removeprefix("job-")) for record in history.records()}
    await history.aclose()


async def test_full_disk_loses_no_acknowledged_write(tmp_path: Path) -> None:
    acknowledged, _ = map(int, _ended(_start(_FULL_DISK, tmp_path, "stays full")).split())
    assert 10 < acknowledged < 200
    history = await open_repository(make_folders(tmp_path))
    assert len(list(history.records())) == acknowledged
    assert history.pop_warnings() == ()
    assert list((tmp_path / "data").glob(".history.journal.writing-*")) == []


async def test_flush_after_full_disk_writes_all_changes(tmp_path: Path) -> None:
    acknowledged, known = map(int, _ended(_start(_FULL_DISK, tmp_path, "room")).split())
    assert acknowledged < known
    folders = make_folders(tmp_path)
    assert len(list((await open_repository(folders)).records())) == known
    assert len(read_tables(folders)["jobs"]) == known
