"""JSON from the service into typed values, and a clear error when it is not what the contract says."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final, TypeVar

import msgspec

from tui.common.errors import ErrorKind, QdeckError
from tui.common.safe_text import Secret
from tui.common.values import Listed

T = TypeVar("T")
V = TypeVar("V")
THREAD_BYTES: Final = 256 * 1024
"""Bytes of a body from which on a thread decodes it."""
_LARGEST: Final = 1e18
"""No count, time or error of the service is larger."""
_SUSPICIOUS: Final = re.compile(rb'[eE]\+?\d|\d{18}|"[+-]?(?:nan|inf)', re.IGNORECASE)
"""What a body holds in which some number is no number, or too large."""
_STRUCTURE: Final = re.compile(rb'"(?:[^"\\]|\\.)*+"|[][{}]', re.DOTALL)
_NUMBERS: Final = frozenset({int, float})
_HOLDERS: Final = (msgspec.Struct, list, tuple, dict)


@dataclass(frozen=True, slots=True)
class Provenance:
    """Origin of a response, which every job and session that is read from it carries.

    Attributes:
        service: label of the service, e.g. `platform`.
        instance: the instance that was asked.
        at: when it was received.
    """

    service: str
    instance: str
    at: datetime


def decode(body: bytes, kind: type[T], where: str) -> T:
    """Return the body as a value of `kind`; unknown members are ignored.

    Numbers that are none (`"NaN"`, `"inf"`) or beyond all reason count as missing; where a number has to be,
    they are an error.

    Args:
        body: JSON bytes.
        kind: type that msgspec builds.
        where: the request, e.g. `GET /jobs`, for the message.

    Raises:
        QdeckError: `PROTOCOL`, naming the call and the field.
    """
    try:
        value = msgspec.json.decode(body, type=kind, strict=False, dec_hook=_to_value)
        # Large bodies are full of small numbers: they are gone through when there may be another.
        if _SUSPICIOUS.search(body):
            _check_numbers(value, "")
        return value
    except msgspec.ValidationError as problem:
        reason = f"is not what the contract says: {problem}"
    except (msgspec.DecodeError, UnicodeDecodeError) as problem:
        reason = f"is not valid JSON: {problem}"
    except RecursionError:
        reason = "is nested too deeply to be read"
    # A traceback that shows locals must not show a token that came in a body.
    del body
    message = f"The answer to {where} {reason}."
    advice = "Check that the endpoint is the one of this service."
    raise QdeckError(ErrorKind.PROTOCOL, message, advice)


def read_entries(entries: Iterable[bytes], kind: type[T], where: str, convert: Callable[[T], V]) -> Listed[V]:
    """Return the entries of a list one by one, those that are not what the contract says set aside.

    Args:
        entries: JSON bytes of each.
        kind: type that msgspec builds of each.
        where: the request, for messages.
        convert: makes the value of it.

    Returns:
        The values, with why each of the others is none.

    Raises:
        QdeckError: `PROTOCOL`: there are entries, and none can be read.
    """
    values: list[V] = []
    unreadable: list[QdeckError] = []
    for entry in entries:
        try:
            values.append(convert(decode(entry, kind, where)))
        except QdeckError as error:
            unreadable.append(error)
    if unreadable and not values:
        raise unreadable[0]
    return Listed(values, (error.message for error in unreadable))


def entries_of_cut(body: bytes, name: str) -> list[bytes]:
    """Return the whole entries of the list `name` in a body that breaks off somewhere.

    Args:
        body: the beginning of a JSON object.
        name: the object's member that is the list; its entries are objects or lists.
    """
    found: list[bytes] = []
    depth, begun, inside, key = 0, 0, False, b""
    for match in _STRUCTURE.finditer(body):
        token = match[0]
        if token in b"{[":
            inside = inside or (depth == 1 and token == b"[" and key == name.encode())
            depth += 1
            if inside and depth == 3:
                begun = match.start()
        elif token in b"}]":
            depth -= 1
            if inside and depth == 2:
                found.append(body[begun : match.end()])
            if inside and depth == 1:
                break
        elif depth == 1:
            key = token[1:-1]
    return found


def encode(value: object) -> bytes:
    """Return JSON bytes; a `Secret` is revealed: for a request body, nowhere else."""
    return _encoder.encode(value)


def moment(text: object) -> datetime | None:
    """Return an ISO 8601 time as aware UTC; `None` when it is missing or not a time. No zone means UTC."""
    if not isinstance(text, str):
        return None
    try:
        at = datetime.fromisoformat(text)
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def required_moment(text: str, field: str, where: str) -> datetime:
    """Return the time of a member that the contract requires, as aware UTC.

    Args:
        text: an ISO 8601 time.
        field: name of the member, for the message.
        where: the request, for the message.

    Raises:
        QdeckError: `PROTOCOL`.
    """
    at = moment(text)
    if at is None:
        raise QdeckError(ErrorKind.PROTOCOL, f"The answer to {where} has no time in `{field}`.")
    return at


def stamp(at: datetime) -> str:
    """Return a time as the service takes it: UTC, with `Z`."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _check_numbers(value: object, path: str) -> None:
    """Set numbers in `value` that cannot be to `None`, where they may be missing.

    Raises:
        ValidationError: one is where it has to be.
    """
    if isinstance(value, msgspec.Struct):
        for name, optional in _members(type(value)):
            member = getattr(value, name)
            if type(member) in _NUMBERS:
                if not _reasonable(member):
                    if not optional:
                        raise msgspec.ValidationError(f"`{path}{name}` is no number that can be")
                    msgspec.structs.force_setattr(value, name, None)
            elif isinstance(member, _HOLDERS):
                _check_numbers(member, f"{path}{name}.")
    elif isinstance(value, (list, tuple, dict)):
        for item in value.values() if isinstance(value, dict) else value:
            if isinstance(item, _HOLDERS):
                _check_numbers(item, path)
            elif type(item) in _NUMBERS and not _reasonable(item):
                raise msgspec.ValidationError(f"`{path.rstrip('.')}` holds what is no number that can be")


def _reasonable(number: float) -> bool:
    # NaN compares to nothing.
    return -_LARGEST <= number <= _LARGEST


@cache
def _members(kind: type[msgspec.Struct]) -> tuple[tuple[str, bool], ...]:
    """Return the members of a struct, each with whether it may be missing."""
    return tuple((field.name, field.default is None) for field in msgspec.structs.fields(kind))


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


async def decode_any_size(body: bytes, decoder: Callable[[], T]) -> T:
    """Decode a body of any kind: a large one in a thread, so that the event loop goes on.

    Args:
        body: decides by its size.
        decoder: decodes it; may raise.

    Returns:
        The value that `decoder` returns.
    """
    return decoder() if len(body) < THREAD_BYTES else await asyncio.to_thread(decoder)
