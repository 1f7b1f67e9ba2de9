"""Result and text files: damage is found and repaired, folders are synced, long texts are read in threads."""

from __future__ import annotations

import gzip
import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from tests.store.samples import KEY, make_folders, open_repository, sample_job
from tui.common import atomic_file as files
from tui.common.errors import ErrorKind, QdeckError
from tui.domain.results import Counts, CountsSummary, ExecutionSpan, JobResult, PubResult
from tui.store.blobs import AT_HAND_BYTES, BlobStore, text_digest
from tui.store.journal import recovery as catching_up
from tui.store.records.models import JobRecord
from tui.store.text_cache import TextCache

TEXT = "OPENQASM 3; // a circuit"


def _blobs(root: Path) -> BlobStore:
    return BlobStore(root / "results", root / "texts")


@pytest.mark.parametrize(
    "damage",
    [b"", b"nothing of the kind", gzip.compress(b"another text", mtime=0)],
    ids=["cut", "no gzip", "other"],
)
def test_save_text_replaces_a_damaged_file(tmp_path: Path, damage: bytes) -> None:
    blobs, digest = _blobs(tmp_path), text_digest(TEXT)
    blobs.save_text(digest, TEXT)
    (file,) = (tmp_path / "texts").rglob("*.gz")
    file.write_bytes(damage)
    assert blobs.text(digest) == ""
    blobs.save_text(digest, TEXT)
    assert blobs.text(digest) == TEXT


def test_save_text_syncs_names_of_new_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[Path] = []
    monkeypatch.setattr(files, "sync_folder", synced.append)
    digest = text_digest(TEXT)
    _blobs(tmp_path).save_text(digest, TEXT)
    assert synced == [tmp_path, tmp_path / "texts", tmp_path / "texts" / digest[:2]]


def test_text_that_was_read_stays_in_memory(tmp_path: Path) -> None:
    blobs, digest = _blobs(tmp_path), text_digest(TEXT)
    cache = TextCache(blobs)
    assert cache.text(digest) == "" and cache.text("") == ""
    blobs.save_text(digest, TEXT)
    assert cache.text(digest) == TEXT
    (file,) = (tmp_path / "texts").rglob("*.gz")
    file.unlink()
    assert cache.text(digest) == TEXT and TextCache(blobs).text(digest) == ""


def test_folder_that_cannot_be_written_is_named_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "texts").write_text("no folder")
    with pytest.raises(QdeckError) as caught:
        _blobs(tmp_path).save_text(text_digest(TEXT), TEXT)
    assert caught.value.kind is ErrorKind.STORAGE
    assert caught.value.message.startswith(str(tmp_path / "texts"))
    assert caught.value.message.endswith("cannot be written: Not a directory.")


def test_result_that_cannot_be_removed_is_named_with_the_reason(tmp_path: Path) -> None:
    blobs = _blobs(tmp_path)
    blobs.remove_result(KEY)
    blobs.save_result(KEY, JobResult(()))
    (file,) = (tmp_path / "results").iterdir()
    file.unlink()
    file.mkdir()
    with pytest.raises(QdeckError) as caught:
        blobs.remove_result(KEY)
    assert caught.value.kind is ErrorKind.STORAGE and str(file) in caught.value.message
    file.rmdir()
    blobs.save_result(KEY, JobResult(()))
    assert blobs.result(KEY) is not None
    blobs.remove_result(KEY)
    assert blobs.result(KEY) is None and not file.exists()


def _resealed(file: Path, change: tuple[bytes, bytes]) -> None:
    """Change a file's content so that gzip's own checksum is right."""
    data = gzip.decompress(file.read_bytes())
    assert change[0] in data
    file.write_bytes(gzip.compress(data.replace(*change)))


@pytest.mark.parametrize("change", [(b"0.25", b"0.52"), (b'{"sha256":"', b'{"sha256":"f')])
async def test_result_with_wrong_checksum_is_none(tmp_path: Path, change: tuple[bytes, bytes]) -> None:
    folders = make_folders(tmp_path)
    history = await open_repository(folders)
    await history.save_result(KEY, JobResult((), b'{"value": 0.25}'))
    (file,) = folders.results.iterdir()
    _resealed(file, change)
    assert await history.result(KEY) is None
    await history.save_result(KEY, JobResult((), b"{}"))
    assert await history.result(KEY) == JobResult((), b"{}")
    await history.aclose()


async def test_result_file_of_another_job_is_ignored(tmp_path: Path) -> None:
    folders = make_folders(tmp_path)
    history = await open_repository(folders)
    await history.save_result(KEY, JobResult((), b"{}"))
    (mine,) = folders.results.iterdir()
    await history.save_result(("platform", "another"), JobResult((), b"[]"))
    (other,) = set(folders.results.iterdir()) - {mine}
    other.replace(mine)
    assert await history.result(KEY) is None
    await history.aclose()


async def test_result_without_checksum_of_earlier_version_is_read(tmp_path: Path) -> None:
    folders = make_folders(tmp_path)
    history = await open_repository(folders)
    await history.save_result(KEY, JobResult((), b"{}"))
    (file,) = folders.results.iterdir()
    body = msgspec.json.decode(gzip.decompress(file.read_bytes()))
    assert len(body.pop("sha256")) == 64
    file.write_bytes(gzip.compress(msgspec.json.encode(body)))
    assert await history.result(KEY) == JobResult((), b"{}")
    await history.aclose()


async def test_long_text_is_in_memory_after_whole_job(tmp_path: Path) -> None:
    folders = make_folders(tmp_path)
    history = await open_repository(folders)
    long = "OPENQASM 3;\n" + "x q;\n" * (AT_HAND_BYTES // 5)
    (record,) = history.upsert([JobRecord(replace(sample_job(), circuit=long, source=TEXT))])
    await history.aclose()
    again = await open_repository(folders)
    assert again.job_with_texts(record).circuit == ""
    assert again.job_with_texts(record).source == TEXT
    assert (await again.whole_job(record)).circuit == long
    assert again.job_with_texts(record).circuit == long
    await again.aclose()


def test_text_cache_memory_is_bounded_by_length(tmp_path: Path) -> None:
    texts = TextCache(_blobs(tmp_path))
    for n in range(40):
        texts.add(f"{n:02}" + "x" * (1 << 20))
    assert sum(map(len, texts._latest.values())) <= 9 << 20
    assert len(texts._latest) > 2
    for _ in range(3):
        texts.add(os.urandom(5 << 20).hex())
    # The two that are looked at together stay, whatever they take.
    assert len(texts._latest) == 2


async def test_new_journal_syncs_names_of_parent_folders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[Path] = []
    monkeypatch.setattr(catching_up, "sync_folder", synced.append)
    folders = make_folders(tmp_path / "home" / "new")
    history = await open_repository(folders)
    for n in range(2):
        history.upsert([JobRecord(sample_job(n))])
        await history.flush()
    assert synced[:2] == [tmp_path / "home" / "new", tmp_path / "home"]
    assert synced == list(folders.data.parents)
    await history.aclose()


def test_abridged_result_is_read_without_the_answer_or_with_it(tmp_path: Path) -> None:
    blobs = BlobStore(tmp_path / "results", tmp_path / "texts")
    key = ("platform", "j1")
    summary = CountsSummary(9, {"00": 1}, (1, 2, 3), (4, 5))
    span = ExecutionSpan(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC), ((0, 7),))
    counts = Counts("c", 2, 9, {"01": 5}, (), summary)
    result = JobResult((PubResult((counts,)),), raw=b"{}", abridged=True, spans=(span,))
    blobs.save_result(key, result)
    assert blobs.result(key) == result
    assert blobs.result(key, short=True) == replace(result, raw=b"")
    (answer,) = blobs.results.glob("*.answer.gz")
    answer.write_bytes(gzip.compress(b"something else"))
    assert blobs.result(key) == replace(result, raw=b"")
    blobs.remove_result(key)
    assert blobs.result(key, short=True) is None
    assert not list(blobs.results.iterdir())
    whole = replace(result, abridged=False)
    blobs.save_result(key, whole)
    assert blobs.result(key, short=True) == whole
