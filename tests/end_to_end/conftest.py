"""A sandbox as users start it, `qdeck sandbox`, one for all tests here, and `qdeck` commands against it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

COMMAND = (sys.executable, "-m", "tui")


def clean_environment(home: Path) -> dict[str, str]:
    """The environment of a shell in which nobody has an account."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL", "TMPDIR") if name in os.environ}
    return {**kept, "HOME": str(home), "QDECK_HOME": str(home / "qdeck"), "TERM": "xterm-256color"}


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A running `qdeck sandbox`: its first line, and the environments that reach it."""

    info: dict[str, Any]

    def environment(self, channel: str) -> dict[str, str]:
        """What the README says to export for one of its faces."""
        if channel == "platform":
            return {
                "QISKIT_IBM_TOKEN": self.info["api_key"],
                "QISKIT_IBM_CHANNEL": "ibm_quantum_platform",
                "QISKIT_IBM_INSTANCE": self.info["crn"],
                "QDECK_ENDPOINT_IAM": self.info["url"],
                "QDECK_ENDPOINT_API": self.info["url"],
            }
        hosts = self.info["classic"]
        return {
            "QISKIT_IBM_TOKEN": self.info["api_token"],
            "QISKIT_IBM_CHANNEL": "ibm_quantum",
            "QISKIT_IBM_INSTANCE": self.info["instance"],
            "QDECK_ENDPOINT_AUTH": hosts["auth"],
            "QDECK_ENDPOINT_RUNTIME": hosts["runtime"],
            "QDECK_ENDPOINT_TRANSPILER": hosts["transpiler"],
        }


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A sandbox in a process of its own, ended with SIGTERM."""
    environ = clean_environment(tmp_path_factory.mktemp("sandbox"))
    command = [*COMMAND, "sandbox", "--json", "--recalibrate", "0"]
    with subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        yield Sandbox(json.loads(process.stdout.readline()))
        process.terminate()
        assert process.wait(timeout=30) == 0


@dataclass(frozen=True, slots=True)
class Shell:
    """Runs `qdeck` commands of one user of the sandbox."""

    sandbox: Sandbox
    home: Path

    def qdeck(
        self, *words: str, channel: str = "platform", stdin: str = "", **environ: str
    ) -> subprocess.CompletedProcess[str]:
        """Run one command to its end."""
        return subprocess.run(
            [*COMMAND, *words],
            env={**clean_environment(self.home), **self.sandbox.environment(channel), **environ},
            input=stdin,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def answer(self, *words: str, channel: str = "platform", stdin: str = "") -> dict[str, Any]:
        """The JSON answer of a command that must succeed."""
        done = self.qdeck(*words, "--json", channel=channel, stdin=stdin)
        assert done.returncode == 0, done.stderr
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer


@pytest.fixture
def shell(sandbox: Sandbox, tmp_path: Path) -> Shell:
    """A user with an empty home."""
    return Shell(sandbox, tmp_path)
