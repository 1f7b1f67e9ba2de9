"""The network gone for most of an hour, and back.

    python -m tests.soak.outage --minutes 45 --face platform --report FILE

The app submits a few jobs by keys, then the network is cut: connections are refused. Meanwhile the user goes
on to submit and to look around, and another client creates jobs on the service, which run. Then the network
is there again: the report says after how many seconds all submissions were jobs, all jobs were in the
history, and all were done there; requests, memory and CPU by the minute before, during and after.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import tempfile
from pathlib import Path

from tests.soak.program import Report, Sampler
from tests.soak.service import SoakSandbox, soak_sandbox
from tests.soak.user import User
from tests.soak.verdict import behind, catch_up, conclude
from tui.domain.accounts import Channel

ELSEWHERE_EVERY = 90.0
SUBMITS_OFFLINE = 6
CALM_SECONDS, CATCH_UP_SECONDS = 120.0, 900.0


async def jobs_elsewhere(sandbox: SoakSandbox) -> None:
    """Another client's jobs, which the app cannot see."""
    while True:
        await asyncio.sleep(ELSEWHERE_EVERY)
        await sandbox.submit(1, "elsewhere")


async def offline(user: User, sandbox: SoakSandbox, report: Report, minutes: float) -> None:
    """What the user does while the network is gone."""
    sandbox.network.cut()
    report.line("the network is gone")
    until, submits = report.seconds + minutes * 60, 0
    while (left := until - report.seconds) > 0:
        if submits < SUBMITS_OFFLINE:
            await user.submit()
            submits += 1
        await user.look_around()
        if submits in (1, SUBMITS_OFFLINE):
            report.line("screen:\n" + await user.program.screen())
            submits += submits == SUBMITS_OFFLINE
        await asyncio.sleep(min(left, 20))


async def soak(options: argparse.Namespace, folder: Path) -> int:
    """The whole run; how many jobs are lost or doubled."""
    home = folder / "home"
    async with soak_sandbox(folder / "sandbox", Channel(options.face), ["--pace", "4"]) as sandbox:
        await sandbox.submit(20, "before")
        report = Report(options.report)
        user = User("app", sandbox, home, random.Random(options.seed))
        requests = sandbox.network.requests
        sampler = Sampler(report, lambda: user.program, more=lambda: f"{requests.total()} requests")
        watching = asyncio.create_task(sampler.run())
        while not await user.prepare():
            report.line("not ready yet:\n" + await user.program.screen())
        for _ in range(3):
            await user.submit()
            await user.look_around()
        await asyncio.sleep(CALM_SECONDS)
        report.line(f"behind before: {behind(sandbox, home)}")
        elsewhere = asyncio.create_task(jobs_elsewhere(sandbox))
        await offline(user, sandbox, report, options.minutes)
        elsewhere.cancel()
        await asyncio.gather(elsewhere, return_exceptions=True)
        report.line(f"behind at the end: {behind(sandbox, home)}\n" + await user.program.screen())
        await sandbox.network.join()
        report.line("the network is back")
        await catch_up(sandbox, home, report, CATCH_UP_SECONDS)
        report.line("screen:\n" + await user.program.screen())
        await asyncio.sleep(CALM_SECONDS)
        watching.cancel()
        return await conclude(user, sandbox, home, report)


def main() -> None:
    """Run and write the report."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=45.0)
    parser.add_argument("--face", choices=[face.value for face in Channel], default="platform")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--report", type=Path, required=True)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="qdeck-soak-") as folder:
        wrong = asyncio.run(soak(options, Path(folder)))
    raise SystemExit(1 if wrong else 0)


if __name__ == "__main__":
    main()
