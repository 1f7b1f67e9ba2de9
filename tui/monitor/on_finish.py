"""The user's own command for finished jobs: run without a shell, the job as environment variables."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from tui.common.atomic_file import make_folder
from tui.common.environment import hook_environment
from tui.common.errors import ErrorKind, QdeckError
from tui.common.safe_text import plain
from tui.config.settings import Settings
from tui.domain.jobs import Job
from tui.monitor.state.event_bus import EventBus
from tui.monitor.state.events import JobsFinished

SECONDS = 30.0
"""The command is ended after that long."""
MOST = 500
"""Jobs that may wait for it at once."""
VALUE_LIMIT = 500
KEPT_SECONDS = 7 * 86400.0
"""How long a claim is remembered: every running qdeck sees long before that that the job is over."""


class FinishHook:
    """Runs the command for each job that finished here, one after the other.

    What the service says reaches it as values of variables alone, never as a part of a command line.

    Args:
        settings: the command, and the variables that it gets, as the user wrote them.
        environ: where its variables are found (`hook_environment`).
        trouble: called with the error when the command cannot be run or fails.
        claims: of several qdecks, says which runs it for a job; `None`: this one, for all.
    """

    def __init__(
        self,
        settings: Settings,
        environ: Mapping[str, str],
        trouble: Callable[[QdeckError], None],
        claims: FinishClaims | None = None,
    ) -> None:
        self._command = settings.on_finish
        self._environ = hook_environment(environ, settings.on_finish_variables)
        self._trouble = trouble
        self._claims = claims
        self._jobs: asyncio.Queue[Job] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None

    def start(self, events: EventBus) -> Callable[[], None]:
        """Listen from now on.

        Returns:
            A function that ends that, and the command that runs.
        """
        unsubscribe = events.subscribe(self._on_finished, JobsFinished)
        self._task = asyncio.ensure_future(self._run())

        def end() -> None:
            unsubscribe()
            if self._task is not None:
                self._task.cancel()

        return end

    def _on_finished(self, event: JobsFinished) -> None:
        if event.away:
            return
        room = max(0, MOST - self._jobs.qsize())
        for job in event.jobs[:room]:
            self._jobs.put_nowait(job)
        left_out = len(event.jobs) - room
        if left_out > 0:
            jobs = "1 job that finished" if left_out == 1 else f"{left_out} jobs that finished"
            why = f"on_finish is not run for {jobs}: {MOST} others wait for it."
            self._trouble(QdeckError(ErrorKind.SETTINGS, why, "Let it start a process of its own."))

    async def _run(self) -> None:
        if self._claims is not None:
            await asyncio.to_thread(self._claims.clear)
        while True:
            job = await self._jobs.get()
            if self._claims is not None and not await asyncio.to_thread(self._claims.claim, job):
                continue
            try:
                await self._once(job)
            except (OSError, ValueError) as error:
                text = error.strerror if isinstance(error, OSError) and error.strerror else error
                why = f"on_finish: {plain(self._command[0])} cannot be run: {text}."
                self._trouble(QdeckError(ErrorKind.SETTINGS, why, "Correct it in settings.toml."))

    async def _once(self, job: Job) -> None:
        nothing = asyncio.subprocess.DEVNULL
        process = await asyncio.create_subprocess_exec(
            *self._command,
            env=_encoded({**self._environ, **job_variables(job)}),
            stdin=nothing,
            stdout=nothing,
            stderr=nothing,
            start_new_session=True,
        )
        try:
            async with asyncio.timeout(SECONDS):
                status = await process.wait()
        except TimeoutError:
            why = f"on_finish took longer than {SECONDS:.0f} s for one job and was ended."
            self._trouble(QdeckError(ErrorKind.SETTINGS, why, "Let it start a process of its own."))
        else:
            if status:
                why = f"on_finish ended with status {status}."
                self._trouble(QdeckError(ErrorKind.SETTINGS, why))
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()


def _encoded(values: Mapping[str, str]) -> dict[str, bytes]:
    """As the system takes them: what its encoding does not have becomes `?`, what came from it stays."""
    return {name: _bytes(text) for name, text in values.items()}


def _bytes(text: str) -> bytes:
    encoding = sys.getfilesystemencoding()
    try:
        return text.encode(encoding, "surrogateescape")
    except UnicodeEncodeError:
        return text.encode(encoding, "replace")


def job_variables(job: Job) -> dict[str, str]:
    """Return the job as environment variables.

    Returns:
        Values by name, each on one line, without control characters, of at most `VALUE_LIMIT` characters.
    """
    facts = {
        "ID": job.id,
        "STATUS": str(job.status),
        "BACKEND": job.backend,
        "NAME": job.name,
        "PROGRAM": job.program,
        "SERVICE": job.service,
        "INSTANCE": job.instance,
        "SESSION": job.session_id,
        "TAGS": " ".join(job.tags),
        "REASON": job.reason,
        "QPU_SECONDS": "" if job.qpu_seconds is None else f"{job.qpu_seconds:g}",
    }
    return {f"QDECK_JOB_{name}": plain(text, limit=VALUE_LIMIT) for name, text in facts.items()}


class FinishClaims:
    """One empty file a job, made by whoever comes first. Shared by the qdecks that share the folder.

    Args:
        folder: where the files are; made when needed.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def claim(self, job: Job) -> bool:
        """Claim the job for this process.

        Returns:
            True when no other process claimed it before. True, too, where no file can be written: running
            the command once too often is better than never.
        """
        name = hashlib.sha256(f"{job.service}\0{job.id}".encode("utf-8", "surrogatepass")).hexdigest()
        try:
            make_folder(self._folder)
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
