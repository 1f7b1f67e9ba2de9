"""The way to a host, step by step: its name, the connection, a proxy in between, the certificate."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from tui.common.errors import QdeckError
from tui.common.sanitize import plain
from tui.domain.accounts import Route
from tui.ibm.transport.proxy import proxy_for
from tui.ibm.transport.tls import NAME_THE_CA, context_for

_SECONDS = 10.0
_HEAD_LIMIT = 16 * 1024


@dataclass(frozen=True, slots=True)
class Step:
    """One step to a host and how it ended; `advice` says what to do when it failed."""

    name: str
    host: str
    good: bool
    message: str
    advice: str = ""


async def steps_to(
    url: str, route: Route, environ: Mapping[str, str], ca_file: Path | None = None
) -> AsyncIterator[Step]:
    """The steps to the host of `url`, each when it is done; ends after the first that failed.

    Nothing is sent but what opens the connection; a proxy is given its password, and only there.

    Args:
        url: base URL of an endpoint.
        route: the account's own way.
        environ: where `HTTPS_PROXY`, `NO_PROXY` and CA files are named.
        ca_file: what `settings.toml` names beside them.
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
    by = f"the proxy {named}" if proxy else named

    step, addresses = await _resolve(named, port, by, proxy.named if proxy else "")
    yield step
    if not step.good:
        return
    step, streams = await _connect(addresses, port, by, proxy.named if proxy else "")
    yield step
    if streams is None:
        return
    reader, writer = streams
    try:
        context = None
        if "https" in {first.scheme, goal.scheme}:
            try:
                context = context_for(route, environ, ca_file)
            except QdeckError as error:
                yield Step("TLS", host, False, error.message, error.advice)
                return
        if proxy:
            if context and first.scheme == "https":
                step = await _encrypt(named, route, context, writer)
                yield step
                if not step.good:
                    return
            step = await _through(first, goal, reader, writer)
            yield step
            if not step.good:
                return
        if context and goal.scheme == "https":
            yield await _encrypt(host, route, context, writer)
    finally:
        writer.close()
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(1.0):
                await writer.wait_closed()


async def _resolve(host: str, port: int, by: str, proxied: str) -> tuple[Step, list[str]]:
    """The addresses; `proxied`: where the proxy with that name is named, empty: it is none."""
    try:
        async with asyncio.timeout(_SECONDS):
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, TimeoutError, UnicodeError) as problem:
        why = "no answer in time" if isinstance(problem, TimeoutError) else _why(problem)
        advice = (
            f"Check the proxy that is named in {proxied}."
            if proxied
            else "Check the network, or the name in the endpoint; in a company network set HTTPS_PROXY."
        )
        return Step("DNS", host, False, f"The name of {by} is not found: {why}.", advice), []
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    by += f", named in {proxied}," if proxied else ""
    return Step("DNS", host, True, f"{by} is {', '.join(addresses[:3])}"), addresses


async def _connect(
    addresses: list[str], port: int, by: str, proxied: str
) -> tuple[Step, tuple[asyncio.StreamReader, asyncio.StreamWriter] | None]:
    why = ""
    for address in addresses:
        try:
            async with asyncio.timeout(_SECONDS):
                streams = await asyncio.open_connection(address, port)
        except (OSError, TimeoutError) as problem:
            why = "no answer in time" if isinstance(problem, TimeoutError) else _why(problem)
        else:
            return Step("TCP", by, True, f"{by} takes connections on port {port}"), streams
    advice = (
        f"Check the proxy's host and port in {proxied}, and whether it runs."
        if proxied
        else "Check the network and its firewall; in a company network set HTTPS_PROXY."
    )
    return Step("TCP", by, False, f"{by} takes no connection on port {port}: {why}.", advice), None


async def _through(
    proxy: SplitResult, goal: SplitResult, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> Step:
    target = f"{goal.hostname}:{goal.port or (443 if goal.scheme == 'https' else 80)}"
    lines = [f"CONNECT {target} HTTP/1.1", f"Host: {target}"]
    if proxy.username:
        given = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}".encode()
        lines.append(f"Proxy-Authorization: Basic {base64.b64encode(given).decode()}")
    name = f"the proxy {proxy.hostname}"
    try:
        async with asyncio.timeout(_SECONDS):
            writer.write("\r\n".join([*lines, "", ""]).encode())
            await writer.drain()
            head = await reader.readuntil(b"\r\n\r\n")
    except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        return Step("proxy", name, False, f"{name} did not answer.", "Ask who runs it.")
    status = head[:_HEAD_LIMIT].split(b"\r\n", 1)[0].decode("latin-1").split(" ", 2)
    code = status[1] if len(status) > 1 else ""
    if code == "200":
        return Step("proxy", name, True, f"{name} connects to {goal.hostname}")
    if code == "407":
        advice = "Put user and password in its URL: http://user:password@host:port."
        return Step("proxy", name, False, f"{name} asks for a password.", advice)
    said = plain(" ".join(status[1:]) or "nothing that is HTTP", limit=80)
    advice = f"Ask who runs it to let {goal.hostname} through, or name that host in NO_PROXY."
    return Step("proxy", name, False, f"{name} does not connect to {goal.hostname}: {said}.", advice)


async def _encrypt(host: str, route: Route, context: ssl.SSLContext, writer: asyncio.StreamWriter) -> Step:
    try:
        async with asyncio.timeout(_SECONDS):
            await writer.start_tls(context, server_hostname=host)
    except ssl.SSLCertVerificationError as problem:
        clock = "valid" in problem.verify_message
        advice = "Check this machine's clock." if clock else NAME_THE_CA
        return Step(
            "TLS", host, False, f"The certificate of {host} is not trusted: {problem.verify_message}.", advice
        )
    except (OSError, TimeoutError, EOFError) as problem:
        why = "no answer in time" if isinstance(problem, TimeoutError) else _why(problem)
        advice = "Something in between may not let encrypted connections through: ask who runs the network."
        return Step("TLS", host, False, f"No encrypted connection to {host}: {why}.", advice)
    if not route.verify:
        return Step("TLS", host, True, f"encrypted, but the certificate of {host} is not checked")
    return Step("TLS", host, True, f"the certificate of {host} is good")


def _why(problem: BaseException) -> str:
    text = (problem.strerror if isinstance(problem, OSError) else "") or str(problem)
    return plain(text, limit=200) or type(problem).__name__
