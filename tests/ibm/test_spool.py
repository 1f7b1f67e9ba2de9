"""Large answers on their way through a file that has no name."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from tests.ibm.support import InstantClock
from tui.domain.errors import ErrorKind, QdeckError
from tui.ibm.http import Call, Http
from tui.ibm.spool import IN_MEMORY, Spool

URL = "http://127.0.0.1:9"


@pytest.mark.parametrize("size", [0, 1, IN_MEMORY - 1, IN_MEMORY, 3 * IN_MEMORY + 5])
async def test_what_goes_in_comes_out_and_nothing_stays(tmp_path: Path, size: int) -> None:
    folder = tmp_path / "spool"
    spool = Spool(folder)
    body = bytes(range(256)) * (size // 256 + 1)
    for start in range(0, size, 70_000):
        await spool.add(body[start : min(start + 70_000, size)])
    assert spool.size == size
    assert await spool.whole() == body[:size]
    assert folder.exists() is (size >= IN_MEMORY)
    assert not folder.exists() or list(folder.iterdir()) == []
    spool.close()


async def test_a_large_answer_goes_through_the_file(tmp_path: Path) -> None:
    body = b"x" * (2 * IN_MEMORY)
    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=body))
    http = Http({"http://127.0.0.1:9"}, InstantClock(), transport=transport, spool=tmp_path / "spool")
    answer = await http.send(Call("GET", f"{URL}/x", "GET /x"))
    assert answer.body == body
    assert (tmp_path / "spool").is_dir()
    await http.aclose()


async def test_a_folder_that_refuses_is_told(tmp_path: Path) -> None:
    (tmp_path / "spool").write_text("a file")
    spool = Spool(tmp_path / "spool")
    with pytest.raises(QdeckError) as caught:
        await spool.add(b"x" * IN_MEMORY)
    assert caught.value.kind is ErrorKind.STORAGE
