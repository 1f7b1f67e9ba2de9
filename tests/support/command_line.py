"""The command line in this process, as a user of the live sandbox."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tui.cli import main
from tui.sandbox.lifecycle.launch import SandboxInfo

X = 'OPENQASM 3.0; include "stdgates.inc"; bit[1] c; x $0; c[0] = measure $0;'
"""A circuit that any device takes as it is."""


@dataclass(frozen=True, slots=True)
class Done:
    """How a command ended, and what it wrote."""

    status: int
    out: str
    err: str

    @property
    def answer(self) -> dict[str, Any]:
        """The JSON object on stdout."""
        answer: dict[str, Any] = json.loads(self.out)
        return answer

    @property
    def rows(self) -> list[list[str]]:
        """The cells of the table on stdout."""
        return [line.split("\t") for line in self.out.splitlines()]


class CommandLine:
    """Runs commands of one user of the sandbox, whose account is in the environment."""

    def __init__(
        self,
        info: SandboxInfo,
        home: Path,
        patch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        self.info = info
        self._capsys = capsys
        environ = {
            "HOME": str(home / "home"),
            "QDECK_HOME": str(home / "qdeck"),
            "QISKIT_IBM_TOKEN": info.api_key,
            "QISKIT_IBM_CHANNEL": "ibm_quantum_platform",
            "QISKIT_IBM_INSTANCE": info.crn,
            "QDECK_ENDPOINT_IAM": info.url,
            "QDECK_ENDPOINT_API": info.url,
        }
        for name, value in environ.items():
            patch.setenv(name, value)

    def qdeck(self, *words: str) -> Done:
        """Run one command to its end."""
        self._capsys.readouterr()
        status = main(words)
        written = self._capsys.readouterr()
        assert "Traceback" not in written.err
        return Done(status, written.out, written.err)

    def request(self, method: str, path: str, body: object = None) -> Any:
        """Ask the sandbox as another program of the user would.

        Returns:
            The JSON of the answer.
        """
        grant = {"grant_type": "urn:ibm:params:oauth:grant-type:apikey", "apikey": self.info.api_key}
        token = httpx.post(f"{self.info.url}/identity/token", data=grant).json()["access_token"]
        headers = {
            "Authorization": f"Bearer {token}",
            "Service-CRN": self.info.crn,
            "IBM-API-Version": "2025-05-01",
        }
        answer = httpx.request(method, f"{self.info.url}/api/v1{path}", headers=headers, json=body)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def submit(self, *, session: str = "", tags: Sequence[str] = (), shots: int = 10) -> str:
        """Create a job elsewhere.

        Returns:
            Its id.
        """
        job = self.request(
            "POST",
            "/jobs",
            {
                "program_id": "sampler",
                "backend": "ibm_peekskill",
                "params": {"pubs": [[X, [], shots]], "version": 2, "options": {}},
                "tags": list(tags),
                **({"session_id": session} if session else {}),
            },
        )
        return str(job["id"])


@pytest.fixture
def command_line(
    live_sandbox: SandboxInfo,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> CommandLine:
    """A user of the live sandbox with an empty home, and the platform's account in the environment."""
    return CommandLine(live_sandbox, tmp_path, monkeypatch, capsys)
