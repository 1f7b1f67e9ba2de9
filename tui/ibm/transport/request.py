"""Requests to the services, their responses as values, and when a request is repeated."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import Enum
from typing import IO, Final, TypeVar
from urllib.parse import quote, urlencode, urlsplit

from tui.common.errors import ErrorKind, QdeckError
from tui.common.safe_text import Secret, plain
from tui.common.timing import Backoff, Chance, Clock
from tui.ibm.codec.decoding import decode, encode

T = TypeVar("T")
Value = str | Secret
Query = tuple[tuple[str, str], ...]
"""Query parameters in their order; a name may be repeated."""
LONGEST_ASKED: Final = 86_400.0
"""Seconds: a service that asks for more is asked again after that, all the same."""
_LONGEST_ID: Final = 1000
_PLACEHOLDER: Final = re.compile(r"\{\w+\}")


class Idempotency(Enum):
    """Effect of sending a request twice."""

    READS = "reads"
    """None: it may be repeated."""
    READS_ONCE = "reads once"
    """None, but nobody waits for it: it is sent once."""
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
        cut: bytes of the response, after decompression, behind which no more of it is read; `None`: it is
            read to its end.
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
    cut: int | None = None
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
        cut: the body went on, and was not read to its end (`Request.cut`).
    """

    where: str
    status: int
    body: bytes = field(repr=False)
    file: IO[bytes] | None = None
    cut: bool = False

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


FULL_JITTER = (-0.5, 0.0)
"""Shares of a wait: many clients must not come back in step."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Patience of a client. Times in seconds.

    Attributes:
        attempts: the most times one request is sent.
        first_wait: the longest first wait; doubled for each next one.
        longest_wait: no wait is longer; a service that asks for more is reported, not waited for.
        patience: no new attempt starts that long after the first.
        burst: failed requests after which nothing is repeated, over all requests to the service.
        refill: seconds after which one more repetition is allowed: a dead service costs no more than that,
            or than it is asked anew, whichever is more.
    """

    attempts: int = 4
    first_wait: float = 0.5
    longest_wait: float = 20.0
    patience: float = 90.0
    burst: float = 12.0
    refill: float = 60.0


class Retries:
    """Decides over the repetitions of all requests of one client, within one budget."""

    def __init__(self, policy: RetryPolicy, clock: Clock, chance: Chance) -> None:
        self._policy = policy
        self._clock = clock
        self._chance = chance
        self._backoff = Backoff(policy.first_wait, policy.longest_wait, jitter=FULL_JITTER)
        self._budget = policy.burst
        self._counted = clock.monotonic()

    def wait_before(self, attempt: int, error: QdeckError, started: float) -> float | None:
        """Return the seconds to wait before attempt `attempt` + 1; `None`: give up with `error`.

        Args:
            attempt: how many times the request was sent so far.
            error: how the last attempt ended.
            started: `Clock.monotonic()` of the first attempt.
        """
        policy = self._policy
        if error.worth_retrying and attempt == 1:
            # A first attempt is not held back, but its failure counts like that of any other.
            self._spend(self._clock.monotonic())
        if not error.worth_retrying or attempt >= policy.attempts:
            return None
        if error.retry_after is not None:
            wait = error.retry_after
            if wait > policy.longest_wait:
                return None
        else:
            wait = self._backoff.spread(self._backoff.wait(attempt), self._chance)
        now = self._clock.monotonic()
        if now + wait - started > policy.patience or not self._spend(now):
            return None
        return wait

    def succeeded(self) -> None:
        """Restore the whole budget: a request was answered, so the service lives."""
        self._budget = self._policy.burst

    def _spend(self, now: float) -> bool:
        self._budget = min(self._policy.burst, self._budget + (now - self._counted) / self._policy.refill)
        self._counted = now
        if self._budget < 1.0:
            return False
        self._budget -= 1.0
        return True


def is_page(body: bytes, content_type: str) -> bool:
    """Return whether the response is an HTML page; what begins like JSON is none, whatever its type says."""
    start = body[:200].lstrip().lower()
    if "json" in content_type or start.startswith((b"{", b"[")):
        return False
    return "html" in content_type or start.startswith((b"<!doctype html", b"<html"))


def wait_asked(value: str | None, now: datetime) -> float | None:
    """Return the seconds, at most a day, that a `Retry-After` header asks to wait; `None` when there is none.

    Args:
        value: a number of seconds, or a date (RFC 9110, 10.2.3).
        now: the time by the clock that the date is of.
    """
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        at = http_date(value)
        if at is None:
            return None
        seconds = (at - now).total_seconds()
    return max(0.0, min(seconds, LONGEST_ASKED))


def http_date(value: str) -> datetime | None:
    """Return the time of a `Date` or `Retry-After` header as aware UTC; `None` when it is none."""
    try:
        at = parsedate_to_datetime(value)
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def origin(url: str) -> str:
    """Return scheme, host and port of a URL, e.g. `https://iam.cloud.ibm.com:443`."""
    parts = urlsplit(url)
    port = parts.port or (80 if parts.scheme == "http" else 443)
    return f"{parts.scheme}://{(parts.hostname or '').lower()}:{port}"
