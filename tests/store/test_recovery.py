"""Journals changed by others or damaged: they open, intact rows are kept, the original is backed up."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from filelock import FileLock

from tests.store.samples import NOON, compact_journal, make_folders, open_repository, sample_job
from tui.common.errors import ErrorKind, QdeckError
from tui.store import import_export as porting
from tui.store.import_export import check
from tui.store.journal.file import JournalFile
from tui.store.journal.format import parse_line
from tui.store.journal.tinydb_storage import JournalStorage
from tui.store.journal.tinydb_table import JournalDB
from tui.store.records.models import JobRecord
from tui.store.records.tables import JOBS

ROWS = 6
Rows = dict[tuple[str, int], dict[str, object]]


def _storage(path: Path) -> JournalStorage:
    return JournalStorage(path, now=lambda: NOON)


def _rows(path: Path) -> tuple[Rows, list[str]]:
    storage = _storage(path)
    with JournalDB(storage=lambda: storage) as database:
        rows: Rows = {
            (name, row.doc_id): dict(row) for name in database.tables() for row in database.table(name)
        }
    return rows, storage.warnings


def _made(path: Path, *, compact: bool) -> tuple[bytes, Rows]:
    storage = _storage(path)
    with JournalDB(storage=lambda: storage) as database:
        for n in range(ROWS - 2):
            database.table("jobs").insert({"n": n})
        database.table("other").insert_multiple([{"n": 1}, {"n": 2}])
        if compact:
            storage.compact()
    return path.read_bytes(), _rows(path)[0]


def _clean(folder: Path) -> None:
    for file in folder.iterdir():
        file.unlink()


@pytest.mark.parametrize("compact", [True, False])
def test_one_flipped_byte_loses_one_row_at_most(tmp_path: Path, compact: bool) -> None:
    path = tmp_path / "journal"
    data, written = _made(path, compact=compact)
    for at in range(len(data)):
        _clean(tmp_path)
        damaged = bytearray(data)
        damaged[at] ^= 1 << at % 8
        path.write_bytes(damaged)
        rows, warnings = _rows(path)
        assert rows.items() <= written.items(), at
        # A line feed that is none any more joins two lines.
        assert len(rows) >= ROWS - (2 if data[at : at + 1] == b"\n" else 1), at
        (kept,) = (file for file in tmp_path.iterdir() if "-2026" in file.name)
        assert len(warnings) == 1 and kept.name in warnings[0], at
        assert kept.read_bytes() == damaged
        # Opened once more there is nothing left to say.
        assert _rows(path) == (rows, [])


@pytest.mark.parametrize("compact", [True, False])
def test_file_cut_at_every_length_keeps_rows_before(tmp_path: Path, compact: bool) -> None:
    path = tmp_path / "journal"
    data, written = _made(path, compact=compact)
    for length in range(len(data)):
        _clean(tmp_path)
        path.write_bytes(data[:length])
        rows, warnings = _rows(path)
        whole = [line for line in data[:length].split(b"\n") if parse_line(line)]
        batches = sum(not parsed[0] for line in whole if (parsed := parse_line(line)))
        assert rows.items() <= written.items()
        assert len(rows) >= min(batches, ROWS - 2) if not compact else len(rows) == len(whole)
        # A journal that ends after a batch is what it was before the next one: nobody can tell.
        if compact or data[length - 1 : length] != b"\n" or length == 0:
            assert len(warnings) == 1, length
        assert _rows(path) == (rows, [])
        with JournalDB(storage=lambda: _storage(path)) as database:
            database.table("new").insert({"x": 1})
        assert _rows(path) == ({**rows, ("new", 1): {"x": 1}}, [])


def test_file_that_is_no_journal_is_kept_as_damaged(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    for data in (b"", b"\0" * 5000, b"{}\n", os.urandom(3000), b"hello\n" * 10):
        _clean(tmp_path)
        path.write_bytes(data)
        rows, warnings = _rows(path)
        assert (rows, len(warnings)) == ({}, 1)
        (aside,) = tmp_path.glob("journal.damaged-*")
        assert aside.read_bytes() == data


def test_unfinished_batch_is_cut_off_and_kept_in_a_file(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    data, written = _made(path, compact=False)
    last_line = data.rstrip(b"\n").rfind(b"\n") + 1
    first_of_batch = data[: last_line - 1].rfind(b"\n") + 1
    path.write_bytes(data[:last_line])
    rows, (warning,) = _rows(path)
    assert rows == {place: row for place, row in written.items() if place[0] == "jobs"}
    (aside,) = tmp_path.glob("journal.unfinished-*")
    assert aside.name in warning and f"its {last_line - first_of_batch} bytes" in warning
    assert aside.read_bytes() == data[first_of_batch:last_line]
    assert path.read_bytes() == data[:first_of_batch]


async def test_sync_writes_rows_lost_by_damage_again(tmp_path: Path) -> None:
    folders = make_folders(tmp_path)
    one, other = await open_repository(folders), await open_repository(folders)
    one.upsert(JobRecord(sample_job(n)) for n in range(50))
    await one.flush()
    await other.sync()
    path = folders.history_file
    for damage in ("flip", "cut", "empty", "remove"):
        data = bytearray(path.read_bytes())
        if damage == "remove":
            path.unlink()
        else:
            data[len(data) // 2] ^= 1
            end = {"flip": len(data), "cut": len(data) // 2, "empty": 0}[damage]
            path.write_bytes(data[:end])
        one.upsert([JobRecord(sample_job(100 + len(damage)))])
        await one.flush()
        await other.sync()
        await one.sync()
        await one.flush()
        assert len(one.records()) == len(other.records()) > 50
        # Who opens it reads all of it and finds what nobody else looked at; then the others write it again.
        await (await open_repository(folders)).aclose()
        await one.sync()
        await one.flush()
        fresh = await open_repository(folders)
        assert {record.key for record in fresh.records()} == {record.key for record in one.records()}, damage
        await fresh.aclose()
        one.pop_warnings()
        compact_journal(folders)


def test_damaged_journal_is_copied_privately_where_there_are_no_links(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "journal"
    data, written = _made(path, compact=False)
    damaged = data[:-5] + b"#" + data[-4:]
    path.write_bytes(damaged)

    def no_links(*_: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr("os.link", no_links)
    rows, _ = _rows(path)
    assert rows.items() < written.items()
    (backup,) = tmp_path.glob("journal.damaged-*")
    assert backup.read_bytes() == damaged and backup.stat().st_mode & 0o777 == 0o600


async def test_damaged_journal_is_read_when_backup_fails(tmp_path: Path) -> None:
    folders = make_folders(tmp_path)
    history = await open_repository(folders)
    history.upsert(JobRecord(sample_job(n)) for n in range(5))
    await history.aclose()
    data = bytearray(folders.history_file.read_bytes())
    data[-50] ^= 1
    folders.history_file.write_bytes(data)
    if os.geteuid() == 0:
        pytest.skip("the superuser may write everywhere")
    folders.data.chmod(0o500)
    try:
        again = await open_repository(folders)
        assert len(again.records()) == 4
    finally:
        folders.data.chmod(0o700)


def test_damage_found_by_compaction_is_a_warning(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    storage = JournalStorage(path, now=lambda: NOON, compact_bytes=4000)
    with JournalDB(storage=lambda: storage) as database:
        table = database.table("jobs")
        table.insert_multiple({"n": n, "pad": "x" * 100} for n in range(10))
        with path.open("r+b") as file:
            # Another program's hand: nobody reads this line before the file is written anew.
            file.seek(path.read_bytes().index(b'"n":3'))
            file.write(b'"n":8')
        while path.stat().st_size <= 4000 or storage.compact_bytes == 4000:
            table.update({"pad": "y" * 100}, doc_ids=[1])
            table.update({"pad": "z" * 100}, doc_ids=[1])
            if storage.warnings:
                break
        (warning,) = storage.warnings
        assert "damaged" in warning
        assert len(table) == 9
        assert len(list(tmp_path.glob("journal.damaged-*"))) == 1


async def test_rows_after_a_repair_are_seen_by_other_processes(tmp_path: Path) -> None:
    folders = make_folders(tmp_path)
    one = await open_repository(folders)
    for n in range(5):
        one.upsert([JobRecord(sample_job(n))])
        await one.flush()
    data = bytearray(folders.history_file.read_bytes())
    data[-20] ^= 1
    folders.history_file.write_bytes(data)
    # It mends the file, and what it writes has the number, and the place in the order, of what was lost.
    other = await open_repository(folders)
    assert len(other.records()) == 4
    other.upsert([JobRecord(sample_job(9))])
    await other.flush()
    found = {job_id for _, job_id in (await one.sync()).values[JOBS]}
    assert "job-00009" in found
    await one.flush()
    await other.sync()
    assert len(one.records()) == len(other.records()) == 6
    one.upsert([JobRecord(replace(sample_job(4), name="four"))])
    other.upsert([JobRecord(replace(sample_job(9), name="nine"))])
    await one.flush()
    await other.flush()
    fresh = await open_repository(folders)
    assert {record.job.name for record in fresh.records()} == {"", "four", "nine"}
    assert len(fresh.records()) == 6
    for history in (one, other, fresh):
        await history.aclose()


@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS])
async def test_unfinished_batch_in_read_only_file_is_left(
    tmp_path: Path, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders = make_folders(tmp_path)
    history = await open_repository(folders)
    for n in range(5):
        history.upsert([JobRecord(sample_job(n))])
        await history.flush()
    await history.aclose()
    data = folders.history_file.read_bytes()[:-30]
    folders.history_file.write_bytes(data)

    def read_only(path: Path, *, write: bool = False) -> JournalFile:
        if write:
            raise OSError(number, os.strerror(number))
        return JournalFile(os.open(path, os.O_RDONLY))

    monkeypatch.setattr(JournalFile, "opened", read_only)
    again = await open_repository(folders)
    assert len(again.records()) == 4
    assert again.pop_warnings() == ()
    again.upsert([JobRecord(sample_job(7))])
    for _ in range(2):
        with pytest.raises(QdeckError) as caught:
            await again.sync()
        assert caught.value.kind is ErrorKind.STORAGE
    assert not list(folders.data.glob("history.journal.unfinished-*"))
    assert folders.history_file.read_bytes() == data


async def test_read_only_file_system_is_read_without_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders = make_folders(tmp_path)
    history = await open_repository(folders)
    history.upsert([JobRecord(sample_job(1))])
    await history.aclose()

    def refused(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(FileLock, "acquire", refused)
    again = await open_repository(folders)
    assert len(again.records()) == 1
    assert again.pop_warnings() == ()
    await again.aclose()


def test_check_repeats_under_lock_when_a_write_is_unfinished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "journal"
    data, _ = _made(path, compact=False)
    path.write_bytes(data[:-10])
    assert not check(path).intact

    @contextlib.contextmanager
    def lock_of(_: Path) -> Iterator[None]:
        # Who gets the lock sees the write done.
        path.write_bytes(data)
        yield

    monkeypatch.setattr(porting, "lock_of", lock_of)
    assert check(path).intact
