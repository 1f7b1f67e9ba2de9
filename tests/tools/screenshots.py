"""Makes the README's screenshots: the real app, worked by keys, on the real sandbox.

    python -m tests.tools.screenshots [FOLDER]

Writes one SVG a screen to `assets/screenshots` (or FOLDER): thirty jobs in all states, a job, a comparison,
the editor, the review with its map, sessions, backends, sign in.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from collections import Counter
from pathlib import Path

from textual.pilot import Pilot

from tests.end_to_end.app_driver import AppDriver
from tests.tools.journeys import simulators, stopped
from tui.app import QDeckApp
from tui.commands.shared.context import make_services
from tui.common.timing import SystemClock

PICTURES = Path(__file__).resolve().parents[2] / "assets" / "screenshots"
SIZE = (120, 40)
RUNS = (("ghz", "ibm_cusco"), ("grover", "ibm_fez"), ("qft4", "ibm_peekskill"), ("bell", "ibm_peekskill"))
"""What is run for the pictures: the example, and the backend."""
COPIES = 5
"""How often each is run again."""
QUEUED = 4


class Photographer:
    """Works the app and takes a picture of each screen.

    Args:
        driver: works the app.
        folder: where the pictures go.
    """

    def __init__(self, driver: AppDriver, folder: Path) -> None:
        self.driver = driver
        self.pilot: Pilot[None] = driver.pilot
        self._folder = folder

    async def shoot(self, name: str) -> None:
        """Take a picture of what is shown."""
        app = self.pilot.app
        assert isinstance(app, QDeckApp)
        app.clear_notices()
        await self.pilot.pause(0.3)
        app.save_screenshot(f"{name}.svg", str(self._folder))
        print(f"{name}.svg")

    async def review(self, example: str, backend: str) -> None:
        """Open an example and transpile it for a backend."""
        await self.driver.press("f3", "ctrl+o")
        await self.driver.see("Open a circuit")
        await self.driver.press(*example, "enter")
        await self.driver.see("checked by Qiskit")
        await self.driver.press("f4")
        await self.driver.choose("backend", backend)
        await self.driver.press("f8")
        await self.driver.see("candidates in")
        await self.driver.see(f"for {backend}")

    async def submit(self) -> None:
        """Submit what is under review, and wait for the end of the job."""
        before = len(self.driver.services.jobs.all())
        await self.driver.press("f9")
        await self.driver.wait(lambda: len(self.driver.services.jobs.all()) > before, "the job in the table")
        await self.over()

    async def run_again(self, copies: int) -> None:
        """Run the job under the cursor again."""
        due = len(self.driver.services.jobs.all()) + copies
        await self.driver.press("R")
        await self.driver.see("Copies")
        await self.driver.fill("copies", str(copies))
        await self.driver.press("enter", "enter")
        await self.driver.wait(lambda: len(self.driver.services.jobs.all()) >= due, "the copies")

    async def over(self) -> None:
        """Wait until no job is queued or running."""
        services = self.driver.services
        await self.driver.wait(lambda: all(job.status.final for job in services.jobs.all()), "the end of all")

    async def jobs(self) -> None:
        """Thirty jobs: done, failed for want of QPU time, cancelled, running and queued."""
        for number, (example, backend) in enumerate(RUNS):
            await self.review(example, backend)
            if number == len(RUNS) - 1:
                await self.driver.press("1")
                await self.shoot("transpile")
                await self.driver.press("f3")
                await self.shoot("editor")
                await self.driver.press("f4")
            await self.submit()
            await self.driver.see("F2 Jobs")
            await self.run_again(COPIES)
            await self.over()
        await self.driver.press("f4")
        await self.driver.fill("max-seconds", "1")
        await self.submit()
        await self.driver.press("f4")
        await self.driver.fill("max-seconds", "")
        with stopped(simulators()[:1]):
            await self.driver.press("f9")
            await self.driver.see("▶ running")
            await self.run_again(QUEUED)
            await self.driver.press("home", "J", "c")
            await self.driver.see("Cancel 2 jobs?")
            await self.driver.press("tab", "enter")
            await self.driver.see("⊘ cancelled")
            await self.driver.press("escape", "home")
            await self.shoot("jobs")
        await self.over()
        print(Counter(job.status.value for job in self.driver.services.jobs.all()))

    async def job_and_comparison(self) -> None:
        """The page of the newest job that is done, and two jobs side by side."""
        await self.driver.press("slash", *"status:done", "enter", "enter")
        await self.driver.see("▴ noisy  Hellinger")
        await self.shoot("job")
        await self.driver.press("escape", "home", "J", "C")
        await self.driver.see("[1 Results]")
        await self.driver.see("apart")
        await self.driver.press("i")
        await self.driver.see("deal")
        await self.shoot("compare")
        await self.driver.press("escape")


async def take(folder: Path, home: Path) -> None:
    """Walk through the app and take a picture of each screen."""
    services = make_services({"QDECK_HOME": str(home), "HOME": str(home)})
    app = QDeckApp(services, clock=SystemClock(), state_folder=home / "state")
    async with app.run_test(size=SIZE, notifications=True) as pilot:
        driver = AppDriver(pilot, services)
        photographer = Photographer(driver, folder)
        await driver.see("Sandbox: IBM Quantum")
        await photographer.shoot("login")
        await driver.press("s")
        await driver.see("No jobs yet")
        await photographer.jobs()
        await photographer.job_and_comparison()
        await driver.press("f5", "n")
        await driver.see("Open a session")
        await driver.press("tab", "tab", "enter")
        await driver.see("○ open")
        await photographer.shoot("sessions")
        await driver.press("f6", "r")
        await driver.see("ibm_fez")
        await photographer.shoot("backends")


def main() -> None:
    """Take them all."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else PICTURES
    folder.mkdir(parents=True, exist_ok=True)
    # The pictures are the same from whatever terminal they are made.
    os.environ |= {"COLORTERM": "truecolor", "TERM": "xterm-256color"}
    os.environ.pop("NO_COLOR", None)
    with tempfile.TemporaryDirectory() as home:
        asyncio.run(take(folder, Path(home)))


if __name__ == "__main__":
    main()
