"""Faults on purpose: their syntax, which request they apply to, and what the client sees."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from email.utils import parsedate_to_datetime
from pathlib import Path

import httpx
import pytest

from tests.faults.sandbox import FaultySandbox, faulty_sandbox
from tests.sandbox.http.processes import ROOT
from tui.sandbox.faults.middleware import HUGE
from tui.sandbox.faults.plan import Fault, FaultKind, FaultPlan, fault_from_members, parse_fault

VERSION = "/auth/api/version"


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[FaultySandbox]:
    async with faulty_sandbox(tmp_path) as opened:
        yield opened


async def get(sandbox: FaultySandbox, path: str = VERSION, timeout: float = 10.0) -> httpx.Response:
    async with httpx.AsyncClient(base_url=sandbox.info.url, timeout=timeout) as client:
        return await client.get(path)


def test_parse_fault_reads_the_grammar_of_the_command_line() -> None:
    assert parse_fault("GET:/api/v1/jobs:503") == Fault("GET", "/api/v1/jobs", FaultKind.STATUS_503)
    full = parse_fault("post:/api/v1/jobs/*/cancel:slow=0.5:3:1")
    assert full == Fault("POST", "/api/v1/jobs/*/cancel", FaultKind.SLOW, 3, 1, 0.5)
    assert parse_fault("*:/**:401:0").count == 0


@pytest.mark.parametrize(
    "text",
    ["", "GET", "GET:/x", "GET:x:500", "GET:/x:nonsense", "GET:/x:500:a", "GET:/x:500:1:2:3", "G T:/:500"],
)
def test_parse_fault_rejects_other_texts(text: str) -> None:
    with pytest.raises(ValueError, match="fault"):
        parse_fault(text)


def test_fault_members_out_of_range_are_rejected() -> None:
    good = {"method": "GET", "path": "/", "kind": "slow"}
    for change in ({"count": -1}, {"seconds": 1e9}, {"other": 1}, {"kind": None}, {"skip": "x"}):
        with pytest.raises(ValueError, match=r"fault|range"):
            fault_from_members({**good, **change})


def test_fault_plan_applies_the_first_match_that_is_not_used_up() -> None:
    plan = FaultPlan()
    plan.set(map(parse_fault, ["GET:/jobs/*:500:1:1", "*:/jobs/**:503:2", "GET:/a.b:404"]))

    def met(method: str, path: str) -> str:
        fault = plan.next_fault(method, path)
        return fault.kind if fault else ""

    assert [met("GET", "/jobs/1") for _ in range(5)] == ["503", "500", "503", "", ""]
    assert met("GET", "/jobs/1/results") == ""
    assert met("GET", "/axb") == ""
    assert met("POST", "/a.b") == ""
    assert met("GET", "/a.b") == "404"
    assert [(fault["seen"], fault["hits"]) for fault in plan.report()] == [(5, 1), (5, 2), (1, 1)]


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("500", 500),
        ("502", 502),
        ("503", 503),
        ("504", 504),
        ("401", 401),
        ("403", 403),
        ("403-html", 403),
        ("404", 404),
        ("429", 429),
    ],
)
async def test_status_fault_applies_once(sandbox: FaultySandbox, kind: str, status: int) -> None:
    sandbox.plan.set([parse_fault(f"GET:{VERSION}:{kind}")])
    first = await get(sandbox)
    assert first.status_code == status
    assert "retry-after" not in first.headers
    if kind in {"502", "504", "403-html"}:
        assert first.headers["content-type"].startswith("text/html")
    else:
        assert first.json()["error"]["status"] == status
    assert (await get(sandbox)).status_code == 200


async def test_429_fault_can_send_retry_after_as_seconds_or_date(sandbox: FaultySandbox) -> None:
    sandbox.plan.set([parse_fault(f"GET:{VERSION}:429-wait=7")])
    assert (await get(sandbox)).headers["retry-after"] == "7"
    sandbox.plan.set([parse_fault(f"GET:{VERSION}:429-date=7")])
    headers = (await get(sandbox)).headers
    retry_at, now = (parsedate_to_datetime(headers[name]) for name in ("retry-after", "date"))
    assert 5 <= (retry_at - now).total_seconds() <= 9


@pytest.mark.parametrize("kind", ["reset", "unanswered"])
async def test_reset_fault_breaks_the_connection(sandbox: FaultySandbox, kind: str) -> None:
    sandbox.plan.set([parse_fault(f"GET:{VERSION}:{kind}")])
    with pytest.raises(httpx.ReadError):
        await get(sandbox)
    assert (await get(sandbox)).status_code == 200


async def test_unanswered_request_is_carried_out_and_reset_one_is_not(sandbox: FaultySandbox) -> None:
    login, token = "/auth/api/users/loginWithToken", {"apiToken": sandbox.info.api_token}
    for kind, issued in (("reset", 0), ("unanswered", 1)):
        sandbox.plan.set([parse_fault(f"POST:{login}:{kind}")])
        async with httpx.AsyncClient(base_url=sandbox.info.url) as client:
            with pytest.raises(httpx.ReadError):
                await client.post(login, json=token)
        assert len(sandbox.service.classic._expires) == issued
    for kind, issued in (("504", 1), ("504-done", 2)):
        sandbox.plan.set([parse_fault(f"POST:{login}:{kind}")])
        async with httpx.AsyncClient(base_url=sandbox.info.url) as client:
            assert (await client.post(login, json=token)).status_code == 504
        assert len(sandbox.service.classic._expires) == issued


async def test_hang_fault_lasts_as_long_as_the_client_waits(sandbox: FaultySandbox) -> None:
    sandbox.plan.set([parse_fault(f"GET:{VERSION}:hang")])
    with pytest.raises(httpx.ReadTimeout):
        await get(sandbox, timeout=0.1)


async def test_slow_fault_delays_a_complete_response(sandbox: FaultySandbox) -> None:
    sandbox.plan.set([parse_fault(f"GET:{VERSION}:slow=0.4")])
    began = time.monotonic()
    assert "api-auth" in (await get(sandbox)).json()
    assert time.monotonic() - began >= 0.3


async def test_half_fault_breaks_the_body_off(sandbox: FaultySandbox) -> None:
    sandbox.plan.set([parse_fault(f"GET:{VERSION}:half")])
    with pytest.raises(httpx.RemoteProtocolError):
        await get(sandbox)


async def test_invalid_json_and_html_faults_replace_the_body(sandbox: FaultySandbox) -> None:
    sandbox.plan.set([parse_fault(f"GET:{VERSION}:invalid-json"), parse_fault(f"GET:{VERSION}:html")])
    with pytest.raises(ValueError):
        (await get(sandbox)).json()
    page = await get(sandbox)
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")


async def test_huge_fault_pads_the_body_to_60_mb(sandbox: FaultySandbox) -> None:
    sandbox.plan.set([parse_fault(f"GET:{VERSION}:huge")])
    reply = await get(sandbox)
    assert len(reply.content) == HUGE
    assert "api-auth" in reply.json()


async def test_redirect_fault_leads_to_another_origin(sandbox: FaultySandbox) -> None:
    plain = Fault("GET", VERSION, FaultKind.REDIRECT)
    sandbox.plan.set([plain, Fault("GET", VERSION, FaultKind.REDIRECT, target=sandbox.other_origin.url)])
    first, second = await get(sandbox), await get(sandbox)
    assert (first.status_code, second.status_code) == (307, 307)
    assert first.headers["location"].startswith("http://localhost:")
    assert second.headers["location"] == sandbox.other_origin.url
    assert sandbox.other_origin.heard == []


async def test_fault_control_needs_the_key_and_replaces_all_faults(sandbox: FaultySandbox) -> None:
    key = {"Authorization": f"Bearer {sandbox.info.api_key}"}
    path = "/sandbox/faults"
    async with httpx.AsyncClient(base_url=sandbox.info.url) as client:
        for method in ("GET", "PUT"):
            assert (await client.request(method, path, json=["*:/**:500"])).status_code == 401
        faults = ["*:/sandbox/**:500:0", {"method": "GET", "path": VERSION, "kind": "403", "count": 0}]
        assert (await client.put(path, json=faults, headers=key)).status_code == 200
        assert (await client.get(VERSION)).status_code == 403
        faults_in_force = (await client.get(path, headers=key)).json()
        assert [(fault["kind"], fault["hits"]) for fault in faults_in_force] == [("500", 0), ("403", 1)]
        for wrong in (b"", b"{", b"7", b"[7]", b'["x"]', b'[{"kind": "500"}]'):
            assert (await client.put(path, content=wrong, headers=key)).status_code == 400
        assert (await client.get(VERSION)).status_code == 403
        await client.put(path, json=[], headers=key)
        assert (await client.get(VERSION)).status_code == 200


async def test_sandbox_process_has_faults_and_fault_control_by_option(tmp_path: Path) -> None:
    for extra, status in (([], 404), (["--faults-control"], 401)):
        process = await asyncio.create_subprocess_exec(
            *[sys.executable, "-m", "tui.sandbox", "--state", str(tmp_path), "--parent-pipe"],
            *["--fault", f"GET:{VERSION}:503", "--fault", "GET:/health:reset", *extra],
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            cwd=ROOT,
        )
        assert process.stdin is not None and process.stdout is not None
        try:
            url = httpx.Response(200, content=await process.stdout.readline()).json()["url"]
            async with httpx.AsyncClient(base_url=url) as client:
                assert (await client.get(VERSION)).status_code == 503
                assert (await client.get(VERSION)).status_code == 200
                with pytest.raises(httpx.ReadError):
                    await client.get("/health")
                assert (await client.get("/sandbox/faults")).status_code == status
        finally:
            process.stdin.close()
            await process.wait()


async def test_sandbox_process_rejects_a_wrong_fault_option(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        *[sys.executable, "-m", "tui.sandbox", "--state", str(tmp_path), "--fault", "GET:/x:what"],
        stderr=asyncio.subprocess.PIPE,
        cwd=ROOT,
    )
    _, stderr = await process.communicate()
    assert process.returncode == 2
    assert b"no kind of fault" in stderr
