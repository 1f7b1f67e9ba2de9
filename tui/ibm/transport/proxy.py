"""Selects the proxy to a host: the saved account's own, else the environment's, else none.

The environment is read as urllib, curl and httpx read it: `https_proxy` before `HTTPS_PROXY`, an empty
lower-case variable unsets the upper-case one, `ALL_PROXY` where the scheme has none, no scheme means `http://`.
"""

from __future__ import annotations

import ipaddress
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx

from tui.common.errors import ErrorKind, QdeckError
from tui.common.safe_text import Secret
from tui.domain.accounts import Route
from tui.ibm.transport.endpoints import is_loopback

_SCOPES = {"http", "https", "all"}
_SUFFIX = "_proxy"


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy on the way to a host.

    Attributes:
        url: with its scheme. A `Secret`, for it may hold the proxy's password.
        named: where it is named, e.g. `HTTPS_PROXY`.
    """

    url: Secret
    named: str

    def check(self, url: str) -> None:
        """Refuse a proxy that cannot be used to reach `url`.

        Raises:
            QdeckError: `SETTINGS`, naming where it is named. Its own URL is not repeated.
        """
        wrong = _wrong(self.url)
        if wrong is not None:
            what, advice = wrong
            message = f"The proxy in {self.named} {what}."
            advice = f"{advice} Or name {urlsplit(url).hostname} in NO_PROXY, to reach it without a proxy."
            raise QdeckError(ErrorKind.SETTINGS, message, advice)


def proxy_for(url: str, route: Route, environ: Mapping[str, str]) -> Proxy | None:
    """Return the proxy on the way to `url`, unchecked; `None`: none. This machine is reached without one.

    Args:
        url: URL on the host.
        route: the account's own way, which comes first.
        environ: where `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY` are named.
    """
    goal = urlsplit(url)
    host = (goal.hostname or "").lower()
    if is_loopback(host):
        return None
    own = dict(route.proxies)
    for scope in (f"{goal.scheme}://{host}", goal.scheme, f"all://{host}", "all"):
        if scope in own:
            return Proxy(own[scope], "the saved account")
    named = _named(environ)
    port = goal.port or (443 if goal.scheme == "https" else 80)
    if _excepted(host, port, named["no"][1] if "no" in named else ""):
        return None
    variable, value = named.get(goal.scheme) or named.get("all") or ("", "")
    if not value:
        return None
    return Proxy(Secret(value if "://" in value else f"http://{value}"), variable)


def check_proxies(route: Route) -> None:
    """Refuse proxies of an account that cannot be used.

    Raises:
        QdeckError: `SETTINGS`. A password in a proxy's URL is not repeated.
    """
    for scope, secret in route.proxies:
        wrong = _wrong(secret)
        if wrong is None and scope not in _SCOPES and "://" not in scope:
            wrong = _NO_ADDRESS
        if wrong is not None:
            what, advice = wrong
            message = f"Its proxy for {scope!r} {what}, so it is not used."
            raise QdeckError(ErrorKind.SETTINGS, message, advice)


_NO_ADDRESS = ("is not a web address", "Give it as http://host:port.")


def _wrong(secret: Secret) -> tuple[str, str] | None:
    """Return the fault of a proxy's URL, and what to do; `None`: it has none."""
    try:
        parts = httpx.URL(secret.reveal())
    except (httpx.InvalidURL, ValueError):
        return _NO_ADDRESS
    if parts.scheme.startswith("socks"):
        return "is a SOCKS proxy, which is not spoken here", "Name an http:// proxy."
    return None if parts.scheme in {"http", "https"} and parts.host else _NO_ADDRESS


def _named(environ: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """Return variable and value by what it is for: `https`, `all`, `no`, ..."""
    found: dict[str, tuple[str, str]] = {}
    variables = [name for name in environ if name.lower().endswith(_SUFFIX)]
    # Those in lower case last: they win.
    for name in sorted(variables, key=lambda name: name.endswith(_SUFFIX)):
        found[name[: -len(_SUFFIX)].lower()] = (name, environ[name].strip())
    proxies = {scope: (name, value) for scope, (name, value) in found.items() if value}
    if not proxies and urllib.request.getproxies is not urllib.request.getproxies_environment:
        # macOS and Windows have settings of their own.
        system = urllib.request.getproxies()
        proxies = {scope: ("the system's settings", value) for scope, value in system.items()}
    return proxies


def _excepted(host: str, port: int, exceptions: str) -> bool:
    """Return whether `NO_PROXY` names the host, a domain it is in, or a network its address is in."""
    for entry in exceptions.lower().split(","):
        name = entry.strip().removeprefix("*.").lstrip(".")
        if name == "*" or _in_network(host, name):
            return True
        if name.count(":") == 1:
            name, _, only = name.partition(":")
            if only != str(port):
                continue
        if name and (host == name.strip("[]") or host.endswith(f".{name}")):
            return True
    return False


def _in_network(host: str, network: str) -> bool:
    try:
        return "/" in network and ipaddress.ip_address(host) in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False
