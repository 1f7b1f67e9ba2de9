"""Stalls of the app's process on the backends screen, while its map and tables are worked by keys.

    python -m tests.bench.backends_map [SIZE]

The real app on the real sandbox, without a terminal, in a fresh process, of 120x40 cells unless SIZE says
otherwise: each device is opened, its cursor moved, its figures, views and orders gone through, a key every
50 ms. A task sleeps 5 ms at a time and writes down how late it wakes; of every callback of the event loop the
CPU time is taken, which a busy machine does not stretch. The same is done with no key pressed.
"""

from __future__ import annotations

import asyncio
import gc
import os
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from tests.bench.responsiveness import heartbeat, ready
from tests.bench.search_stalls import measured_callbacks
from tui.app import QDeckApp
from tui.commands.shared.context import make_services
from tui.common.timing import SystemClock
from tui.domain.accounts import Channel

KEYS = (
    *("1", "right", "down", "right", "down", "m", "m", "m", "m", "end", "home"),
    *("2", "s", "s", "s", "S", "down", "down", "pagedown", "end", "3", "s", "down", "pagedown", "4"),
    *("escape", "down"),
)
"""What is pressed on each device."""
DEVICES = 3
PAUSE = 0.05


class Figures(NamedTuple):
    """Seconds: how late each nap ended, and the CPU time of each callback."""

    late: list[float]
    taken: list[tuple[float, str]]


async def measure(size: tuple[int, int]) -> tuple[Figures, Figures]:
    """Return the figures with keys, and those without."""
    with tempfile.TemporaryDirectory(prefix="qdeck-bench-") as folder:
        home = Path(folder)
        services = make_services({"QDECK_HOME": str(home), "HOME": str(home), "PATH": os.environ["PATH"]})
        app = QDeckApp(services, clock=SystemClock(), sandbox=Channel.PLATFORM, state_folder=home / "state")
        async with app.run_test(size=size) as pilot:
            await ready(pilot, services)
            found: list[Figures] = []
            for keys in (KEYS * DEVICES, ("",) * len(KEYS) * DEVICES):
                found.append(Figures([], []))
                beat = asyncio.create_task(heartbeat(found[-1].late))
                with measured_callbacks(found[-1].taken):
                    if keys[0]:
                        await pilot.press("f6")
                    for key in keys:
                        if key:
                            await pilot.press(key)
                        await asyncio.sleep(PAUSE)
                beat.cancel()
        return found[0], found[1]


def report(name: str, figures: Figures) -> None:
    """Print the longest stall, and how many were over 50 ms, by the clock and in CPU time."""
    for kind, values in (("late", figures.late), ("CPU", [busy for busy, _ in figures.taken])):
        ordered = sorted(values, reverse=True)
        over = sum(value > 0.05 for value in ordered)
        longest, most = 1e3 * ordered[0], 1e3 * ordered[len(ordered) // 100]
        print(
            f"{name}, {kind}: longest {longest:.0f} ms, 99 % {most:.0f} ms, {over} of {len(ordered)} over 50"
        )
    print(f"{name}, CPU in all: {sum(busy for busy, _ in figures.taken):.2f} s")


def main() -> None:
    """Measure once and print both."""
    gc.disable()  # as the command does: the app enables it when it has begun
    words = (sys.argv[1] if len(sys.argv) > 1 else "120x40").split("x")
    keys, idle = asyncio.run(measure((int(words[0]), int(words[1]))))
    report("keys", keys)
    report("idle", idle)


if __name__ == "__main__":
    main()
