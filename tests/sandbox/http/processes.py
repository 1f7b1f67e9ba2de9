"""Sandbox processes as tests start them, and the processes below them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from tui.sandbox.lifecycle.launch import SandboxInfo, SandboxProcess

ROOT = Path(__file__).parents[3]
BELL = 'OPENQASM 3.0; include "stdgates.inc"; bit[1] c; x $0; c[0] = measure $0;'
PARENT_PROGRAM = """
import asyncio, sys
from pathlib import Path
from tui.sandbox.lifecycle.launch import launch

async def main():
    sandbox = await launch(Path(sys.argv[1]))
    print(sandbox.pid, sandbox.info.url, flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


async def wait_until(condition: Callable[[], bool], seconds: float = 15) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - what other processes do raises no event here
            await asyncio.sleep(0.02)


def is_alive(pid: int) -> bool:
    """Return whether a process runs; one that only waits to be reaped does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def descendants(pid: int) -> list[int]:
    """Return every process below one, at any depth."""
    try:
        found = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []
    return found + [below for child in found for below in descendants(child)]


async def platform_headers(client: httpx.AsyncClient, info: SandboxInfo) -> dict[str, str]:
    form = {"grant_type": "urn:ibm:params:oauth:grant-type:apikey", "apikey": info.api_key}
    body = (await client.post(f"{info.url}/identity/token", data=form)).json()
    return {
        "Authorization": f"Bearer {body['access_token']}",
        "Service-CRN": info.crn,
        "IBM-API-Version": "2026-04-15",
    }


async def run_job(sandbox: SandboxProcess, **members: Any) -> dict[str, Any]:
    """Submit a job over real HTTP and wait for its end; return the job object."""
    info = sandbox.info
    async with httpx.AsyncClient() as client:
        headers = await platform_headers(client, info)
        body = {"program_id": "sampler", "backend": "ibm_peekskill", "params": {"pubs": [[BELL]]}, **members}
        job_id = (await client.post(f"{info.url}/api/v1/jobs", headers=headers, json=body)).json()["id"]
        async with asyncio.timeout(60):
            while True:
                job = (await client.get(f"{info.url}/api/v1/jobs/{job_id}", headers=headers)).json()
                if job["status"] not in ("Queued", "Running"):
                    return dict(job)
                await asyncio.sleep(0.05)
