"""The history through TinyDB's own API while qdeck writes it: the example of `qdeck help notebook`."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from pathlib import Path

import pytest
from tinydb import TinyDB, where

from tests.store.samples import compact_journal, make_folders, open_repository, sample_job
from tui.commands.shared.help import page
from tui.domain.jobs import JobStatus
from tui.store.read_only import HistoryStorage, history_file
from tui.store.records.models import JobRecord
from tui.store.repository import JobRepository


async def write(history: JobRepository, *numbers: int, tag: str = "paper") -> None:
    """Have qdeck write finished jobs."""
    jobs = [
        replace(sample_job(number, JobStatus.DONE), tags=(tag,), qpu_seconds=float(number))
        for number in numbers
    ]
    history.upsert([JobRecord(job) for job in jobs])
    await history.flush()


async def test_history_is_read_while_qdeck_writes_it(tmp_path: Path) -> None:
    folders = make_folders(tmp_path)
    database = TinyDB(folders.history_file, storage=HistoryStorage)
    assert len(database.table("jobs")) == 0 and not folders.history_file.exists()
    history = await open_repository(folders)
    await write(history, 1, 2)
    await write(history, 3, tag="other")
    jobs = database.table("jobs")
    assert [row["id"] for row in jobs.search(where("tags").any(["paper"]))] == ["job-00001", "job-00002"]
    assert jobs.count(where("qpu_seconds") > 1.5) == 2

    before = sorted(path.name for path in folders.data.iterdir())
    jobs.clear_cache()
    await write(history, 4)
    assert jobs.count(where("tags").any(["paper"])) == 3, "what was written since is seen"
    with folders.history_file.open("ab") as file:
        file.write(b'00000000+[99,"jobs",9,{"id":"half')  # a write under way
    jobs.clear_cache()
    assert len(jobs.all()) == 4
    with pytest.raises(PermissionError, match="not written"):
        jobs.insert({"id": "x"})
    assert sorted(path.name for path in folders.data.iterdir()) == before
    await history.aclose()
    compact_journal(folders)
    jobs.clear_cache()
    assert len(jobs.all()) == 4, "a file that was written anew is read from its beginning"


async def test_example_of_the_page_finds_and_plots_all_jobs_of_a_tag(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    monkeypatch.setenv("QDECK_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    folders = make_folders(tmp_path)
    assert history_file() == folders.history_file
    history = await open_repository(folders)
    await write(history, 1, 2)
    await write(history, 3, tag="slurm:4711")
    found: dict[str, object] = {}
    for code in re.findall(r"```python\n(.*?)```", page("notebook"), re.DOTALL):
        await asyncio.to_thread(exec, code, found)
    assert (found["seconds"], len(list(found["inside"]))) == ([1.0, 2.0], 1)  # type: ignore[call-overload]
    assert (tmp_path / "paper.png").read_bytes().startswith(b"\x89PNG")
    await history.aclose()
