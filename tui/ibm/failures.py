"""Answers that are errors, turned into the one family of errors (contract 1.2, 2.6, 3.6, 4.1, 5.15)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import msgspec

from tui.domain.errors import ErrorKind, QdeckError
from tui.domain.secret import Secret
from tui.domain.text import plain
from tui.ibm.codes import STATUSES, words

_MESSAGE_LIMIT = 1000
_PORTAL = "Log in to the network you are on, or ask for a way past its proxy, then try again."


def failure(
    status: int,
    body: bytes,
    *,
    where: str,
    host: str,
    content_type: str = "",
    retry_after: float | None = None,
    secrets: Iterable[Secret] = (),
) -> QdeckError:
    """The error that an answer with a status of 300 or more tells.

    Args:
        status: the HTTP status.
        body: what came with it, of any of the known shapes or none.
        where: the call, e.g. `GET /jobs/{id}`.
        host: who answered.
        content_type: the answer's content type.
        retry_after: seconds the service asks to wait.
        secrets: what must not be in the message, should the service repeat it.
    """
    if 300 <= status < 400:
        return QdeckError(
            ErrorKind.PROTOCOL,
            f"{host} wants to send {where} to another address; qdeck does not follow with your key.",
            "Check the endpoint; a network's login page does this too.",
            status=status,
        )
    if is_page(body, content_type) and status not in _GATEWAY and status != 429:
        return portal(host, where, status)
    code, said, solution = _read(body)
    known = words(code) if code else None
    kind, advice = STATUSES.get(
        status,
        (ErrorKind.SERVER, "Try again in a little while.")
        if status >= 500
        else (ErrorKind.INVALID, "Correct what is named and try again."),
    )
    # A code says more than a status, but a server that is down is down whatever it says of the job.
    if known is not None and status < 500:
        kind = known.kind
        advice = known.advice or advice
    message = said or (known.meaning if known else "") or f"{host} answered {where} with status {status}."
    for secret in secrets:
        message = message.replace(secret.reveal(), "…")
        solution = solution.replace(secret.reveal(), "…")
    return QdeckError(
        kind,
        plain(_sentence(message), limit=_MESSAGE_LIMIT),
        plain(solution or advice, limit=_MESSAGE_LIMIT),
        code=plain(code, limit=60) or None,
        status=status,
        retry_after=retry_after,
    )


_GATEWAY = {500, 502, 503, 504, 520, 521, 522, 523, 524}


def portal(host: str, where: str, status: int | None = None) -> QdeckError:
    """The error for a web page where JSON was due."""
    return QdeckError(
        ErrorKind.PROTOCOL,
        f"A web page answered {where} instead of {host}: something stands in between, "
        "such as a network's login page or a company's proxy.",
        _PORTAL,
        status=status,
    )


def is_page(body: bytes, content_type: str) -> bool:
    """Whether the answer is an HTML page."""
    if "json" in content_type:
        return False
    start = body[:200].lstrip().lower()
    return "html" in content_type or start.startswith((b"<!doctype html", b"<html"))


def wait_asked(value: str | None, now: datetime) -> float | None:
    """Seconds that a `Retry-After` header asks to wait, a day at most: a number, or a date; `None`: none.

    Args:
        now: the time by the clock of who answered.
    """
    if not value:
        return None
    try:
        return max(0.0, min(float(value), 86_400.0))
    except ValueError:
        pass
    at = http_date(value)
    return None if at is None else max(0.0, min((at - now).total_seconds(), 86_400.0))


def http_date(value: str) -> datetime | None:
    """The time of a `Date` or `Retry-After` header, `None` when it is none."""
    try:
        at = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def _read(body: bytes) -> tuple[str, str, str]:
    """Code, message and solution of an error body, each empty when not told."""
    try:
        data: Any = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return "", "", ""
    if not isinstance(data, dict):
        return "", "", ""
    errors = data.get("errors")
    if isinstance(errors, list) and errors and isinstance(errors[0], dict):
        return _members(errors[0])
    if isinstance(errors, dict):
        return _members(errors)
    error = data.get("error")
    if isinstance(error, dict):
        code, message, solution = _members(error)
        name = _text(error.get("name"))
        return (name if words(name) else code), message, solution
    if "errorCode" in data or "errorMessage" in data:
        details = _text(data.get("errorDetails"))
        return (
            _text(data.get("errorCode")),
            " ".join(part for part in (_text(data.get("errorMessage")), details) if part),
            "",
        )
    if "detail" in data:
        return "", _detail(data["detail"]), ""
    return _members(data) if "message" in data else ("", error if isinstance(error, str) else "", "")


def _members(error: dict[str, Any]) -> tuple[str, str, str]:
    return _text(error.get("code")), _text(error.get("message")), _text(error.get("solution"))


def _detail(detail: object) -> str:
    if isinstance(detail, str):
        return detail
    if isinstance(detail, list):
        told = []
        for item in detail[:5]:
            if isinstance(item, dict) and item.get("msg"):
                told.append(f"Wrong input {_text(item.get('input'))!r}: {_text(item['msg'])}")
        return "; ".join(told)
    return ""


def _text(value: object) -> str:
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    return ""


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else text + "."
