"""Connection data of a running sandbox, and the file by which others find it (std-lib only)."""

from __future__ import annotations

import contextlib
import hmac
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol

from tui.common.atomic_file import replace_file
from tui.common.bounded_read import read_file

RUNNING_FILE = "running.json"
LEASE_PATH = "/sandbox/lease"
NONCE_HEADER = "x-qdeck-nonce"
PROOF_HEADER = "x-qdeck-proof"


@dataclass(frozen=True, slots=True)
class SandboxInfo:
    """URLs and secrets of a running sandbox. The API key and the API token never show in its repr."""

    url: str
    api_key: str = field(repr=False)
    crn: str
    api_token: str = field(repr=False)
    instance: str
    auth: str
    runtime: str
    transpiler: str

    @classmethod
    def from_line(cls, line: str | bytes) -> SandboxInfo:
        """Parse the first line of `python -m tui.sandbox`.

        Raises:
            ValueError: when it is not that line.
        """
        return cls.from_members(json.loads(line))

    @classmethod
    def from_members(cls, members: Any) -> SandboxInfo:
        """Read the members of that line, once parsed.

        Raises:
            ValueError: when it is not that line.
        """
        try:
            names = ("url", "api_key", "crn", "api_token", "instance")
            hosts = {name: str(members["classic"][name]) for name in ("auth", "runtime", "transpiler")}
            return cls(**{name: str(members[name]) for name in names}, **hosts)
        except (KeyError, TypeError) as error:
            raise ValueError("this is not the first line of a sandbox") from error


class RunningSandbox(Protocol):
    """A running sandbox that this process started or joined."""

    @property
    def info(self) -> SandboxInfo:
        """URLs and secrets."""

    @property
    def running(self) -> bool:
        """False once it has ended or was released."""

    async def stop(self) -> None:
        """Release it: it ends when nobody else holds it. Twice is no error."""


def write_running_file(folder: Path, members: Mapping[str, Any]) -> None:
    """Write `running.json` (mode 0600): the members of the first line, and the `pid` of this process."""
    replace_file(folder / RUNNING_FILE, [json.dumps({**members, "pid": os.getpid()}).encode()])


def remove_running_file(folder: Path) -> None:
    """Remove `running.json`, so that nobody joins any more."""
    with contextlib.suppress(OSError):
        (folder / RUNNING_FILE).unlink(missing_ok=True)


def read_running_file(folder: Path) -> tuple[SandboxInfo, int] | None:
    """Read `running.json`.

    Returns:
        Its contents and the process id; None when there is none, it is damaged, or its process has ended.
    """
    try:
        members = json.loads(read_file(folder / RUNNING_FILE, 100_000))
        info, pid = SandboxInfo.from_members(members), int(members["pid"])
        os.kill(pid, 0)
    except (OSError, ValueError, KeyError, TypeError, OverflowError):
        return None
    return info, pid


def proof(api_key: str, role: str, nonce: str) -> str:
    """Return an HMAC by which one side proves that it knows the API key, without sending it.

    Args:
        api_key: the secret of both sides.
        role: the side that proves it: "holder" or "sandbox".
        nonce: the holder's random text.
    """
    return hmac.new(api_key.encode(), f"{role}:{nonce}".encode(), sha256).hexdigest()
