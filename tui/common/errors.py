"""The one family of errors that qdeck shows: what happened, why, and what to do."""

from __future__ import annotations

from enum import StrEnum


class ErrorKind(StrEnum):
    """What went wrong, as far as it decides what the user or the program does next."""

    NETWORK = "network"
    """The host was not reached, or the connection broke."""
    TIMEOUT = "timeout"
    WRONG_KEY = "wrong key"
    """The API key or token is not known to the service."""
    EXPIRED = "expired"
    """The access token is over; signing in again helps."""
    FORBIDDEN = "forbidden"
    """Known, but not allowed: no access to the instance, licence not accepted, plan too small."""
    NOT_FOUND = "not found"
    INVALID = "invalid"
    """The service refused what was sent."""
    CONFLICT = "conflict"
    """The thing is in a state that does not allow it (already finished, session closed, limit reached)."""
    RATE_LIMITED = "rate limited"
    SERVER = "server"
    """The service failed or is under maintenance."""
    PROTOCOL = "protocol"
    """The answer is not what the contract says (HTML, invalid JSON, a required field missing)."""
    TOO_LARGE = "too large"
    """The answer is larger than what was asked to be taken."""
    CIRCUIT = "circuit"
    """The circuit cannot be read, transpiled or run."""
    SETTINGS = "settings"
    """Something the user configured: an endpoint, a file, a variable."""
    STORAGE = "storage"
    """The history or another file could not be read or written."""
    UNAVAILABLE = "unavailable"
    """What was asked needs something that is not installed or not offered by this service."""
    UNCONFIRMED = "unconfirmed"
    """A creating request ended ambiguously: the job may or may not exist."""


class QdeckError(Exception):
    """An error that a user can meet.

    Attributes:
        kind: what it means for what comes next.
        message: what happened and why, in a sentence, as plain text (never markup).
        advice: what to do, in a sentence; may be empty.
        code: the service's own code, as text, when it gave one.
        status: the HTTP status, when there was one.
        retry_after: seconds the service asked to wait, when it did.
        repeated: whether the request had been sent before: an earlier one may have done what was asked.
    """

    def __init__(
        self,
        kind: ErrorKind,
        message: str,
        advice: str = "",
        *,
        code: str | None = None,
        status: int | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.advice = advice
        self.code = code
        self.status = status
        self.retry_after = retry_after
        self.repeated = False

    @property
    def worth_retrying(self) -> bool:
        """True when the same idempotent request may succeed a little later."""
        return self.kind in {ErrorKind.NETWORK, ErrorKind.TIMEOUT, ErrorKind.RATE_LIMITED, ErrorKind.SERVER}

    @property
    def barred(self) -> bool:
        """True when a gateway's page refused the request: asked again it is refused again."""
        return self.kind is ErrorKind.PROTOCOL and self.status == 403

    def reworded(self, kind: ErrorKind, message: str, advice: str) -> QdeckError:
        """Return an error of another kind and wording, with the code and the HTTP status of this one."""
        return QdeckError(kind, message, advice, code=self.code, status=self.status)

    def __str__(self) -> str:
        text = self.message
        if self.code:
            text += f" (code {self.code})"
        if self.advice:
            text += f" {self.advice}"
        return text
