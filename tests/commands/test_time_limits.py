"""A service that answers one byte a second: told after two seconds, broken off after the limit."""

from __future__ import annotations

import asyncio
import os
import pty
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.end_to_end.conftest import clean_environment
from tui.commands.shared.context import time_limit, waiting_for_service
from tui.commands.shared.selection import ServiceChoice
from tui.common.errors import ErrorKind, QdeckError
from tui.common.timing import SystemClock
from tui.ibm.transport.client import HttpClient, HttpOptions
from tui.ibm.transport.request import Idempotency, Request, origin


@asynccontextmanager
async def dripping() -> AsyncIterator[str]:
    """A server whose answers come one byte a second; its URL."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(
                b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9000\r\n\r\n{"
            )
            while True:
                writer.write(b" ")
                await writer.drain()
                await asyncio.sleep(1)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


@pytest.mark.parametrize(
    ("words", "terminal"),
    [(("jobs",), True), (("cancel", "j"), True), (("login",), True), (("jobs",), False)],
)
async def test_command_says_at_a_terminal_that_it_waits_and_breaks_off(
    tmp_path: Path, words: tuple[str, ...], terminal: bool
) -> None:
    reader, writer = pty.openpty() if terminal else os.pipe()
    try:
        async with dripping() as url:
            hosts = {"QDECK_ENDPOINT_IAM": url, "QDECK_ENDPOINT_API": url, "QISKIT_IBM_TOKEN": "t0ken" * 9}
            began = time.monotonic()
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                *("-m", "tui", *words, "--timeout", "3"),
                env=clean_environment(tmp_path) | hosts | {"PYTHONPATH": os.pathsep.join(sys.path)},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=writer,
            )
            out, _ = await asyncio.wait_for(process.communicate(), 60)
        said = os.read(reader, 10_000).decode()
    finally:
        os.close(reader)
        os.close(writer)
    assert (process.returncode, out) == (1, b""), said
    assert ("Waiting for the service: 2 of 3 s." in said) == terminal
    assert "in time" in said or "within 3 s" in said
    assert time.monotonic() - began < 30


@pytest.mark.parametrize(
    ("idempotency", "kind"),
    [(Idempotency.READS, ErrorKind.TIMEOUT), (Idempotency.CREATES, ErrorKind.UNCONFIRMED)],
)
async def test_request_with_all_its_repetitions_keeps_the_budget(
    idempotency: Idempotency, kind: ErrorKind
) -> None:
    async with dripping() as url:
        client = HttpClient({origin(url)}, SystemClock(), HttpOptions(budget=1.0))
        began = time.monotonic()
        with pytest.raises(QdeckError) as caught:
            await client.send(Request(url, "GET /jobs", idempotency=idempotency))
        assert caught.value.kind is kind
        assert 0.9 < time.monotonic() - began < 2.5
        await client.aclose()


async def test_waiting_that_is_over_soon_is_not_told(capsys: pytest.CaptureFixture[str]) -> None:
    async with waiting_for_service(5.0):
        await asyncio.sleep(0)
    assert capsys.readouterr().err == ""


def test_time_limit_is_that_of_the_option_the_setting_or_the_command(tmp_path: Path) -> None:
    environ = {"QDECK_HOME": str(tmp_path)}
    assert time_limit(ServiceChoice(), environ, 30.0) == 30.0
    assert time_limit(ServiceChoice(sandbox=True), environ, 30.0) is None
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "settings.toml").write_text("timeout_seconds = 7\n")
    assert time_limit(ServiceChoice(), environ, 30.0) == 7
    assert time_limit(ServiceChoice(timeout=2.5), environ, 30.0) == 2.5
