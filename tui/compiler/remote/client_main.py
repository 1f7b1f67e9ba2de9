"""The process that is a client of Dask for the app, so that the app unpickles nothing that others have sent.

Dask's own protocol unpickles what a scheduler sends. This process has no token and no file of the user's in
hand; what goes on to the app is JSON text.
"""

from __future__ import annotations

import asyncio
import sys
from functools import partial
from typing import Any, Final

import msgspec

from tui.common.worker_process import Frames, serve_frames
from tui.compiler.messages import REPLY_DECODER, Failed
from tui.compiler.remote.messages import (
    TO_CLIENT,
    Answered,
    Cancel,
    Connect,
    Connected,
    Refused,
    Run,
    Target,
    ToApp,
)

CONNECT_SECONDS: Final = 10.0
"""Time to reach the scheduler, and to find a worker there."""
INSTALL: Final = 'Install it with: pip install "qdeck[dask]".'


def main() -> None:
    """Serve the app until standard input closes. The argument is the scheduler's address."""
    address = sys.argv[1]
    serve_frames(lambda frames: _DaskClient(address, frames).run())


class _DaskClient:
    def __init__(self, address: str, frames: Frames) -> None:
        self._address = address
        self._frames = frames
        self._client: Any = None
        self._targets: dict[str, Any] = {}
        self._working: dict[int, asyncio.Task[None]] = {}
        self._warming: set[asyncio.Task[bytes]] = set()

    async def run(self) -> None:
        """Take messages until there are no more."""
        while (frame := await self._frames.receive()) is not None:
            match TO_CLIENT.decode(frame):
                case Target(key, data):
                    self._targets[key] = self._hold(key, data)
                case Cancel(number):
                    if number in self._working:
                        self._working[number].cancel()
                case Connect() | Run() as asked:
                    task = asyncio.create_task(self._told(asked))
                    self._working[asked.number] = task
                    task.add_done_callback(partial(self._over, asked.number))

    def _over(self, number: int, _: asyncio.Task[None]) -> None:
        del self._working[number]

    async def _told(self, asked: Connect | Run) -> None:
        self._frames.send(msgspec.json.encode(await self._done(asked)))

    async def _done(self, asked: Connect | Run) -> ToApp:
        try:
            return await (self._connect(asked) if isinstance(asked, Connect) else self._answer(asked))
        except ModuleNotFoundError as error:
            missing = (error.name or "").partition(".")[0]
            if missing in ("distributed", "dask"):
                return Refused(asked.number, f"{missing} is not installed.", INSTALL)
            return Refused(asked.number, f"A worker of {self._address} has no {missing}.", _ON_WORKERS)
        except (OSError, TimeoutError) as error:
            why = f" ({error})" if str(error) else ""
            return Refused(
                asked.number,
                f"No scheduler of Dask answers at {self._address}{why}.",
                "Is the address right?",
            )
        except asyncio.CancelledError:
            if asyncio.current_task().cancelling():  # type: ignore[union-attr]
                raise
            self._client = None
            return Refused(asked.number, f"The connection to {self._address} was lost.", "Try again.")
        except Exception as error:
            return Refused(asked.number, f"Dask at {self._address} failed: {type(error).__name__}: {error}")

    async def _connect(self, asked: Connect) -> ToApp:
        """Connect once, and wait until one worker is warm."""
        from distributed import Client

        from tui.compiler.remote import task

        if self._client is None or self._client.status != "running":
            self._targets.clear()
            self._client = await Client(
                self._address, asynchronous=True, timeout=CONNECT_SECONDS, set_as_default=False
            )
        await self._client.wait_for_workers(1, timeout=CONNECT_SECONDS)
        workers = tuple(await self._client.nthreads())

        async def warm(worker: str) -> bytes:
            reply: bytes = await self._client.submit(
                task.warm,
                task.versions(),
                workers=[worker],
                allow_other_workers=True,
                pure=False,
                priority=10,
            )
            return reply

        warming = [asyncio.create_task(warm(one)) for one in workers]
        done, pending = await asyncio.wait(warming, return_when=asyncio.FIRST_COMPLETED)
        self._warming |= pending
        for one in pending:
            one.add_done_callback(self._warming.discard)
        for reply in [REPLY_DECODER.decode(one.result()) for one in done]:
            if isinstance(reply, Failed):
                return Refused(asked.number, reply.message, reply.advice)
        return Connected(asked.number, len(workers))

    def _hold(self, key: str, data: bytes) -> Any:
        from tui.compiler.remote import task

        return self._client.submit(task.hold, data, key=f"qdeck-target-{key}", retries=10)

    async def _answer(self, asked: Run) -> ToApp:
        from tui.compiler.remote import task

        future = self._client.submit(
            task.answer, asked.request, self._targets[asked.key], task.versions(), pure=False
        )
        try:
            return Answered(asked.number, await future)
        finally:
            if not future.done():
                await future.cancel()
            future.release()


_ON_WORKERS: Final = 'Install there: pip install "qdeck[local,dask]", the same version as here.'
