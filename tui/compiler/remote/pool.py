"""A pool of workers on other machines: a process of the app's own is the client of their Dask scheduler."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
from collections.abc import Mapping
from functools import lru_cache
from typing import Final, TypeVar

import msgspec

from tui.common.environment import worker_environment
from tui.common.errors import ErrorKind, QdeckError
from tui.common.worker_process import WorkerDied, WorkerProcess
from tui.compiler.messages import TargetData
from tui.compiler.remote.messages import (
    TO_APP,
    Answered,
    Cancel,
    Connect,
    Connected,
    Refused,
    Run,
    Target,
    ToApp,
    ToClient,
)
from tui.compiler.requests import MakeRequest, result, target_key, unavailable
from tui.domain.devices.backends import BackendData

CLIENT: Final = "tui.compiler.remote.client_main"
"""The module of the process that is the client."""
_SETTINGS_OF_DASK: Final = "DASK_"
"""Beginning of the variables that Dask reads: certificates for `tls://`, limits of time."""

T = TypeVar("T")


class DaskPool:
    """A `WorkerPool` of the workers of a Dask scheduler, started by others.

    A worker that is lost is no error: Dask gives its work to another one, with the target.

    Args:
        address: of the scheduler, as `scheduler_address` takes it.
        environment: variables for the client's process beside those that it gets anyway.
    """

    def __init__(self, address: str, environment: Mapping[str, str] | None = None) -> None:
        self._address = address
        of_dask = {name: value for name, value in os.environ.items() if name.startswith(_SETTINGS_OF_DASK)}
        self._environment = worker_environment(os.environ) | of_dask | dict(environment or {})
        self._client: WorkerProcess | None = None
        self._reading: asyncio.Task[None] | None = None
        self._opening = asyncio.Lock()
        self._sending = asyncio.Lock()
        self._waiting: dict[int, asyncio.Future[ToApp]] = {}
        self._numbers = itertools.count(1)
        self._sent: set[str] = set()
        self._workers = 1
        self._closed = False

    @property
    def size(self) -> int:
        """The number of workers that the scheduler had when it was last asked."""
        return self._workers

    @property
    def pids(self) -> tuple[int, ...]:
        """Process id of the client, when it runs."""
        return (self._client.pid,) if self._client is not None and self._client.running else ()

    async def ready(self) -> None:
        """Connect, and wait until a worker is warm.

        Raises:
            QdeckError: `UNAVAILABLE`: no scheduler, no worker, or one with another version of Qiskit.
        """
        await self._start()
        reply = await self._exchange(Connect(next(self._numbers)))
        assert isinstance(reply, Connected), "the reply to Connect"
        self._workers = reply.workers

    async def request(
        self,
        make: MakeRequest,
        target: BackendData,
        kind: type[T],
        *,
        timeout: float | None = None,
        grace: float = 0.0,
        fractional: bool = False,
    ) -> T:
        """Have a request answered by a worker; `grace` has no meaning, since work there is not broken off."""
        data = TargetData(target.name, target_key(target), fractional)
        asked = Run(next(self._numbers), data.key, msgspec.json.encode(make(data)))
        try:
            async with asyncio.timeout(timeout):
                reply = await self._exchange(asked, _whole(target))
        except TimeoutError as error:
            message = f"Qiskit took longer than {timeout or 0:g} s for this at {self._address}."
            raise QdeckError(ErrorKind.CIRCUIT, message, "Try a smaller circuit.") from error
        assert isinstance(reply, Answered), "the reply to Run"
        return result(reply.reply, kind)

    async def aclose(self) -> None:
        """End the client; what it had asked for is let go of by the scheduler."""
        self._closed = True
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)
        self._fail(WorkerDied("it was ended"))
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    async def _exchange(self, asked: Connect | Run, target: Target | None = None) -> ToApp:
        """Send a request, before it the target that it is about if that is new, and wait for the answer."""
        waiting: asyncio.Future[ToApp] = asyncio.get_running_loop().create_future()
        self._waiting[asked.number] = waiting
        try:
            if target is not None and target.key not in self._sent:
                self._sent.add(target.key)
                await self._send(target)
            await self._send(asked)
            reply = await waiting
        except WorkerDied as error:
            raise unavailable(
                f"The client of Dask ended: {error}.", "Trying again starts another."
            ) from error
        except asyncio.CancelledError:
            with contextlib.suppress(WorkerDied):
                await self._send(Cancel(asked.number))
            raise
        finally:
            self._waiting.pop(asked.number, None)
        if isinstance(reply, Refused):
            raise unavailable(reply.message, reply.advice)
        return reply

    async def _start(self) -> None:
        async with self._opening:
            if self._closed:
                raise unavailable("The compiler has been shut down.")
            if self._client is None or not self._client.running:
                self._sent.clear()
                self._client = await WorkerProcess.open(CLIENT, self._address, environment=self._environment)
                self._reading = asyncio.create_task(self._read(self._client), name="replies of Dask")

    async def _send(self, message: ToClient) -> None:
        if self._client is None or not self._client.running:
            raise WorkerDied("it is not there any more")
        async with self._sending:
            await self._client.send(msgspec.json.encode(message))

    async def _read(self, client: WorkerProcess) -> None:
        try:
            while True:
                reply = TO_APP.decode(await client.receive())
                waiting = self._waiting.get(reply.number)
                if waiting is not None and not waiting.done():
                    waiting.set_result(reply)
        except WorkerDied as error:
            self._fail(error)
        except msgspec.DecodeError:
            self._fail(WorkerDied("it sent what is not understood"))

    def _fail(self, error: WorkerDied) -> None:
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(error)


@lru_cache(maxsize=8)
def _whole(target: BackendData) -> Target:
    """Return the message with a backend's data, made once."""
    data = TargetData(
        target.name,
        target_key(target),
        configuration=target.configuration,
        properties=target.properties,
    )
    return Target(data.key, msgspec.json.encode(data))
