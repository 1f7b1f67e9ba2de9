"""Two full-screen apps on one history while the service fails, and apps and service are killed.

    python -m tests.soak.two_apps --minutes 45 --face platform --report FILE

Both apps submit a Bell pair by keys, again and again. By turns: faults on a part of the requests (5xx, 429,
resets, time-outs, answers that are lost, broken or late) for three quarters of each minute, an app ended by
SIGKILL or SIGTERM at any moment and started again, the sandbox killed, the network cut for a moment. Then all
that ends, the apps are given time to find out what became of their submissions, and are left by keys.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import signal
import tempfile
from collections import Counter
from pathlib import Path

import httpx

from tests.soak.program import Report, Sampler
from tests.soak.service import SoakSandbox, soak_sandbox
from tests.soak.user import User
from tests.soak.verdict import check_history, verdict
from tui.domain.accounts import Channel

KINDS = (
    *("500", "502", "503", "504", "429", "429-wait=7", "429-date=7", "401", "html"),
    *("reset", "unanswered", "unanswered", "504-done", "504-done", "half", "invalid-json", "slow=6", "hang"),
)
POSTS = {Channel.PLATFORM: "POST:/api/v1/jobs", Channel.CLASSIC: "POST:/runtime/jobs"}
FAULT_SECONDS, CALM_SECONDS = 45.0, 15.0
KILL_EVERY = (25.0, 75.0)
SANDBOX_KILLED_EVERY = 420.0
CUT_EVERY = 300.0
SETTLE_SECONDS = 240.0


class Troubles:
    """What goes wrong, by turns, and how often it did."""

    def __init__(
        self, sandbox: SoakSandbox, users: list[User], report: Report, chance: random.Random
    ) -> None:
        self.counts: Counter[str] = Counter()
        self._sandbox = sandbox
        self._users = users
        self._report = report
        self._chance = chance

    async def faults(self) -> None:
        """Faults on many requests, then none for a while."""
        while True:
            await self.set([self._fault(path) for path in [POSTS[self._sandbox.face]] * 4 + ["*:/**"] * 10])
            await asyncio.sleep(FAULT_SECONDS)
            await self.set([])
            await asyncio.sleep(CALM_SECONDS)

    def _fault(self, path: str) -> str:
        kind, count, skip = self._chance.choice(KINDS), self._chance.randint(1, 3), self._chance.randrange(4)
        return f"{path}:{kind}:{count}:{skip}"

    async def kills(self) -> None:
        """An app at a time, at any moment."""
        while True:
            await asyncio.sleep(self._chance.uniform(*KILL_EVERY))
            user = self._chance.choice(self._users)
            number = self._chance.choice((signal.SIGKILL, signal.SIGKILL, signal.SIGTERM))
            took = await user.end(number)
            self.counts[number.name] += 1
            self._report.line(f"{user.name}: {number.name}, ended after {took:.2f} s")
            await asyncio.sleep(self._chance.uniform(0, 5))
            user.start()

    async def sandbox_kills(self) -> None:
        """The service goes away and comes back with all that it had said yes to."""
        while True:
            await asyncio.sleep(SANDBOX_KILLED_EVERY)
            await self._sandbox.kill(seconds=8)
            self.counts["sandbox killed"] += 1
            self._report.line("the sandbox was killed and started again")

    async def cuts(self) -> None:
        """The network goes away for half a minute."""
        while True:
            await asyncio.sleep(CUT_EVERY)
            self._sandbox.network.cut()
            await asyncio.sleep(30)
            await self._sandbox.network.join()
            self.counts["network cut"] += 1
            self._report.line("the network was cut for 30 s")

    async def set(self, faults: list[str]) -> None:
        """Replace the faults; the sandbox may have been killed a moment ago."""
        for _ in range(40):
            try:
                return await self._sandbox.faults(faults)
            except httpx.TransportError:
                await asyncio.sleep(1)
        raise RuntimeError("the sandbox does not take faults")


async def soak(options: argparse.Namespace, folder: Path) -> int:
    """The whole run; how many jobs are lost or doubled."""
    chance, face = random.Random(options.seed), Channel(options.face)
    home = folder / "home"
    async with soak_sandbox(folder / "sandbox", face, ["--pace", "4"]) as sandbox:
        report = Report(options.report)
        users = [User(name, sandbox, home, chance) for name in ("one", "two")]
        troubles = Troubles(sandbox, users, report, chance)
        samplers = [_sampler(report, user, sandbox) for user in users]
        watching = [asyncio.create_task(sampler.run()) for sampler in samplers]
        working = [asyncio.create_task(user.work()) for user in users]
        machines = (troubles.faults, troubles.kills, troubles.sandbox_kills, troubles.cuts)
        trouble = [asyncio.create_task(machine()) for machine in machines]
        over = asyncio.create_task(asyncio.sleep(options.minutes * 60))
        done, _ = await asyncio.wait([over, *trouble, *working], return_when=asyncio.FIRST_COMPLETED)
        for task in (*trouble, *working, over):
            task.cancel()
        if over not in done:
            report.line(f"broken off: {[repr(task.exception()) for task in done]}")
        await asyncio.gather(*trouble, *working, return_exceptions=True)
        await troubles.set([])
        for user in users:
            if not user.program.running:
                user.start()
        pressed = sum(user.submitted for user in users)
        report.line(f"calm from here; {dict(troubles.counts)}; F9 was pressed {pressed} times")
        await asyncio.sleep(options.settle)
        for task in watching:
            task.cancel()
        for user in users:
            report.line(f"{user.name}, started {user.starts} times:\n" + await user.program.screen())
            await user.program.press("ctrl+t", pause=0.5)
            report.line(f"{user.name}, notices:\n" + await user.program.screen())
            await user.program.press("esc", "f2", "ctrl+q", pause=0.5)
            await asyncio.sleep(5)
            if user.program.running:
                report.line("asks before it ends:\n" + await user.program.screen())
            report.line(f"{user.name}: ended {await user.end(signal.SIGTERM):.2f} s, {user.program.status}")
        report.line(f"requests: {dict(sandbox.network.requests.most_common(12))}")
        wrong = verdict(sandbox, home, report)
        report.line(f"history: {check_history(sandbox.environ(home))}")
        log = home / "qdeck" / "state" / "qdeck.log"
        report.line(f"log of unexpected errors: {log.read_text() if log.exists() else 'none'}")
        report.line(f"lost, doubled or unknown: {wrong}")
        return wrong


def _sampler(report: Report, user: User, sandbox: SoakSandbox) -> Sampler:
    def requests() -> str:
        return f"F9 {user.submitted} times, {sandbox.network.requests.total()} requests of both"

    return Sampler(report, lambda: user.program, user.name, more=requests)


def main() -> None:
    """Run and write the report."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=45.0)
    parser.add_argument("--face", choices=[face.value for face in Channel], default="platform")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--settle", type=float, default=SETTLE_SECONDS, help="seconds of calm at the end")
    parser.add_argument("--report", type=Path, required=True)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="qdeck-soak-") as folder:
        wrong = asyncio.run(soak(options, Path(folder)))
    raise SystemExit(1 if wrong else 0)


if __name__ == "__main__":
    main()
