"""A sandbox in this process, spoken to over ASGI, with a clock and an engine in the test's hands."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.sandbox.http.doubles import DONE, GateEngine, ManualClock
from tui.sandbox.app import build_app
from tui.sandbox.base.tokens import Secrets
from tui.sandbox.core.instance import NO_LIMITS, Limits
from tui.sandbox.core.service import Service
from tui.sandbox.db.database import Database
from tui.sandbox.simulator.base.values import RunOutcome

LATEST = "2026-04-15"
BELL = 'OPENQASM 3.0; include "stdgates.inc"; bit[2] c; c[0] = measure $0; c[1] = measure $1;'


class Box:
    """One sandbox and its clients of both faces."""

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

    async def login(self) -> str:
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

    async def submitted(self, name: str = BELL, **members: Any) -> str:
        reply = await self.submit(name, **members)
        assert reply.status_code == 200, reply.text
        return str(reply.json()["id"])

    async def until(self, condition: Callable[[], bool]) -> None:
        """Let the sandbox work until something holds."""
        async with asyncio.timeout(10):
            while not condition():  # noqa: ASYNC110 - any part of the sandbox may be what is waited for
                await asyncio.sleep(0)

    async def finish(self, outcome: RunOutcome = DONE) -> None:
        """End the job that has been running longest, as soon as one runs."""
        await self.until(lambda: self.engine.busy)
        self.engine.finish(outcome)

    async def settle(self) -> None:
        """Let everything that can go on go on."""
        for _ in range(20):
            await asyncio.sleep(0)

    async def status(self, job_id: str) -> str:
        return str((await self.platform("GET", f"/jobs/{job_id}")).json()["status"])

    async def until_status(self, job_id: str, status: str) -> None:
        def reached() -> bool:
            job = self.service.database.jobs.get(job_id)
            return job is not None and job.status == status

        await self.until(reached)


class Boxes:
    """Opens sandboxes on one state folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @asynccontextmanager
    async def open(
        self,
        *,
        limits: Limits = NO_LIMITS,
        others: int = 0,
        gated: bool = False,
        clock: ManualClock | None = None,
    ) -> AsyncIterator[Box]:
        clock = clock or ManualClock()
        engine = GateEngine(gated=gated)
        secrets = Secrets.random()
        service = Service(Database(self._folder), engine, clock, secrets, limits, others)
        box = Box(service, secrets, clock, engine)
        service.start()
        try:
            yield box
        finally:
            await box.http.aclose()
            await service.stop()


@pytest.fixture
def boxes(tmp_path: Path) -> Boxes:
    return Boxes(tmp_path / "state")


@pytest.fixture
async def box(boxes: Boxes) -> AsyncIterator[Box]:
    """A sandbox where jobs end at once."""
    async with boxes.open() as opened:
        yield opened


@pytest.fixture
async def slow_box(boxes: Boxes) -> AsyncIterator[Box]:
    """A sandbox where jobs run until the test ends them."""
    async with boxes.open(gated=True) as opened:
        yield opened
