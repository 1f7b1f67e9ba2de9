"""Files that never end or never begin: refused before they are read, or read as far as the limit."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.test_refusals import qdeck, refused
from tests.end_to_end.conftest import clean_environment

NOBODY = {"QDECK_ENDPOINT_IAM": "http://127.0.0.1:9"}
BELL = "OPENQASM 3; qubit[2] q; bit[2] c; c = measure q;"


@pytest.mark.parametrize("file", ["/dev/zero", "/dev/null", "/dev/tty"])
def test_run_refuses_a_device_without_reading_it(tmp_path: Path, file: str) -> None:
    assert "neither a regular file nor a pipe" in refused(qdeck("run", file, home=tmp_path))


def test_run_refuses_a_device_as_standard_input(tmp_path: Path) -> None:
    with Path("/dev/zero").open("rb") as zero:
        done = subprocess.run(
            [sys.executable, "-m", "tui", "run", "-"],
            stdin=zero,
            capture_output=True,
            env=clean_environment(tmp_path),
            timeout=60,
            check=False,
        )
    assert "stdin: it is neither a regular file nor a pipe" in refused(done)


@pytest.mark.parametrize("words", [("run", "-"), ("run", "big.qasm"), ("run", "pipe.qasm")])
def test_run_reads_at_most_the_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    with (tmp_path / "big.qasm").open("wb") as file:
        file.truncate(60_000_000)
    os.mkfifo("pipe.qasm")
    with (tmp_path / "big.qasm").open("rb") as big:
        command = ["sh", "-c", 'cat big.qasm > pipe.qasm & "$0" -m tui "$@"; status=$?; wait; exit $status']
        done = (
            subprocess.run(
                [*command, sys.executable, *words],
                stdin=big,
                capture_output=True,
                env=clean_environment(tmp_path) | {"PYTHONPATH": os.pathsep.join(sys.path)},
                timeout=60,
                check=False,
            )
            if words[1] == "pipe.qasm"
            else qdeck(*words, home=tmp_path, stdin=b"\0" * 60_000_000)
        )
    assert "larger than 50 MB" in refused(done)


def test_run_reads_a_program_from_a_named_pipe(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.qasm"
    os.mkfifo(pipe)
    with subprocess.Popen(["sh", "-c", f"echo '{BELL}' > '{pipe}'"]):
        said = refused(qdeck("run", str(pipe), home=tmp_path))
    # It was read: what is missing is an account.
    assert "qdeck login" in said


def test_run_refuses_a_coupling_map_that_never_ends(tmp_path: Path) -> None:
    bell = tmp_path / "bell.qasm"
    bell.write_text(BELL)
    words = ("run", str(bell), "--cloud", "--coupling-map", "/dev/zero")
    assert "neither a regular file nor a pipe" in refused(qdeck(*words, home=tmp_path))


@pytest.mark.parametrize(
    "name",
    [
        "qdeck/config/settings.toml",
        "qdeck/config/accounts.json",
        ".qiskit/qiskit-ibm.json",
        "qdeck/data/history.journal",
        "qdeck/data/history.json",
        "qdeck/state/qdeck.log",
    ],
)
@pytest.mark.parametrize("kind", ["pipe", "endless"])
def test_no_file_of_a_home_is_waited_for(tmp_path: Path, name: str, kind: str) -> None:
    file = tmp_path / name
    file.parent.mkdir(parents=True)
    if kind == "pipe":
        os.mkfifo(file)
    else:
        file.symlink_to("/dev/zero")
    # The log is written to by what goes wrong; the others are read.
    command = ("login",) if name.endswith("accounts.json") else ("jobs", "--offline")
    for words in (command, ("where",)):
        done = qdeck(*words, home=tmp_path, stdin=b"t0ken" * 9, environ=NOBODY)
        assert done.returncode in {0, 1}, (words, done)
        assert b"Traceback" not in done.stderr, (words, done.stderr)


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"])
def test_certificates_in_a_pipe_are_not_waited_for(tmp_path: Path, variable: str) -> None:
    pipe = tmp_path / "ca.pem"
    os.mkfifo(pipe)
    done = qdeck("jobs", home=tmp_path, environ={"QISKIT_IBM_TOKEN": "t0ken" * 9, variable: str(pipe)})
    assert (done.returncode, done.stdout) == (1, b"")
    assert variable in done.stderr.decode() and "not a regular file" in done.stderr.decode()
