"""A signal ends the process within a second, whatever its threads do."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

import pytest

PROGRAM = """
import asyncio, signal, sys, threading, time
from tui.common.termination import ends_on_signal

async def main(way):
    task, loop = asyncio.current_task(), asyncio.get_running_loop()
    end = lambda number: loop.call_soon_threadsafe(task.cancel)
    with ends_on_signal(end, lambda: print("last", flush=True)):
        print("ready", flush=True)
        if way == "in order":
            await asyncio.sleep(60)
        elif way == "ending takes long":
            try:
                await asyncio.sleep(60)
            finally:
                await asyncio.sleep(60)
        elif way == "a thread waits":
            await asyncio.to_thread(time.sleep, 60)
        else:
            time.sleep(60)

try:
    asyncio.run(main(sys.argv[1]))
except asyncio.CancelledError:
    sys.exit(7)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("way", ["in order", "ending takes long", "a thread waits", "the loop waits"])
def test_process_ends_within_a_second_of_a_signal(way: str, number: int) -> None:
    with subprocess.Popen([sys.executable, "-c", PROGRAM, way], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(number)
        started = time.monotonic()
        status = process.wait(10)
        assert time.monotonic() - started < 1.0
        left = process.stdout.read()
    assert (status, left) == ((7, "") if way == "in order" else (128 + number, "last\n"))
