"""The machine sleeps, and its wall clock jumps, while the app is open.

    python -m tests.soak.clock_jumps --face platform --report FILE --faketime /usr/lib/.../libfaketimeMT.so.1

- Sleep: the app is stopped (SIGSTOP) for ten minutes, in which another client's jobs are created and run.
- Jumps: the wall clock of the app's process alone is set on and back by libfaketime, its monotonic clock is
  not: an hour on, a day back, eight hours on after a minute of sleep (a laptop that was closed), and right
  again.

After each the report says after how many seconds the history had caught up with the service, what the screen
said, and what a submission by keys came to. Without `--faketime` there is sleep alone.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import signal
import tempfile
from pathlib import Path

from tests.soak.program import Report, Sampler
from tests.soak.service import SoakSandbox, soak_sandbox
from tests.soak.user import User
from tests.soak.verdict import catch_up, conclude
from tui.domain.accounts import Channel

JUMPS = (
    ("an hour on", "+3600", 0),
    ("a day back", "-86400", 0),
    ("eight hours on", "+28800", 60),
    ("right", "+0", 0),
)
"""What it is called, the difference from the true time in seconds, and seconds of sleep before."""
AFTER_SECONDS, CATCH_UP_SECONDS = 90.0, 600.0


class FakeTime:
    """The wall clock of one process, by libfaketime.

    Args:
        library: its `.so`; `None`: the clock stays as it is.
        folder: where the file is by which it is told.
    """

    def __init__(self, library: Path | None, folder: Path) -> None:
        self._library = library
        self._file = folder / "faketime"
        self._file.write_text("+0\n")

    def environ(self) -> dict[str, str]:
        """What the process needs in its environment."""
        if self._library is None:
            return {}
        return {
            "LD_PRELOAD": str(self._library),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "DONT_FAKE_MONOTONIC": "1",
        }

    def jump(self, difference: str) -> None:
        """Set the clock that many seconds from the true time."""
        self._file.write_text(f"{difference}\n")


async def sleep(user: User, sandbox: SoakSandbox, seconds: float, jobs: int) -> None:
    """Stop the app for a while, in which jobs are created elsewhere."""
    user.program.send(signal.SIGSTOP)
    for _ in range(jobs):
        await asyncio.sleep(seconds / jobs)
        await sandbox.submit(1, "elsewhere")
    user.program.send(signal.SIGCONT)


async def after(what: str, user: User, sandbox: SoakSandbox, home: Path, report: Report) -> None:
    """What became of it: the history catches up, keys work, a submission becomes a job."""
    await user.program.press("f2", "home")
    await catch_up(sandbox, home, report, CATCH_UP_SECONDS)
    await user.submit()
    await asyncio.sleep(5)
    await catch_up(sandbox, home, report, CATCH_UP_SECONDS)
    await asyncio.sleep(AFTER_SECONDS)
    await user.program.press("f2", "home")
    report.line(f"{what}:\n" + await user.program.screen())
    await user.program.press("ctrl+t", pause=0.5)
    report.line("notices:\n" + await user.program.screen())
    await user.program.press("esc")


async def soak(options: argparse.Namespace, folder: Path) -> int:
    """The whole run; how many jobs are lost or doubled."""
    home = folder / "home"
    fake = FakeTime(options.faketime, folder)
    async with soak_sandbox(folder / "sandbox", Channel(options.face), ["--pace", "4"]) as sandbox:
        await sandbox.submit(10, "before")
        report = Report(options.report)
        user = User("app", sandbox, home, random.Random(options.seed), fake.environ())
        requests = sandbox.network.requests
        sampler = Sampler(report, lambda: user.program, more=lambda: f"{requests.total()} requests")
        watching = asyncio.create_task(sampler.run())
        while not await user.prepare():
            report.line("not ready yet:\n" + await user.program.screen())
        await after("before", user, sandbox, home, report)
        report.line(f"the app is stopped for {options.sleep:.0f} s")
        await sleep(user, sandbox, options.sleep, jobs=6)
        report.line("the app goes on")
        await after("after sleep", user, sandbox, home, report)
        for name, difference, seconds in JUMPS if options.faketime else ():
            if seconds:
                await sleep(user, sandbox, seconds, jobs=1)
            fake.jump(difference)
            report.line(f"the clock is {name}")
            await sandbox.submit(1, "elsewhere")
            await after(name, user, sandbox, home, report)
        watching.cancel()
        return await conclude(user, sandbox, home, report)


def main() -> None:
    """Run and write the report."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--sleep", type=float, default=600.0, help="seconds for which the app is stopped")
    parser.add_argument("--faketime", type=Path, default=None, help="libfaketimeMT.so.1")
    parser.add_argument("--face", choices=[face.value for face in Channel], default="platform")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--report", type=Path, required=True)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="qdeck-soak-") as folder:
        wrong = asyncio.run(soak(options, Path(folder)))
    raise SystemExit(1 if wrong else 0)


if __name__ == "__main__":
    main()
