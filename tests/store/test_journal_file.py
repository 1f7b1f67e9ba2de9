"""The journal as a file: which file it is, what is written anew, and what is appended."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from tests.store.samples import NOON
from tui.store.journal.file import (
    ChangedUnderneath,
    JournalFile,
    missing_or_changed,
    newest_documents,
    rewrite,
    write_tables,
)
from tui.store.journal.format import HEADER_BYTES, Header, Index, make_batch, make_line, scan
from tui.store.journal.tinydb_storage import JournalStorage
from tui.store.journal.tinydb_table import JournalDB


def number_of(document: bytes) -> int:
    found: int = json.loads(document)["n"]
    return found


def written(path: Path, count: int = 4) -> JournalFile:
    """Write a journal with the documents `{"n": 0}`, `{"n": 1}`, ... of the table `jobs`."""
    write_tables(path, {"jobs": {str(n + 1): {"n": n} for n in range(count)}}, {"jobs": number_of})
    return JournalFile.opened(path, write=True)


def header(path: Path) -> Header:
    found = JournalFile.opened(path).header
    assert found is not None
    return found


def index_of(file: JournalFile) -> Index:
    return scan(file.blocks(file.first, file.size()), Index(), file.first).index


def test_file_is_the_same_only_with_the_same_inode_and_header(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    file = written(path)
    assert file.same(JournalFile.opened(path))
    shutil.copyfile(path, tmp_path / "copy")
    assert not file.same(JournalFile.opened(tmp_path / "copy"))
    data = path.read_bytes()
    other = written(tmp_path / "other")
    # Written in place, as `cp` does: the inode stays.
    path.write_bytes((tmp_path / "other").read_bytes())
    assert not file.same(JournalFile.opened(path)) and not other.same(JournalFile.opened(path))
    path.write_bytes(b"damaged" + data)
    assert not JournalFile.opened(path).same(JournalFile.opened(path))
    path.write_bytes(data)
    assert file.same(JournalFile.opened(path))


@pytest.mark.parametrize("repaired", [True, False])
def test_rewrite_continues_lineage_and_counts_repairs(tmp_path: Path, repaired: bool) -> None:
    path = tmp_path / "journal"
    file = written(path)
    before = header(path)
    rewrite(path, index_of(file), file, {}, repaired=repaired)
    after = header(path)
    assert (after.lineage, after.repairs) == (before.lineage, int(repaired))
    assert after.generation != before.generation
    assert (after.rows, after.seq, after.bytes) == (4, before.seq, path.stat().st_size)
    rewrite(path, index_of(JournalFile.opened(path)), JournalFile.opened(path), {}, repaired=repaired)
    assert header(path).repairs == 2 * repaired


@pytest.mark.parametrize("repaired", [True, False])
def test_rewrite_without_a_file_begins_a_lineage(tmp_path: Path, repaired: bool) -> None:
    path = tmp_path / "journal"
    rewrite(path, Index(), None, {}, repaired=repaired)
    found = header(path)
    assert found.lineage and (found.repairs, found.rows, found.bytes) == (int(repaired), 0, HEADER_BYTES)


def test_rewrite_sorts_only_tables_with_a_sort_key(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    documents = {str(n): {"n": 9 - n} for n in range(1, 4)}
    write_tables(path, {"jobs": documents, "other": documents, "none": {}}, {})
    file = JournalFile.opened(path)
    rewrite(path, index_of(file), file, {"jobs": number_of})
    again = JournalFile.opened(path)
    index = index_of(again)
    assert {name: list(rows) for name, rows in index.tables.items()} == {
        "none": [],
        "jobs": [3, 2, 1],
        "other": [1, 2, 3],
    }


def test_rewrite_makes_each_line_of_a_batch_stand_for_itself(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    file = written(path)
    batch = make_batch(header(path).seq, [("jobs", 7, b'{"n":7}'), ("jobs", 8, b'{"n":8}')])
    file.append(b"".join(batch), file.size())
    rewrite(path, index_of(file), file, {})
    lines = path.read_bytes().splitlines()
    assert len(lines) == 7 and all(line[8:9] == b" " for line in lines)


def test_document_that_was_overwritten_is_changed_underneath(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    file = written(path)
    slot = index_of(file).tables["jobs"][4]
    assert file.document(slot) == b'{"n":3}'
    data = path.read_bytes()
    path.write_bytes(data[:-3] + b"4" + data[-2:])
    with pytest.raises(ChangedUnderneath):
        file.document(slot)
    path.write_bytes(data[:-1])
    assert file.document(slot) == b'{"n":3}', "the line feed is no part of it"
    path.write_bytes(data[:-2])
    with pytest.raises(ChangedUnderneath):
        file.document(slot)


def test_append_that_fails_leaves_the_file_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "journal"
    file = written(path)
    before, pwrite = path.read_bytes(), os.pwrite

    def in_pieces(descriptor: int, data: bytes, at: int) -> int:
        if at > len(before) + 8:
            raise OSError(28, "No space left on device")
        return pwrite(descriptor, data[:5], at)

    monkeypatch.setattr(os, "pwrite", in_pieces)
    with pytest.raises(OSError, match="No space"):
        file.append(b"0123456789" * 3, len(before))
    assert path.read_bytes() == before
    file.append(b"0123456", len(before))
    assert path.read_bytes() == before + b"0123456"


def test_missing_or_changed_file_is_told_by_its_name_inode_and_size(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    assert not missing_or_changed(path, None, 0)
    file = written(path)
    size = file.size()
    assert missing_or_changed(path, None, 0)
    assert not missing_or_changed(path, file, size)
    assert missing_or_changed(path, file, size - 1) and missing_or_changed(path, file, size + 1)
    path.rename(tmp_path / "aside")
    assert missing_or_changed(path, file, size)
    shutil.copyfile(tmp_path / "aside", path)
    assert missing_or_changed(path, file, size)


def test_newest_documents_are_the_last_by_sort_key_and_each_once(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    file = written(path, 9)
    seq = header(path).seq
    for change in ((3, b'{"n":30}'), (9, b"null"), (20, b'{"n":5}')):
        seq += 1
        file.append(make_line(seq, "jobs", *change), file.size())
    file.append(make_line(seq + 1, "other", 1, b'{"n":99}'), file.size())
    file.append(make_batch(seq + 1, [("jobs", 21, b'{"n":50}'), ("jobs", 22, b'{"n":51}')])[0], file.size())
    found = newest_documents(path, "jobs", 4, number_of)
    # 21 belongs to a batch whose end is missing, 9 was removed.
    assert list(map(number_of, found)) == [30, 7, 6, 5]
    everything = newest_documents(path, "jobs", 100, number_of)
    assert sorted(map(number_of, everything)) == [0, 1, 3, 4, 5, 5, 6, 7, 30]


def test_older_copy_in_place_of_the_file_changes_every_row(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    storage = JournalStorage(path, now=lambda: NOON)
    other = JournalStorage(path, now=lambda: NOON)
    with JournalDB(storage=lambda: storage) as database:
        table = database.table("jobs")
        table.insert_multiple([{"n": n} for n in range(3)])
        older = path.read_bytes()
        table.update({"n": 10}, doc_ids=[1])
        table.insert({"n": 3})
        with other.batch():
            other.state.pop_changes()
        table.update({"n": 11}, doc_ids=[2])
        with other.batch():
            assert list(other.state.pop_changes().changed) == [("jobs", 2)]
        (tmp_path / "older").write_bytes(older)
        (tmp_path / "older").replace(path)
        with other.batch():
            changes = other.state.pop_changes()
        assert (set(changes.changed), changes.lost) == ({("jobs", n) for n in range(1, 5)}, set())


def _changes(path: Path, storage: JournalStorage) -> tuple[set[tuple[str, int]], set[tuple[str, int]]]:
    with storage.batch():
        changes = storage.state.pop_changes()
    return set(changes.changed), changes.lost


def test_file_written_anew_by_another_process_changes_only_what_is_new(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    storage, other = (JournalStorage(path, now=lambda: NOON) for _ in range(2))
    with JournalDB(storage=lambda: storage) as database:
        table = database.table("jobs")
        table.insert_multiple([{"n": n} for n in range(4)])
        _changes(path, other)
        table.update({"n": 10}, doc_ids=[2])
        table.remove(doc_ids=[3])
        storage.compact()
        assert _changes(path, other) == ({("jobs", 2), ("jobs", 3)}, set())


def test_another_history_in_place_of_the_file_changes_every_row(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    written(path, 4)
    storage = JournalStorage(path, now=lambda: NOON)
    _changes(path, storage)
    write_tables(path, {"jobs": {str(n): {"n": -n} for n in range(2, 9)}}, {})
    changed, lost = _changes(path, storage)
    assert changed == {("jobs", n) for n in range(2, 9)} and lost == {("jobs", 1)}
    storage.close()
