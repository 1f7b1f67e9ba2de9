"""Requests and responses as the real hosts treat them: bodies of any content type, lenient flags."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive

from tui.sandbox.base.clock import from_iso
from tui.sandbox.base.errors import (
    ApiError,
    auth_body,
    iam_body,
    invalid_body,
    invalid_query,
    runtime_body,
)

MAX_BODY = 50 * 1024 * 1024
MAX_INTEGER = 2**31 - 1
"""Largest integer accepted from a request and stored."""
_TRANSPILER_PATHS = ("/transpile", "/health", "/version", "/backends")


async def body_bytes(request: Request) -> bytes:
    """Read the whole body.

    Raises:
        ApiError: 413 as soon as it is larger than `MAX_BODY`.
    """
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > MAX_BODY:
        raise _too_large()
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > MAX_BODY:
            raise _too_large()
        chunks.append(chunk)
    return b"".join(chunks)


def _too_large() -> ApiError:
    return ApiError(413, 1208, f"The request body is larger than {MAX_BODY // 1024 // 1024} MB.")


async def json_object(request: Request, *, empty: bool = False) -> dict[str, Any]:
    """Parse the body as a JSON object, whatever its content type says.

    Args:
        request: the request, its body not yet read.
        empty: accept an absent body as `{}`.

    Raises:
        ApiError: 400 when it is no JSON object, 413 when it is too large.
    """
    raw = await body_bytes(request)
    if empty and not raw.strip():
        return {}
    try:
        value = json.loads(raw, parse_constant=_reject_constant)
        if b"\\u" in raw:
            # Half a surrogate pair is allowed in JSON's syntax, but is no text that could be stored.
            json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise invalid_body("body is not valid JSON") from error
    if not isinstance(value, dict):
        raise invalid_body("body must be an object")
    return value


def _reject_constant(name: str) -> None:
    """Python would read NaN and Infinity, which are not JSON."""
    raise ValueError(name)


async def form(request: Request) -> dict[str, str]:
    """Parse a form body; a JSON object of strings is accepted as well.

    Returns:
        The last value of each name; empty when the body is neither.

    Raises:
        ApiError: 413 when the body is too large.
    """
    raw = (await body_bytes(request)).decode("utf-8", "replace")
    if raw.lstrip().startswith("{"):
        try:
            return {str(name): str(value) for name, value in json.loads(raw).items()}
        except ValueError:
            return {}
    return {name: values[-1] for name, values in parse_qs(raw).items()}


def json_response(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return a response with compact JSON."""
    content = json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return Response(content.encode(), status, headers, media_type="application/json")


def text_response(body: str) -> Response:
    """Return a response with plain text."""
    return Response(body, media_type="text/plain")


def no_content() -> Response:
    """Return a 204 with a truly empty body."""
    return Response(status_code=204)


def error_response(path: str, error: ApiError) -> Response:
    """Return the response to a failed request, in the form of the host that serves the path."""
    body: dict[str, Any]
    if path.startswith("/auth/"):
        body = auth_body(error.status, error.message, str(error.code))
    elif path.startswith("/identity/"):
        body = iam_body(f"BXNIM{error.code}E", error.message, path)
    elif path.startswith(_TRANSPILER_PATHS):
        body = {"detail": error.message}
    else:
        body = runtime_body(error)
    return json_response(body, error.status, error.headers)


def parse_bool(value: object, default: bool | None = None) -> bool | None:
    """Parse a boolean in any spelling (`true`, `False`, "False", 1).

    Returns:
        The default when it is absent or unreadable.
    """
    if isinstance(value, bool):
        return value
    return {"true": True, "1": True, "false": False, "0": False}.get(str(value).strip().lower(), default)


def parse_int(value: str | None, default: int, low: int, high: int = MAX_INTEGER) -> int:
    """Parse an integer of a query.

    Returns:
        The default when it is absent, unreadable or not within `low` and `high`: no error, as the real hosts.
    """
    try:
        found = int(value or "")
    except ValueError:
        return default
    return found if low <= found <= high else default


def query_time(request: Request, name: str) -> datetime | None:
    """Parse a time of the query.

    Returns:
        The time in UTC, None when the query does not have it.

    Raises:
        ApiError: 400 when it is not an ISO 8601 time.
    """
    value = request.query_params.get(name)
    if not value:
        return None
    try:
        return from_iso(value)
    except ValueError as error:
        raise invalid_query(f"{name} must be a date-time") from error


def query_values(request: Request, name: str) -> tuple[str, ...]:
    """Return the values of a repeated key in both spellings (`tags`, `tags[]`), empty ones left out."""
    found = (value for key in (name, f"{name}[]") for value in request.query_params.getlist(key))
    return tuple(value for value in found if value)


def bearer(request: Request) -> tuple[str, str]:
    """Return scheme (lower case) and credentials of the Authorization header, both "" when there is none."""
    scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
    return scheme.lower(), credentials.strip()


async def disconnected(receive: Receive) -> None:
    """Return when the client has closed the connection."""
    while (await receive())["type"] != "http.disconnect":
        pass
