from __future__ import annotations

import asyncio
import json
import subprocess
import tempfile
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.ibm.mock_network import raw
from tests.ibm.results.test_decoder import bits, noisy, typed
from tui.domain.results import Counts, JobResult
from tui.domain.statistics.outcomes import abridged
from tui.ibm.results import offload
from tui.ibm.results.decoder import decode_result
from tui.ibm.results.offload import PROCESS_BYTES, THREAD_BYTES, offload_result, offload_result_file


async def test_million_shots_are_counted_in_process() -> None:
    shots = 1_000_000
    data = np.random.default_rng(1).integers(0, 4, (shots, 1), dtype=np.uint8)
    expected = Counter(format(int(v), "02b") for v in data[:, 0].tolist())
    result = await offload_result(typed({"c": bits(data, 2)}))
    assert result.pubs[0].counts == (Counts("c", 2, shots, expected),)
    plain = json.dumps(
        {"results": [{"data": {"c": {"samples": [hex(v) for v in data[:, 0]], "num_bits": 2}}}]}
    )
    result = await offload_result(plain.encode())
    assert result.pubs[0].counts == (Counts("c", 2, shots, expected),)


@pytest.mark.parametrize(
    ("size", "where"),
    [
        (THREAD_BYTES - 1, []),
        (THREAD_BYTES, ["thread"]),
        (PROCESS_BYTES - 1, ["thread"]),
        (PROCESS_BYTES, ["process"]),
    ],
    ids=["here", "thread", "still thread", "process"],
)
async def test_result_is_decoded_where_its_size_says(
    size: int, where: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    used: list[str] = []

    async def to_thread(function: Callable[[bytes], JobResult], body: bytes) -> JobResult:
        used.append("thread")
        return function(body)

    async def in_process(_body: bytes) -> JobResult:
        used.append("process")
        return JobResult(())

    monkeypatch.setattr(asyncio, "to_thread", to_thread)
    monkeypatch.setattr(offload, "_decode_in_process", in_process)
    body = b'{"results":[]}'.ljust(size)
    result = await offload_result(body)
    assert used == where and len(result.raw) == size


async def test_result_is_decoded_in_a_thread_where_no_process_can_be_had(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def none(_body: bytes) -> JobResult:
        raise OSError(12, "Cannot allocate memory")

    monkeypatch.setattr(offload, "_decode_in_process", none)
    body = b'{"results":[{"data":{"evs":0.5}}]}'.ljust(PROCESS_BYTES)
    assert await offload_result(body) == decode_result(body)


async def test_file_that_no_process_can_decode_is_named_with_the_reason(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def none(_body: bytes, _descriptor: int) -> JobResult:
        raise OSError(12, "Cannot allocate memory")

    monkeypatch.setattr(offload, "_decode_in_process", none)
    with tempfile.TemporaryFile() as file:
        file.write(bytes(2_500_000))
        file.flush()
        result = await offload_result_file(file)
        assert file.closed
    assert result.note == (
        "The result was not decoded: Cannot allocate memory. "
        "The result as it came is 2 MB: it is not kept here."
    )


async def test_offloaded_result_equals_inline_result() -> None:
    million = [hex(n * 7919 % 100_003) for n in range(200_000)]
    padding = "x" * PROCESS_BYTES
    for recorded in (
        {
            "results": [
                {
                    "data": {
                        "c": {"samples": million, "num_bits": 17},
                        "d": {"samples": ["0x1"], "num_bits": 1},
                    }
                },
                {"data": {"c": {"samples": [["0x1"], ["0x0"]], "num_bits": 1}}},
                {"data": {"evs": [0.5] * 9_000, "stds": [0.1] * 9_000}, "metadata": {"shots": 5}},
            ]
        },
        {"quasi_dists": [{"0": 0.25, "3": 0.75}], "metadata": [{"shots": 4}]},
        {"results": 3},
    ):
        content = raw(recorded | {"padding": padding})
        offloaded, inline = await offload_result(content), decode_result(content)
        assert offloaded == inline


async def test_cancelled_offload_ends_its_process(monkeypatch: pytest.MonkeyPatch) -> None:
    content = noisy(["0x1"] * 1_000_000)
    started: list[subprocess.Popen[bytes]] = []
    real = subprocess.Popen

    def start(*arguments: Any, **more: Any) -> subprocess.Popen[bytes]:
        started.append(real(*arguments, **more))
        return started[-1]

    monkeypatch.setattr(subprocess, "Popen", start)
    task = asyncio.create_task(offload_result(content))
    async with asyncio.timeout(30):
        while not started:  # noqa: ASYNC110  # another thread starts it
            await asyncio.sleep(0.001)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await asyncio.to_thread(started[0].wait, 30) != 0


async def test_offload_keeps_body_when_process_dies(monkeypatch: pytest.MonkeyPatch) -> None:
    content = noisy(["0x1"] * 1_000_000)
    monkeypatch.setattr("tui.common.worker_process._PROGRAM", "raise SystemExit(3)")
    result = await offload_result(content)
    assert (result.pubs, result.raw) == ((), content)
    assert "ended" in result.note


async def test_very_many_counts_come_summed_up_from_the_process() -> None:
    samples = ",".join(f'"{number * 7919:#034x}"' for number in range(120_000))
    content = f'{{"results": [{{"data": {{"c": {{"samples": [{samples}], "num_bits": 127}}}}}}]}}'.encode()
    assert len(content) >= PROCESS_BYTES
    short = await offload_result(content, short=True)
    assert short.abridged and short.raw == content
    (counts,) = short.pubs[0].counts
    assert counts.outcomes == 120_000 and len(counts.counts) == 2_000
    whole = await asyncio.to_thread(decode_result, content)
    assert counts.summary == abridged(whole).pubs[0].counts[0].summary
    small = noisy(["0x1", "0x2"])
    assert not (await offload_result(small, short=True)).abridged
