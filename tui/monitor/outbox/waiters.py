"""Who waits for what becomes of a submission, and what they are told."""

from __future__ import annotations

import asyncio

from tui.domain.jobs import Job


class Waiters:
    """One future for each submission that somebody waits for, by its own tag."""

    def __init__(self) -> None:
        self._awaited: dict[str, asyncio.Future[Job]] = {}

    def __contains__(self, tag: object) -> bool:
        return tag in self._awaited

    def expect(self, tag: str) -> asyncio.Future[Job]:
        """What the caller waits for; it may give up waiting."""
        outcome: asyncio.Future[Job] = asyncio.get_running_loop().create_future()
        # The caller may have gone; its error was for it, and the intent's state tells the rest.
        outcome.add_done_callback(lambda done: None if done.cancelled() else done.exception())
        self._awaited[tag] = outcome
        return outcome

    def awaited(self, tag: str) -> asyncio.Future[Job] | None:
        """What a caller of this submission waits for, when there is one."""
        return self._awaited.get(tag)

    def tags(self) -> tuple[str, ...]:
        """The submissions that somebody waits for."""
        return tuple(self._awaited)

    def succeed(self, tag: str, job: Job) -> None:
        """The job exists."""
        outcome = self._awaited.pop(tag, None)
        if outcome is not None and not outcome.done():
            outcome.set_result(job)

    def fail(self, tag: str, error: BaseException) -> bool:
        """No job came of it, or it is not known; whether there was a caller that had not been told."""
        outcome = self._awaited.pop(tag, None)
        if outcome is None or outcome.done():
            return False
        outcome.set_exception(error)
        return True
