"""A sandbox over real sockets in this process, whose faults, jobs and engine the test holds in its hands."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.ibm.mock_network import InstantClock
from tests.sandbox.http.fakes import DONE, GateEngine
from tests.support.sandbox import live_account
from tui.domain.accounts import Channel
from tui.ibm.api.service import QuantumService
from tui.ibm.factory import make_service
from tui.ibm.transport.client import HttpOptions, Timeouts
from tui.ibm.transport.request import RetryPolicy
from tui.sandbox.app import build_app
from tui.sandbox.base.clock import PacedClock
from tui.sandbox.base.tokens import Secrets
from tui.sandbox.core.devices import Device
from tui.sandbox.core.service import Service
from tui.sandbox.core.submission import Submission
from tui.sandbox.db.database import SandboxDatabase
from tui.sandbox.db.models import Face, Job
from tui.sandbox.faults.connections import Connections
from tui.sandbox.faults.plan import FaultControl, FaultPlan
from tui.sandbox.lifecycle.info import SandboxInfo
from tui.sandbox.main import SandboxServer, connection_info, uvicorn_config
from tui.sandbox.simulator.base.values import RunOutcome

HELD_PROGRAM = 'OPENQASM 3.0; include "stdgates.inc"; bit[1] c; x $0; c[0] = measure $0; // held'
FLIP = 'OPENQASM 3.0; include "stdgates.inc"; bit[1] c; x $0; c[0] = measure $0;'
POLICY = RetryPolicy(attempts=2)
"""Two attempts show all that four would."""
PATIENT = Timeouts(connect=5.0, read=10.0, whole=20.0)
IMPATIENT = Timeouts(connect=5.0, read=0.5, whole=20.0)


class HoldingEngine(GateEngine):
    """Jobs end at once, but those whose program asks to be held."""

    async def run(
        self, program_id: str, params: Mapping[str, Any], device: Device, *, seed: int | None = None
    ) -> RunOutcome:
        if "// held" in str(params):
            await asyncio.Event().wait()
        return DONE


class _Quiet(SandboxServer):
    """Leaves the signals to the tests."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class OtherOrigin:
    """Another origin on this machine; `heard` is what came there, which should be nothing."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []
        self.url = ""

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.heard.append(await reader.read(65_536))
        writer.close()


class FaultySandbox:
    """The service's side."""

    def __init__(
        self, service: Service, info: SandboxInfo, plan: FaultPlan, other_origin: OtherOrigin
    ) -> None:
        self.service = service
        self.info = info
        self.plan = plan
        self.other_origin = other_origin

    def client(
        self,
        channel: Channel,
        clock: InstantClock | None = None,
        *,
        timeouts: Timeouts = PATIENT,
        max_body: int = HttpOptions().max_body,
        transport: httpx.AsyncBaseTransport | None = None,
        account: Iterable[tuple[str, str]] = (),
    ) -> QuantumService:
        """qdeck's client on one face; repetitions wait on a clock of their own, sockets in real time."""
        return make_service(
            live_account(self.info, channel, **dict(account)),
            clock or InstantClock(),
            HttpOptions(
                policy=POLICY,
                timeouts=timeouts,
                max_body=max_body,
                max_result=max_body,
                chance=lambda: 1.0,
                transport=transport,
            ),
        )

    def jobs(self, face: Channel) -> list[str]:
        """The ids of all jobs of a face."""
        rows = self.service.database._connection.execute(
            "SELECT id FROM jobs WHERE face = ? ORDER BY seq", (face.value,)
        )
        return [str(row[0]) for row in rows]

    def sessions(self, face: Channel) -> int:
        """How many sessions a face has."""
        rows = self.service.database._connection.execute(
            "SELECT count(*) FROM sessions WHERE face = ?", (face.value,)
        )
        return int(rows.fetchone()[0])

    def put(
        self, channel: Channel, *, held: bool = False, session: str = "", tags: tuple[str, ...] = ()
    ) -> Job:
        """A job that was created without the client."""
        face: Face = "platform" if channel is Channel.PLATFORM else "classic"
        program = HELD_PROGRAM if held else FLIP
        params = {"pubs": [[program]], "version": 2, "support_qiskit": False}
        # Held ones on a device of their own, so that they hold up nobody else.
        device = "ibm_fez" if held else "ibm_peekskill"
        asked = Submission("sampler", device, params, session_id=session, tags=tags)
        return self.service.submit(face, asked, "another client")

    async def finished(self, channel: Channel) -> str:
        """The id of a job that has run."""
        job_id = self.put(channel).id
        async with asyncio.timeout(20):
            while (job := self.service.database.jobs.get(job_id)) is None or not job.final:  # noqa: ASYNC110 - no event tells
                await asyncio.sleep(0)
        return job_id

    def session(self, channel: Channel) -> str:
        """The id of an open batch."""
        face: Face = "platform" if channel is Channel.PLATFORM else "classic"
        return self.service.open_session(face, "batch", "ibm_peekskill", 3600).id


@asynccontextmanager
async def faulty_sandbox(folder: Path) -> AsyncIterator[FaultySandbox]:
    """A sandbox on a free port of this machine, for the length of a block."""
    secrets, plan, connections, other_origin = Secrets.random(), FaultPlan(), Connections(), OtherOrigin()
    service = Service(SandboxDatabase(folder), HoldingEngine(), PacedClock(), secrets)
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    info = SandboxInfo.from_members(connection_info(url, service.identity.crn, secrets))
    listening = asyncio.Event()
    app = build_app(service, control=FaultControl(plan, secrets.api_key))
    server = _Quiet(uvicorn_config(app, plan, connections), listening.set, lambda: None)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    other = await asyncio.start_server(other_origin, "127.0.0.1", 0)
    other_origin.url = f"http://127.0.0.1:{other.sockets[0].getsockname()[1]}/elsewhere"
    try:
        async with asyncio.timeout(20):
            await listening.wait()
        yield FaultySandbox(service, info, plan, other_origin)
    finally:
        other.close()
        server.end()
        await serving
