from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from pathlib import Path

from tests.history.made import kept, places
from tests.history.test_history import opened

ROOT = Path(__file__).parents[2]

_WRITER = """
import asyncio, sys
from pathlib import Path
from tests.history.made import made_job, places
from tui.domain.clock import SystemClock
from tui.history.history import History
from tui.history.records import Record

async def main(root: str, first: int, count: int) -> None:
    history = History(places(Path(root)), SystemClock())
    await history.open()
    for number in range(first, first + count):
        history.put([Record(made_job(number))])
        await history.flush()
        print(number, flush=True)

asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
"""

_FULL_DISK = """
import asyncio, resource, sys
from dataclasses import replace
from pathlib import Path
from tests.history.made import made_job, places
from tui.domain.clock import SystemClock
from tui.domain.errors import QdeckError
from tui.history.history import History
from tui.history.records import Record

async def main(root: str) -> None:
    history = History(places(Path(root)), SystemClock())
    await history.open()
    acknowledged = 0
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, resource.RLIM_INFINITY))
    refused = 0
    for number in range(200):
        history.put([Record(replace(made_job(number), circuit=f"x {number}"))])
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
        assert not history.owing

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


async def test_processes_writing_the_same_history_lose_nothing(tmp_path: Path) -> None:
    writers = [_start(_WRITER, tmp_path, 1000 * n, 60) for n in range(3)]
    for writer in writers:
        await asyncio.to_thread(_ended, writer)
    history = await opened(places(tmp_path))
    assert len(list(history.records())) == 180
    assert history.take_warnings() == ()


async def test_nothing_acknowledged_is_lost_by_kill_9(tmp_path: Path) -> None:
    folders = places(tmp_path)
    acknowledged: set[int] = set()
    for turn in range(6):
        writer = _start(_WRITER, tmp_path, turn * 10_000, 10_000)
        assert writer.stdout is not None
        # Each time a little later in a write: the output runs behind the writer by chance.
        for line in writer.stdout:
            acknowledged.add(int(line))
            if int(line) % 10_000 >= 3 + 4 * turn:
                writer.send_signal(signal.SIGKILL)
                break
        rest, _ = await asyncio.to_thread(writer.communicate)
        acknowledged |= {int(line) for line in rest.splitlines()}
        history = await opened(folders)
        assert history.take_warnings() == ()
        there = {int(record.job.id.removeprefix("job-")) for record in history.records()}
        assert acknowledged <= there
        await history.aclose()


async def test_a_full_disk_loses_nothing_acknowledged(tmp_path: Path) -> None:
    acknowledged, _ = map(int, _ended(_start(_FULL_DISK, tmp_path, "stays full")).split())
    assert 10 < acknowledged < 200
    history = await opened(places(tmp_path))
    assert len(list(history.records())) == acknowledged
    assert history.take_warnings() == ()
    assert list((tmp_path / "data").glob(".history.journal.writing-*")) == []


async def test_what_is_owed_is_written_when_there_is_room_again(tmp_path: Path) -> None:
    acknowledged, known = map(int, _ended(_start(_FULL_DISK, tmp_path, "room")).split())
    assert acknowledged < known
    folders = places(tmp_path)
    assert len(list((await opened(folders)).records())) == known
    assert len(kept(folders)["jobs"]) == known
