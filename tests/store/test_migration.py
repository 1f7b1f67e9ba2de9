"""Migration of the JSON history of earlier versions to a journal; the old file is kept."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.store.samples import TablesByName, make_folders, open_repository, read_tables, sample_job
from tui.common.errors import QdeckError
from tui.config.settings import Folders
from tui.store.journal import file as journal_file
from tui.store.records.json_v1 import encode
from tui.store.records.models import JobRecord
from tui.store.records.tables import dump_job


def _old(folders: Folders, jobs: int = 20) -> bytes:
    rows = {str(n): dump_job(JobRecord(sample_job(n))) for n in range(1, jobs + 1)}
    tables: TablesByName = {"meta": {"1": {"schema": 1}}, "jobs": rows}
    data = b"".join(encode(tables))
    folders.old_history_file.write_bytes(data)
    return data


async def test_json_history_is_migrated_and_old_file_kept(tmp_path: Path) -> None:
    folders = make_folders(tmp_path)
    data = _old(folders)
    history = await open_repository(folders)
    assert len(history.records()) == 20
    (warning,) = history.pop_warnings()
    assert "20 entries" in warning
    await history.aclose()
    (before,) = folders.data.glob("history.json.before-*")
    assert before.read_bytes() == data
    assert set(read_tables(folders)) == {"jobs"}
    again = await open_repository(folders)
    assert (len(again.records()), again.pop_warnings()) == (20, ())
    await again.aclose()


async def test_damaged_json_history_migrates_whole_lines(tmp_path: Path) -> None:
    folders = make_folders(tmp_path)
    data = _old(folders)
    folders.old_history_file.write_bytes(data[: len(data) // 2])
    history = await open_repository(folders)
    assert 5 < len(history.records()) < 15
    assert "damaged" in history.pop_warnings()[0]
    assert len(list(folders.data.glob("history.json.damaged-*"))) == 1
    await history.aclose()


async def test_failed_migration_leaves_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folders = make_folders(tmp_path)
    data = _old(folders)

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(journal_file, "replace_file", full)
        history = await open_repository(folders)
        assert "No space left" in history.pop_warnings()[0]
        history.upsert([JobRecord(sample_job(500))])
        with pytest.raises(QdeckError):
            await history.flush()
    assert folders.old_history_file.read_bytes() == data
    # When there is room again everything is there: what was known before, and what is owed.
    await history.aclose()
    again = await open_repository(folders)
    assert len(again.records()) == 21
    await again.aclose()


async def test_json_history_of_newer_version_is_not_migrated(tmp_path: Path) -> None:
    folders = make_folders(tmp_path)
    data = json.dumps({"meta": {"1": {"schema": 7}}, "jobs": {}}).encode()
    folders.old_history_file.write_bytes(data)
    history = await open_repository(folders)
    assert "newer qdeck" in history.pop_warnings()[0]
    assert folders.old_history_file.read_bytes() == data
