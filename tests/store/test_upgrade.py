"""The JSON history of earlier versions becomes a journal, once, and is kept."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.store.made import Kept, kept, made_job, places
from tests.store.test_history import opened
from tui.common.errors import QdeckError
from tui.config.settings import Folders
from tui.store.journal import compaction as rewriting
from tui.store.records.json_v1 import encode
from tui.store.records.models import JobRecord
from tui.store.records.tables import dump_job


def _old(folders: Folders, jobs: int = 20) -> bytes:
    rows = {str(n): dump_job(JobRecord(made_job(n))) for n in range(1, jobs + 1)}
    tables: Kept = {"meta": {"1": {"schema": 1}}, "jobs": rows}
    data = b"".join(encode(tables))
    folders.old_history_file.write_bytes(data)
    return data


async def test_it_is_taken_over_and_the_old_file_kept(tmp_path: Path) -> None:
    folders = places(tmp_path)
    data = _old(folders)
    history = await opened(folders)
    assert len(history.records()) == 20
    (told,) = history.pop_warnings()
    assert "20 entries" in told
    await history.aclose()
    (before,) = folders.data.glob("history.json.before-*")
    assert before.read_bytes() == data
    assert set(kept(folders)) == {"jobs"}
    again = await opened(folders)
    assert (len(again.records()), again.pop_warnings()) == (20, ())
    await again.aclose()


async def test_what_is_whole_in_a_damaged_one_is_taken_over(tmp_path: Path) -> None:
    folders = places(tmp_path)
    data = _old(folders)
    folders.old_history_file.write_bytes(data[: len(data) // 2])
    history = await opened(folders)
    assert 5 < len(history.records()) < 15
    assert "damaged" in history.pop_warnings()[0]
    assert len(list(folders.data.glob("history.json.damaged-*"))) == 1
    await history.aclose()


async def test_when_it_cannot_be_written_the_old_file_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders = places(tmp_path)
    data = _old(folders)

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(rewriting, "replace_file", full)
        history = await opened(folders)
        assert "No space left" in history.pop_warnings()[0]
        history.upsert([JobRecord(made_job(500))])
        with pytest.raises(QdeckError):
            await history.flush()
    assert folders.old_history_file.read_bytes() == data
    # When there is room again everything is there: what was known before, and what is owed.
    await history.aclose()
    again = await opened(folders)
    assert len(again.records()) == 21
    await again.aclose()


async def test_one_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    folders = places(tmp_path)
    data = json.dumps({"meta": {"1": {"schema": 7}}, "jobs": {}}).encode()
    folders.old_history_file.write_bytes(data)
    history = await opened(folders)
    assert "newer qdeck" in history.pop_warnings()[0]
    assert folders.old_history_file.read_bytes() == data
