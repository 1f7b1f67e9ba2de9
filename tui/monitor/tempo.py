"""How often jobs are asked for: fast near a change, slow deep in a queue, slower with nothing to watch."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Paces:
    """Seconds between two list requests: with jobs queued or running, at least and at most, and with none."""

    shortest: float
    running: float
    queued: float
    idle: float


SERVICE = Paces(shortest=1.0, running=4.0, queued=30.0, idle=30.0)
SANDBOX = Paces(shortest=0.5, running=0.5, queued=2.0, idle=5.0)


class Tempo:
    """Doubles the pause from the shortest while nothing changes; any change begins anew."""

    def __init__(self, paces: Paces) -> None:
        self._paces = paces
        self._pause = paces.shortest

    def hurry(self) -> None:
        """Something was just submitted or changed: begin with the shortest pause."""
        self._pause = self._paces.shortest / 2

    def pause(self, *, queued: int, running: int, changed: bool) -> float:
        """Seconds until the next request, after one that found this.

        Args:
            queued, running: how many jobs are watched in either state.
            changed: whether this request told anything new.
        """
        if changed:
            self.hurry()
        longest = self._paces.idle
        if running:
            longest = self._paces.running
        elif queued:
            longest = self._paces.queued
        self._pause = min(longest, self._pause * 2)
        return self._pause
