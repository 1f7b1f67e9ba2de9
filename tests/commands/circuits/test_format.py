"""`qdeck format` and `qdeck convert`: what is written where, and the exit status."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.circuits import BELL
from tui.cli import main
from tui.openqasm.formatter import format_program

CROWDED = "OPENQASM 3.0;\nqubit[2]q;  // two\nU(0,0,pi)q[0];\n"
FORMATTED = "OPENQASM 3.0;\nqubit[2] q;  // two\nU(0, 0, pi) q[0];\n"


@pytest.fixture
def crowded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "crowded.qasm"
    path.write_text(CROWDED)
    (tmp_path / "tidy.qasm").write_text(FORMATTED)
    return path


def test_format_writes_what_changes_and_leaves_the_rest(
    crowded: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    crowded.chmod(0o640)
    tidy = crowded.with_name("tidy.qasm")
    before = tidy.stat().st_mtime_ns
    assert main(["format", "crowded.qasm", "tidy.qasm"]) == 0
    assert crowded.read_text() == FORMATTED
    assert stat.S_IMODE(crowded.stat().st_mode) == 0o640
    assert tidy.stat().st_mtime_ns == before
    assert capsys.readouterr().out == ""


def test_format_check_and_diff_write_nothing(crowded: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["format", "--check", "tidy.qasm"]) == 0
    assert main(["format", "--check", "--diff", "crowded.qasm"]) == 1
    out, err = capsys.readouterr()
    assert "crowded.qasm would be formatted" in err
    assert "\n-U(0,0,pi)q[0];\n" in out and "\n+U(0, 0, pi) q[0];\n" in out
    assert crowded.read_text() == CROWDED
    assert main(["format", "--diff", "crowded.qasm"]) == 0


def test_format_writes_elsewhere(crowded: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["format", "crowded.qasm", "-o", "new.qasm"]) == 0
    assert crowded.with_name("new.qasm").read_text() == FORMATTED
    assert main(["format", "crowded.qasm", "-o", "-"]) == 0
    assert capsys.readouterr().out == FORMATTED
    command = [sys.executable, "-m", "tui", "format", "-"]
    piped = subprocess.run(command, input=CROWDED.encode(), capture_output=True, check=True, timeout=30)
    assert piped.stdout.decode() == FORMATTED
    assert crowded.read_text() == CROWDED


def test_format_goes_on_after_a_file_that_cannot_be_read(
    crowded: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (crowded.with_name("bytes.qasm")).write_bytes(b"qubit \xff;")
    assert main(["format", "bytes.qasm", "missing.qasm", "crowded.qasm"]) == 2
    err = capsys.readouterr().err
    assert "byte 6" in err and "missing.qasm" in err
    assert crowded.read_text() == FORMATTED
    assert main(["format", "crowded.qasm", "tidy.qasm", "-o", "both.qasm"]) == 2
    assert "one file" in capsys.readouterr().err


def test_convert_prints_the_program_in_the_other_version(
    crowded: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    crowded.write_text(f"// A pair\n{BELL}")
    assert main(["convert", "crowded.qasm", "--to", "2"]) == 0
    out = capsys.readouterr().out
    assert out.startswith('// A pair\nOPENQASM 2.0;\ninclude "qelib1.inc";\n')
    assert "cx q[0], q[1];" in out and format_program(out) == out
    crowded.write_text('OPENQASM 3.0; include "stdgates.inc"; x $0;')
    assert main(["convert", "crowded.qasm", "--to", "2", "-o", "out.qasm"]) == 1
    assert "no hardware qubits" in capsys.readouterr().err
    assert not crowded.with_name("out.qasm").exists()
