"""The way to a host, step by step: its name, the connection, a proxy in between, the certificate."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from tui.common.errors import QdeckError
from tui.common.safe_text import plain
from tui.domain.accounts import Route
from tui.ibm.transport.client import open_client
from tui.ibm.transport.proxy import proxy_for
from tui.ibm.transport.tls import NAME_THE_CA

_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Step:
    """A step to a host and how it ended; `advice` says what to do when it failed."""

    name: str
    host: str
    good: bool
    message: str
    advice: str = ""


async def steps_to(
    url: str, route: Route, environ: Mapping[str, str], ca_file: Path | None = None
) -> AsyncIterator[Step]:
    """Yield the steps to the host of `url`, each when it is done; end after the first that failed.

    The way is that of the HTTP client. Nothing is sent but what opens the connection; a proxy is given its
    password, and only there.

    Args:
        url: base URL of an endpoint.
        route: the account's own way.
        environ: where `HTTPS_PROXY`, `NO_PROXY` and CA files are named.
        ca_file: CA file or folder that `settings.toml` names beside them.
    """
    goal = urlsplit(url)
    host = goal.hostname or ""
    proxy = proxy_for(url, route, environ)
    if proxy is not None:
        try:
            proxy.check(url)
        except QdeckError as error:
            yield Step("proxy", host, False, error.message, error.advice)
            return
    first = urlsplit(proxy.url.reveal()) if proxy else goal
    named, port = first.hostname or "", first.port or (443 if first.scheme == "https" else 80)
    variable = proxy.named if proxy else ""
    step = await _resolve(named, port, variable)
    yield step
    if not step.good:
        return
    steps: asyncio.Queue[Step | None] = asyncio.Queue()
    untrusted: QdeckError | None = None
    try:
        client = open_client(url, route, environ, ca_file)
    except QdeckError as error:
        untrusted = error if "https" in {first.scheme, goal.scheme} else None
        client = open_client(url, replace(route, verify=False), environ)
    probe = _Probe(host, named, port, variable, steps.put_nowait, untrusted, checked=route.verify)
    running = asyncio.create_task(probe.run(client, url), name=f"way to {host}")
    running.add_done_callback(lambda _: steps.put_nowait(None))
    try:
        while (found := await steps.get()) is not None:
            yield found
    finally:
        running.cancel()
        await asyncio.wait({running})


class _Opened(Exception):
    """The connection is open as far as it is to be: nothing more is sent."""


class _Probe:
    """Opens a connection as httpx does it, and reports the steps that httpcore's trace extension shows.

    Args:
        host: the host that is to be reached.
        named: the host that is connected to: the proxy, or `host`.
        port: its port.
        variable: where the proxy is named; empty: there is none.
        report: takes each step.
        untrusted: why no certificate can be checked, so that the way ends there; `None`: they can.
        checked: whether certificates are checked.
    """

    def __init__(
        self,
        host: str,
        named: str,
        port: int,
        variable: str,
        report: Callable[[Step], None],
        untrusted: QdeckError | None,
        *,
        checked: bool,
    ) -> None:
        self._host = host
        self._port = port
        self._variable = variable
        self._by = f"the proxy {named}" if variable else named
        self._report = report
        self._untrusted = untrusted
        self._checked = checked
        self._encrypting = host
        self._asks_proxy = self._failed = False

    async def run(self, client: httpx.AsyncClient, url: str) -> None:
        """Open the connection with a request that is never sent, and close it."""
        async with client:
            request = client.build_request("HEAD", url, timeout=_SECONDS, extensions={"trace": self._trace})
            try:
                await client.send(request)
            except _Opened:
                return
            except httpx.HTTPError as problem:
                # The trace has reported all else.
                if self._asks_proxy:
                    self._done(self._passed(problem))

    async def _trace(self, event: str, info: Mapping[str, Any]) -> None:
        kind, _, state = event.partition(".")[2].partition(".")
        if kind == "start_tls" and state == "started":
            self._encrypting = str(info["server_hostname"])
        elif kind == "send_request_headers" and state == "started":
            self._asks_proxy = info["request"].method == b"CONNECT"
            if not self._asks_proxy:
                raise _Opened
        elif state in {"complete", "failed"}:
            problem = info.get("exception")
            if kind == "connect_tcp":
                self._done(self._connected(problem))
                if self._untrusted is not None and problem is None:
                    error = self._untrusted
                    self._done(Step("TLS", self._host, False, error.message, error.advice))
                    await info["return_value"].aclose()
                    raise _Opened
            elif kind == "start_tls":
                self._done(self._encrypted(self._encrypting, problem))
            elif kind == "receive_response_headers" and problem is None:
                _, status, reason, *_ = info["return_value"]
                self._done(self._passed(None, status, reason))

    def _done(self, step: Step) -> None:
        if not self._failed:
            self._report(step)
        self._failed |= not step.good

    def _connected(self, problem: Exception | None) -> Step:
        if problem is None:
            return Step("TCP", self._by, True, f"{self._by} takes connections on port {self._port}")
        advice = (
            f"Check the proxy's host and port in {self._variable}, and whether it runs."
            if self._variable
            else "Check the network and its firewall; in a company network set HTTPS_PROXY."
        )
        message = f"{self._by} takes no connection on port {self._port}: {_why(problem)}."
        return Step("TCP", self._by, False, message, advice)

    def _encrypted(self, host: str, problem: Exception | None) -> Step:
        if problem is None:
            if not self._checked:
                return Step("TLS", host, True, f"encrypted, but the certificate of {host} is not checked")
            return Step("TLS", host, True, f"the certificate of {host} is good")
        cause = _cause(problem)
        if isinstance(cause, ssl.SSLCertVerificationError):
            advice = "Check this machine's clock." if "valid" in cause.verify_message else NAME_THE_CA
            message = f"The certificate of {host} is not trusted: {cause.verify_message}."
            return Step("TLS", host, False, message, advice)
        advice = "Something in between may not let encrypted connections through: ask who runs the network."
        return Step("TLS", host, False, f"No encrypted connection to {host}: {_why(problem)}.", advice)

    def _passed(self, problem: Exception | None, status: int = 0, reason: bytes = b"") -> Step:
        """Return the step through the proxy, by its response to CONNECT or by the error instead of one."""
        name = self._by
        if 200 <= status <= 299:
            return Step("proxy", name, True, f"{name} connects to {self._host}")
        if status == 407:
            advice = "Put user and password in its URL: http://user:password@host:port."
            return Step("proxy", name, False, f"{name} asks for a password.", advice)
        said = f"{status} {reason.decode('latin-1')}".strip()
        if problem is not None:
            if not isinstance(problem, httpx.RemoteProtocolError) or "disconnected" in str(problem):
                return Step("proxy", name, False, f"{name} did not answer.", "Ask who runs it.")
            said = "nothing that is HTTP"
        advice = f"Ask who runs it to let {self._host} through, or name that host in NO_PROXY."
        message = f"{name} does not connect to {self._host}: {plain(said, limit=80)}."
        return Step("proxy", name, False, message, advice)


async def _resolve(host: str, port: int, variable: str) -> Step:
    """Look the name of a host up; `variable`: where the proxy of that name is named, empty: it is none."""
    by = f"the proxy {host}" if variable else host
    try:
        async with asyncio.timeout(_SECONDS):
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, TimeoutError, UnicodeError) as problem:
        advice = (
            f"Check the proxy that is named in {variable}."
            if variable
            else "Check the network, or the name in the endpoint; in a company network set HTTPS_PROXY."
        )
        return Step("DNS", host, False, f"The name of {by} is not found: {_why(problem)}.", advice)
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    by += f", named in {variable}," if variable else ""
    return Step("DNS", host, True, f"{by} is {', '.join(addresses[:3])}")


def _cause(problem: BaseException) -> BaseException:
    """Return the first cause of an error; of several attempts, that of the last one."""
    if isinstance(problem, BaseExceptionGroup):
        return _cause(problem.exceptions[-1])
    return problem if problem.__cause__ is None else _cause(problem.__cause__)


def _why(problem: BaseException) -> str:
    cause = _cause(problem)
    if isinstance(cause, TimeoutError):
        return "no answer in time"
    if not isinstance(cause, OSError):
        # What ended the connection has no text: httpx's network library has classes of its own for it.
        return plain(str(cause), limit=200) or ConnectionResetError.__name__
    return plain(cause.strerror or str(cause), limit=200) or type(cause).__name__
