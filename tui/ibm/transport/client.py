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
from pathlib import Path
from typing import IO, Final
from urllib.parse import urlsplit

import httpx

from tui import __version__
from tui.common.errors import ErrorKind, QdeckError
from tui.common.safe_text import Secret
from tui.common.timing import Chance, Clock
from tui.domain.accounts import Route
from tui.ibm.transport.errors import (
    broken,
    failure,
    portal,
    timed_out,
    unreached,
)
from tui.ibm.transport.proxy import proxy_for
from tui.ibm.transport.request import (
    Idempotency,
    Request,
    Response,
    Retries,
    RetryPolicy,
    http_date,
    is_page,
    origin,
    wait_asked,
)
from tui.ibm.transport.response_body import ACCEPTED, SpilledBody, read_body
from tui.ibm.transport.tls import context_for

_SECRETS: Final = 32
USER_AGENT: Final = f"qdeck/{__version__}"
_HEADERS: Final = {"User-Agent": USER_AGENT, "Accept": "application/json", "Accept-Encoding": ACCEPTED}
SANDBOX_HEADER: Final = "x-qdeck-sandbox"
"""On every response of the sandbox."""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds to connect, between pieces of a response, for an attempt, and for one with a large response."""

    connect: float = 10.0
    read: float = 60.0
    whole: float = 300.0
    large: float = 1800.0


@dataclass(frozen=True, slots=True)
class HttpOptions:
    """Limits of patience and size of a client, and its surroundings.

    Attributes:
        policy: when a request is repeated.
        timeouts: how long is waited for a response.
        max_body: bytes of a response, after decompression, that are read.
        max_result: the same for the result of a job: a shot of 127 qubits takes 37 bytes, and a job has
            millions.
        max_in_memory: bytes from which on a result is handed over as a file.
        spill_folder: where large responses wait on the disk; `None`: the system's own place for temporary
            files.
        ca_file: CA certificates that are trusted beside the others, as `settings.toml` names them.
        budget: seconds for a request with all its repetitions, but for a large response; `None`: as the
            policy and the timeouts say.
        chance: source of the jitter of repetitions.
        transport: stands in for the network, in tests.
    """

    policy: RetryPolicy = field(default_factory=RetryPolicy)
    timeouts: Timeouts = Timeouts()
    max_body: int = 100 * 1024 * 1024
    max_result: int = 1024 * 1024 * 1024
    max_in_memory: int = 64 * 1024 * 1024
    spill_folder: Path | None = None
    ca_file: Path | None = None
    budget: float | None = None
    chance: Chance = random.random
    transport: httpx.AsyncBaseTransport | None = None


@dataclass(frozen=True, slots=True)
class _Failed:
    """An attempt that failed; `open_end`: the service may have done what was asked."""

    error: QdeckError
    open_end: bool


class HttpClient:
    """Sends requests to the hosts of one account.

    Only requests that are safe to repeat are repeated. No redirect is followed. Nothing is sent to an origin
    that is not among `origins`.

    Args:
        origins: where requests may go (`tui.ibm.transport.request.origin`).
        clock: source of time.
        options: limits and surroundings.
        secrets: what no message may repeat, beside the secrets of requests.
        route: the account's own proxies and certificate checks.

    Attributes:
        simulated: whether the service said that it is qdeck's own sandbox, however it was reached.
        skew: seconds that the service's clock is ahead of this machine's, by the last dated response; `None`
            before one.
    """

    def __init__(
        self,
        origins: Collection[str],
        clock: Clock,
        options: HttpOptions = HttpOptions(),  # frozen
        *,
        secrets: Iterable[Secret] = (),
        route: Route = Route(),  # noqa: B008  # frozen
    ) -> None:
        # httpcore logs the headers of responses at DEBUG: no level set elsewhere may bring them into a log.
        for name in ("httpx", "httpcore"):
            logging.getLogger(name).setLevel(logging.WARNING)
        self._origins = set(origins)
        self._clock = clock
        self._options = options
        policy = options.policy
        if options.budget is not None:
            policy = replace(policy, patience=min(policy.patience, options.budget))
        self._retries = Retries(policy, clock, options.chance)
        self._route = route
        self._clients: dict[str, httpx.AsyncClient] = {}
        self._closed = False
        # What was sent lately: an error may repeat a key that went with another request.
        self._sent_secrets: deque[Secret] = deque(filter(None, secrets), maxlen=_SECRETS)
        self.simulated = False
        self.skew: float | None = None

    def allow(self, url: str) -> None:
        """Let requests go to the origin of `url` too."""
        self._origins.add(origin(url))

    async def send(self, request: Request) -> Response:
        """Send a request, and again where it is safe and may help.

        Returns:
            The response, whose status is 2xx.

        Raises:
            QdeckError: of every kind that `QuantumService` names.
        """
        if origin(request.url) not in self._origins:
            host = urlsplit(request.url).hostname
            raise QdeckError(ErrorKind.SETTINGS, f"{host} is not a host of this account: nothing sent.")
        started = self._clock.monotonic()
        attempt = 0
        while True:
            attempt += 1
            outcome = await self._attempt(request, self._clock.monotonic() - started)
            if isinstance(outcome, Response):
                self._retries.succeeded()
                return outcome
            if request.idempotency is Idempotency.CREATES and outcome.open_end:
                raise _unconfirmed(request, outcome.error)
            wait = None
            if request.idempotency is Idempotency.READS:
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

    def _seconds(self, request: Request, passed: float) -> float:
        """Return the seconds for an attempt, that many after the first one began."""
        timeouts, budget = self._options.timeouts, self._options.budget
        if request.large or budget is None:
            return timeouts.large if request.large else timeouts.whole
        return max(0.0, min(timeouts.whole, budget - passed))

    async def _attempt(self, request: Request, passed: float) -> Response | _Failed:
        host = urlsplit(request.url).hostname or ""
        # Before any secret is revealed: the way may be one that cannot be gone.
        client = self._open(request.url)
        prepared = self._prepared(client, request)
        self._sent_secrets.extend(each for each in request.secrets() if each not in self._sent_secrets)
        try:
            async with asyncio.timeout(self._seconds(request, passed)):
                response = await client.send(prepared, stream=True)
                try:
                    return await self._read(request, host, response)
                finally:
                    await response.aclose()
        except (httpx.ConnectTimeout, httpx.PoolTimeout):
            return _Failed(timed_out(host, "did not take the connection in time"), open_end=False)
        except (httpx.TimeoutException, TimeoutError):
            return _Failed(timed_out(host, f"did not answer {request.where} in time"), open_end=True)
        except (httpx.ConnectError, httpx.ProxyError, httpx.UnsupportedProtocol) as problem:
            return _Failed(unreached(host, problem), open_end=False)
        except (httpx.HTTPError, httpx.StreamError):
            return _Failed(broken(host, request.where), open_end=True)

    async def _read(self, request: Request, host: str, response: httpx.Response) -> Response | _Failed:
        now = self._clock.now()
        dated = http_date(response.headers.get("date", ""))
        if dated is not None:
            self.skew = (dated - now).total_seconds()
        self.simulated |= SANDBOX_HEADER in response.headers
        content_type = response.headers.get("content-type", "").lower()
        status = response.status_code
        good = 200 <= status < 300
        spilled = SpilledBody(self._options.spill_folder)
        read = await self._body(request, response, spilled, good=good)
        if isinstance(read, QdeckError):
            if good:
                return _Failed(read, open_end=True)
            # What comes with an error only explains it: its status says enough.
            read = b""
        body = read if isinstance(read, bytes) else b""
        if not good:
            error = failure(
                status,
                body,
                where=request.where,
                host=host,
                content_type=content_type,
                # A date is one of the service's clock.
                retry_after=wait_asked(response.headers.get("retry-after"), dated or now),
                ray=response.headers.get("cf-ray", ""),
                secrets=self._sent_secrets,
            )
            return _Failed(error, open_end=status >= 500 or status == 408)
        if not isinstance(read, bytes):
            return Response(request.where, status, b"", read)
        if is_page(body, content_type):
            return _Failed(portal(host, request.where, status), open_end=True)
        return Response(request.where, status, body, cut=spilled.cut)

    async def _body(
        self, request: Request, response: httpx.Response, spilled: SpilledBody, *, good: bool
    ) -> bytes | IO[bytes] | QdeckError:
        """Return the body, as a file when it is large and may be; or what is wrong with it."""
        options = self._options
        try:
            limit = options.max_result if request.large else options.max_body
            wanted = request.limit if good else None
            cut = request.cut if good else None
            wrong = await read_body(response, spilled, request.where, limit, wanted=wanted, cut=cut)
            if wrong is not None:
                return wrong
            if good and request.large and spilled.size > options.max_in_memory:
                return await spilled.file()
            return await spilled.whole()
        except QdeckError as error:
            return error.with_traceback(None)
        finally:
            spilled.close()

    def _prepared(self, client: httpx.AsyncClient, request: Request) -> httpx.Request:
        headers, content = request.encoded()
        timeouts = self._options.timeouts
        return client.build_request(
            request.method,
            request.url,
            headers=_HEADERS | headers,
            params=request.query or None,
            content=content,
            timeout=httpx.Timeout(timeouts.read, connect=timeouts.connect, pool=timeouts.connect),
        )

    def _open(self, url: str) -> httpx.AsyncClient:
        """Return the client for the way to the origin of `url`.

        Raises:
            QdeckError: `NETWORK` when closed; `SETTINGS` as `Proxy.check` and `context_for`.
        """
        if self._closed:
            raise QdeckError(ErrorKind.NETWORK, "The connection to the service is closed.", "Sign in again.")
        known = self._clients.get(origin(url))
        if known is None:
            options = self._options
            known = open_client(url, self._route, None, options.ca_file, options.transport)
            self._clients[origin(url)] = known
        return known


def open_client(
    url: str,
    route: Route,
    environ: Mapping[str, str] | None = None,
    ca_file: Path | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
) -> httpx.AsyncClient:
    """Open an httpx client for the way to the origin of `url`; it connects with its first request.

    Args:
        url: URL on the host.
        route: the account's own proxies and certificate checks.
        environ: where proxies and CA files are named; `None`: the process's own, which must be no argument
            here: it may hold the password of a proxy, and a traceback may show the arguments.
        ca_file: CA file or folder that `settings.toml` names.
        transport: stands in for the network, in tests.

    Raises:
        QdeckError: `SETTINGS` as `Proxy.check` and `context_for`.
    """
    # On this machine nothing is encrypted: what the environment says of certificates does not matter.
    context = context_for(route, environ if urlsplit(url).scheme == "https" else {}, ca_file)
    proxy = None if transport else proxy_for(url, route, os.environ if environ is None else environ)
    if proxy is not None:
        proxy.check(url)
    return httpx.AsyncClient(
        verify=context,
        follow_redirects=False,
        transport=transport,
        proxy=None if proxy is None else _as_httpx(proxy.url, context),
        # The environment was read above; httpx would read it in its own way.
        trust_env=False,
        limits=httpx.Limits(max_connections=10, max_keepalive_connections=5, keepalive_expiry=30.0),
    )


def _as_httpx(proxy: Secret, context: ssl.SSLContext) -> httpx.Proxy:
    encrypted = urlsplit(proxy.reveal()).scheme == "https"
    return httpx.Proxy(proxy.reveal(), ssl_context=context if encrypted else None)


def _unconfirmed(request: Request, error: QdeckError) -> QdeckError:
    unconfirmed = error.reworded(
        ErrorKind.UNCONFIRMED,
        f"It is not known whether {request.where} worked: {error.message}",
        "It is not sent again by itself: look whether it exists first.",
    )
    unconfirmed.retry_after = error.retry_after
    return unconfirmed
