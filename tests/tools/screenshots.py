"""Makes the README's screenshots: the real app, worked by keys, on the real sandbox.

    python -m tests.tools.screenshots [FOLDER]

Writes one SVG a screen, 100x30, to `assets/screenshots` (or FOLDER).
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from pathlib import Path

from tests.end_to_end.app_driver import AppDriver
from tui.app import QDeckApp
from tui.commands.shared.context import make_services
from tui.common.timing import SystemClock

PICTURES = Path(__file__).resolve().parents[2] / "assets" / "screenshots"
SIZE = (100, 30)
RUNS = (("ghz", "ibm_cusco"), ("grover", "ibm_fez"), ("bell", "ibm_peekskill"))
"""What is run for the pictures: the example, and the backend."""


async def take(folder: Path, home: Path) -> None:
    """Walk through the app and take a picture of each screen."""
    services = make_services({"QDECK_HOME": str(home), "HOME": str(home)})
    app = QDeckApp(services, clock=SystemClock(), state_folder=home / "state")
    async with app.run_test(size=SIZE, notifications=True) as pilot:
        driver = AppDriver(pilot, services)

        async def shoot(name: str) -> None:
            app.clear_notices()
            await pilot.pause(0.3)
            app.save_screenshot(f"{name}.svg", str(folder))
            print(f"{name}.svg")

        await driver.see("Sandbox: IBM Quantum")
        await shoot("login")
        await driver.press("S")
        await driver.see("No jobs yet")
        for number, (example, backend) in enumerate(RUNS):
            last = number == len(RUNS) - 1
            await driver.press("f3", "ctrl+o")
            await driver.see("Open a circuit")
            await driver.press(*example, "enter")
            await driver.see("checked by Qiskit")
            if last:
                await shoot("editor")
            await driver.press("f4")
            await driver.choose("backend", backend)
            await driver.press("f8")
            await driver.see("candidates in")
            await driver.see(f"for {backend}")
            if last:
                await shoot("transpile")
            await driver.press("f9")
            await driver.finish(number)
        await driver.press("f5", "n")
        await driver.see("Open a session")
        await driver.press("tab", "tab", "enter")
        await driver.see("○ open")
        await shoot("sessions")
        await driver.press("f6", "r")
        await driver.see("ibm_fez")
        await shoot("backends")
        await driver.press("f2")
        await driver.see("✔ done")
        await shoot("jobs")
        await driver.press("enter")
        await driver.see("outcomes")
        await shoot("job")


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
