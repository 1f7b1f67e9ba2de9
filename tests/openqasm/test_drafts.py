"""Texts under edit on the disk: what was written is back, whole, in order, for one process."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.openqasm.drafts import (
    CHECKPOINT_CHANGES,
    Change,
    ChangeKind,
    Choices,
    Cursor,
    DraftFile,
    DraftFolder,
    DraftHead,
    read_draft,
)

HEAD = DraftHead("bell", "/tmp/bell.qasm", "h q;")


def typed(text: str, column: int) -> Change:
    return Change(ChangeKind.EDIT, (0, column), (0, column), text)


def no_text() -> str:
    raise AssertionError("the text is not asked for each change")


def test_draft_is_read_as_it_was_written(tmp_path: Path) -> None:
    file = DraftFile(tmp_path / "a" / "one.draft")
    file.begin(HEAD)
    file.write()
    file.add(typed('"[é\n', 4), no_text)
    file.add(Change(ChangeKind.UNDO), no_text)
    file.move((0, 4))
    assert file.pending
    file.write()
    assert not file.pending
    draft = read_draft(file.path)
    assert draft is not None
    assert draft.head == HEAD
    assert draft.changes == (typed('"[é\n', 4), Change(ChangeKind.UNDO))
    assert draft.cursor == Cursor(0, 4)
    assert file.path.stat().st_mode & 0o777 == 0o600


@given(st.integers(0, 400))
def test_draft_cut_anywhere_keeps_every_whole_line(cut: int) -> None:
    lines = [b'{"name":"a","path":"","text":"","saved":null}\n']
    whole = [typed(str(number), number) for number in range(6)]
    lines += [msgspec.json.encode(change) + b"\n" for change in whole]
    body = b"".join(lines)[:cut]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cut.draft"
        path.write_bytes(body)
        draft = read_draft(path)
    ends = [len(b"".join(lines[: count + 1])) - 1 for count in range(len(lines))]
    if cut < ends[0]:
        assert draft is None
    else:
        assert draft is not None
        assert draft.changes == tuple(whole[: sum(cut >= end for end in ends[1:])])


def test_draft_file_does_not_grow_without_end_and_keeps_what_undo_needs(tmp_path: Path) -> None:
    file = DraftFile(tmp_path / "one.draft")
    file.begin(DraftHead("a", "", ""))
    count = 5 * CHECKPOINT_CHANGES + 7
    text = "x" * count
    for number in range(count):
        file.add(typed("x", number), lambda number=number: text[: number + 1])  # type: ignore[misc]
        if number % 100 == 0:
            file.write()
    file.write()
    draft = read_draft(file.path)
    assert draft is not None
    assert CHECKPOINT_CHANGES <= len(draft.changes) <= 2 * CHECKPOINT_CHANGES
    assert draft.head.text + "".join(change.text for change in draft.changes) == text
    assert draft.head.saved == "", "what was saved is not forgotten"


def test_failed_write_leaves_whole_lines_and_is_made_up_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = DraftFile(tmp_path / "one.draft")
    file.begin(HEAD)
    file.write()
    file.add(typed("x", 0), no_text)
    real = os.write

    def full(descriptor: int, data: bytes) -> int:
        real(descriptor, bytes(data[:3]))
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", full)
        with pytest.raises(OSError, match="No space"):
            file.write()
    assert file.pending
    file.add(typed("y", 1), no_text)
    file.write()
    draft = read_draft(file.path)
    assert draft is not None
    assert [change.text for change in draft.changes] == ["x", "y"]


def folder_with(parent: Path, head: DraftHead, *changes: Change) -> DraftFolder:
    folder = DraftFolder(parent)
    assert folder.take_over()[1] == {}
    file = folder.new_file()
    file.begin(head)
    for change in changes:
        file.add(change, no_text)
    file.write()
    folder.keep(Choices((file.path.name,), file.path.name, "ibm_fez", 3))
    return folder


def test_drafts_of_a_process_that_lives_are_left_to_it(tmp_path: Path) -> None:
    first = folder_with(tmp_path, HEAD, typed("x", 0))
    second = DraftFolder(tmp_path)
    assert second.take_over() == (Choices(), {})
    first.close()
    choices, drafts = second.take_over()
    assert [draft.changes for draft in drafts.values()] == [(typed("x", 0),)]
    assert choices.backend == "ibm_fez"
    assert choices.current in drafts
    third = DraftFolder(tmp_path)
    assert third.take_over() == (Choices(), {})


def test_texts_without_changes_are_reopened_from_the_newest_process_alone(tmp_path: Path) -> None:
    older = folder_with(tmp_path, HEAD)
    newer = folder_with(tmp_path, DraftHead("ghz", "", "x q;"))
    os.utime(older._own, (1, 1))
    older.close()
    newer.close()
    _, drafts = DraftFolder(tmp_path).take_over()
    assert [draft.head.name for draft in drafts.values()] == ["ghz"]
    assert len(list(tmp_path.iterdir())) == 1, "nothing is left of processes that ended"


def test_damaged_drafts_are_set_aside(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, HEAD)
    folder.close()
    path = next(folder._own.glob("*.draft"))
    path.write_bytes(b"\0\1 nothing of ours\n")
    assert DraftFolder(tmp_path).take_over()[1] == {}
    assert [found.read_bytes() for found in tmp_path.rglob("*.damaged")] == [b"\0\1 nothing of ours\n"]
