"""What a client has to know of a running sandbox, and the file that tells it to others (std-lib only)."""

from __future__ import annotations

import contextlib
import hmac
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from tui.common.atomic_file import replace_file

RUNNING_FILE = "running.json"
LEASE_PATH = "/sandbox/lease"
NONCE_HEADER = "x-qdeck-nonce"
PROOF_HEADER = "x-qdeck-proof"


@dataclass(frozen=True, slots=True)
class SandboxInfo:
    """Where a sandbox listens and what opens it. The key and the token never show in its repr."""

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
        """Read the first line of `python -m tui.sandbox`.

        Raises:
            ValueError: when it is not that line.
        """
        return cls.from_members(json.loads(line))

    @classmethod
    def from_members(cls, said: Any) -> SandboxInfo:
        """The same from the parsed line.

        Raises:
            ValueError: when it is not that line.
        """
        try:
            names = ("url", "api_key", "crn", "api_token", "instance")
            hosts = {name: str(said["classic"][name]) for name in ("auth", "runtime", "transpiler")}
            return cls(**{name: str(said[name]) for name in names}, **hosts)
        except (KeyError, TypeError) as error:
            raise ValueError("this is not the first line of a sandbox") from error


def announce(folder: Path, members: Mapping[str, Any]) -> None:
    """Write `running.json` (mode 0600): the members of the first line, and the `pid` of this process."""
    path = folder / RUNNING_FILE
    replace_file(path, [json.dumps({**members, "pid": os.getpid()}).encode()])


def withdraw(folder: Path) -> None:
    """Remove `running.json`: nobody shall join any more."""
    with contextlib.suppress(OSError):
        (folder / RUNNING_FILE).unlink(missing_ok=True)


def announced(folder: Path) -> tuple[SandboxInfo, int] | None:
    """What `running.json` says, with the process id; None when there is none or its process has ended."""
    try:
        said = json.loads((folder / RUNNING_FILE).read_bytes())
        info, pid = SandboxInfo.from_members(said), int(said["pid"])
        os.kill(pid, 0)
    except (OSError, ValueError, KeyError, TypeError, OverflowError):
        return None
    return info, pid


def proof(api_key: str, who: str, nonce: str) -> str:
    """Shows that `who` ("holder" or "sandbox") knows the key, without telling it to the other side."""
    return hmac.new(api_key.encode(), f"{who}:{nonce}".encode(), sha256).hexdigest()
