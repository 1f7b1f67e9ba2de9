"""How often jobs are asked for: fast near a change, slow deep in a queue, seldom with nothing to watch."""

from __future__ import annotations

import math
from dataclasses import dataclass

INTERACTIVE = 5.0
"""Seconds at most between two requests while a session is open that loses its place when no job comes."""
JOBS_A_SECOND = 50.0
"""Jobs listed a second at most, on average: reading them takes well under 1 % of a core."""


@dataclass(frozen=True, slots=True)
class PollRates:
    """Seconds between two list requests.

    Attributes:
        shortest: just after a submission or a change.
        running, queued: at most, with jobs in that state.
        unfocused: with jobs to watch and nobody looking.
        idle: with nothing to watch, no session open, and somebody looking.
    """

    shortest: float
    running: float
    queued: float
    unfocused: float
    idle: float


SERVICE = PollRates(shortest=1.0, running=4.0, queued=30.0, unfocused=60.0, idle=60.0)
SANDBOX = PollRates(shortest=0.5, running=0.5, queued=2.0, unfocused=10.0, idle=10.0)


class PollInterval:
    """Doubles the pause from the shortest while nothing changes; any change begins anew."""

    def __init__(self, paces: PollRates) -> None:
        self._paces = paces
        self._pause = paces.shortest

    @property
    def shortest(self) -> float:
        """Seconds between two requests at the least."""
        return self._paces.shortest

    def hurry(self) -> None:
        """Something was just submitted or changed: begin with the shortest pause."""
        self._pause = self._paces.shortest / 2

    def pause(
        self,
        *,
        queued: int,
        running: int,
        changed: bool,
        focused: bool = True,
        attended: bool = True,
        interactive: bool = False,
        unfinished: bool = False,
    ) -> float:
        """Seconds until the next request, after one that found this; `math.inf`: until woken.

        Args:
            queued, running: how many jobs are watched in either state.
            changed: whether this request told anything new.
            focused: whether the terminal has the focus.
            attended: whether somebody looks who would see what is new from elsewhere.
            interactive: whether a session is open: it is watched like a job.
            unfinished: whether this request was only the first half of a look.
        """
        if unfinished:
            return self._paces.shortest
        if changed:
            self.hurry()
        watched = queued + running
        if not watched and not interactive:
            return self._paces.idle if attended else math.inf
        longest = self._paces.running if running else self._paces.queued
        if interactive:
            longest = min(longest, INTERACTIVE)
        self._pause = min(longest, self._pause * 2)
        if not focused:
            return self._paces.unfocused
        return max(self._pause, watched / JOBS_A_SECOND)
