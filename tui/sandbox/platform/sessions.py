"""`/sessions`: open, look at, drain, close."""

from __future__ import annotations

from starlette.responses import Response

from tui.sandbox.base.http import answer, json_object, nothing
from tui.sandbox.db.models import Session
from tui.sandbox.platform.guard import FACE, Call
from tui.sandbox.server import session_requests as asked
from tui.sandbox.server.views import session_view


async def create(call: Call) -> Response:
    body = await json_object(call.request)
    session = call.service.open_session(
        FACE,
        asked.mode_of(body),
        asked.backend_of(body),
        asked.seconds_of(body, "max_ttl", "active_ttl") or asked.DEFAULT_MAX_TTL,
        asked.seconds_of(body, "interactive_ttl"),
    )
    return _answer(call, session)


async def get(call: Call) -> Response:
    return _answer(call, call.service.sessions.get(FACE, call.path("session_id")))


async def patch(call: Call) -> Response:
    accepting = asked.accepting_of(await json_object(call.request))
    call.service.sessions.drain(FACE, call.path("session_id"), accepting)
    return nothing()


async def close(call: Call) -> Response:
    call.service.sessions.close(FACE, call.path("session_id"))
    return nothing()


def _answer(call: Call, session: Session) -> Response:
    return answer(session_view(session, call.service.identity.user_id, call.service.clock))
