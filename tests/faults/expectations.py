"""What each fault has to come to: the one table that the matrix is held to."""

from __future__ import annotations

from tests.faults.api_calls import ApiCall
from tui.common.errors import ErrorKind
from tui.ibm.transport.request import Idempotency
from tui.sandbox.faults.plan import FaultKind

OK = "ok"
Outcome = str
"""`OK`, or the kind of the error."""

_TRANSIENT: dict[FaultKind, ErrorKind] = {
    FaultKind.STATUS_500: ErrorKind.SERVER,
    FaultKind.STATUS_502: ErrorKind.SERVER,
    FaultKind.STATUS_503: ErrorKind.SERVER,
    FaultKind.STATUS_504: ErrorKind.SERVER,
    FaultKind.GATEWAY_DONE: ErrorKind.SERVER,
    FaultKind.RATE_LIMITED: ErrorKind.RATE_LIMITED,
    FaultKind.RATE_LIMITED_FOR: ErrorKind.RATE_LIMITED,
    FaultKind.RATE_LIMITED_UNTIL: ErrorKind.RATE_LIMITED,
    FaultKind.RESET: ErrorKind.NETWORK,
    FaultKind.UNANSWERED: ErrorKind.NETWORK,
    FaultKind.HALF: ErrorKind.NETWORK,
    FaultKind.HANG: ErrorKind.TIMEOUT,
}
"""What may be over at the next attempt, and the error when it is not."""
_LIMITED = {kind for kind, error in _TRANSIENT.items() if error is ErrorKind.RATE_LIMITED}
_OPEN_END = set(_TRANSIENT) - _LIMITED | {FaultKind.HTML, FaultKind.INVALID_JSON}
"""After these the service may have done what was asked."""


def expected(call: ApiCall, kind: FaultKind, *, always: bool) -> Outcome:
    """How a call has to end whose request meets a fault once, or always."""
    outcome = _outcome(call, kind, always=always)
    if outcome in call.left_out or "any" in call.left_out:
        return OK
    return outcome


def _outcome(call: ApiCall, kind: FaultKind, *, always: bool) -> Outcome:
    if kind in {FaultKind.SLOW, FaultKind.HUGE}:
        return OK
    if kind is FaultKind.UNAUTHORIZED:
        return _refused(call, always=always)
    if kind is FaultKind.FORBIDDEN:
        # IAM is asked one thing: whether it takes the key.
        return ErrorKind.WRONG_KEY if call.path == "/identity/token" else ErrorKind.FORBIDDEN
    # A gateway's refusal is none of the service's; the request has not reached it.
    if kind in {FaultKind.REDIRECT, FaultKind.GATEWAY_FORBIDDEN}:
        return ErrorKind.PROTOCOL
    if call.idempotency is Idempotency.CREATES and kind in _OPEN_END:
        return ErrorKind.UNCONFIRMED
    if kind is FaultKind.HTML:
        # No answer of the service is a page: not a log, and not a result.
        return ErrorKind.PROTOCOL
    if kind is FaultKind.INVALID_JSON:
        return ErrorKind.PROTOCOL if call.body_read == "json" else OK
    error = _TRANSIENT[kind]
    return error if always or call.idempotency is not Idempotency.READS else OK


def _refused(call: ApiCall, *, always: bool) -> Outcome:
    """401: renewed where there is something to renew; a second one is no matter of the token's age."""
    match call.bears:
        case "renewed":
            return ErrorKind.FORBIDDEN if always else OK
        case "key":
            return ErrorKind.WRONG_KEY
        case _:
            return ErrorKind.EXPIRED
