"""Full garbage collections while no key is pressed: one holds the event loop for some 50 ms."""

from __future__ import annotations

import asyncio
import gc

from tui.common.timing import Clock

QUIET = 5.0
"""Seconds without a key after which a full collection disturbs nobody."""
_DUE = 10
"""Collections of the middle generation after which Python itself would make a full one."""
_RARELY = 200
"""The same while keys are pressed. That is 1.4 million objects at most: garbage has a bound."""


class QuietCollector:
    """Lets Python make full collections rarely, and makes one itself when the user pauses.

    Args:
        clock: says how long ago the last key was.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._on = False
        self._touched = 0.0
        self._pause: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Enable the collector that the command has disabled; where it is enabled, nothing is changed.

        What the start has made stays to the end: no collection needs to go through it.
        """
        if gc.isenabled():
            return
        gc.freeze()
        young, middle, _ = gc.get_threshold()
        gc.set_threshold(young, middle, _RARELY)
        gc.enable()
        self._on = True
        self.user_active()

    def user_active(self) -> None:
        """Note that the user does something."""
        if not self._on:
            return
        self._touched = self._clock.monotonic()
        if self._pause is None or self._pause.done():
            self._pause = asyncio.create_task(self._collect_in_pause(), name="garbage-collection")

    async def _collect_in_pause(self) -> None:
        while (left := self._touched + QUIET - self._clock.monotonic()) > 0:
            await self._clock.sleep(left)
        if gc.get_count()[2] >= _DUE:
            gc.collect()
