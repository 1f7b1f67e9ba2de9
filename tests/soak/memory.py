"""Memory of the app while a user works in it for hours.

    python -m tests.soak.memory --minutes 90 --jobs 200 --face platform --report FILE

The real app on a sandbox with JOBS finished jobs; every screen is gone through by keys, a round of about 130
keys again and again, while a job from elsewhere comes every five minutes. The report has memory, CPU and
requests by the minute. `--pause` is the time between two keys: 0.02 for a run that hurries.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import tempfile
from pathlib import Path

from tests.soak.program import Program, Report, Sampler
from tests.soak.service import SoakSandbox, soak_sandbox
from tui.domain.accounts import Channel

DOWN = ("down",)
ROUND: dict[str, tuple[str, ...]] = {
    "table": (*DOWN * 12, "pgdn", "pgdn", *["up"] * 6, "pgup", "home", "n", "end", "home", "S", "S"),
    "job": ("down", "enter", "2", "3", "4", "5", "6", "1", "esc", *DOWN * 5, "enter", "tab", "tab", "esc"),
    "filter": (
        "/",
        *"status:done",
        "enter",
        "down",
        "down",
        "esc",
        "/",
        *"backend:cusco",
        "enter",
        "esc",
        "esc",
    ),
    "dialogs": (
        "s",
        "esc",
        "o",
        "esc",
        "f",
        "esc",
        "t",
        "esc",
        "f1",
        "esc",
        "ctrl+t",
        "esc",
        " ",
        "v",
        "esc",
    ),
    "group": ("b", "down", "enter", "down", "enter", "enter", "b", "home", "enter"),
    "editor": ("f3", *"// note", *["bs"] * 7, "down", "down", "up", "ctrl+o", "esc"),
    "transpile": ("f4", "f8", "tab", "tab"),
    "sessions": ("f5", "n", "esc", "down", "up"),
    "backends": ("f6", *DOWN * 5, *["up"] * 5),
    "account": ("f7", "esc"),
    "palette": ("ctrl+p", *"jobs", "esc"),
    "end": ("f2", "home"),
}
"""The keys of a round by what they go through."""
NEW_JOB_EVERY = 300.0
LOOK_EVERY = 40


async def work(
    program: Program, report: Report, minutes: float, pause: float, parts: list[str]
) -> tuple[int, int]:
    """Press keys for some minutes; rounds and keys that it took."""
    keys = 0
    for rounds in itertools.count(1):
        for part in parts:
            for key in ROUND[part]:
                await program.press(key, pause=pause)
                keys += 1
        if rounds % LOOK_EVERY == 1:
            report.line("screen:\n" + await program.screen())
        if report.seconds > minutes * 60 or not program.running:
            return rounds, keys
    raise AssertionError


async def new_jobs(sandbox: SoakSandbox) -> None:
    """A job from elsewhere, now and then."""
    while True:
        await asyncio.sleep(NEW_JOB_EVERY)
        await sandbox.submit(1, "later")


async def soak(options: argparse.Namespace, folder: Path) -> None:
    """The whole run."""
    face = Channel(options.face)
    async with soak_sandbox(folder / "sandbox", face, ["--pace", "20"]) as sandbox:
        await sandbox.submit(options.jobs, "soak")
        program = Program(["--channel", face.value], sandbox.environ(folder))
        report = Report(options.report)
        network = sandbox.network
        sampler = Sampler(report, lambda: program, more=lambda: f"{network.requests.total()} requests")
        try:
            if not await program.see("ibm_cusco"):
                raise RuntimeError(f"the jobs did not come\n{await program.screen()}")
            tasks = [asyncio.create_task(sampler.run()), asyncio.create_task(new_jobs(sandbox))]
            parts = options.parts.split(",") if options.parts else list(ROUND)
            rounds, keys = await work(program, report, options.minutes, options.pause, parts)
            for task in tasks:
                task.cancel()
            report.line(f"{rounds} rounds, {keys} keys; still running: {program.running}")
            report.line("screen:\n" + await program.screen())
            report.line(f"requests: {dict(network.requests.most_common(12))}")
        finally:
            report.line(f"ended {await program.end():.2f} s after SIGTERM, wait status {program.status}")


def main() -> None:
    """Run and write the report."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=90.0)
    parser.add_argument("--jobs", type=int, default=200)
    parser.add_argument("--face", choices=[face.value for face in Channel], default="platform")
    parser.add_argument("--pause", type=float, default=0.5)
    parser.add_argument("--parts", default="", help=f"of a round, with commas: {', '.join(ROUND)}")
    parser.add_argument("--report", type=Path, required=True)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="qdeck-soak-") as folder:
        asyncio.run(soak(options, Path(folder)))


if __name__ == "__main__":
    main()
