"""A sandbox in this process, called over ASGI, with a clock and an engine that the test controls."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.sandbox.http.fakes import DONE, GateEngine, ManualClock
from tui.sandbox.app import build_app
from tui.sandbox.base.tokens import Secrets
from tui.sandbox.core.instance import NO_LIMITS, Limits
from tui.sandbox.core.service import Service
from tui.sandbox.db.database import SandboxDatabase
from tui.sandbox.simulator.base.values import RunOutcome

LATEST = "2026-04-15"
BELL = 'OPENQASM 3.0; include "stdgates.inc"; bit[2] c; c[0] = measure $0; c[1] = measure $1;'


class Sandbox:
    """One sandbox and a client of both faces."""

    def __init__(self, service: Service, secrets: Secrets, clock: ManualClock, engine: GateEngine) -> None:
        self.service = service
        self.secrets = secrets
        self.clock = clock
        self.engine = engine
        transport = httpx.ASGITransport(build_app(service), raise_app_exceptions=False)
        self.http = httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:9")

    async def bearer(self) -> str:
        form = {"grant_type": "urn:ibm:params:oauth:grant-type:apikey", "apikey": self.secrets.api_key}
        return str((await self.http.post("/identity/token", data=form)).json()["access_token"])

    async def platform_headers(self, version: str = LATEST) -> dict[str, str]:
        return {
            "Authorization": f"Bearer {await self.bearer()}",
            "Service-CRN": self.service.identity.crn,
            "IBM-API-Version": version,
        }

    async def platform(
        self, method: str, path: str, *, version: str = LATEST, **options: Any
    ) -> httpx.Response:
        headers = await self.platform_headers(version)
        return await self.http.request(method, f"/api/v1{path}", headers=headers, **options)

    async def log_in(self) -> str:
        reply = await self.http.post(
            "/auth/api/users/loginWithToken", json={"apiToken": self.secrets.api_token}
        )
        return str(reply.json()["id"])

    async def classic(self, method: str, path: str, **options: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.secrets.api_token}"}
        return await self.http.request(method, path, headers=headers, **options)

    async def submit(self, name: str = BELL, **members: Any) -> httpx.Response:
        body = {"program_id": "sampler", "backend": "ibm_peekskill", "params": {"pubs": [[name]]}, **members}
        return await self.platform("POST", "/jobs", json=body)

    async def submitted_id(self, name: str = BELL, **members: Any) -> str:
        reply = await self.submit(name, **members)
        assert reply.status_code == 200, reply.text
        return str(reply.json()["id"])

    async def wait_until(self, condition: Callable[[], bool]) -> None:
        """Let the sandbox work until a condition holds."""
        async with asyncio.timeout(10):
            while not condition():  # noqa: ASYNC110 - no event covers every part of the sandbox
                await asyncio.sleep(0)

    async def finish_job(self, outcome: RunOutcome = DONE) -> None:
        """End the job that has run longest, as soon as one runs."""
        await self.wait_until(lambda: self.engine.busy)
        self.engine.finish_job(outcome)

    async def run_ready_tasks(self) -> None:
        """Run every task that is ready, and those that get ready by that."""
        for _ in range(20):
            await asyncio.sleep(0)

    async def status(self, job_id: str) -> str:
        return str((await self.platform("GET", f"/jobs/{job_id}")).json()["status"])

    async def wait_for_status(self, job_id: str, status: str) -> None:
        def reached() -> bool:
            job = self.service.database.jobs.get(job_id)
            return job is not None and job.status == status

        await self.wait_until(reached)


class SandboxFactory:
    """Opens sandboxes on one state folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @asynccontextmanager
    async def open(
        self,
        *,
        limits: Limits = NO_LIMITS,
        background: int = 0,
        gated: bool = False,
        clock: ManualClock | None = None,
        archived: bool = False,
        recalibrate: float = 0.0,
    ) -> AsyncIterator[Sandbox]:
        clock = clock or ManualClock()
        engine = GateEngine(gated=gated)
        secrets = Secrets.random()
        database = SandboxDatabase(self._folder)
        service = Service(database, engine, clock, secrets, limits, background, archived, recalibrate)
        sandbox = Sandbox(service, secrets, clock, engine)
        service.start()
        try:
            yield sandbox
        finally:
            await sandbox.http.aclose()
            await service.stop()


@pytest.fixture
def sandboxes(tmp_path: Path) -> SandboxFactory:
    return SandboxFactory(tmp_path / "state")


@pytest.fixture
async def sandbox(sandboxes: SandboxFactory) -> AsyncIterator[Sandbox]:
    """A sandbox where jobs end at once."""
    async with sandboxes.open() as opened:
        yield opened


@pytest.fixture
async def gated_sandbox(sandboxes: SandboxFactory) -> AsyncIterator[Sandbox]:
    """A sandbox where jobs run until the test ends them."""
    async with sandboxes.open(gated=True) as opened:
        yield opened
