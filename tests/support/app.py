"""Running the app in a test: its services, a terminal of some size, and waiting for what is to come."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Protocol

from textual.app import App
from textual.pilot import Pilot

from tests.support.app_services import AppServicesHarness
from tests.support.fixed_values import FixedClock
from tui.app import QDeckApp
from tui.config.settings import Settings

_DEADLINE = 20.0


class SnapCompare(Protocol):
    """The fixture of pytest-textual-snapshot, typed."""

    def __call__(
        self,
        app: App[None],
        press: tuple[str, ...] = ...,
        terminal_size: tuple[int, int] = ...,
        run_before: Callable[[Pilot[None]], Awaitable[None]] | None = ...,
    ) -> bool:
        """Whether the picture is the one that was accepted."""
        ...


def make_app(services: AppServicesHarness | None = None, settings: Settings = Settings()) -> QDeckApp:  # noqa: B008  # frozen
    """The app on such services; `None`: signed in to the sandbox, with jobs."""
    services = AppServicesHarness() if services is None else services
    return QDeckApp(services, clock=FixedClock(), settings=settings)


@asynccontextmanager
async def running(
    services: AppServicesHarness | None = None, *, size: tuple[int, int] = (80, 24)
) -> AsyncIterator[Pilot[None]]:
    """The app, running, its first work done."""
    app = make_app(services)
    async with app.run_test(size=size, notifications=True) as pilot:
        await settled(pilot)
        yield pilot


async def settled(pilot: Pilot[None]) -> None:
    """Wait until no worker runs that could still change the screen."""
    await pilot.pause()
    app = pilot.app
    assert isinstance(app, QDeckApp)
    await until(pilot, lambda: not app.key_in_progress and not any(_busy(group) for group in _groups(pilot)))
    await pilot.pause()


def _groups(pilot: Pilot[None]) -> list[str]:
    return [worker.group for worker in pilot.app.workers if worker.is_running]


def _busy(group: str) -> bool:
    # A worker that waits for the answer of a dialog is not on its way to change anything.
    return not group.endswith(("-command", "quit"))


async def until(pilot: Pilot[None], condition: Callable[[], bool]) -> None:
    """Let the app run until the condition holds.

    Raises:
        AssertionError: it does not, for 20 s.
    """
    deadline = time.monotonic() + _DEADLINE
    while not condition():
        assert time.monotonic() < deadline, "what was waited for did not come"
        await pilot.pause(0.01)
    # What came with it is painted too.
    await pilot.pause()


def screen_text(pilot: Pilot[None]) -> str:
    """What the terminal shows, as lines of text."""
    app = pilot.app
    width, height = app.size
    lines = app.screen._compositor.render_strips()
    return "\n".join(strip.text.ljust(width) for strip in lines[:height])


def shows(pilot: Pilot[None], *words: str) -> bool:
    """Return whether the terminal shows all of the words, each in one line."""
    text = screen_text(pilot)
    return all(word in text for word in words)


def app_of(pilot: Pilot[None]) -> QDeckApp:
    """Return the app that the pilot steers."""
    assert isinstance(pilot.app, QDeckApp)
    return pilot.app


def notices(pilot: Pilot[None]) -> str:
    """The text of the notices so far, newest first."""
    assert isinstance(pilot.app, QDeckApp)
    return "\n".join(note.text for note in pilot.app.notifications.all)
