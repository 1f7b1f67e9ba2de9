"""The page of a job with a million different outcomes of 127 bits: first counting, then as kept, and stalls.

    python -m tests.bench.job_page [SHOTS] [BITS] [ROUNDS]

The real app without a terminal in a fresh process, on a service in memory that hands out a plain body of hex
strings, all different, which is the worst there is. Told are the time from the key to the histogram, and how
late a task wakes that sleeps 5 ms at a time: that long any key would have waited. The first counting is done
by a worker process; then the page is opened again, from what was kept.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import sys
import tempfile
import time

from textual.pilot import Pilot

from tests.bench.responsiveness import heartbeat
from tests.support.app import make_app, screen_text, settled, until
from tests.support.app_services import AppServicesHarness
from tests.support.job_page import BELL
from tests.support.recording_service import RecordingService
from tui.common.errors import ErrorKind, QdeckError
from tui.domain.results import JobResult
from tui.ibm.results.offload import offload_result
from tui.screens.jobs.detail import JobScreen

LONGEST = 60.0
"""Seconds until it is given up."""


def body_of(shots: int, bits: int) -> bytes:
    """Return a plain result of random shots."""
    chance = random.Random(1)
    samples = [hex(chance.getrandbits(bits)) for _ in range(shots)]
    pub = {"data": {"c": {"samples": samples, "num_bits": bits}}, "metadata": {"shots": shots}}
    return json.dumps({"results": [pub]}).encode()


async def opened(
    pilot: Pilot[None], services: AppServicesHarness, expected: str
) -> tuple[float, list[float]]:
    """Open the page and look around; return seconds until it shows `expected`, and how late naps ended."""
    lateness: list[float] = []
    beat = asyncio.create_task(heartbeat(lateness))
    await asyncio.sleep(0.05)
    began = time.perf_counter()
    await pilot.press("enter")
    while expected not in screen_text(pilot):
        await asyncio.sleep(0.005)
        assert time.perf_counter() - began < LONGEST, screen_text(pilot)
    seconds = time.perf_counter() - began
    for key in ("2", "b", "b", "o", "o", "l", "1"):
        await pilot.press(key)
        await asyncio.sleep(0.03)
    # The answer is kept meanwhile.
    await services.jobs.finish_reading(60)
    beat.cancel()
    await pilot.press("escape")
    await until(pilot, lambda: not isinstance(pilot.app.screen, JobScreen))
    await settled(pilot)
    return seconds, lateness


async def measure(shots: int, bits: int, rounds: int) -> None:
    """Open the page of a fresh job, then that of the kept one, and print."""
    body = body_of(shots, bits)
    print(f"{shots:,} shots of {bits} bits: a body of {len(body) / 1e6:.1f} MB")

    async def result(_service: RecordingService, _job_id: str, **more: object) -> JobResult:
        if more.get("limit") is not None:
            raise QdeckError(ErrorKind.TOO_LARGE, "It is not fetched by itself.")
        return await offload_result(body, short=bool(more.get("short")))

    RecordingService.result = result  # type: ignore[method-assign, assignment]
    for _ in range(rounds):
        services = AppServicesHarness()
        async with make_app(services).run_test(size=(120, 40)) as pilot:
            await settled(pilot)
            await pilot.press(*["down"] * BELL)
            await settled(pilot)
            for name in ("first counting", "as kept"):
                seconds, lateness = await opened(pilot, services, f"{shots} shots, ")
                late = sum(value > 0.05 for value in lateness)
                print(
                    f"{name:>14}: {1000 * seconds:,.0f} ms, worst stall {1000 * max(lateness):.0f} ms, "
                    f"{late} over 50 ms"
                )


def main() -> None:
    """Measure by the command line."""
    shots, bits, rounds = (
        int(text) for text in (*sys.argv[1:], *("1000000", "127", "2")[len(sys.argv) - 1 :])
    )
    with tempfile.TemporaryDirectory() as home:
        os.environ["QDECK_HOME"] = home
        asyncio.run(measure(shots, bits, rounds))


if __name__ == "__main__":
    main()
