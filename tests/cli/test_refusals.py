"""What the command line refuses, and how: the message, the status, and nothing on stdout."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest


def qdeck(
    *words: str, home: Path, stdin: bytes = b"", environ: dict[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    """Run `python -m tui` with an empty home and none of the caller's accounts."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL") if name in os.environ}
    return subprocess.run(
        [sys.executable, "-m", "tui", *words],
        input=stdin,
        capture_output=True,
        timeout=120,
        check=False,
        env={
            **kept,
            "HOME": str(home),
            "QDECK_HOME": str(home / "qdeck"),
            "TERM": "xterm",
            **(environ or {}),
        },
    )


def refused(done: subprocess.CompletedProcess[bytes]) -> str:
    """What was said by a command that ended with status 2 and printed no data."""
    assert (done.returncode, done.stdout) == (2, b""), done
    assert b"Traceback" not in done.stderr
    return done.stderr.decode()


@pytest.mark.parametrize(
    "words",
    [
        ("--token", "s3cr3t"),
        ("--token=s3cr3t",),
        ("login", "--token", "s3cr3t"),
        ("login", "--token=s3cr3t"),
        ("login", "s3cr3t"),
        ("run", "bell.qasm", "--api-key=s3cr3t"),
    ],
)
def test_cli_refuses_a_token_argument_without_repeating_it(tmp_path: Path, words: tuple[str, ...]) -> None:
    said = refused(qdeck(*words, home=tmp_path))
    assert "QISKIT_IBM_TOKEN" in said
    assert "s3cr3t" not in said


@pytest.mark.parametrize("words", [("run", "bell.qasm"), ("cancel", "j")])
def test_changing_commands_refuse_under_readonly(tmp_path: Path, words: tuple[str, ...]) -> None:
    assert "--readonly" in refused(qdeck("--readonly", *words, home=tmp_path))


@pytest.mark.parametrize("term", ["xterm-256color", "dumb"])
def test_app_without_a_terminal_points_to_the_commands(tmp_path: Path, term: str) -> None:
    said = refused(qdeck(home=tmp_path, environ={"TERM": term}))
    assert "needs a terminal" in said
    assert "qdeck run" in said


def test_run_names_an_unreadable_file_with_the_reason(tmp_path: Path) -> None:
    assert "nowhere.qasm" in refused(qdeck("run", "nowhere.qasm", home=tmp_path))
    binary = tmp_path / "binary.qasm"
    binary.write_bytes(b"OPENQASM\xff\xfe")
    assert "UTF-8" in refused(qdeck("run", str(binary), home=tmp_path))
    assert "stdin is empty" in refused(qdeck("run", "-", home=tmp_path))


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("--primitive", "estimator"), "--observable"),
        (("--primitive", "estimator", "--observable", "ZZ", "--shots", "9"), "--shots"),
        (("--observable", "ZZ"), "estimator"),
        (("--precision", "0.1"), "estimator"),
        (tuple(word for n in range(9) for word in ("--tag", str(n))), "tags"),
        (("--level", "4"), "--level"),
        (("--shots", "0"), "--shots"),
        (("--channel", "other"), "--channel"),
        (("--ai", "true"), "--ai is for transpiling on the service: add --cloud"),
        (("--coupling-map", "m.json"), "--coupling-map is for transpiling on the service"),
        (("--cloud", "--ai", "false", "--optimize-for", "noise"), "AI passes off"),
        (("--cloud", "--optimize-for", "speed"), "n_cnots"),
        (("--cloud", "--coupling-map", "nowhere.json"), "Cannot read nowhere.json"),
        (("--cloud", "--transpile-option", "seed_transpiler"), "KEY=JSON"),
        (("--cloud", "--transpile-option", "optimization_level=3"), "choose the level"),
        (("--max-seconds", "0"), "--max-seconds"),
        (("--log-level", "loud"), "--log-level"),
        (("--param", "theta"), "NAME=VALUES"),
        (("--param", "theta=2p"), "theta: “2p”: there is no “p”"),
        (("--param", "theta=1", "--param", "theta=2"), "theta is given twice"),
        (("--param", "theta=0:1"), "a start, a stop and a count"),
        (("--params-file", "nowhere.csv"), "Cannot read nowhere.csv"),
        (("--copies", "0"), "--copies"),
        (("--batch", "--session", "s"), "leave --session out"),
        (("-", "-"), "stdin (-) can be read once"),
        (("--primitive", "estimator", "--observable", "ZZ + Q"), "“Q” is not a Pauli string"),
        (("--primitive", "estimator", "--observable", " "), "is missing"),
    ],
)
def test_run_refuses_options_that_contradict_each_other(
    tmp_path: Path, words: tuple[str, ...], named: str
) -> None:
    bell = tmp_path / "bell.qasm"
    bell.write_text("OPENQASM 3; qubit[2] q;")
    assert named in refused(qdeck("run", str(bell), *words, home=tmp_path))


@pytest.mark.parametrize("words", [("jobs",), ("cancel", "abc"), ("jobs", "--channel", "classic")])
def test_commands_without_an_account_point_to_login(tmp_path: Path, words: tuple[str, ...]) -> None:
    said = refused(qdeck(*words, home=tmp_path))
    assert "qdeck login" in said
    assert "--sandbox" in said


@pytest.mark.parametrize(
    "words",
    [
        ("jobs", "--account", "lab"),
        ("--account", "lab", "cancel", "j"),
        ("logout", "--account", "lab"),
        ("doctor", "--account", "lab"),
    ],
)
def test_account_option_names_the_known_accounts_when_unknown(tmp_path: Path, words: tuple[str, ...]) -> None:
    kept = tmp_path / "qdeck" / "config" / "accounts.json"
    kept.parent.mkdir(parents=True)
    entry = {
        "channel": "platform",
        "token": "s3cr3t",
        "instance": "",
        "endpoints": {"iam": "https://i.example"},
    }
    kept.write_text(json.dumps({"work": entry, "home": entry | {"token": "other-s3cr3t"}}))
    kept.chmod(0o600)
    said = refused(qdeck(*words, home=tmp_path))
    assert "named 'lab'" in said and "home, work" in said
    assert "s3cr3t" not in said


def test_account_option_refuses_the_sandbox(tmp_path: Path) -> None:
    assert "--account" in refused(qdeck("--account", "lab", "jobs", "--sandbox", home=tmp_path))


def test_help_names_every_command_and_exit_status(tmp_path: Path) -> None:
    done = qdeck("--help", home=tmp_path)
    assert (done.returncode, done.stderr) == (0, b"")
    text = done.stdout.decode()
    for word in ("run", "jobs", "cancel", "login", "logout", "where", "sandbox", "130"):
        assert word in text
    assert qdeck("--version", home=tmp_path).stdout.startswith(b"qdeck ")
