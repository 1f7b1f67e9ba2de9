"""Who is told what happens, and what goes on beside."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine

from tui.common.errors import QdeckError
from tui.monitor.state.events import Event, Notice, Severity

_log = logging.getLogger(__name__)


class EventBus:
    """Events go to all who subscribed; work beside is kept until it ends, and its failure is told."""

    def __init__(self) -> None:
        self._beside: set[asyncio.Task[None]] = set()
        self._listeners: list[Callable[[Event], None]] = []

    def subscribe(self, listener: Callable[[Event], None]) -> Callable[[], None]:
        """Call `listener` with every event; returns what ends that."""
        self._listeners.append(listener)

        def end() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return end

    def publish(self, event: Event) -> None:
        """Tell all listeners. One that raises is logged and does not keep the others from hearing."""
        for listener in tuple(self._listeners):
            try:
                listener(event)
            except Exception:
                _log.exception("a listener failed on %s", type(event).__name__)

    def notice(self, text: str, severity: Severity = Severity.INFORMATION) -> None:
        """Tell the user something that belongs to no view."""
        self.publish(Notice(text, severity))

    def background(self, work: Coroutine[None, None, None], what: str) -> asyncio.Task[None]:
        """Let `work` run beside; its failure is told. Returns the task, which is kept until it ends."""
        task = asyncio.ensure_future(work)
        self._beside.add(task)

        def ended(task: asyncio.Task[None]) -> None:
            self._beside.discard(task)
            error = None if task.cancelled() else task.exception()
            if error is not None:
                _log.error("%s failed", what, exc_info=error)
                self.notice(f"{what} failed: {in_words(error)}", Severity.ERROR)

        task.add_done_callback(ended)
        return task


def in_words(error: BaseException) -> str:
    """An error in words. Only qdeck's own errors are known to hold no secret."""
    return str(error) if isinstance(error, QdeckError) else type(error).__name__
