"""Where the services live: hosts as data, from IBM's own to any compatible host.

What a user may give, and what is made of it:

- IAM: with or without `/identity/token`.
- API (platform): `https://host`, `https://host/api` and `https://host/api/v1` are the same; any other path
  is taken as it is (`http://127.0.0.1:1234/experimental/api/v1`). `https://cloud.ibm.com` and
  `https://test.cloud.ibm.com`, which Qiskit saves, mean IBM's production and staging hosts.
- Auth and runtime (classic): a bare host gets `/api` and `/runtime`; any other path is taken as it is.
- Transpiler (classic): taken as it is.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import fields, replace
from urllib.parse import urlsplit

from tui.common.errors import ErrorKind, QdeckError
from tui.common.safe_text import plain
from tui.domain.accounts import Channel, Endpoints
from tui.ibm.transport.request import origin

DEFAULT_REGION = "us-east"
_PRODUCTION, _STAGING = "cloud.ibm.com", "test.cloud.ibm.com"
URL_VARIABLE = "QISKIT_IBM_URL"
IAM_VARIABLE = "IAM_URL"
_OVERRIDES = {
    "iam": "QDECK_ENDPOINT_IAM",
    "api": "QDECK_ENDPOINT_API",
    "auth": "QDECK_ENDPOINT_AUTH",
    "runtime": "QDECK_ENDPOINT_RUNTIME",
    "transpiler": "QDECK_ENDPOINT_TRANSPILER",
}


def platform_endpoints(region: str = "", url: str = "", *, private: bool = False) -> Endpoints:
    """Return the hosts of IBM Quantum Platform.

    Args:
        region: `us-east` (the default) or `eu-de`; ignored when `url` names a host of its own.
        url: empty or `https://cloud.ibm.com` for IBM's own hosts, `https://test.cloud.ibm.com` for staging,
            or the base of the API of any host; a host that is not IBM's has no instance search.
        private: use IBM's private endpoints.

    Raises:
        QdeckError: `SETTINGS` for a region that is not a plain label: it would make another host's name.
    """
    host = (urlsplit(url).hostname or "") if url else ""
    if host and not _within(host, _PRODUCTION):
        return Endpoints(iam="https://iam.cloud.ibm.com", api=_api_base(url))
    domain = _STAGING if _within(host, _STAGING) else _PRODUCTION
    named = host.removesuffix(domain).rstrip(".").removeprefix("private.").removesuffix("quantum").rstrip(".")
    where = region or (named if named and "." not in named else "") or DEFAULT_REGION
    if not _is_label(where):
        message = (
            f"{plain(where, limit=60)!r} is not the name of a region: a key sent there could go to any host."
        )
        advice = "Copy the instance's CRN again from the IBM Quantum web site, or correct the saved region."
        raise QdeckError(ErrorKind.SETTINGS, message, advice)
    if private or host.startswith("private."):
        api, iam = f"https://private.{where}.quantum.{domain}", f"https://private.iam.{domain}"
    else:
        prefix = "" if where == DEFAULT_REGION else f"{where}."
        api, iam = f"https://{prefix}quantum.{domain}", f"https://iam.{domain}"
    return Endpoints(
        iam=iam,
        api=f"{api}/api/v1",
        search=f"https://api.global-search-tagging.{domain}",
        catalog=f"https://globalcatalog.{domain}",
        resources=f"https://resource-controller.{domain}",
    )


def classic_endpoints(url: str = "") -> Endpoints:
    """Return the hosts of the classic service; `url` is the auth host of another, which names its runtime."""
    if url and (urlsplit(url).hostname or "") not in _CLASSIC_AUTH_HOSTS:
        return Endpoints(auth=_with_path(url, "/api"))
    return Endpoints(
        auth="https://auth.quantum-computing.ibm.com/api",
        runtime="https://api.quantum-computing.ibm.com/runtime",
        transpiler="https://cloud-transpiler.quantum.ibm.com",
    )


_CLASSIC_AUTH_HOSTS = {"auth.quantum-computing.ibm.com", "auth.quantum.ibm.com"}


def sandbox_endpoints(url: str, *, auth: str = "", runtime: str = "", transpiler: str = "") -> Endpoints:
    """Return the hosts of the embedded service at `url`, both faces."""
    base = url.rstrip("/")
    return Endpoints(
        iam=base,
        api=f"{base}/api/v1",
        auth=(auth or f"{base}/auth/api").rstrip("/"),
        runtime=(runtime or f"{base}/runtime").rstrip("/"),
        transpiler=(transpiler or base).rstrip("/"),
        search=f"{base}/global-search",
        catalog=f"{base}/globalcatalog",
        resources=f"{base}/resource-controller",
    )


def endpoints_for(
    channel: Channel, environ: Mapping[str, str], *, url: str = "", region: str = "", private: bool = False
) -> Endpoints:
    """Return the checked hosts for an account: IBM's own or those of `url`, with the environment's overrides.

    Args:
        channel: the generation of the service.
        environ: holds the overrides, `QDECK_ENDPOINT_*` and `IAM_URL`.
        url: base URL of other hosts; empty: IBM's own.
        region: of the platform, where `url` does not say.
        private: use IBM's private endpoints.

    Raises:
        QdeckError: `SETTINGS` when a host is not allowed (see `checked`).
    """
    base = (
        classic_endpoints(url)
        if channel is Channel.CLASSIC
        else platform_endpoints(region, url, private=private)
    )
    changes = {name: environ[variable] for name, variable in _OVERRIDES.items() if environ.get(variable)}
    if IAM_VARIABLE in environ and "iam" not in changes and environ[IAM_VARIABLE]:
        changes["iam"] = environ[IAM_VARIABLE]
    known = replace(base, **{name: normalised(name, value) for name, value in changes.items()})
    return checked(_kept_apart(base, known))


def _kept_apart(base: Endpoints, known: Endpoints) -> Endpoints:
    """Return `known` without the hosts of `base` that a key or token of other hosts must not reach."""
    if known.auth != base.auth:
        # The runtime is then the one that the auth host names; the transpiler takes the API token itself.
        own = {name: "" for name in ("runtime", "transpiler") if getattr(known, name) == getattr(base, name)}
        known = replace(known, **own)
    if known.iam != base.iam or origin(known.api) != origin(base.api):
        known = replace(known, search="", catalog="", resources="")
    return known


def normalised(name: str, url: str) -> str:
    """Return the base URL for the endpoint `name` (a field of `Endpoints`), as the top of this file says."""
    match name:
        case "iam":
            return url.rstrip("/").removesuffix("/identity/token").removesuffix("/identity")
        case "api":
            return _api_base(url)
        case "auth":
            return _with_path(url, "/api")
        case "runtime":
            return _with_path(url, "/runtime")
        case _:
            return url.rstrip("/")


def checked(endpoints: Endpoints) -> Endpoints:
    """Return the same endpoints, when every host of them may be sent a key.

    Raises:
        QdeckError: `SETTINGS`: not a URL, `http:` to another machine, or a password in the URL.
    """
    for field in fields(endpoints):
        value = getattr(endpoints, field.name)
        if value:
            check_url(value, field.name)
    return endpoints


def check_url(url: str, name: str) -> None:
    """Refuse a base URL that a key must not be sent to.

    Raises:
        QdeckError: `SETTINGS`.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        parts, host = urlsplit(""), ""
    variable = _OVERRIDES.get(name, URL_VARIABLE)
    if parts.scheme not in {"http", "https"} or not host:
        message = f"The {name} endpoint {_shown(url)!r} is not a web address."
        advice = f"Give it as https://host (see {variable})."
        raise QdeckError(ErrorKind.SETTINGS, message, advice)
    if parts.username or parts.password or parts.query or parts.fragment:
        message = f"The {name} endpoint on {host} holds more than a host and a path."
        advice = "Give it without user, password, query or fragment."
        raise QdeckError(ErrorKind.SETTINGS, message, advice)
    if parts.scheme == "http" and not is_loopback(host):
        raise QdeckError(
            ErrorKind.SETTINGS,
            f"The {name} endpoint http://{host} is not encrypted, and it is not this machine: "
            "your key could be read on the way.",
            "Use https:, or a host on 127.0.0.0/8, ::1 or localhost.",
        )


def is_loopback(host: str) -> bool:
    """Return whether the host is this machine: 127.0.0.0/8, ::1 or localhost."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def for_instance(endpoints: Endpoints, crn: str) -> Endpoints:
    """Return the endpoints in the CRN's region (contract 4.2) when they are IBM's own; else unchanged."""
    parts = crn.split(":")
    host = urlsplit(endpoints.api).hostname or ""
    domain = next((each for each in (_PRODUCTION, _STAGING) if _within(host, f"quantum.{each}")), "")
    if len(parts) < 6 or not domain or not _is_label(parts[5]):
        return endpoints
    moved = platform_endpoints(parts[5], f"https://{domain}", private=host.startswith("private."))
    return replace(endpoints, api=moved.api)


def hosts_of(endpoints: Endpoints, channel: Channel) -> tuple[str, ...]:
    """Return the hosts (with port) that the channel talks to, each once: what a screen shows."""
    names = ("auth", "runtime", "transpiler") if channel is Channel.CLASSIC else ("iam", "api")
    found = (urlsplit(getattr(endpoints, name)).netloc for name in names)
    return tuple(dict.fromkeys(host for host in found if host))


def _is_label(text: str) -> bool:
    """Return whether the text is one label of a host's name (RFC 1123), which cannot mean another host."""
    inner = text.replace("-", "")
    return inner.isalnum() and text.isascii() and text.strip("-") == text and len(text) <= 63


def _within(host: str, domain: str) -> bool:
    return host == domain or host.endswith(f".{domain}")


def _api_base(url: str) -> str:
    base = url.rstrip("/")
    path = urlsplit(base).path
    if path == "":
        return f"{base}/api/v1"
    return f"{base}/v1" if path == "/api" else base


def _with_path(url: str, path: str) -> str:
    base = url.rstrip("/")
    return base if urlsplit(base).path else base + path


def _shown(url: str) -> str:
    return url if "@" not in url else "…@" + url.rpartition("@")[2]
