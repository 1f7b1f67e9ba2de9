"""Large bodies on their way through a file that has no name."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest

from tests.ibm.mock_network import InstantClock, Network, account
from tui.common.errors import ErrorKind, QdeckError
from tui.ibm.factory import make_service
from tui.ibm.transport.client import HttpClient, HttpOptions
from tui.ibm.transport.request import Idempotency, Request
from tui.ibm.transport.response_body import IN_MEMORY, LEFT_FREE, SpilledBody

URL = "http://127.0.0.1:9"


@pytest.mark.parametrize("size", [0, 1, IN_MEMORY - 1, IN_MEMORY, 3 * IN_MEMORY + 5])
async def test_spilled_body_returns_all_and_leaves_no_file(tmp_path: Path, size: int) -> None:
    folder = tmp_path / "spool"
    spilled = SpilledBody(folder)
    body = bytes(range(256)) * (size // 256 + 1)
    for start in range(0, size, 70_000):
        await spilled.add(body[start : min(start + 70_000, size)])
    assert spilled.size == size
    assert await spilled.whole() == body[:size]
    assert folder.exists() is (size >= IN_MEMORY)
    assert not folder.exists() or list(folder.iterdir()) == []
    spilled.close()


async def test_large_body_is_spilled_to_file(tmp_path: Path) -> None:
    body = b"x" * (2 * IN_MEMORY)
    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=body))
    http = HttpClient(
        {"http://127.0.0.1:9"},
        InstantClock(),
        HttpOptions(transport=transport, spill_folder=tmp_path / "spool"),
    )
    answer = await http.send(Request(URL, "GET /x"))
    assert answer.body == body
    assert (tmp_path / "spool").is_dir()
    await http.aclose()


async def test_spilled_body_in_unwritable_folder_is_a_storage_error(tmp_path: Path) -> None:
    (tmp_path / "spool").write_text("a file")
    spilled = SpilledBody(tmp_path / "spool")
    with pytest.raises(QdeckError) as caught:
        await spilled.add(b"x" * IN_MEMORY)
    assert caught.value.kind is ErrorKind.STORAGE


async def test_creating_request_with_unspillable_body_is_unconfirmed(tmp_path: Path) -> None:
    (tmp_path / "spool").write_text("a file")
    for status, kind in ((200, ErrorKind.UNCONFIRMED), (400, ErrorKind.INVALID)):
        answer = httpx.Response(status, content=b" " * (2 * IN_MEMORY))
        transport = httpx.MockTransport(lambda _, answer=answer: answer)
        http = HttpClient(
            {URL}, InstantClock(), HttpOptions(transport=transport, spill_folder=tmp_path / "spool")
        )
        with pytest.raises(QdeckError) as caught:
            await http.send(Request(URL, "POST /jobs", idempotency=Idempotency.CREATES))
        assert caught.value.kind is kind
        await http.aclose()


async def test_spilled_body_leaves_room_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    total = shutil.disk_usage(tmp_path).total
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(total=total, free=LEFT_FREE))
    spilled = SpilledBody(tmp_path / "spool")
    with pytest.raises(QdeckError) as caught:
        await spilled.add(b"x" * IN_MEMORY)
    assert caught.value.kind is ErrorKind.STORAGE
    assert str(tmp_path / "spool") in caught.value.message
    assert "QDECK_HOME" in caught.value.advice
    assert list((tmp_path / "spool").iterdir()) == []


def platform(result: httpx.Response) -> Network:
    """A service that takes the key and has one result."""
    listed = httpx.Response(200, json={"jobs": [], "limit": 1, "offset": 0})
    return Network().on("GET", "/api/v1/jobs", listed).on("GET", "/api/v1/jobs/x/results", result)


@pytest.mark.parametrize("good", [True, False])
async def test_large_result_is_decoded_from_file_by_process(
    tmp_path: Path, good: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []
    whole = SpilledBody.whole

    async def noted(spilled: SpilledBody) -> bytes:
        read.append(spilled.size)
        return await whole(spilled)

    monkeypatch.setattr(SpilledBody, "whole", noted)
    samples = ",".join(['"0x0","0x3"'] * 200_000)
    recorded = f'{{"results": [{{"data": {{"c": {{"samples": [{samples}], "num_bits": 2}}}}}}]}}'
    body = recorded.encode() if good else b"x" * len(recorded)
    network = platform(httpx.Response(200, content=body))
    made = make_service(
        account(),
        InstantClock(),
        HttpOptions(
            max_body=IN_MEMORY,
            max_in_memory=IN_MEMORY,
            transport=httpx.MockTransport(network),
            spill_folder=tmp_path / "spool",
        ),
    )
    await made.sign_in()
    result = await made.result("x")
    assert max(read) < IN_MEMORY
    assert result.raw == b""
    assert f"{len(body) / 1e6:,.0f} MB" in result.note
    if good:
        assert result.pubs[0].counts[0].counts == {"00": 200_000, "11": 200_000}
    else:
        assert result.pubs == ()
        assert "text instead" in result.note
    assert list((tmp_path / "spool").iterdir()) == []
    await made.aclose()


async def test_result_limit_is_max_result(tmp_path: Path) -> None:
    network = platform(httpx.Response(200, content=b" " * (3 * IN_MEMORY)))
    made = make_service(
        account(),
        InstantClock(),
        HttpOptions(
            max_result=2 * IN_MEMORY,
            transport=httpx.MockTransport(network),
            spill_folder=tmp_path / "spool",
        ),
    )
    await made.sign_in()
    with pytest.raises(QdeckError, match="larger than 2 MB"):
        await made.result("x")
    await made.aclose()
