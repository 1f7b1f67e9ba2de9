"""The one HTTP client: bounded, patient where it is safe, and silent about secrets."""

from __future__ import annotations

import asyncio
import logging
import os
import random
import ssl
from collections import deque
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import Path
from typing import IO, Final
from urllib.parse import quote, urlencode, urlsplit

import httpx

from tui import __version__
from tui.common.backoff import Chance
from tui.common.clock import Clock
from tui.common.errors import ErrorKind, QdeckError
from tui.common.sanitize import plain
from tui.common.secret import Secret
from tui.domain.accounts import Route
from tui.ibm.codec.decoding import encode
from tui.ibm.transport.endpoints import origin
from tui.ibm.transport.errors import (
    broken,
    failure,
    http_date,
    is_page,
    portal,
    timed_out,
    unreached,
    wait_asked,
)
from tui.ibm.transport.inflate import ACCEPTED
from tui.ibm.transport.proxy import proxy_for
from tui.ibm.transport.response_body import take_body
from tui.ibm.transport.retry import Retries, RetryPolicy
from tui.ibm.transport.spool import SpilledBody
from tui.ibm.transport.tls import context_for

Value = str | Secret
MAX_BODY: Final = 100 * 1024 * 1024
"""Bytes of one answer, after decompression, that are taken."""
MAX_RESULT: Final = 1024 * 1024 * 1024
"""The same for the result of a job: a shot of 127 qubits takes 37 bytes, and a job has millions."""
MAX_IN_MEMORY: Final = 64 * 1024 * 1024
"""Bytes from which on a result is not read into memory here."""
_SECRETS: Final = 32
_LONGEST_ID: Final = 1000
USER_AGENT: Final = f"qdeck/{__version__}"


class Safety(Enum):
    """What sending a request twice would do."""

    READS = "reads"
    """Nothing: it may be repeated."""
    CHANGES = "changes"
    """It is sent once; how it ended is told as it is."""
    CREATES = "creates"
    """It is sent once; an end that leaves open whether it worked is `UNCONFIRMED`."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request. Secrets stay wrapped until the bytes are made.

    Attributes:
        where: method and path pattern, e.g. `GET /jobs/{id}`, for messages.
        body: what is sent as JSON.
        form: what is sent as a form, instead.
        large: whether the answer may be as large as a result, and then comes as a file.
        limit: bytes of the answer, after decompression, above which it is broken off and `TOO_LARGE`;
            `None`: as many as the client takes of any answer, and more than that are `PROTOCOL`.
    """

    method: str
    url: str
    where: str
    safety: Safety = Safety.READS
    headers: Mapping[str, Value] = field(default_factory=dict)
    query: tuple[tuple[str, str], ...] = ()
    body: object = None
    form: Mapping[str, Value] | None = None
    large: bool = False
    limit: int | None = None

    def with_headers(self, headers: Mapping[str, Value]) -> Call:
        """The same request with these headers as well."""
        return replace(self, headers={**self.headers, **headers})

    def secrets(self) -> list[Secret]:
        """What must not come back in a message."""
        values = [*self.headers.values(), *(self.form or {}).values()]
        if isinstance(self.body, Mapping):
            values.extend(self.body.values())
        found = [value for value in values if isinstance(value, Secret) and value]
        return found + [Secret(bare) for value in found if (bare := value.reveal().removeprefix("Bearer "))]


@dataclass(frozen=True, slots=True)
class Answer:
    """A successful answer (status 2xx).

    Attributes:
        file: holds the body in place of `body` when it is large, from its beginning; the caller closes it.
    """

    status: int
    body: bytes = field(repr=False)
    content_type: str = ""
    file: IO[bytes] | None = None


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds: to connect, between two pieces of an answer, for one attempt, and one with a large answer."""

    connect: float = 10.0
    read: float = 60.0
    whole: float = 300.0
    large: float = 1800.0


@dataclass(frozen=True, slots=True)
class _Failed:
    """One attempt that failed; `open_end`: the service may have done what was asked."""

    error: QdeckError
    open_end: bool


def path(*parts: str) -> str:
    """A URL path of these parts, each escaped.

    Raises:
        QdeckError: `INVALID` for a part that is empty, far too long, or would climb out of its place.
    """
    for part in parts:
        if not part.strip(".") or len(part) > _LONGEST_ID:
            raise QdeckError(ErrorKind.INVALID, f"{plain(part, limit=60)!r} is not an id.")
    return "".join("/" + quote(part, safe="") for part in parts)


SANDBOX_HEADER = "x-qdeck-sandbox"
"""On every answer of the sandbox."""


class HttpClient:
    """Sends calls to the hosts of one account.

    Only requests that are safe to repeat are repeated. No redirect is followed. Nothing is sent to an origin
    that is not among `origins`.
    """

    def __init__(
        self,
        origins: Collection[str],
        clock: Clock,
        *,
        chance: Chance = random.random,
        policy: RetryPolicy | None = None,
        timeouts: Timeouts | None = None,
        max_body: int = MAX_BODY,
        max_result: int = MAX_RESULT,
        max_in_memory: int = MAX_IN_MEMORY,
        transport: httpx.AsyncBaseTransport | None = None,
        secrets: Iterable[Secret] = (),
        route: Route | None = None,
        spool: Path | None = None,
        ca_file: Path | None = None,
    ) -> None:
        # httpcore tells answers' headers at DEBUG: no level set elsewhere may bring them into a log.
        for name in ("httpx", "httpcore"):
            logging.getLogger(name).setLevel(logging.WARNING)
        self._origins = set(origins)
        self._clock = clock
        self._retries = Retries(policy or RetryPolicy(), clock, chance)
        self._timeouts = timeouts or Timeouts()
        self._max_body = max_body
        self._max_result = max_result
        self._max_in_memory = max_in_memory
        self._transport = transport
        self._route = route or Route()
        self._spool = spool
        self._ca_file = ca_file
        self._clients: dict[str, httpx.AsyncClient] = {}
        self._closed = False
        self.simulated = False
        """Whether the service said that it is qdeck's own sandbox, however it was reached."""
        # What was sent lately: an error may repeat a key that went with another request.
        self._sent_secrets: deque[Secret] = deque(filter(None, secrets), maxlen=_SECRETS)
        self.skew: float | None = None
        """Seconds that the service's clock is ahead of this machine's, by the last answer that told."""

    def allow(self, url: str) -> None:
        """Let requests go to the origin of `url` too."""
        self._origins.add(origin(url))

    async def send(self, call: Call) -> Answer:
        """The answer to a call.

        Raises:
            QdeckError: of every kind that `QuantumService` names.
        """
        if origin(call.url) not in self._origins:
            raise QdeckError(
                ErrorKind.SETTINGS,
                f"{urlsplit(call.url).hostname} is not a host of this account: nothing sent.",
            )
        started = self._clock.monotonic()
        attempt = 0
        while True:
            attempt += 1
            outcome = await self._attempt(call)
            if isinstance(outcome, Answer):
                self._retries.succeeded()
                return outcome
            if call.safety is Safety.CREATES and outcome.open_end:
                raise _unconfirmed(call, outcome.error)
            wait = None
            if call.safety is Safety.READS:
                wait = self._retries.wait_before(attempt, outcome.error, started)
            if wait is None:
                outcome.error.repeated = attempt > 1
                raise outcome.error
            await self._clock.sleep(wait)

    async def aclose(self) -> None:
        """Close the connections; nothing is sent any more."""
        self._closed = True
        while self._clients:
            await self._clients.popitem()[1].aclose()

    async def _attempt(self, call: Call) -> Answer | _Failed:
        host = urlsplit(call.url).hostname or ""
        # Before any secret is revealed: the way may be one that cannot be gone.
        client = self._open(call.url)
        request = self._request(client, call)
        self._sent_secrets.extend(each for each in call.secrets() if each not in self._sent_secrets)
        try:
            async with asyncio.timeout(self._timeouts.large if call.large else self._timeouts.whole):
                response = await client.send(request, stream=True)
                try:
                    return await self._read(call, host, response)
                finally:
                    await response.aclose()
        except (httpx.ConnectTimeout, httpx.PoolTimeout):
            return _Failed(timed_out(host, "did not take the connection in time"), open_end=False)
        except (httpx.TimeoutException, TimeoutError):
            return _Failed(timed_out(host, f"did not answer {call.where} in time"), open_end=True)
        except (httpx.ConnectError, httpx.ProxyError, httpx.UnsupportedProtocol) as problem:
            return _Failed(unreached(host, problem), open_end=False)
        except (httpx.HTTPError, httpx.StreamError):
            return _Failed(broken(host, call.where), open_end=True)

    async def _read(self, call: Call, host: str, response: httpx.Response) -> Answer | _Failed:
        now = self._clock.now()
        dated = http_date(response.headers.get("date", ""))
        if dated is not None:
            self.skew = (dated - now).total_seconds()
        self.simulated |= SANDBOX_HEADER in response.headers
        kind = response.headers.get("content-type", "").lower()
        status = response.status_code
        good = 200 <= status < 300
        taken = await self._body(call, response, spooled=good)
        if isinstance(taken, QdeckError):
            if good:
                return _Failed(taken, open_end=True)
            # What comes with an error only explains it: its status says enough.
            taken = b""
        body = taken if isinstance(taken, bytes) else b""
        if not good:
            error = failure(
                status,
                body,
                where=call.where,
                host=host,
                content_type=kind,
                # A date is one of the service's clock.
                retry_after=wait_asked(response.headers.get("retry-after"), dated or now),
                secrets=self._sent_secrets,
            )
            return _Failed(error, open_end=status >= 500 or status == 408)
        if is_page(body, kind):
            return _Failed(portal(host, call.where, status), open_end=True)
        return Answer(status, body, kind, None if isinstance(taken, bytes) else taken)

    async def _body(
        self, call: Call, response: httpx.Response, *, spooled: bool
    ) -> bytes | IO[bytes] | QdeckError:
        """The body, as a file when it is large and may be; or what is wrong with it."""
        spool = SpilledBody(self._spool)
        try:
            limit = self._max_result if call.large else self._max_body
            wanted = call.limit if spooled else None
            wrong = await take_body(response, spool, call.where, limit, wanted=wanted)
            if wrong is not None:
                return wrong
            if spooled and call.large and spool.size > self._max_in_memory:
                return await spool.file()
            return await spool.whole()
        except QdeckError as error:
            return error.with_traceback(None)
        finally:
            spool.close()

    def _request(self, client: httpx.AsyncClient, call: Call) -> httpx.Request:
        known = {"User-Agent": USER_AGENT, "Accept": "application/json", "Accept-Encoding": ACCEPTED}
        for name, value in call.headers.items():
            _check_header(name, value)
        content: bytes | None = None
        if call.form is not None:
            content = urlencode({name: _plain(value) for name, value in call.form.items()}).encode()
            known["Content-Type"] = "application/x-www-form-urlencoded"
        elif call.body is not None:
            content = encode(call.body)
            known["Content-Type"] = "application/json"
        timeouts = self._timeouts
        return client.build_request(
            call.method,
            call.url,
            headers=known | {name: _plain(value) for name, value in call.headers.items()},
            params=call.query or None,
            content=content,
            timeout=httpx.Timeout(timeouts.read, connect=timeouts.connect, pool=timeouts.connect),
        )

    def _open(self, url: str) -> httpx.AsyncClient:
        """The client for the way to the origin of `url`.

        Raises:
            QdeckError: `NETWORK` when closed; `SETTINGS` as `Proxy.check` and `context_for`.
        """
        if self._closed:
            raise QdeckError(ErrorKind.NETWORK, "The connection to the service is closed.", "Sign in again.")
        known = self._clients.get(origin(url))
        if known is not None:
            return known
        # On this machine nothing is encrypted: what the environment says of certificates does not matter.
        environ: dict[str, str] | None = None if urlsplit(url).scheme == "https" else {}
        context = context_for(self._route, environ, self._ca_file)
        proxy = None if self._transport else proxy_for(url, self._route, os.environ)
        if proxy is not None:
            proxy.check(url)
        client = self._clients[origin(url)] = httpx.AsyncClient(
            verify=context,
            follow_redirects=False,
            transport=self._transport,
            proxy=None if proxy is None else _as_httpx(proxy.url, context),
            # The environment was read above; httpx would read it in its own way.
            trust_env=False,
            limits=httpx.Limits(max_connections=10, max_keepalive_connections=5, keepalive_expiry=30.0),
        )
        return client


def _as_httpx(proxy: Secret, context: ssl.SSLContext) -> httpx.Proxy:
    encrypted = urlsplit(proxy.reveal()).scheme == "https"
    return httpx.Proxy(proxy.reveal(), ssl_context=context if encrypted else None)


def _plain(value: Value) -> str:
    return value.reveal() if isinstance(value, Secret) else value


def _check_header(name: str, value: Value) -> None:
    """Refuse a value that cannot be a header's: httpx would repeat it in its exception."""
    if _plain(value).isascii() and _plain(value).isprintable():
        return
    if isinstance(value, Secret):
        raise QdeckError(
            ErrorKind.WRONG_KEY,
            "The key or token holds characters that no key has.",
            "Copy it again, without line breaks.",
        )
    raise QdeckError(ErrorKind.SETTINGS, f"{name} holds characters that cannot be sent.", "Type it again.")


def _unconfirmed(call: Call, error: QdeckError) -> QdeckError:
    return QdeckError(
        ErrorKind.UNCONFIRMED,
        f"It is not known whether {call.where} worked: {error.message}",
        "It is not sent again by itself: look whether it exists first.",
        code=error.code,
        status=error.status,
        retry_after=error.retry_after,
    )
