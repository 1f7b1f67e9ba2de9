"""The user's own command for finished jobs: run without a shell, the job as environment variables."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence

from tui.domain.errors import ErrorKind, QdeckError
from tui.domain.jobs import Job
from tui.domain.text import plain
from tui.monitor.deck import Listener
from tui.monitor.events import Event, JobsFinished

SECONDS = 30.0
"""The command is ended after that long."""
MOST = 50
"""Jobs of one burst it is run for."""
VALUE_LIMIT = 500


class FinishHook:
    """Runs the command for each job that finished here, one after the other.

    What the service tells reaches it as values of variables alone, never as a part of a command line.

    Args:
        command: the program and its arguments, as the user wrote them.
        environ: what the command inherits.
        trouble: told when the command cannot be run or fails.
    """

    def __init__(
        self, command: Sequence[str], environ: Mapping[str, str], trouble: Callable[[QdeckError], None]
    ) -> None:
        self._command = tuple(command)
        self._environ = environ
        self._trouble = trouble
        self._jobs: asyncio.Queue[Job] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None

    def start(self, subscribe: Callable[[Listener], Callable[[], None]]) -> Callable[[], None]:
        """Listen from now on; returns what ends that."""
        unsubscribe = subscribe(self._hear)
        self._task = asyncio.ensure_future(self._run())

        def end() -> None:
            unsubscribe()
            if self._task is not None:
                self._task.cancel()

        return end

    def _hear(self, event: Event) -> None:
        if isinstance(event, JobsFinished) and not event.away:
            for job in event.jobs[:MOST]:
                self._jobs.put_nowait(job)

    async def _run(self) -> None:
        while True:
            job = await self._jobs.get()
            try:
                await self._once(job)
            except OSError as error:
                why = f"on_finish: {self._command[0]} cannot be run: {error.strerror or error}."
                self._trouble(QdeckError(ErrorKind.SETTINGS, why, "Correct it in settings.toml."))

    async def _once(self, job: Job) -> None:
        nothing = asyncio.subprocess.DEVNULL
        process = await asyncio.create_subprocess_exec(
            *self._command,
            env={**self._environ, **variables(job)},
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


def variables(job: Job) -> dict[str, str]:
    """The job as environment variables: one line each, without control characters, of bounded length."""
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
