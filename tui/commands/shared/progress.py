"""Words on stderr while something takes long: at a terminal alone, for a log they are noise."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tui.commands.shared.output import say

_TOLD_FIRST = 2.0
_TOLD_AGAIN = 10.0


class Progress:
    """Prints what goes on, from the second second on, now and then, as long as it goes on, at a terminal."""

    def __init__(self) -> None:
        self._what = ""
        self._limit: float | None = None
        self._began = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def show(self, what: str, limit: float | None = None) -> None:
        """Count from now on what goes on, in a few words; what goes on already is counted on; empty: nothing.

        Args:
            limit: seconds after which it is broken off; `None`: it is not.
        """
        if what == self._what:
            return
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._what, self._limit = what, limit
        if what and sys.stderr.isatty():
            loop = asyncio.get_running_loop()
            self._began = loop.time()
            self._timer = loop.call_later(_TOLD_FIRST, self._tell)

    def _tell(self) -> None:
        loop = asyncio.get_running_loop()
        passed = loop.time() - self._began
        limit = "" if self._limit is None else f" of {self._limit:.3g}"
        say(f"{self._what}: {passed:.0f}{limit} s. Ctrl+C stops.")
        self._timer = loop.call_later(max(_TOLD_AGAIN, passed), self._tell)


@contextmanager
def told_when_slow(what: str, limit: float | None = None) -> Iterator[None]:
    """Print what goes on inside, as `Progress.show` does."""
    progress = Progress()
    progress.show(what, limit)
    try:
        yield
    finally:
        progress.show("")
