"""Sessions and batches among the workloads that the platform lists (contract 5.13).

What is open may cost, so all of it is asked for every time, however much was opened and closed after it. What
is closed changes no more: the newest of that are asked for now and then.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import chain

from tui.common.errors import ErrorKind, QdeckError
from tui.common.timing import Clock
from tui.common.values import Listed
from tui.domain.sessions import Session, SessionState
from tui.ibm.codec.decoding import Provenance
from tui.ibm.codec.sessions import decode_workloads
from tui.ibm.platform.account_details import Get
from tui.ibm.transport.request import Query

CLOSED_EVERY = 60.0
"""Seconds after which the closed ones are asked for again."""
PAGES = 20
"""Pages that are followed at the most: a thousand sessions that are open at once."""
_NEWEST = (("sort", "-createdAt"), ("limit", "50"), ("user", "me"))
_OPEN = (("status", "pending"), ("status", "in_progress"))
_MODES = ("session", "batch")


class Workloads:
    """Lists the sessions and batches of one instance.

    Args:
        get: sends requests to the API.
        provenance: returns what every session carries of its response.
        clock: decides when the closed ones are asked for again.
    """

    def __init__(self, get: Get, provenance: Callable[[], Provenance], clock: Clock) -> None:
        self._get = get
        self._provenance = provenance
        self._clock = clock
        self._closed: tuple[Session, ...] = ()
        self._asked = -math.inf
        self._filters = True
        self._crowded = False

    async def sessions(self) -> Listed[Session]:
        """Return all that are open, and the newest that are closed, at most 50 of each mode; each once."""
        due = self._clock.monotonic() - self._asked >= CLOSED_EVERY
        # Many jobs may have been in the way for a while only.
        self._crowded &= not due
        listed = {session.id: session for session in self._closed}
        open_ones = await self._open()
        listed |= {session.id: session for session in open_ones}
        unreadable = [*open_ones.unreadable]
        if due and self._filters:
            # One after the other: a background worker has one request under way.
            newest = [await self._page((("mode", mode),)) for mode in _MODES]
            found = [session for sessions, _ in newest for session in sessions]
            self._closed = tuple(session for session in found if session.state is SessionState.CLOSED)
            listed |= {session.id: session for session in found}
            unreadable += [reason for sessions, _ in newest for reason in sessions.unreadable]
        if due:
            self._asked = self._clock.monotonic()
        return Listed(listed.values(), unreadable)

    async def _open(self) -> Listed[Session]:
        """All that are open: mostly one request, which lists the jobs that wait or run alone as well."""
        if self._filters and not self._crowded:
            try:
                sessions, following = await self._page(_OPEN)
            except QdeckError as error:
                if error.kind is not ErrorKind.INVALID:
                    raise
                # A service that does not know the filter: then all are listed, as far as any is open.
                self._filters = False
            else:
                if not following:
                    return sessions
                self._crowded = True
        by_mode = [await self._all_open(mode) for mode in _MODES]
        return _together(by_mode)

    async def _all_open(self, mode: str) -> Listed[Session]:
        """The open ones of a mode, page by page.

        A service that ignores the filter lists the newest first, closed ones too: there the pages end with
        the first that holds no open one.
        """
        query = (("mode", mode), *(_OPEN if self._filters else ()))
        pages: list[Listed[Session]] = []
        cursor = ""
        for _ in range(PAGES):
            sessions, following = await self._page(query, cursor)
            pages.append(sessions)
            done = all(session.state is SessionState.CLOSED for session in sessions)
            if done or not following or following == cursor:
                break
            cursor = following
        return _together(pages)

    async def _page(self, query: Query, cursor: str = "") -> tuple[Listed[Session], str]:
        more = (("next", cursor),) if cursor else ()
        response = await self._get("GET /workloads", query=(*query, *_NEWEST, *more))
        return decode_workloads(response.body, response.where, self._provenance())


def _together(lists: list[Listed[Session]]) -> Listed[Session]:
    return Listed(chain.from_iterable(lists), (reason for one in lists for reason in one.unreadable))
