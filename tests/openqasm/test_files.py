"""Opening and saving circuits: what fails says why, and saving never leaves half a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from tui.common.errors import ErrorKind, QdeckError
from tui.openqasm.files import MAX_BYTES, read_circuit, save_circuit, suggest

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
