"""Requests to the services and their successful responses, as values."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import IO, Final, TypeVar
from urllib.parse import quote, urlencode

from tui.common.errors import ErrorKind, QdeckError
from tui.common.sanitize import plain
from tui.common.secret import Secret
from tui.ibm.codec.decoding import decode, encode

T = TypeVar("T")
Value = str | Secret
Query = tuple[tuple[str, str], ...]
"""Query parameters in their order; a name may be repeated."""
_LONGEST_ID: Final = 1000
_PLACEHOLDER: Final = re.compile(r"\{\w+\}")


class Idempotency(Enum):
    """Effect of sending a request twice."""

    READS = "reads"
    """None: it may be repeated."""
    CHANGES = "changes"
    """It is sent once; how it ended is reported as it is."""
    CREATES = "creates"
    """It is sent once; an end that leaves open whether it worked is `UNCONFIRMED`."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request to a service. Secrets stay wrapped until the bytes are made.

    Attributes:
        base: base URL of the endpoint.
        where: method and path below `base`, e.g. `GET /jobs/{id}`; it stands so in messages.
        ids: values of the placeholders of `where`, in their order; each is escaped.
        body: value that is sent as JSON; `None`: nothing.
        form: fields that are sent as a form, instead.
        large: whether the response may be as large as a result, and then comes as a file.
        limit: bytes of the response, after decompression, above which it is broken off and `TOO_LARGE`;
            `None`: as many as the client takes of any response, and more than that are `PROTOCOL`.
        url: the whole URL, without the query.

    Raises:
        QdeckError: `INVALID` for an id that is empty, far too long, or would climb out of its place.
    """

    base: str
    where: str
    ids: tuple[str, ...] = ()
    idempotency: Idempotency = Idempotency.READS
    headers: Mapping[str, Value] = field(default_factory=dict)
    query: Query = ()
    body: object = None
    form: Mapping[str, Value] | None = None
    large: bool = False
    limit: int | None = None
    url: str = field(init=False)

    def __post_init__(self) -> None:
        for part in self.ids:
            if not part.strip(".") or len(part) > _LONGEST_ID:
                raise QdeckError(ErrorKind.INVALID, f"{plain(part, limit=60)!r} is not an id.")
        ids = iter(self.ids)
        path = _PLACEHOLDER.sub(lambda _: quote(next(ids), safe=""), self.where.partition(" ")[2])
        object.__setattr__(self, "url", self.base + path)

    @property
    def method(self) -> str:
        """The HTTP method."""
        return self.where.partition(" ")[0]

    def with_headers(self, headers: Mapping[str, Value]) -> Request:
        """Return the same request with these headers as well."""
        return replace(self, headers={**self.headers, **headers})

    def secrets(self) -> Iterator[Secret]:
        """Yield the secrets that no message may repeat; a bearer token also without its scheme."""
        values = [*self.headers.values(), *(self.form or {}).values()]
        if isinstance(self.body, Mapping):
            values.extend(self.body.values())
        for value in values:
            if isinstance(value, Secret) and value:
                yield value
                if bare := value.reveal().removeprefix("Bearer "):
                    yield Secret(bare)

    def encoded(self) -> tuple[dict[str, str], bytes | None]:
        """Return headers and body as they are sent, secrets revealed.

        Raises:
            QdeckError: `WRONG_KEY` or `SETTINGS` for a header that cannot be sent; its value is not repeated.
        """
        headers, content = {}, None
        if self.form is not None:
            content = urlencode({name: _revealed(value) for name, value in self.form.items()}).encode()
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        elif self.body is not None:
            content = encode(self.body)
            headers["Content-Type"] = "application/json"
        for name, value in self.headers.items():
            _check_header(name, value)
            headers[name] = _revealed(value)
        return headers, content


@dataclass(frozen=True, slots=True)
class Response:
    """A successful response (status 2xx).

    Attributes:
        where: the request, e.g. `GET /jobs/{id}`, for messages.
        body: the bytes of the body, decompressed.
        file: holds the body in place of `body` when it is large, from its beginning; the caller closes it.
    """

    where: str
    status: int
    body: bytes = field(repr=False)
    file: IO[bytes] | None = None

    def decode(self, kind: type[T]) -> T:
        """Return the JSON body as a value of `kind`.

        Raises:
            QdeckError: `PROTOCOL`, naming request and field.
        """
        return decode(self.body, kind, self.where)


def _revealed(value: Value) -> str:
    return value.reveal() if isinstance(value, Secret) else value


def _check_header(name: str, value: Value) -> None:
    """Refuse a value that cannot be a header's: httpx would repeat it in its exception."""
    if _revealed(value).isascii() and _revealed(value).isprintable():
        return
    if isinstance(value, Secret):
        message = "The key or token holds characters that no key has."
        advice = "Copy it again, without line breaks."
        raise QdeckError(ErrorKind.WRONG_KEY, message, advice)
    raise QdeckError(ErrorKind.SETTINGS, f"{name} holds characters that cannot be sent.", "Type it again.")
