"""The app in a terminal of its own ends within a second of SIGTERM or SIGHUP, whatever its files are."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from pathlib import Path

import pytest

from tests.end_to_end.conftest import clean_environment
from tests.soak.program import Program
from tests.support.processes import until

LONGEST = 1.5
"""Seconds: the second that is promised, and half of one for a busy machine to notice the end."""


async def ended(pid: int) -> None:
    """Wait for the end of a child, which stays to be waited for."""
    handle = os.pidfd_open(pid)
    over = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_reader(handle, over.set)
    try:
        async with asyncio.timeout(30):
            await over.wait()
    finally:
        loop.remove_reader(handle)
        os.close(handle)


@pytest.mark.parametrize(
    ("pipe", "number"),
    [
        ("", signal.SIGTERM),
        ("", signal.SIGHUP),
        ("qdeck/config/settings.toml", signal.SIGTERM),
        ("qdeck/config/accounts.json", signal.SIGTERM),
        (".qiskit/qiskit-ibm.json", signal.SIGTERM),
        ("qdeck/data/history.journal", signal.SIGTERM),
    ],
)
async def test_app_ends_within_a_second_of_a_signal(
    tmp_path: Path, pipe: str, number: signal.Signals
) -> None:
    if pipe:
        file = tmp_path / pipe
        file.parent.mkdir(parents=True)
        os.mkfifo(file)
    app = Program([], clean_environment(tmp_path))
    refuses = pipe.endswith("settings.toml")
    await until(lambda: not app.running or (app.written > 200 and not refuses))
    if not refuses:
        began = time.monotonic()
        app.send(number)
        await ended(app.pid)
        assert time.monotonic() - began < LONGEST
    await app.end()
    assert app.status is not None
    assert os.waitstatus_to_exitcode(app.status) == (1 if refuses else 128 + number)
