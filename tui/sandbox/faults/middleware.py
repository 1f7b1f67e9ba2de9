"""Middleware that injects the faults of a plan into the responses of the application."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import formatdate

from starlette.responses import HTMLResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tui.sandbox.base.errors import ApiError
from tui.sandbox.base.http import disconnected, error_response
from tui.sandbox.faults.connections import Connections
from tui.sandbox.faults.plan import Fault, FaultKind, FaultPlan

HUGE = 60 * 1024 * 1024
_WHITE_SPACE = b" " * (1024 * 1024)
_SLOW_CHUNKS = 8
_REFUSALS = {
    FaultKind.STATUS_500: ApiError(500, 1010, "Internal error.", "Try again."),
    FaultKind.STATUS_503: ApiError(503, 1010, "The service is not available.", "Try again later."),
    FaultKind.RATE_LIMITED: ApiError(429, 1202, "Too many requests."),
    FaultKind.RATE_LIMITED_FOR: ApiError(429, 1202, "Too many requests."),
    FaultKind.RATE_LIMITED_UNTIL: ApiError(429, 1202, "Too many requests."),
    FaultKind.UNAUTHORIZED: ApiError(401, 1219, "Error authenticating user."),
    FaultKind.FORBIDDEN: ApiError(403, 1200, "You are not authorized to perform this action."),
    FaultKind.NOT_FOUND: ApiError(404, 1291, "Not found"),
}
_TIMEOUT = "504 Gateway Timeout"
_GATEWAYS = {
    FaultKind.STATUS_502: "502 Bad Gateway",
    FaultKind.STATUS_504: _TIMEOUT,
    FaultKind.GATEWAY_FORBIDDEN: "403 Forbidden",
}
_PORTAL = "<!DOCTYPE html><html><title>Log in</title><body>Log in to use this network.</body></html>"


@dataclass(slots=True)
class _Captured:
    """The response that the application would have sent."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


def with_date_header(app: ASGIApp) -> ASGIApp:
    """Wrap an application so that its responses have a `Date`: the second in which they begin."""

    async def served(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_dated(message: Message) -> None:
            if message["type"] == "http.response.start":
                date = formatdate(time.time(), usegmt=True).encode("ascii")
                message = {**message, "headers": [*message.get("headers", ()), (b"date", date)]}
            await send(message)

        await app(scope, receive, send_dated)

    return served


class FaultMiddleware:
    """Application whose responses go wrong as a plan says; requests to `/sandbox/` never do."""

    def __init__(self, app: ASGIApp, plan: FaultPlan, connections: Connections) -> None:
        self._app = app
        self._plan = plan
        self._connections = connections

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, see ASGI."""
        fault = None
        if scope["type"] == "http" and not scope["path"].startswith("/sandbox/"):
            fault = self._plan.next_fault(scope["method"], scope["path"])
        if fault is None:
            await self._app(scope, receive, send)
            return
        refusal = _refusal(fault, scope)
        if refusal is not None:
            await _read_all(receive)
            await refusal(scope, receive, send)
        elif fault.kind is FaultKind.RESET:
            await _read_all(receive)
            await self._disconnect(self._connections.reset, scope, receive)
        elif fault.kind is FaultKind.HANG:
            await disconnected(receive)
        else:
            await self._serve_spoiled(fault, scope, receive, send)

    async def _serve_spoiled(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the application carry out the request, and spoil its response."""
        if fault.kind is FaultKind.SLOW:
            await asyncio.sleep(fault.seconds / 2)
        response = await self._captured(scope, receive)
        match fault.kind:
            case FaultKind.SLOW:
                await _send_start(send, response, len(response.body))
                step = max(1, -(-len(response.body) // _SLOW_CHUNKS))
                for at in range(0, len(response.body), step):
                    await asyncio.sleep(fault.seconds / 2 / _SLOW_CHUNKS)
                    await _send_chunk(send, response.body[at : at + step])
                await _send_end(send)
            case FaultKind.UNANSWERED:
                await self._disconnect(self._connections.reset, scope, receive)
            case FaultKind.GATEWAY_DONE:
                await _gateway(_TIMEOUT)(scope, receive, send)
            case FaultKind.HALF:
                body = response.body or b"{}"
                await _send_start(send, response, len(body))
                await _send_chunk(send, body[: len(body) // 2])
                await self._disconnect(self._connections.close, scope, receive)
            case FaultKind.INVALID_JSON:
                body = response.body[: len(response.body) // 2] + b',"\x01'
                await _send_start(send, response, len(body))
                await _send_chunk(send, body)
                await _send_end(send)
            case _:
                await _send_start(send, response, max(HUGE, len(response.body)))
                await _send_chunk(send, response.body)
                left = HUGE - len(response.body)
                while left > 0:
                    await _send_chunk(send, _WHITE_SPACE[:left])
                    left -= len(_WHITE_SPACE)
                await _send_end(send)

    async def _captured(self, scope: Scope, receive: Receive) -> _Captured:
        response = _Captured(500, [], b"")

        async def capture(message: Message) -> None:
            if message["type"] == "http.response.start":
                response.status, response.headers = message["status"], list(message.get("headers", ()))
            elif message["type"] == "http.response.body":
                response.body += message.get("body", b"")

        await self._app(scope, receive, capture)
        return response

    async def _disconnect(self, how: Callable[[Scope], None], scope: Scope, receive: Receive) -> None:
        how(scope)
        await disconnected(receive)


def _refusal(fault: Fault, scope: Scope) -> Response | None:
    """The response of a fault that keeps the request from the application."""
    path = scope["path"]
    if fault.kind in _REFUSALS:
        response = error_response(path, _REFUSALS[fault.kind])
        if fault.kind is FaultKind.RATE_LIMITED_FOR:
            response.headers["Retry-After"] = f"{fault.seconds:g}"
        if fault.kind is FaultKind.RATE_LIMITED_UNTIL:
            response.headers["Retry-After"] = formatdate(time.time() + fault.seconds, usegmt=True)
        return response
    if fault.kind in _GATEWAYS:
        return _gateway(_GATEWAYS[fault.kind])
    if fault.kind is FaultKind.HTML:
        return HTMLResponse(_PORTAL)
    if fault.kind is FaultKind.REDIRECT:
        port = (scope.get("server") or ("", 80))[1]
        return Response(
            status_code=307, headers={"Location": fault.target or f"http://localhost:{port}{path}"}
        )
    return None


def _gateway(status: str) -> Response:
    return HTMLResponse(f"<html><head><title>{status}</title></head></html>", int(status[:3]))


async def _read_all(receive: Receive) -> None:
    """Read the request's body, so that the response is what goes wrong and not the request."""
    message = await receive()
    while message["type"] == "http.request" and message.get("more_body", False):
        message = await receive()


async def _send_start(send: Send, response: _Captured, length: int) -> None:
    kept = [(name, value) for name, value in response.headers if name.lower() != b"content-length"]
    headers = [*kept, (b"content-length", str(length).encode())] if length else kept
    # A 204 may have no body: it gets a status that may.
    status = 200 if response.status == 204 and length else response.status
    await send({"type": "http.response.start", "status": status, "headers": headers})


async def _send_chunk(send: Send, chunk: bytes) -> None:
    if chunk:
        await send({"type": "http.response.body", "body": chunk, "more_body": True})


async def _send_end(send: Send) -> None:
    await send({"type": "http.response.body", "body": b""})
