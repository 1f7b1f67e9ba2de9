"""What the system says of processes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path


def running(pid: int) -> bool:
    """Whether a process runs; one that ended and was not waited for does not."""
    return _state(pid) not in "ZX"


def waiting(pid: int) -> bool:
    """Whether its main thread sleeps."""
    return _state(pid) == "S"


def cpu_ticks(pid: int) -> int:
    """Processor time that a process has used, in ticks of the system's clock."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def children(pid: int) -> list[int]:
    """Process ids of its children."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()]


async def until(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    """Wait for something about another process, which is no event."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return "X"
