"""Bodies of responses: how large one may be, and how it may be compressed."""

from __future__ import annotations

import gzip
import random
import zlib
from collections.abc import Callable
from dataclasses import replace

import httpx
import pytest

from tests.ibm.mock_network import InstantClock
from tests.ibm.transport.test_client import OK, Script, client, create, get, status
from tui.common.errors import ErrorKind, QdeckError
from tui.ibm.transport.request import RetryPolicy
from tui.ibm.transport.response_body import PIECE, SpilledBody


async def test_body_beyond_limit_is_broken_off() -> None:
    taken = 0

    class Endless(httpx.AsyncByteStream):
        async def __aiter__(self):  # type: ignore[no-untyped-def]  # an async generator of bytes
            nonlocal taken
            while True:
                taken += 1
                yield b"x" * 65536

    http = client(lambda _: httpx.Response(200, stream=Endless()), InstantClock(), max_body=1_000_000)
    with pytest.raises(QdeckError) as caught:
        await http.send(get())
    assert caught.value.kind is ErrorKind.PROTOCOL
    assert taken < 20


async def test_body_is_read_up_to_its_cut_and_no_further() -> None:
    taken = 0

    class Endless(httpx.AsyncByteStream):
        async def __aiter__(self):  # type: ignore[no-untyped-def]  # an async generator of bytes
            nonlocal taken
            while True:
                taken += 1
                yield b"x" * 65536

    http = client(lambda _: httpx.Response(200, stream=Endless()), InstantClock())
    response = await http.send(replace(get(), cut=200_000))
    assert (len(response.body), response.cut, taken) == (200_000, True, 4)
    short = client(lambda _: httpx.Response(200, content=b"y" * 200_000), InstantClock())
    response = await short.send(replace(get(), cut=200_000))
    assert (len(response.body), response.cut) == (200_000, False)


def packed(data: bytes, coding: str) -> httpx.Response:
    """An answer whose body arrives as it is, with that `Content-Encoding`."""

    class Sent(httpx.AsyncByteStream):
        async def __aiter__(self):  # type: ignore[no-untyped-def]  # an async generator of bytes
            for start in range(0, len(data), 10_000):
                yield data[start : start + 10_000]

    headers = {"content-encoding": coding, "content-type": "application/json"}
    return httpx.Response(200, stream=Sent(), headers=headers)


@pytest.mark.parametrize(
    ("coding", "pack"),
    [
        ("gzip", gzip.compress),
        ("X-GZIP", gzip.compress),
        ("deflate", zlib.compress),
        ("deflate", lambda data: zlib.compress(data)[2:-4]),
        ("identity", bytes),
    ],
)
@pytest.mark.parametrize("size", [0, 2, 300_000, 900_000])
async def test_compressed_body_is_decompressed(
    coding: str, pack: Callable[[bytes], bytes], size: int
) -> None:
    data = random.Random(1).randbytes(size // 3) + bytes(size - size // 3)
    http = client(lambda _: packed(pack(data), coding), InstantClock())
    assert (await http.send(get())).body == data
    http = client(lambda _: packed(b"", coding), InstantClock())
    assert (await http.send(get())).body == b""


@pytest.mark.parametrize(
    ("coding", "data"),
    [
        ("gzip, gzip", gzip.compress(gzip.compress(b"{}"))),
        ("br", b"{}"),
        ("gzip", b"{}"),
        ("deflate", b"\xff{}"),
        ("gzip", gzip.compress(bytes(5000))[:-12]),
        ("gzip", gzip.compress(bytes(PIECE))[:-8] + bytes(8)),
        ("gzip", gzip.compress(random.Random(1).randbytes(2 * PIECE))[:-8] + bytes(8)),
    ],
    ids=["stacked", "not offered", "not gzip", "not deflate", "broken off", "wrong sum", "wrong sum, large"],
)
async def test_unknown_or_damaged_coding_is_refused(coding: str, data: bytes) -> None:
    for call, kind in ((get(), ErrorKind.PROTOCOL), (create(), ErrorKind.UNCONFIRMED)):
        with pytest.raises(QdeckError) as caught:
            await client(lambda _: packed(data, coding), InstantClock()).send(call)
        assert caught.value.kind is kind
        assert coding in caught.value.message


@pytest.mark.parametrize("coding", ["gzip", "gzip, gzip", "deflate"])
async def test_decompression_bomb_stops_at_limit(coding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    inflated: list[int] = []
    add = SpilledBody.add

    async def noted(spilled: SpilledBody, piece: bytes) -> None:
        inflated.append(len(piece))
        await add(spilled, piece)

    monkeypatch.setattr(SpilledBody, "add", noted)
    data = bytes(30_000_000)
    data = zlib.compress(data) if coding == "deflate" else gzip.compress(data)
    data = gzip.compress(data) if "," in coding else data
    with pytest.raises(QdeckError) as caught:
        await client(lambda _: packed(data, coding), InstantClock()).send(get())
    assert caught.value.kind is ErrorKind.PROTOCOL
    assert max(inflated, default=0) <= PIECE
    assert sum(inflated) <= 1_000_000


async def test_accept_encoding_offers_gzip_and_deflate() -> None:
    script = Script(OK)
    await client(script, InstantClock()).send(get())
    assert script.sent[0].headers["accept-encoding"] == "gzip, deflate"


@pytest.mark.parametrize("code", [400, 503])
async def test_error_status_counts_without_readable_body(code: int) -> None:
    answer = packed(b"not gzip", "gzip")
    answer.status_code = code
    with pytest.raises(QdeckError) as caught:
        await client(lambda _: answer, InstantClock(), policy=RetryPolicy(attempts=1)).send(get())
    assert (caught.value.status, caught.value.kind) == (
        code,
        ErrorKind.SERVER if code == 503 else ErrorKind.INVALID,
    )


@pytest.mark.parametrize("announced", [True, False])
async def test_request_limit_breaks_off_without_retry(
    announced: bool,
) -> None:
    taken = asked = 0

    class Large(httpx.AsyncByteStream):
        async def __aiter__(self):  # type: ignore[no-untyped-def]  # an async generator of bytes
            nonlocal taken
            for _ in range(100):
                taken += 1
                yield b"x" * 1000

    def answer(_: httpx.Request) -> httpx.Response:
        nonlocal asked
        asked += 1
        headers = {"content-length": "100000"} if announced else {}
        return httpx.Response(200, stream=Large(), headers=headers)

    http = client(answer, InstantClock())
    with pytest.raises(QdeckError) as caught:
        await http.send(replace(get(), limit=5000))
    assert caught.value.kind is ErrorKind.TOO_LARGE
    assert taken == (0 if announced else 6) and asked == 1
    assert len((await http.send(replace(get(), limit=100_000))).body) == 100_000


async def test_request_limit_does_not_hide_error_status() -> None:
    http = client(lambda _: status(404), InstantClock())
    with pytest.raises(QdeckError) as caught:
        await http.send(replace(get(), limit=1))
    assert caught.value.kind is ErrorKind.NOT_FOUND
