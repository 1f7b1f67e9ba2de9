"""Events to all who subscribed, and background tasks whose failures become notices."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from tui.common.errors import QdeckError
from tui.monitor.state.events import Event, Notice, Severity

_log = logging.getLogger(__name__)

E = TypeVar("E", bound=Event)


class EventBus:
    """Events go to those who subscribed; work in the background is kept, and its failure published."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()
        self._listeners: list[tuple[tuple[type[Any], ...], Callable[[Any], None]]] = []

    def subscribe(self, listener: Callable[[E], None], *kinds: type[E]) -> Callable[[], None]:
        """Call `listener` with every event of these kinds, in the event loop; without kinds with every event.

        Returns:
            A function that ends that.
        """
        entry = (kinds, listener)
        self._listeners.append(entry)

        def end() -> None:
            if entry in self._listeners:
                self._listeners.remove(entry)

        return end

    def publish(self, event: Event) -> None:
        """Call the listeners. One that raises is logged and does not keep the event from the others."""
        for kinds, listener in tuple(self._listeners):
            if kinds and not isinstance(event, kinds):
                continue
            try:
                listener(event)
            except Exception:
                _log.exception("a listener failed on %s", type(event).__name__)

    def notice(self, text: str, severity: Severity = Severity.INFORMATION) -> None:
        """Publish a notice: something for the user that belongs to no view."""
        self.publish(Notice(text, severity))

    def background(self, work: Coroutine[None, None, None], what: str) -> asyncio.Task[None]:
        """Run `work` in the background; its failure becomes a notice.

        Args:
            what: the work in words, for that notice.

        Returns:
            The task, which is kept until it ends.
        """
        task = asyncio.ensure_future(work)
        self._tasks.add(task)

        def ended(task: asyncio.Task[None]) -> None:
            self._tasks.discard(task)
            error = None if task.cancelled() else task.exception()
            if error is not None:
                _log.error("%s failed", what, exc_info=error)
                self.notice(f"{what} failed: {in_words(error)}", Severity.ERROR)

        task.add_done_callback(ended)
        return task


def in_words(error: BaseException) -> str:
    """Return an error in words.

    Returns:
        The message of one of qdeck's own errors, which hold no secret; of another one, its type alone.
    """
    return str(error) if isinstance(error, QdeckError) else type(error).__name__
