"""Drives the real app as a user does: by keys alone, reading the screen and what came out."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from textual.pilot import Pilot
from textual.widgets import Input, OptionList

from tests.support.app import notices, screen_text
from tui.app import QDeckApp
from tui.commands.shared.context import make_services
from tui.common.timing import SystemClock
from tui.domain.accounts import Channel
from tui.domain.jobs import Job
from tui.domain.results import JobResult
from tui.monitor.services import AppServices

PATIENCE = 60.0
"""Seconds after which what is waited for is not coming: far longer than anything takes."""


class AppDriver:
    """Works the app by keys."""

    def __init__(self, pilot: Pilot[None], services: AppServices) -> None:
        self.pilot = pilot
        self.services = services

    async def press(self, *keys: str) -> None:
        """Press keys, named as Textual names them."""
        await self.pilot.press(*keys)

    async def type(self, text: str) -> None:
        """Type a text."""
        await self.pilot.press(*("enter" if letter == "\n" else letter for letter in text))

    async def wait(self, condition: Callable[[], bool], what: str) -> None:
        """Wait until the condition holds.

        Raises:
            AssertionError: it never did; with what was waited for and the screen.
        """
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < deadline, f"waited in vain for {what}\n{screen_text(self.pilot)}"
            await self.pilot.pause(0.02)

    async def see(self, text: str) -> None:
        """Wait until the text is on the screen."""
        await self.wait(lambda: text in screen_text(self.pilot), repr(text))

    async def notice(self, text: str) -> None:
        """Wait until a notice says so."""
        await self.wait(lambda: text in notices(self.pilot), f"the notice {text!r}")

    async def choose(self, field: str, label: str) -> None:
        """Go to a field with a list by tab, open it, go down to the label that begins so, take it."""
        await self._tab_to(field)
        await self.press("enter", "home")
        for _ in range(20):
            options = self.pilot.app.focused
            assert isinstance(options, OptionList), f"enter does not open the list of {field}"
            marked = options.highlighted_option
            if marked is not None and str(marked.prompt).startswith(label):
                await self.press("enter")
                return
            await self.press("down")
        raise AssertionError(f"{label!r} is not offered\n{screen_text(self.pilot)}")

    async def fill(self, field: str, text: str) -> None:
        """Go to a field by tab, and put a text in place of what it holds."""
        await self._tab_to(field)
        entry = self.pilot.app.focused
        assert isinstance(entry, Input)
        await self.press("end", *["backspace"] * len(entry.value))
        await self.type(text)

    async def _tab_to(self, field: str) -> None:
        for _ in range(25):
            focused = self.pilot.app.focused
            if focused is not None and focused.id == field:
                return
            await self.press("tab")
        raise AssertionError(f"tab does not reach {field}\n{screen_text(self.pilot)}")

    async def finish(self, before: int) -> tuple[Job, JobResult]:
        """Wait until the newest job, which comes after `before` others, is done; its result."""
        await self.wait(lambda: len(self.services.jobs.all()) > before, "the job in the table")
        await self.wait(lambda: self.services.jobs.all()[0].status.final, "the end of the job")
        job = self.services.jobs.all()[0]
        return job, await self.services.jobs.result(job.id)


@asynccontextmanager
async def app_on_sandbox(home: Path, face: Channel) -> AsyncIterator[AppDriver]:
    """The app as `qdeck --sandbox --channel FACE` shows it, with a home of its own; 120x40."""
    services = make_services({"QDECK_HOME": str(home), "HOME": str(home)})
    app = QDeckApp(services, clock=SystemClock(), sandbox=face, state_folder=home / "state")
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        driver = AppDriver(pilot, services)
        await driver.wait(lambda: services.connection.identity is not None, "the sign-in")
        await driver.wait(lambda: bool(services.backends.all()), "the backends")
        yield driver


def counts_of(result: JobResult) -> Mapping[str, int]:
    """The counts of a job with one register."""
    (pub,) = result.pubs
    (counts,) = pub.counts
    return counts.counts
