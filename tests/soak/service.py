"""The sandbox of a long run: its faults, the network before it, and jobs from elsewhere."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.soak.program import ROOT
from tests.support.sandbox import live_account
from tui.common.timing import SystemClock
from tui.domain.accounts import Channel
from tui.domain.jobs import Primitive
from tui.domain.submissions import Submission
from tui.ibm.factory import make_service
from tui.sandbox.base.tokens import Secrets
from tui.sandbox.lifecycle.launch import SandboxInfo
from tui.sandbox.main import main as sandbox_main

BELL = (
    'OPENQASM 3.0; include "stdgates.inc"; bit[2] c; sx $0; rz(pi) $0; sx $0; '
    "c[0] = measure $0; c[1] = measure $1;"
)
"""A flip of the first qubit, in the gates of every device of the sandbox."""


_SECRETS = "QDECK_SOAK_SECRETS"


class Network:
    """A relay on loopback before one host, which can be cut and joined again on the same port.

    Attributes:
        requests: how many there were of each method and path, without the query.
    """

    def __init__(self, host: str, port: int) -> None:
        self._behind = (host, port)
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._port = 0
        self.requests: Counter[str] = Counter()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._port}"

    async def join(self) -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]

    def cut(self) -> None:
        """Refuse new connections and break the open ones."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for writer in list(self._writers):
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            with contextlib.suppress(OSError):
                behind_reader, behind = await asyncio.open_connection(*self._behind)
                self._writers.add(behind)
                try:
                    await asyncio.gather(self._pass(reader, behind), self._pass(behind_reader, writer))
                finally:
                    self._writers.discard(behind)
        finally:
            self._writers.discard(writer)

    async def _pass(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while piece := await source.read(65536):
                self._count(piece)
                sink.write(piece)
                await sink.drain()
        with contextlib.suppress(OSError):
            sink.close()

    def _count(self, piece: bytes) -> None:
        # A client sends a request's head in one piece.
        words = piece.split(b"\r\n", 1)[0].split(b" ")
        if len(words) == 3 and words[2] == b"HTTP/1.1":
            self.requests[f"{words[0].decode()} {words[1].split(b'?')[0].decode()}"] += 1


class SoakSandbox:
    """A sandbox process with the network before it.

    Attributes:
        info: its addresses and secrets.
        network: what the app's requests go through.
        face: the face that the app uses.
    """

    def __init__(self, child: _Child, network: Network, face: Channel, state: Path) -> None:
        self._child = child
        self.info = info = child.info
        self.network = network
        self.face = face
        self._state = state
        self._submitter = make_service(live_account(info, face), SystemClock())
        self._signed_in = False

    def environ(self, home: Path) -> dict[str, str]:
        """A terminal's environment, in which the account is the one of this face behind the network."""
        kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        platform = self.face is Channel.PLATFORM
        url, info = self.network.url, self.info
        account = {
            "QISKIT_IBM_CHANNEL": "ibm_quantum_platform" if platform else "ibm_quantum",
            "QISKIT_IBM_TOKEN": info.api_key if platform else info.api_token,
            "QISKIT_IBM_INSTANCE": info.crn if platform else info.instance,
        }
        hosts = {"IAM": url, "API": url, "AUTH": f"{url}/auth/api", "RUNTIME": f"{url}/runtime"}
        return {
            **kept,
            **account,
            **{f"QDECK_ENDPOINT_{name}": value for name, value in hosts.items()},
            "QDECK_ENDPOINT_TRANSPILER": url,
            "HOME": str(home),
            "QDECK_HOME": str(home / "qdeck"),
            "PYTHONPATH": str(ROOT),
            "TERM": "xterm-256color",
            "COLORTERM": "truecolor",
        }

    async def kill(self, seconds: float) -> None:
        """End it as `kill -9` does, and start it again after some seconds, without faults."""
        await self._child.kill()
        await asyncio.sleep(seconds)
        await self._child.start(port=self._child.port)

    async def faults(self, faults: Iterable[str]) -> None:
        """Replace all faults of the sandbox; see `tui.sandbox.faults.plan.GRAMMAR`."""
        headers = {"Authorization": f"Bearer {self.info.api_key}"}
        async with httpx.AsyncClient(base_url=self.info.url, trust_env=False) as client:
            answer = await client.put("/sandbox/faults", json=list(faults), headers=headers, timeout=30)
            answer.raise_for_status()

    async def submit(self, count: int, tag: str) -> None:
        """Create jobs as another client does, past the network."""
        if not self._signed_in:
            await self._submitter.sign_in()
            self._signed_in = True
        for number in range(count):
            device = ("ibm_peekskill", "ibm_cusco")[number % 2]
            await self._submitter.submit(
                Submission(Primitive.SAMPLER, device, BELL, shots=100, tags=(tag,), name=f"{tag}-{number}")
            )

    def jobs(self) -> list[dict[str, Any]]:
        """All jobs of the face as the sandbox has them on its disk: `id`, `status`, `tags`."""
        uri = f"file:{self._state / 'sandbox.sqlite3'}?mode=ro"
        with contextlib.closing(sqlite3.connect(uri, uri=True)) as connection:
            rows = connection.execute(
                "SELECT id, status, tags FROM jobs WHERE face = ? ORDER BY seq", (self.face.value,)
            )
            return [{"id": str(one), "status": str(two), "tags": str(three)} for one, two, three in rows]

    async def aclose(self) -> None:
        """Let go of the connection that jobs from elsewhere come by."""
        await self._submitter.aclose()


@asynccontextmanager
async def soak_sandbox(state: Path, face: Channel, options: Sequence[str] = ()) -> AsyncIterator[SoakSandbox]:
    """A sandbox with `options` on a folder, for the length of a block; its faults can be changed."""
    child = _Child(state, options)
    await child.start(port=0)
    try:
        network = Network("127.0.0.1", child.port)
        await network.join()
        sandbox = SoakSandbox(child, network, face, state)
        try:
            yield sandbox
        finally:
            network.cut()
            await sandbox.aclose()
    finally:
        await child.end()


class _Child:
    """The sandbox's process, with the same secrets at each start."""

    def __init__(self, state: Path, options: Sequence[str]) -> None:
        self._words = ["--state", str(state), "--parent-pipe", "--faults-control", *options]
        self._secrets = [secrets.token_urlsafe(33), secrets.token_hex(64)]
        self._process: asyncio.subprocess.Process | None = None

    async def start(self, *, port: int) -> None:
        """Start it; `port` 0: a free one."""
        self._process = await asyncio.create_subprocess_exec(
            *[sys.executable, "-m", "tests.soak.service", *self._words, "--port", str(port)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
            env={**os.environ, _SECRETS: json.dumps(self._secrets)},
        )
        assert self._process.stdout is not None
        self.info = SandboxInfo.from_line(await self._process.stdout.readline())
        self.port = int(self.info.url.rpartition(":")[2])

    async def kill(self) -> None:
        """End it as `kill -9` does."""
        assert self._process is not None
        self._process.kill()
        await self._process.wait()

    async def end(self) -> None:
        """End it as when its parent ends."""
        assert self._process is not None and self._process.stdin is not None
        self._process.stdin.close()
        await self._process.wait()


def _serve_with_fixed_secrets() -> int:
    """The sandbox, with the secrets of the environment: a service has the same ones after a restart."""
    fixed = Secrets(*json.loads(os.environ.pop(_SECRETS)))
    Secrets.random = classmethod(lambda _kind: fixed)  # type: ignore[method-assign, assignment]  # the one change
    return sandbox_main()


if __name__ == "__main__":
    sys.exit(_serve_with_fixed_secrets())
