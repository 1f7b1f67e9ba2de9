"""Which qdeck runs the user's command for a finished job: the first that says so, of all on one account."""

from __future__ import annotations

import contextlib
import hashlib
import time
from pathlib import Path

from tui.domain.jobs import Job

KEPT_SECONDS = 7 * 86400.0
"""How long a claim is remembered: every running qdeck sees long before that that the job is over."""


class FinishClaims:
    """One empty file a job, made by whoever comes first. Shared by the qdecks that share the folder.

    Args:
        folder: where the files are; made when needed.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def take(self, job: Job) -> bool:
        """Whether the job is this process's. It is, too, where no file can be written: once too often is
        better than never."""
        name = hashlib.sha256(f"{job.service}\0{job.id}".encode("utf-8", "surrogatepass")).hexdigest()
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            (self._folder / name).touch(mode=0o600, exist_ok=False)
        except FileExistsError:
            return False
        except OSError:
            return True
        return True

    def clear(self) -> None:
        """Let go of old claims."""
        with contextlib.suppress(OSError):
            for path in tuple(self._folder.iterdir()):
                if time.time() - path.stat().st_mtime > KEPT_SECONDS:
                    path.unlink(missing_ok=True)
