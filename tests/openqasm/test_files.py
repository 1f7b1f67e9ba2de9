"""Opening and saving circuits: what fails says why, and saving never leaves half a file."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tui.common.errors import ErrorKind, QdeckError
from tui.openqasm.files import (
    MAX_BYTES,
    MOST_RECENT,
    note_recent,
    read_circuit,
    recent_files,
    save_circuit,
    stamp_of,
    suggest,
)
from tui.widgets.circuit.large_document import LargeDocument

BELL = "OPENQASM 3;\nqubit[2] q;\n"


def test_save_circuit_reads_back_unchanged(tmp_path: Path) -> None:
    path = tmp_path / "bell.qasm"
    save_circuit(path, BELL)
    assert read_circuit(path) == BELL
    assert [entry.name for entry in tmp_path.iterdir()] == ["bell.qasm"]


def test_read_circuit_drops_a_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "bom.qasm"
    path.write_bytes(b"\xef\xbb\xbfOPENQASM 3;")
    assert read_circuit(path) == "OPENQASM 3;"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"QISKIT\x00\x0c", "binary"),
        (b"caf\xe9", "not UTF-8"),
        (b"x" * (MAX_BYTES + 1), "larger than"),
    ],
)
def test_read_circuit_refuses_what_is_not_text(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "odd.qasm"
    path.write_bytes(content)
    with pytest.raises(QdeckError, match=words) as caught:
        read_circuit(path)
    assert caught.value.kind is ErrorKind.STORAGE


def test_read_circuit_refuses_missing_files_folders_and_devices(tmp_path: Path) -> None:
    with pytest.raises(QdeckError, match="no such file"):
        read_circuit(tmp_path / "missing.qasm")
    with pytest.raises(QdeckError, match="is a folder"):
        read_circuit(tmp_path)
    with pytest.raises(QdeckError, match="not a regular file"):
        read_circuit(Path("/dev/null"))


def test_save_circuit_reports_an_unwritable_place(tmp_path: Path) -> None:
    with pytest.raises(QdeckError, match="cannot be written"):
        save_circuit(tmp_path / "no" / "such" / "folder.qasm", BELL)
    with pytest.raises(QdeckError, match="is a folder"):
        save_circuit(tmp_path, BELL)


def test_save_circuit_keeps_permissions_and_links(tmp_path: Path) -> None:
    real = tmp_path / "real.qasm"
    real.write_text("old")
    real.chmod(0o640)
    link = tmp_path / "link.qasm"
    link.symlink_to(real)
    save_circuit(link, BELL)
    assert link.is_symlink()
    assert real.read_text() == BELL
    assert real.stat().st_mode & 0o777 == 0o640


def test_suggest_lists_folders_then_circuits(tmp_path: Path) -> None:
    (tmp_path / "bells").mkdir()
    (tmp_path / "bells" / "one.qasm").write_text(BELL)
    (tmp_path / "bell.qasm").write_text(BELL)
    (tmp_path / "bell.png").write_bytes(b"")
    (tmp_path / ".bell.qasm").write_text(BELL)
    assert suggest("be", tmp_path) == ("bells/", "bell.qasm")
    assert suggest("bells/", tmp_path) == ("bells/one.qasm",)
    assert suggest(f"{tmp_path}/bell.", Path("/")) == (f"{tmp_path}/bell.qasm",)
    assert suggest("nowhere/x", tmp_path) == ()
    assert suggest("\0/", tmp_path) == ()


@pytest.mark.parametrize(
    "content",
    [
        b"a\r\nb\r\n",
        b"a\nb",
        b"\tx\t \n\n\n",
        b"a\r\nb\nc\rd",
        b"\xef\xbb\xbfOPENQASM 3;\r\n",
        "// é \u2028 \x0c \x1b\n".encode(),
        b"",
    ],
)
def test_file_is_byte_for_byte_the_same_after_opening_and_saving(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "odd.qasm"
    path.write_bytes(content)
    document = LargeDocument(read_circuit(path))
    save_circuit(path, document.text)
    assert path.read_bytes() == content
    document.replace_range((0, 0), (0, 0), "x")
    save_circuit(path, document.text)
    mark = b"\xef\xbb\xbf" if content.startswith(b"\xef\xbb\xbf") else b""
    assert path.read_bytes() == mark + b"x" + content.removeprefix(mark), "nothing else was changed"


def test_read_circuit_takes_the_longest_file_and_not_a_byte_more(tmp_path: Path) -> None:
    path = tmp_path / "long.qasm"
    path.write_bytes(b"x" * MAX_BYTES)
    assert len(read_circuit(path)) == MAX_BYTES
    with path.open("ab") as file:
        file.write(b"x")
    with pytest.raises(QdeckError, match="larger than 4 MB"):
        read_circuit(path)


@pytest.mark.parametrize(
    ("content", "position"),
    [(b"caf\xe9", 3), (b"\xef\xbb\xbfcaf\xe9", 6), (b"ok \xc3", 3), (b"\xed\xa0\x80", 0)],
)
def test_read_circuit_says_which_byte_is_no_text(tmp_path: Path, content: bytes, position: int) -> None:
    path = tmp_path / "odd.qasm"
    path.write_bytes(content)
    with pytest.raises(QdeckError, match=f"byte {position} cannot be read"):
        read_circuit(path)


def test_special_files_are_neither_read_nor_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.qasm"
    os.mkfifo(pipe)
    link = tmp_path / "link.qasm"
    link.symlink_to(pipe)
    for path in (pipe, link):
        with pytest.raises(QdeckError, match="not a regular file"):
            read_circuit(path)
        with pytest.raises(QdeckError, match="not a regular file"):
            save_circuit(path, BELL)
    assert pipe.is_fifo()


def test_stamp_is_another_after_each_change(tmp_path: Path) -> None:
    path = tmp_path / "bell.qasm"
    assert stamp_of(path) is None
    save_circuit(path, BELL)
    first = stamp_of(path)
    assert first is not None and stamp_of(path) == first
    save_circuit(path, BELL)
    assert stamp_of(path) != first


def test_recent_files_are_the_newest_first_without_those_that_are_gone(tmp_path: Path) -> None:
    listed = tmp_path / "state" / "recent.json"
    assert recent_files(listed) == ()
    paths = [tmp_path / f"{number}.qasm" for number in range(MOST_RECENT + 2)]
    for path in paths:
        path.write_text(BELL)
        note_recent(listed, path)
    note_recent(listed, paths[5])
    paths[7].unlink()
    found = recent_files(listed)
    assert found[:2] == (paths[5], paths[-1])
    assert len(found) == MOST_RECENT - 1 and paths[7] not in found
    listed.write_text("{")
    assert recent_files(listed) == ()
