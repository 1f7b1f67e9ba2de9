"""The one HTTP client: bounded, patient where it is safe, and silent about secrets."""

from __future__ import annotations

import asyncio
import logging
import random
from collections import deque
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlencode, urlsplit

import httpx

from tui import __version__
from tui.domain.accounts import Route
from tui.domain.clock import Clock
from tui.domain.errors import ErrorKind, QdeckError
from tui.domain.secret import Secret
from tui.domain.text import plain
from tui.ibm.decode import encode
from tui.ibm.endpoints import origin
from tui.ibm.failures import failure, http_date, is_page, portal, wait_asked
from tui.ibm.retry import Chance, Retries, RetryPolicy
from tui.ibm.spool import Spool
from tui.ibm.trust import NAME_THE_CA, context_for, mounts

Value = str | Secret
MAX_BODY: Final = 100 * 1024 * 1024
"""Bytes of one answer, after decompression, that are taken."""
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
        page_ok: whether an HTML answer is as good as any other (logs, results of failed jobs).
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
    page_ok: bool = False
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
    """A successful answer (status 2xx)."""

    status: int
    body: bytes = field(repr=False)
    content_type: str = ""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds: to connect, between two pieces of an answer, and for the whole of one attempt."""

    connect: float = 10.0
    read: float = 60.0
    whole: float = 300.0


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


class Http:
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
        self._transport = transport
        self._route = route or Route()
        self._spool = spool
        self._ca_file = ca_file
        self._client: httpx.AsyncClient | None = None
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
                raise outcome.error
            await self._clock.sleep(wait)

    async def aclose(self) -> None:
        """Close the connections; nothing is sent any more."""
        self._closed = True
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def _attempt(self, call: Call) -> Answer | _Failed:
        host = urlsplit(call.url).hostname or ""
        request = self._request(call)
        self._sent_secrets.extend(each for each in call.secrets() if each not in self._sent_secrets)
        try:
            async with asyncio.timeout(self._timeouts.whole):
                response = await self._open().send(request, stream=True)
                try:
                    return await self._read(call, host, response)
                finally:
                    await response.aclose()
        except (httpx.ConnectTimeout, httpx.PoolTimeout):
            return _Failed(_timed_out(host, "did not take the connection in time"), open_end=False)
        except (httpx.TimeoutException, TimeoutError):
            return _Failed(_timed_out(host, f"did not answer {call.where} in time"), open_end=True)
        except (httpx.ConnectError, httpx.ProxyError, httpx.UnsupportedProtocol) as problem:
            return _Failed(_unreached(host, problem), open_end=False)
        except (httpx.HTTPError, httpx.StreamError) as problem:
            return _Failed(_broken(host, call.where, problem), open_end=True)

    async def _read(self, call: Call, host: str, response: httpx.Response) -> Answer | _Failed:
        now = self._clock.now()
        dated = http_date(response.headers.get("date", ""))
        if dated is not None:
            self.skew = (dated - now).total_seconds()
        self.simulated |= SANDBOX_HEADER in response.headers
        kind = response.headers.get("content-type", "").lower()
        wanted = call.limit if response.is_success else None
        announced = response.headers.get("content-length", "")
        # What is announced is the size on the way: decompressed it is hardly smaller.
        if wanted is not None and announced.isascii() and announced.isdecimal() and int(announced) > wanted:
            return _Failed(_too_large(call.where, wanted), open_end=True)
        spool = Spool(self._spool)
        try:
            async for piece in response.aiter_bytes():
                size = spool.size + len(piece)
                if wanted is not None and size > wanted:
                    return _Failed(_too_large(call.where, wanted), open_end=True)
                if size > self._max_body:
                    limit = self._max_body // (1024 * 1024)
                    too_large = f"The answer to {call.where} is larger than {limit} MB."
                    return _Failed(QdeckError(ErrorKind.PROTOCOL, too_large), open_end=True)
                await spool.add(piece)
            body = await spool.whole()
        finally:
            spool.close()
        status = response.status_code
        if not 200 <= status < 300:
            error = failure(
                status,
                body,
                where=call.where,
                host=host,
                content_type=kind,
                retry_after=wait_asked(response.headers.get("retry-after"), dated or now),
                secrets=self._sent_secrets,
            )
            return _Failed(error, open_end=status >= 500 or status == 408)
        if not call.page_ok and is_page(body, kind):
            return _Failed(portal(host, call.where, status), open_end=True)
        return Answer(status, body, kind)

    def _request(self, call: Call) -> httpx.Request:
        headers = {"User-Agent": USER_AGENT, "Accept": "application/json"}
        for name, value in call.headers.items():
            _check_header(name, value)
        headers.update({name: _plain(value) for name, value in call.headers.items()})
        content: bytes | None = None
        if call.form is not None:
            content = urlencode({name: _plain(value) for name, value in call.form.items()}).encode()
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        elif call.body is not None:
            content = encode(call.body)
            headers["Content-Type"] = "application/json"
        timeouts = self._timeouts
        return self._open().build_request(
            call.method,
            call.url,
            headers=headers,
            params=call.query or None,
            content=content,
            timeout=httpx.Timeout(timeouts.read, connect=timeouts.connect, pool=timeouts.connect),
        )

    def _open(self) -> httpx.AsyncClient:
        if self._closed:
            raise QdeckError(ErrorKind.NETWORK, "The connection to the service is closed.", "Sign in again.")
        if self._client is None:
            hosts = {urlsplit(known).hostname or "" for known in self._origins}
            context = context_for(self._route, ca_file=self._ca_file)
            limits = httpx.Limits(max_connections=10, max_keepalive_connections=5, keepalive_expiry=30.0)
            self._client = httpx.AsyncClient(
                verify=context,
                follow_redirects=False,
                transport=self._transport,
                # A proxy is for the network, not for this machine; a stand-in network has none.
                mounts=None if self._transport else mounts(self._route, hosts, context, limits),
                limits=limits,
            )
        return self._client


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


def _timed_out(host: str, what: str) -> QdeckError:
    return QdeckError(ErrorKind.TIMEOUT, f"{host} {what}.", "Check the network, or try again later.")


def _unreached(host: str, problem: Exception) -> QdeckError:
    reason = str(problem)
    if "CERTIFICATE_VERIFY_FAILED" in reason or "SSL" in reason:
        return QdeckError(
            ErrorKind.NETWORK,
            f"{host} was reached, but its certificate is not trusted here.",
            NAME_THE_CA,
        )
    if isinstance(problem, httpx.ProxyError):
        return QdeckError(
            ErrorKind.NETWORK,
            f"The proxy would not connect to {host}: {reason}.",
            "Check HTTPS_PROXY and NO_PROXY, or the proxies of the saved account.",
        )
    return QdeckError(
        ErrorKind.NETWORK, f"{host} was not reached: {reason or 'no connection'}.", "Check the network."
    )


def _too_large(where: str, limit: int) -> QdeckError:
    return QdeckError(
        ErrorKind.TOO_LARGE, f"The answer to {where} is larger than {limit / (1024 * 1024):.3g} MB."
    )


def _broken(host: str, where: str, problem: Exception) -> QdeckError:
    if isinstance(problem, httpx.DecodingError):
        return QdeckError(ErrorKind.PROTOCOL, f"The answer to {where} from {host} could not be decompressed.")
    return QdeckError(
        ErrorKind.NETWORK, f"The connection to {host} broke during {where}.", "Check the network."
    )


def _unconfirmed(call: Call, error: QdeckError) -> QdeckError:
    return QdeckError(
        ErrorKind.UNCONFIRMED,
        f"It is not known whether {call.where} worked: {error.message}",
        "It is not sent again by itself: look whether it exists first.",
        code=error.code,
        status=error.status,
        retry_after=error.retry_after,
    )
