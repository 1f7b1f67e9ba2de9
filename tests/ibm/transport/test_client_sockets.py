"""Faults of connections, over real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from tests.ibm.mock_network import InstantClock
from tui.common.errors import ErrorKind, QdeckError
from tui.ibm.transport.client import HttpClient, HttpOptions, Timeouts
from tui.ibm.transport.request import Idempotency, Request, origin

Play = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
GOOD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}"


async def reset(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


async def half(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(GOOD.replace(b"length: 2", b"length: 20"))


async def garbage(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"SSH-2.0-OpenSSH_9.6\r\n")


async def hang(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await reader.read()


async def packed(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(GOOD.replace(b"content-type", b"content-encoding: gzip\r\ncontent-type"))


async def good(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(GOOD)


class Server:
    """Plays one part after the other, the last one for ever; counts the requests."""

    def __init__(self, *parts: Play) -> None:
        self.parts = parts
        self.requests = 0
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, one request."""
        try:
            await reader.readuntil(b"\r\n\r\n")
            part = self.parts[min(self.requests, len(self.parts) - 1)]
            self.requests += 1
            await part(reader, writer)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@pytest.fixture
async def start() -> AsyncIterator[Callable[..., Awaitable[tuple[Server, HttpClient]]]]:
    running: list[asyncio.Server] = []
    clients: list[HttpClient] = []

    async def begin(*parts: Play) -> tuple[Server, HttpClient]:
        server = Server(*parts)
        listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
        running.append(listening)
        server.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
        timeouts = Timeouts(connect=5, read=0.2, whole=2)
        http = HttpClient(
            {origin(server.url)}, InstantClock(), HttpOptions(chance=lambda: 0.0, timeouts=timeouts)
        )
        clients.append(http)
        return server, http

    yield begin
    for http in clients:
        await http.aclose()
    for listening in running:
        listening.close()


@pytest.mark.parametrize("fault", [reset, half, garbage, hang])
async def test_read_request_survives_socket_faults(
    start: Callable[..., Awaitable[tuple[Server, HttpClient]]], fault: Play
) -> None:
    server, http = await start(fault, fault, good)
    answer = await http.send(Request(server.url, "GET /x"))
    assert (answer.body, server.requests) == (b"{}", 3)


@pytest.mark.parametrize("fault", [reset, half, garbage, hang])
async def test_creating_request_is_unconfirmed_after_socket_faults(
    start: Callable[..., Awaitable[tuple[Server, HttpClient]]], fault: Play
) -> None:
    server, http = await start(fault, good)
    with pytest.raises(QdeckError) as caught:
        await http.send(Request(server.url, "POST /x", idempotency=Idempotency.CREATES, body={"a": 1}))
    assert (caught.value.kind, server.requests) == (ErrorKind.UNCONFIRMED, 1)


async def test_undecodable_body_is_a_protocol_error(
    start: Callable[..., Awaitable[tuple[Server, HttpClient]]],
) -> None:
    server, http = await start(packed)
    with pytest.raises(QdeckError) as caught:
        await http.send(Request(server.url, "GET /x"))
    assert caught.value.kind is ErrorKind.PROTOCOL


async def test_closed_port_is_a_network_error(
    start: Callable[..., Awaitable[tuple[Server, HttpClient]]],
) -> None:
    closed = await asyncio.start_server(good, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{closed.sockets[0].getsockname()[1]}"
    closed.close()
    await closed.wait_closed()
    http = HttpClient({origin(url)}, InstantClock())
    for idempotency in Idempotency:
        with pytest.raises(QdeckError) as caught:
            await http.send(Request(url, "POST /x", idempotency=idempotency, body={}))
        assert caught.value.kind is ErrorKind.NETWORK
        assert "127.0.0.1 was not reached" in caught.value.message
    await http.aclose()


async def test_loopback_is_reached_without_proxy(
    start: Callable[..., Awaitable[tuple[Server, HttpClient]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy, _ = await start(garbage)
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, proxy.url)
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    server, http = await start(good)
    await http.send(Request(server.url, "GET /x"))
    assert (server.requests, proxy.requests) == (1, 0)
