"""`qdeck check`: errors at their places, as compilers print them; the exit status tells."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.circuits import BELL
from tui.cli import main
from tui.common.errors import ErrorKind, QdeckError
from tui.compiler.client import Compiler
from tui.domain.circuits import CheckReport

WRONG = 'OPENQASM 3.0;\ninclude "stdgates.inc";\nqubit[2] q;\nhh q[0];\n'


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bell.qasm").write_text(BELL)
    (tmp_path / "wrong.qasm").write_text(WRONG)
    return tmp_path


def test_check_prints_errors_at_their_places_and_fails(
    files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", "bell.qasm", "wrong.qasm"]) == 1
    out, err = capsys.readouterr()
    (one,) = out.splitlines()
    assert one.startswith("wrong.qasm:4:1: error: ")
    assert "hh" in one
    assert err == ""


def test_check_of_good_files_says_nothing_and_ends_with_0(
    files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", "bell.qasm"]) == 0
    assert capsys.readouterr() == ("", "")


def test_check_tells_files_that_cannot_be_read_and_checks_the_others(
    files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (files / "bytes.qasm").write_bytes(b"\xff\xfe")
    assert main(["check", "--json", "missing.qasm", "bytes.qasm", "bell.qasm"]) == 2
    missing, no_text, bell = json.loads(capsys.readouterr().out)["files"]
    assert not missing["ok"]
    assert "No such file" in missing["errors"][0]["message"]
    assert "byte 0" in no_text["errors"][0]["message"]
    assert bell == {
        "file": "bell.qasm",
        "ok": True,
        "analysis": ["qdeck", "qdk", "qiskit"],
        "version": 3,
        "qubits": 2,
        "bits": 2,
        "depth": 3,
        "parameters": [],
        "measures": True,
        "errors": [],
    }


def test_check_tells_all_errors_with_what_was_probably_meant(
    files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (files / "many.qasm").write_text(WRONG + "cx q[0];\nh q[9];\nuint[4] n = 1;\n")
    assert main(["check", "--json", "many.qasm"]) == 1
    (found,) = json.loads(capsys.readouterr().out)["files"]
    assert [(one["line"], one["column"]) for one in found["errors"]] == [(4, 1), (5, 1), (6, 5)]
    assert (found["errors"][0]["length"], found["errors"][0]["suggestion"]) == (2, "h")
    assert main(["check", "many.qasm"]) == 1
    assert "many.qasm:4:1: error: There is no gate hh. Did you mean `h`?\n" in capsys.readouterr().out


def test_check_without_qiskit_is_done_by_the_fast_analysis_which_says_so(
    files: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def missing(*_: object) -> CheckReport:
        raise QdeckError(ErrorKind.UNAVAILABLE, "Qiskit is not installed.", "Install it.")

    monkeypatch.setattr(Compiler, "check", missing)
    assert main(["check", "bell.qasm", "wrong.qasm"]) == 1
    out, err = capsys.readouterr()
    assert out == "wrong.qasm:4:1: error: There is no gate hh. Did you mean `h`?\n"
    assert err == "Qiskit is not installed. Install it. The fast analysis alone has looked.\n"
    assert main(["check", "--json", "bell.qasm"]) == 0
    (bell,) = json.loads(capsys.readouterr().out)["files"]
    assert bell["ok"] and bell["analysis"] == ["qdeck", "qdk"] and bell["qubits"] is None


def test_edit_needs_a_terminal(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["edit", "bell.qasm:3"]) == 2
    assert "needs a terminal" in capsys.readouterr().err
