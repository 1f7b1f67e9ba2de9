"""Sessions of the classic runtime: `max_session_ttl` instead of `max_ttl`, and a mode that may be missing."""

from __future__ import annotations

from starlette.responses import Response

from tui.sandbox.base.http import answer, json_object, nothing
from tui.sandbox.classic.guard import FACE, Call, check_provider
from tui.sandbox.server import session_requests as asked
from tui.sandbox.server.views import session_view


async def create(call: Call) -> Response:
    """Answers the id alone, as the classic service did."""
    body = await json_object(call.request)
    check_provider(str(body.get("instance") or ""))
    session = call.service.open_session(
        FACE,
        asked.mode_of(body, "dedicated"),
        asked.backend_of(body),
        asked.seconds_of(body, "max_session_ttl", "max_ttl") or asked.DEFAULT_MAX_TTL,
    )
    return answer({"id": session.id})


async def get(call: Call) -> Response:
    session = call.service.sessions.get(FACE, call.path("session_id"))
    return answer(session_view(session, call.service.identity.classic_user_id, call.service.clock))


async def patch(call: Call) -> Response:
    accepting = asked.accepting_of(await json_object(call.request))
    call.service.sessions.drain(FACE, call.path("session_id"), accepting)
    return nothing()


async def close(call: Call) -> Response:
    call.service.sessions.close(FACE, call.path("session_id"))
    return nothing()
