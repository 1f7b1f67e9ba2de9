"""Makes errors of responses that are refusals or do not come (contract 1.2, 2.6, 3.6, 4.1, 5.15)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import httpx
import msgspec

from tui.common.errors import ErrorKind, QdeckError
from tui.common.safe_text import Secret, plain
from tui.domain.error_codes import ERROR_CODES
from tui.ibm.transport.request import is_page
from tui.ibm.transport.tls import NAME_THE_CA

_MESSAGE_LIMIT = 1000
_PAGE_START = 64 * 1024
"""Bytes of a gateway's page in which its id of the request is looked for."""
_RAY = re.compile(rb"Ray ID:?\s{0,9}(?:<[^<>]{0,99}>)?\s{0,9}([0-9a-fA-F]{8,40})\b")
_PORTAL = "Log in to the network you are on, or ask for a way past its proxy, then try again."


def failure(
    status: int,
    body: bytes,
    *,
    where: str,
    host: str,
    content_type: str = "",
    retry_after: float | None = None,
    ray: str = "",
    secrets: Iterable[Secret] = (),
) -> QdeckError:
    """Return the error for a response with a status of 300 or more.

    Args:
        status: the HTTP status.
        body: JSON of any of the known shapes, or anything else.
        where: the request, e.g. `GET /jobs/{id}`.
        host: host that answered.
        content_type: the response's content type.
        retry_after: seconds the service asks to wait.
        ray: id that a gateway in between gave the request.
        secrets: they must not be in the message, should the service repeat one.
    """
    if 300 <= status < 400:
        message = f"{host} wants to send {where} to another address; qdeck does not follow with your key."
        advice = "Check the endpoint; a network's login page does this too."
        return QdeckError(ErrorKind.PROTOCOL, message, advice, status=status)
    if is_page(body, content_type) and status not in _GATEWAY and status != 429:
        return barred(host, where, body, ray) if status == 403 else portal(host, where, status)
    code, said, solution = _read(body)
    known = ERROR_CODES.get(code)
    kind, advice = _STATUSES.get(
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


_STATUSES: dict[int, tuple[ErrorKind, str]] = {
    400: (ErrorKind.INVALID, "Correct what is named and try again."),
    401: (ErrorKind.EXPIRED, "Sign in again."),
    402: (ErrorKind.FORBIDDEN, "The instance has nothing left to spend: see its usage."),
    403: (ErrorKind.FORBIDDEN, "Choose another instance, or ask its owner for access."),
    404: (ErrorKind.NOT_FOUND, "Check the name or id, and the instance."),
    405: (ErrorKind.PROTOCOL, "Check that the endpoint is the one of this service."),
    408: (ErrorKind.TIMEOUT, "Try again."),
    409: (ErrorKind.CONFLICT, "Look at its state first."),
    410: (ErrorKind.NOT_FOUND, ""),
    413: (ErrorKind.INVALID, "The job is too large: split it."),
    422: (ErrorKind.INVALID, "Correct what is named and try again."),
    425: (ErrorKind.SERVER, "Try again."),
    429: (ErrorKind.RATE_LIMITED, "Wait a little: five jobs a minute are taken."),
    511: (ErrorKind.PROTOCOL, "Log in to the network you are on, then try again."),
}
"""Kind and advice for an HTTP status when no known code says more; 5xx not named here is `SERVER`."""
_GATEWAY = {500, 502, 503, 504, 520, 521, 522, 523, 524}


def timed_out(host: str, what: str) -> QdeckError:
    """Return the error for a host that took too long; `what` is the rest of the sentence after its name."""
    return QdeckError(ErrorKind.TIMEOUT, f"{host} {what}.", "Check the network, or try again later.")


def unreached(host: str, problem: Exception) -> QdeckError:
    """Return the error for a host that was not reached, or whose certificate is not trusted."""
    reason = str(problem)
    if "CERTIFICATE_VERIFY_FAILED" in reason or "SSL" in reason:
        message = f"{host} was reached, but its certificate is not trusted here."
        return QdeckError(ErrorKind.NETWORK, message, NAME_THE_CA)
    if isinstance(problem, httpx.ProxyError):
        message = f"The proxy would not connect to {host}: {reason}."
        advice = "Check HTTPS_PROXY and NO_PROXY, or the proxies of the saved account."
        return QdeckError(ErrorKind.NETWORK, message, advice)
    message = f"{host} was not reached: {reason or 'no connection'}."
    return QdeckError(ErrorKind.NETWORK, message, "Check the network.")


def broken(host: str, where: str) -> QdeckError:
    """Return the error for a connection that broke under way."""
    message = f"The connection to {host} broke during {where}."
    return QdeckError(ErrorKind.NETWORK, message, "Check the network.")


def portal(host: str, where: str, status: int | None = None) -> QdeckError:
    """Return the error for a web page where JSON was due."""
    return QdeckError(
        ErrorKind.PROTOCOL,
        f"A web page answered {where} instead of {host}: something stands in between, "
        "such as a network's login page or a company's proxy.",
        _PORTAL,
        status=status,
    )


def barred(host: str, where: str, body: bytes, ray: str = "") -> QdeckError:
    """Return the error for a gateway's page that refuses a request: the service itself did not see it.

    Args:
        ray: id that the gateway gave the request, by which its operator finds it; else the page may tell it.
    """
    if not ray and (told := _RAY.search(body, 0, _PAGE_START)):
        ray = told[1].decode("ascii")
    named = f" (Ray ID {plain(ray, limit=60)})" if ray else ""
    tell = f"tell IBM's support{' the Ray ID' if ray else ''}"
    return QdeckError(
        ErrorKind.PROTOCOL,
        f"A web page with status 403 answered {where} instead of {host}{named}: a gateway in between refused "
        "the request, such as a company's proxy, or the one in front of the service.",
        f"It is not sent again by itself. Ask for a way past your network's proxy, or {tell}.",
        status=403,
    )


def token_refused(error: QdeckError) -> bool:
    """Return whether the service refused the access token; a web page with status 401 is not its own."""
    return error.status == 401 and error.kind is not ErrorKind.PROTOCOL


def _read(body: bytes) -> tuple[str, str, str]:
    """Return code, message and solution of an error body, each empty where it has none."""
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
        return (name if name in ERROR_CODES else code), message, solution
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
        problems = []
        for item in detail[:5]:
            if isinstance(item, dict) and item.get("msg"):
                problems.append(f"Wrong input {_text(item.get('input'))!r}: {_text(item['msg'])}")
        return "; ".join(problems)
    return ""


def _text(value: object) -> str:
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    return ""


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else text + "."
