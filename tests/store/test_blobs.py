"""Results and texts as files: what is damaged is found and written again; folders last; long texts."""

from __future__ import annotations

import gzip
import os
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from tests.store.made import made_job, places
from tests.store.test_history import KEY, opened
from tui.common import atomic_file as files
from tui.domain.results import JobResult
from tui.store.blobs import AT_HAND_BYTES, BlobStore, TextCache, text_digest
from tui.store.journal import recovery as catching_up
from tui.store.records.models import JobRecord

TEXT = "OPENQASM 3; // a circuit"


def _blobs(root: Path) -> BlobStore:
    return BlobStore(root / "results", root / "texts")


@pytest.mark.parametrize(
    "damage",
    [b"", b"nothing of the kind", gzip.compress(b"another text", mtime=0)],
    ids=["cut", "no gzip", "other"],
)
def test_a_damaged_text_is_written_again_when_it_is_kept_again(tmp_path: Path, damage: bytes) -> None:
    blobs, digest = _blobs(tmp_path), text_digest(TEXT)
    blobs.save_text(digest, TEXT)
    (file,) = (tmp_path / "texts").rglob("*.gz")
    file.write_bytes(damage)
    assert blobs.text(digest) == ""
    blobs.save_text(digest, TEXT)
    assert blobs.text(digest) == TEXT


def test_the_names_of_new_folders_are_synced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[Path] = []
    monkeypatch.setattr(files, "sync_folder", synced.append)
    digest = text_digest(TEXT)
    _blobs(tmp_path).save_text(digest, TEXT)
    assert synced == [tmp_path, tmp_path / "texts", tmp_path / "texts" / digest[:2]]


def _resealed(file: Path, change: tuple[bytes, bytes]) -> None:
    """Change a file's content so that gzip's own checksum is right."""
    data = gzip.decompress(file.read_bytes())
    assert change[0] in data
    file.write_bytes(gzip.compress(data.replace(*change)))


@pytest.mark.parametrize("change", [(b"0.25", b"0.52"), (b'{"sha256":"', b'{"sha256":"f')])
async def test_a_changed_result_counts_as_not_there(tmp_path: Path, change: tuple[bytes, bytes]) -> None:
    folders = places(tmp_path)
    history = await opened(folders)
    await history.save_result(KEY, JobResult((), b'{"value": 0.25}'))
    (file,) = folders.results.iterdir()
    _resealed(file, change)
    assert await history.result(KEY) is None
    await history.save_result(KEY, JobResult((), b"{}"))
    assert await history.result(KEY) == JobResult((), b"{}")
    await history.aclose()


async def test_the_result_of_another_job_is_not_taken_for_this_ones(tmp_path: Path) -> None:
    folders = places(tmp_path)
    history = await opened(folders)
    await history.save_result(KEY, JobResult((), b"{}"))
    (mine,) = folders.results.iterdir()
    await history.save_result(("platform", "another"), JobResult((), b"[]"))
    (other,) = set(folders.results.iterdir()) - {mine}
    other.replace(mine)
    assert await history.result(KEY) is None
    await history.aclose()


async def test_a_result_of_an_earlier_version_is_read(tmp_path: Path) -> None:
    folders = places(tmp_path)
    history = await opened(folders)
    await history.save_result(KEY, JobResult((), b"{}"))
    (file,) = folders.results.iterdir()
    body = msgspec.json.decode(gzip.decompress(file.read_bytes()))
    assert len(body.pop("sha256")) == 64
    file.write_bytes(gzip.compress(msgspec.json.encode(body)))
    assert await history.result(KEY) == JobResult((), b"{}")
    await history.aclose()


async def test_a_long_text_is_read_in_a_thread_and_then_at_hand(tmp_path: Path) -> None:
    folders = places(tmp_path)
    history = await opened(folders)
    long = "OPENQASM 3;\n" + "x q;\n" * (AT_HAND_BYTES // 5)
    (record,) = history.upsert([JobRecord(replace(made_job(), circuit=long, source=TEXT))])
    await history.aclose()
    again = await opened(folders)
    assert again.job_with_texts(record).circuit == ""
    assert again.job_with_texts(record).source == TEXT
    assert (await again.whole_job(record)).circuit == long
    assert again.job_with_texts(record).circuit == long
    await again.aclose()


def test_memory_for_texts_is_bounded_by_their_length(tmp_path: Path) -> None:
    texts = TextCache(_blobs(tmp_path))
    for n in range(40):
        texts.add(f"{n:02}" + "x" * (1 << 20))
    assert sum(map(len, texts._latest.values())) <= 9 << 20
    assert len(texts._latest) > 2
    for _ in range(3):
        texts.add(os.urandom(5 << 20).hex())
    # The two that are looked at together stay, whatever they take.
    assert len(texts._latest) == 2


async def test_with_a_new_history_the_names_of_the_folders_above_are_synced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[Path] = []
    monkeypatch.setattr(catching_up, "sync_folder", synced.append)
    folders = places(tmp_path / "home" / "new")
    history = await opened(folders)
    for n in range(2):
        history.upsert([JobRecord(made_job(n))])
        await history.flush()
    assert synced[:2] == [tmp_path / "home" / "new", tmp_path / "home"]
    assert synced == list(folders.data.parents)
    await history.aclose()
