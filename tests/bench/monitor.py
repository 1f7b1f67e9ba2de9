"""What watching costs: requests, CPU and bytes of the whole app while nothing changes.

    python -m tests.bench.monitor [JOBS] [SECONDS]

The real app in a pseudo-terminal of 120x40 watches JOBS (default 500) queued jobs on the sandbox, then an
account with none, for SECONDS (default 120) each, at the paces that the real service is asked at. The app's
own process is measured, not the sandbox. With jobs to watch, the half minute
after the start is measured too, in which it asks most often.

- list requests a tick: the most that came within two seconds;
- CPU: user and system time of the app's process, as a share of one core;
- memory: resident now, of the app's process and of those that it has started (there should be none);
- the focus elsewhere: with nothing to watch that ends the requests, as two minutes without a key do.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.bench.client import environment as account
from tests.bench.client import submit
from tests.bench.first_paint import environment
from tests.bench.job_table import cpu_seconds
from tests.bench.relay import Relay
from tests.bench.terminal import Terminal
from tests.support.processes import children
from tui import cli
from tui.monitor import account_polling as accounts
from tui.monitor.polling import account_pollers
from tui.monitor.polling.jobs_poller import SERVICE
from tui.sandbox.lifecycle.launch import launch

LISTS = "GET /api/v1/jobs"
_TICK = 2.0
_FOCUS_LOST = b"\x1b[O"


def most_at_once(times: list[float]) -> int:
    """The most of these times that lie within one tick."""
    return max((sum(0 <= other - one < _TICK for other in times) for one in times), default=0)


def resident_mb(pid: int) -> float:
    """Return the resident memory of a process in MB (10^6 bytes)."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 / 1e6 for line in lines if line.startswith("VmRSS:"))


def watch(terminal: Terminal, relay: Relay, seconds: float, what: str) -> None:
    """Let it run, and print what it cost."""
    relay.reset()
    before, sent, began = cpu_seconds(terminal.pid), len(terminal.output), time.perf_counter()
    while time.perf_counter() - began < seconds:
        terminal.burst(first=0.5, quiet=0.4)
    passed = time.perf_counter() - began
    used = 100 * (cpu_seconds(terminal.pid) - before) / passed
    processes = [terminal.pid, *children(terminal.pid)]
    memory = sum(resident_mb(pid) for pid in processes)
    asked = list(relay.asked)
    lists = [when for when, request in asked if request == LISTS]
    told = ", ".join(f"{count} x {request}" for request, count in Counter(r for _, r in asked).most_common())
    print(
        f"{what}, {passed:.0f} s: CPU {used:.2f} %, {memory:.0f} MB in {len(processes)} process(es), "
        f"{len(terminal.output) - sent} bytes to the terminal, "
        f"{len(lists)} list requests, at most {most_at_once(lists)} in a tick\n  all: {told or 'none'}",
        flush=True,
    )


async def measured(folder: Path, count: int, seconds: float) -> None:
    """The app on a sandbox with so many queued jobs."""
    # A long queue of others: nothing of ours finishes while it is watched.
    process = await launch(folder / "sandbox", queue=10_000)
    try:
        await submit(process.info, count)
        async with Relay(process.info.url) as relay:
            environ = environment(folder) | account(process.info, relay.url, str(folder))
            command = [sys.executable, "-m", "tests.bench.monitor", "child"]
            await asyncio.to_thread(_in_terminal, command, environ, relay, count, seconds)
    finally:
        await process.stop()


def _in_terminal(
    command: list[str], environ: dict[str, str], relay: Relay, count: int, seconds: float
) -> None:
    with Terminal(command, environ) as terminal:
        terminal.wait_for("QPU left")
        terminal.burst(first=5, quiet=1)
        if count:
            watch(terminal, relay, 30, f"{count} queued jobs, just after the start")
            watch(terminal, relay, seconds, f"{count} queued jobs, at rest")
            return
        watch(terminal, relay, seconds, "nothing to watch, the terminal in focus")
        terminal.press(_FOCUS_LOST)
        terminal.burst(first=1, quiet=1)
        watch(terminal, relay, seconds, "nothing to watch, the focus elsewhere")


def child() -> int:
    """The app, as `qdeck` starts it, but as patient with the sandbox as with the real service."""
    accounts.SANDBOX = SERVICE  # type: ignore[attr-defined]  # the one thing that a measurement must change
    account_pollers.BACKENDS_EVERY_SANDBOX = account_pollers.BACKENDS_EVERY
    account_pollers.USAGE_EVERY_SANDBOX = account_pollers.USAGE_EVERY
    return cli.main(["--channel", "platform"])


def main() -> None:
    """Measure and print."""
    if sys.argv[1:2] == ["child"]:
        raise SystemExit(child())
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 120.0
    for jobs in (count, 0):
        with tempfile.TemporaryDirectory() as folder:
            asyncio.run(measured(Path(folder), jobs, seconds))


if __name__ == "__main__":
    main()
