"""The job page in a test: its jobs by their place in the table, and opening it."""

from __future__ import annotations

from textual.pilot import Pilot

from tests.support.app import settled, until
from tui.screens.jobs.detail import JobScreen

BELL, FAILED, VALUES = 2, 3, 4
"""Places of jobs in the table."""


async def open_page(pilot: Pilot[None], place: int) -> None:
    """Open the page of the job at a place of the table, and wait until it is all there."""
    await settled(pilot)
    await pilot.press(*["down"] * place, "enter")
    await until(pilot, lambda: isinstance(pilot.app.screen, JobScreen))
    await settled(pilot)
