"""`qdeck history`: what it prints, what it changes, and its exit status."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tinydb import TinyDB

from tests.store.samples import make_folders, open_repository, read_tables, sample_job
from tui.cli import main
from tui.config.settings import Folders
from tui.domain.jobs import JobStatus
from tui.store.records.models import JobRecord


@pytest.fixture
async def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folders:
    """A history with three jobs, which is this user's."""
    monkeypatch.setenv("QDECK_HOME", str(tmp_path))
    folders = make_folders(tmp_path)
    history = await open_repository(folders)
    for n in range(3):
        history.upsert([JobRecord(sample_job(n))])
        await history.flush()
    await history.aclose()
    return folders


def test_history_export_is_tinydb_json_that_reads_back(
    home: Folders, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["history", "export"]) == 0
    assert len(json.loads(capfd.readouterr().out)["jobs"]) == 3
    file = tmp_path / "out.json"
    assert main(["history", "export", str(file)]) == 0
    assert {row["id"] for row in TinyDB(file).table("jobs")} == {f"job-{n:05d}" for n in range(3)}
    before = read_tables(home)
    home.history_file.unlink()
    for _ in range(2):
        assert main(["history", "import", str(file)]) == 0
        assert read_tables(home)["jobs"] == before["jobs"]


async def test_history_import_adds_and_never_removes(home: Folders, tmp_path: Path) -> None:
    file = tmp_path / "out.json"
    assert main(["history", "export", str(file)]) == 0
    history = await open_repository(home)
    history.upsert([JobRecord(sample_job(1, JobStatus.DONE, 60)), JobRecord(sample_job(9))])
    await history.aclose()
    assert main(["history", "import", str(file)]) == 0
    rows = {row["id"]: row["status"] for row in read_tables(home)["jobs"].values()}
    assert rows == {
        "job-00000": "queued",
        "job-00001": "done",
        "job-00002": "queued",
        "job-00009": "queued",
    }


def test_history_check_counts_rows_and_fails_on_damage(
    home: Folders, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["history", "check", "--json"]) == 0
    assert json.loads(capfd.readouterr().out)["jobs"] == 3
    data = bytearray(home.history_file.read_bytes())
    data[400] ^= 1
    home.history_file.write_bytes(data)
    assert main(["history", "check"]) == 1
    assert "damaged places" in capfd.readouterr().out
    assert home.history_file.read_bytes() == data


def test_history_compact_shrinks_the_file_and_keeps_the_rows(
    home: Folders, capfd: pytest.CaptureFixture[str]
) -> None:
    history = read_tables(home)
    size = home.history_file.stat().st_size
    assert main(["history", "compact"]) == 0
    assert f"{size} bytes before" in capfd.readouterr().err
    assert read_tables(home) == history


def test_history_commands_say_when_there_is_no_history(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("QDECK_HOME", str(tmp_path / "none"))
    for command in ("export", "check", "compact"):
        assert main(["history", command]) == 2
        assert "history.journal" in capfd.readouterr().err
    assert main(["history", "import", str(tmp_path / "nothing.json")]) == 2
