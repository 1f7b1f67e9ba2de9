"""Reading requests and writing answers as the real hosts do: bodies of any content type, lenient flags."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import Response

from tui.sandbox.base.clock import from_iso
from tui.sandbox.base.errors import ApiError, invalid, invalid_query

MAX_BODY = 50 * 1024 * 1024
LARGEST = 2**31 - 1
"""Of the integers that are taken from a request and kept."""


def too_large() -> ApiError:
    return ApiError(413, 1208, f"The request body is larger than {MAX_BODY // 1024 // 1024} MB.")


async def body_bytes(request: Request) -> bytes:
    """The whole body.

    Raises:
        ApiError: 413 as soon as it is larger than `MAX_BODY`.
    """
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > MAX_BODY:
        raise too_large()
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > MAX_BODY:
            raise too_large()
        chunks.append(chunk)
    return b"".join(chunks)


async def json_object(request: Request, *, empty: bool = False) -> dict[str, Any]:
    """The body as a JSON object, whatever its content type says.

    Raises:
        ApiError: 400 when it is not one (an absent body counts as `{}` when `empty`).
    """
    raw = await body_bytes(request)
    if empty and not raw.strip():
        return {}
    try:
        value = json.loads(raw, parse_constant=_no_constant)
        if b"\\u" in raw:
            # Half a surrogate pair is allowed in JSON's syntax, but is no text that could be kept.
            json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise invalid("body is not valid JSON") from error
    if not isinstance(value, dict):
        raise invalid("body must be an object")
    return value


def _no_constant(name: str) -> None:
    """Python would read NaN and Infinity, which are not JSON."""
    raise ValueError(name)


async def form(request: Request) -> dict[str, str]:
    """A form body's last values by name; a JSON object of strings is taken as well."""
    raw = (await body_bytes(request)).decode("utf-8", "replace")
    if raw.lstrip().startswith("{"):
        try:
            return {str(name): str(value) for name, value in json.loads(raw).items()}
        except ValueError:
            return {}
    return {name: values[-1] for name, values in parse_qs(raw).items()}


def answer(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A JSON answer."""
    content = json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return Response(content.encode(), status, headers, media_type="application/json")


def text(body: str) -> Response:
    return Response(body, media_type="text/plain")


def nothing() -> Response:
    """204 with a truly empty body."""
    return Response(status_code=204)


def flag(value: object, default: bool | None = None) -> bool | None:
    """A boolean in any spelling (`true`, `False`, "False", 1); the default when absent or unreadable."""
    if isinstance(value, bool):
        return value
    return {"true": True, "1": True, "false": False, "0": False}.get(str(value).strip().lower(), default)


def number(value: str | None, default: int, low: int, high: int = LARGEST) -> int:
    """An integer of a query; out of range or unreadable silently becomes the default."""
    try:
        found = int(value or "")
    except ValueError:
        return default
    return found if low <= found <= high else default


def moment(request: Request, name: str) -> datetime | None:
    """A time of the query.

    Raises:
        ApiError: 400 when it is not an ISO time.
    """
    value = request.query_params.get(name)
    if not value:
        return None
    try:
        return from_iso(value)
    except ValueError as error:
        raise invalid_query(f"{name} must be a date-time") from error


def many(request: Request, *names: str) -> tuple[str, ...]:
    """The values of a repeated key, under any of its spellings (`tags`, `tags[]`)."""
    found = (value for name in names for value in request.query_params.getlist(name))
    return tuple(value for value in found if value)


def bearer(request: Request) -> tuple[str, str]:
    """Scheme (lower case) and credentials of the Authorization header, empty when there is none."""
    scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
    return scheme.lower(), credentials.strip()
