"""JSON from the service into typed values, and a clear error when it is not what the contract says."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec

from tui.domain.errors import ErrorKind, QdeckError
from tui.domain.secret import Secret

T = TypeVar("T")


def decode(body: bytes, kind: type[T], where: str) -> T:
    """The body as a value of `kind`; unknown members are ignored.

    Args:
        body: JSON bytes.
        kind: what msgspec shall build.
        where: the call, e.g. `GET /jobs`, for the message.

    Raises:
        QdeckError: `PROTOCOL`, naming the call and the field.
    """
    try:
        return msgspec.json.decode(body, type=kind, strict=False, dec_hook=_to_value)
    except msgspec.ValidationError as problem:
        reason = f"is not what the contract says: {problem}"
    except (msgspec.DecodeError, UnicodeDecodeError) as problem:
        reason = f"is not valid JSON: {problem}"
    except RecursionError:
        reason = "is nested too deeply to be read"
    # A traceback that shows locals must not show a token that came in a body.
    del body
    raise QdeckError(
        ErrorKind.PROTOCOL,
        f"The answer to {where} {reason}.",
        "Check that the endpoint is the one of this service.",
    )


def encode(value: object) -> bytes:
    """JSON bytes; a `Secret` is revealed: for a request body, nowhere else."""
    return _encoder.encode(value)


def moment(text: object) -> datetime | None:
    """An ISO 8601 time as aware UTC; `None` when it is missing or not a time. No zone means UTC."""
    if not isinstance(text, str):
        return None
    try:
        at = datetime.fromisoformat(text)
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def required_moment(text: str, field: str, where: str) -> datetime:
    """The same for a member that the contract requires.

    Raises:
        QdeckError: `PROTOCOL`.
    """
    at = moment(text)
    if at is None:
        raise QdeckError(ErrorKind.PROTOCOL, f"The answer to {where} has no time in `{field}`.")
    return at


def stamp(at: datetime) -> str:
    """A time as the service takes it: UTC, with `Z`."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _to_value(kind: type[Any], value: Any) -> Any:
    if kind is Secret:
        if not isinstance(value, str) or not value:
            raise ValueError("Expected a token")
        return Secret(value)
    raise NotImplementedError(f"no decoding for {kind.__name__}")


def _from_value(value: Any) -> Any:
    if isinstance(value, Secret):
        return value.reveal()
    raise NotImplementedError(f"no encoding for {type(value).__name__}")


_encoder = msgspec.json.Encoder(enc_hook=_from_value)
