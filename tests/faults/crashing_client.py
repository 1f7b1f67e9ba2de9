"""A process that submits and is killed with -9 at a chosen step: `python -m tests.faults.crashing_client`.

Reads one line of JSON a run (with `copy`, the history as it was when the submission was in line is copied
there), forks (everything is imported then), and prints how the run ended: the exit
status, negative for a signal.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import httpx

from tests.faults.scripted_user import ScriptedUser
from tests.monitor.fake_compiler import FakeCompiler  # noqa: F401 - imported before the fork
from tests.store.samples import make_folders
from tui.domain.accounts import Channel
from tui.monitor.outbox import send_queue
from tui.sandbox.lifecycle.info import SandboxInfo
from tui.store.cache import SubmissionRepository
from tui.store.records.models import PendingState

POINTS = (
    "before the intent",
    "intent not durable",
    "sending not durable",
    "intent durable",
    "request on its way",
    "answer not read",
    "answered",
    "id not durable",
    "accepted",
)
"""The steps of a submission, in order; the process ends at one of them."""


def die() -> NoReturn:
    """What `kill -9` does."""
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("unreachable")


def crash_at(point: str) -> None:
    """Make this process die at a step of the next submission."""
    if point in ("before the intent", "intent not durable", "sending not durable", "id not durable"):
        _around_intents(point)
    elif point == "intent durable":
        _on_post(None)
    elif point == "request on its way":
        _on_post("sent")
    elif point == "answer not read":
        _on_post("answered")
    elif point == "answered":
        _before(send_queue.SendQueue, "accept", die)


def _around_intents(point: str) -> None:
    original = SubmissionRepository.upsert_submission
    after = {"sending not durable": PendingState.SENDING, "id not durable": PendingState.ACCEPTED}

    def upsert_submission(self: SubmissionRepository, pending: Any) -> Any:
        if point == "before the intent":
            die()
        kept = original(self, pending)
        if point == "intent not durable" or pending.state is after.get(point):
            die()
        return kept

    SubmissionRepository.upsert_submission = upsert_submission  # type: ignore[method-assign]  # this process is here to die


def _before(owner: Any, name: str, act: Callable[[], None]) -> None:
    original = getattr(owner, name)

    def instead(*args: Any, **kwargs: Any) -> Any:
        act()
        return original(*args, **kwargs)

    setattr(owner, name, instead)


def _on_post(when: str | None) -> None:
    """Die when the request that creates the job is about to go out, has gone out, or was answered."""
    original = httpx.AsyncClient.send

    async def send(self: httpx.AsyncClient, request: httpx.Request, **options: Any) -> httpx.Response:
        if request.method != "POST" or not request.url.path.endswith("/jobs"):
            return await original(self, request, **options)
        if when is None:
            die()
        if when == "answered":
            await original(self, request, **options)
            die()
        sending = asyncio.ensure_future(original(self, request, **options))
        # The bytes leave at once; the service (made slow) is still at work when this process is gone.
        await asyncio.wait({sending}, timeout=0.03)
        die()

    httpx.AsyncClient.send = send  # type: ignore[method-assign]  # this process is here to die


def _copy_in_line(user: ScriptedUser, home: Path, copy: Path) -> None:
    def on_step(step: PendingState) -> None:
        if step is PendingState.PREPARED:
            shutil.copy(make_folders(home).history_file, copy)

    user.services.outbox.context.on_step = on_step


async def submit(order: dict[str, Any]) -> None:
    """Sign in and submit once."""
    info = SandboxInfo.from_members(order["info"])
    user = ScriptedUser(Path(order["home"]), info, Channel(order["channel"]), random.Random(order["seed"]))
    await user.enter()
    if order.get("copy"):
        _copy_in_line(user, Path(order["home"]), Path(order["copy"]))
    crash_at(order["point"])
    await user.services.outbox.submit(user.submission(order["name"]))
    die()


def main() -> None:
    """Serve orders until standard input closes."""
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            try:
                asyncio.run(submit(json.loads(line)))
            except BaseException as error:
                print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
                os._exit(1)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    main()
