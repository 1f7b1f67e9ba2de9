"""How a fault is carried out: the application with a layer around it that breaks what the plan says."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import formatdate

from starlette.responses import HTMLResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tui.sandbox.base.errors import ApiError
from tui.sandbox.error_rendering import render
from tui.sandbox.faults.connections import Connections
from tui.sandbox.faults.plan import Fault, FaultPlan, Kind

HUGE = 60 * 1024 * 1024
_PIECE = b" " * (1024 * 1024)
_PIECES = 8
_REFUSALS = {
    Kind.STATUS_500: ApiError(500, 1010, "Internal error.", "Try again."),
    Kind.STATUS_503: ApiError(503, 1010, "The service is not available.", "Try again later."),
    Kind.RATE_LIMITED: ApiError(429, 1202, "Too many requests."),
    Kind.RATE_LIMITED_FOR: ApiError(429, 1202, "Too many requests."),
    Kind.RATE_LIMITED_UNTIL: ApiError(429, 1202, "Too many requests."),
    Kind.UNAUTHORIZED: ApiError(401, 1219, "Error authenticating user."),
    Kind.FORBIDDEN: ApiError(403, 1200, "You are not authorized to perform this action."),
    Kind.NOT_FOUND: ApiError(404, 1291, "Not found"),
}
_TIMEOUT = "504 Gateway Timeout"
_GATEWAYS = {Kind.STATUS_502: "502 Bad Gateway", Kind.STATUS_504: _TIMEOUT}
_PORTAL = "<!DOCTYPE html><html><title>Log in</title><body>Log in to use this network.</body></html>"


@dataclass(slots=True)
class _Answer:
    """What the application would have sent."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


def dated(app: ASGIApp) -> ASGIApp:
    """The application, its answers dated with the second in which they begin."""

    async def served(scope: Scope, receive: Receive, send: Send) -> None:
        async def dating(message: Message) -> None:
            if message["type"] == "http.response.start":
                date = formatdate(time.time(), usegmt=True).encode("ascii")
                message = {**message, "headers": [*message.get("headers", ()), (b"date", date)]}
            await send(message)

        await app(scope, receive, dating)

    return served


class Misbehaving:
    """An application whose answers go wrong as a plan says; requests to `/sandbox/` are left alone."""

    def __init__(self, app: ASGIApp, plan: FaultPlan, connections: Connections) -> None:
        self._app = app
        self._plan = plan
        self._connections = connections

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        fault = None
        if scope["type"] == "http" and not scope["path"].startswith("/sandbox/"):
            fault = self._plan.take(scope["method"], scope["path"])
        if fault is None:
            await self._app(scope, receive, send)
            return
        before = _before(fault, scope)
        if before is not None:
            await _read_all(receive)
            await before(scope, receive, send)
        elif fault.kind is Kind.RESET:
            await _read_all(receive)
            await self._cut(self._connections.reset, scope, receive)
        elif fault.kind is Kind.HANG:
            await _until_gone(receive)
        else:
            await self._done_but(fault, scope, receive, send)

    async def _done_but(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the application do what is asked, and spoil its answer."""
        if fault.kind is Kind.SLOW:
            await asyncio.sleep(fault.seconds / 2)
        answer = await self._answered(scope, receive)
        match fault.kind:
            case Kind.SLOW:
                await _start(send, answer, len(answer.body))
                step = max(1, -(-len(answer.body) // _PIECES))
                for at in range(0, len(answer.body), step):
                    await asyncio.sleep(fault.seconds / 2 / _PIECES)
                    await _more(send, answer.body[at : at + step])
                await _end(send)
            case Kind.UNANSWERED:
                await self._cut(self._connections.reset, scope, receive)
            case Kind.GATEWAY_DONE:
                await _gateway(_TIMEOUT)(scope, receive, send)
            case Kind.HALF:
                body = answer.body or b"{}"
                await _start(send, answer, len(body))
                await _more(send, body[: len(body) // 2])
                await self._cut(self._connections.close, scope, receive)
            case Kind.INVALID_JSON:
                body = answer.body[: len(answer.body) // 2] + b',"\x01'
                await _start(send, answer, len(body))
                await _more(send, body)
                await _end(send)
            case _:
                await _start(send, answer, max(HUGE, len(answer.body)))
                await _more(send, answer.body)
                left = HUGE - len(answer.body)
                while left > 0:
                    await _more(send, _PIECE[:left])
                    left -= len(_PIECE)
                await _end(send)

    async def _answered(self, scope: Scope, receive: Receive) -> _Answer:
        answer = _Answer(500, [], b"")

        async def keep(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer.status, answer.headers = message["status"], list(message.get("headers", ()))
            elif message["type"] == "http.response.body":
                answer.body += message.get("body", b"")

        await self._app(scope, receive, keep)
        return answer

    async def _cut(self, how: Callable[[Scope], None], scope: Scope, receive: Receive) -> None:
        how(scope)
        await _until_gone(receive)


def _before(fault: Fault, scope: Scope) -> Response | None:
    """The answer of a fault that keeps the request from the application."""
    path = scope["path"]
    if fault.kind in _REFUSALS:
        response = render(path, _REFUSALS[fault.kind])
        if fault.kind is Kind.RATE_LIMITED_FOR:
            response.headers["Retry-After"] = f"{fault.seconds:g}"
        if fault.kind is Kind.RATE_LIMITED_UNTIL:
            response.headers["Retry-After"] = formatdate(time.time() + fault.seconds, usegmt=True)
        return response
    if fault.kind in _GATEWAYS:
        return _gateway(_GATEWAYS[fault.kind])
    if fault.kind is Kind.HTML:
        return HTMLResponse(_PORTAL)
    if fault.kind is Kind.REDIRECT:
        port = (scope.get("server") or ("", 80))[1]
        return Response(
            status_code=307, headers={"Location": fault.target or f"http://localhost:{port}{path}"}
        )
    return None


def _gateway(words: str) -> Response:
    return HTMLResponse(f"<html><head><title>{words}</title></head></html>", int(words[:3]))


async def _read_all(receive: Receive) -> None:
    """Take the request's body, so that the answer is what goes wrong and not the sending."""
    message = await receive()
    while message["type"] == "http.request" and message.get("more_body", False):
        message = await receive()


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _start(send: Send, answer: _Answer, length: int) -> None:
    kept = [(name, value) for name, value in answer.headers if name.lower() != b"content-length"]
    headers = [*kept, (b"content-length", str(length).encode())] if length else kept
    # An answer without a body may have none: it gets a status that has one.
    status = 200 if answer.status == 204 and length else answer.status
    await send({"type": "http.response.start", "status": status, "headers": headers})


async def _more(send: Send, piece: bytes) -> None:
    if piece:
        await send({"type": "http.response.body", "body": piece, "more_body": True})


async def _end(send: Send) -> None:
    await send({"type": "http.response.body", "body": b""})
