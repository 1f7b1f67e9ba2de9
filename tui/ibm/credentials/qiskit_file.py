"""Qiskit's own saved accounts, `~/.qiskit/qiskit-ibm.json` (contract section 8); read, never written."""

from __future__ import annotations

import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from tui.common.bounded_read import read_file
from tui.common.errors import ErrorKind, QdeckError
from tui.common.safe_text import Secret, plain
from tui.domain.accounts import Endpoints, Preferences, Route

_MAX_BYTES = 4_000_000
SHOWN = "~/.qiskit/qiskit-ibm.json"
_DEFAULT_NAMES = ("default-ibm-quantum-platform", "default-ibm-cloud", "default-ibm-quantum", "default")


@dataclass(frozen=True, slots=True)
class SavedEntry:
    """An entry of a file of accounts, as written there.

    Attributes:
        endpoints: hosts that were saved one by one (qdeck's own file).
        keyring: the keyring's entry that holds the token (qdeck's own file).
    """

    name: str
    token: Secret
    channel: str
    source: str
    instance: str = ""
    url: str = ""
    region: str = ""
    private_endpoint: bool = False
    endpoints: Endpoints | None = None
    route: Route = field(default_factory=Route)
    preferences: Preferences = field(default_factory=Preferences)
    keyring: str = ""
    channel_strategy: str = ""


def qiskit_entries(environ: Mapping[str, str]) -> tuple[list[SavedEntry], list[str]]:
    """Return the entries of Qiskit's file, its default first, and warnings; none of either without a file."""
    home = environ.get("HOME") or environ.get("USERPROFILE")
    file = (Path(home) if home else Path.home()) / ".qiskit" / "qiskit-ibm.json"
    data, warnings = read_accounts(file, SHOWN)
    entries = []
    for name, body in data.items():
        if not isinstance(body, dict):
            warnings.append(f"{SHOWN}: {plain(name, limit=60)} is not an account.")
            continue
        shown = f"{SHOWN}: {plain(name, limit=60)}"
        try:
            route = route_of(body)
        except QdeckError as error:
            warnings.append(f"{shown}: {error}")
            continue
        if not route.verify:
            warnings.append(f"{shown} turns certificate checks off: who is in between could read its key.")
        entry = SavedEntry(
            name=name,
            token=Secret(_text(body, "token").strip()),
            channel=_text(body, "channel"),
            source=SHOWN,
            instance=_text(body, "instance"),
            url=_text(body, "url"),
            region=_text(body, "region"),
            private_endpoint=body.get("private_endpoint") is True,
            route=route,
            preferences=preferences_of(body),
            channel_strategy=_text(body, "channel_strategy"),
        )
        entries.append((_rank(name, body), entry))
    return [entry for _, entry in sorted(entries, key=lambda item: item[0])], warnings


def read_accounts(file: Path, shown: str) -> tuple[dict[str, Any], list[str]]:
    """Read the JSON object in a file of accounts.

    Args:
        file: the file.
        shown: name of the file in a warning.

    Returns:
        The object, empty where there is none; and warnings: of others who may read it, of a broken file.
    """
    try:
        facts = file.stat()
        text = read_file(file, _MAX_BYTES)
    except FileNotFoundError:
        return {}, []
    except OSError as problem:
        return {}, [f"{shown} cannot be read: {problem.strerror}."]
    warnings = []
    if facts.st_mode & (stat.S_IRGRP | stat.S_IROTH):
        warnings.append(f"{shown} can be read by others on this machine: chmod 600 {shown}")
    try:
        data: Any = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
        return {}, [*warnings, f"{shown} is not valid JSON: {problem}."]
    if not isinstance(data, dict):
        return {}, [*warnings, f"{shown} holds no accounts."]
    return data, warnings


def route_of(body: dict[str, Any]) -> Route:
    """Return the way to the hosts that a saved account asks for (`verify`, `proxies`).

    Raises:
        QdeckError: `SETTINGS` when it cannot be used.
    """
    verify = body.get("verify") is not False
    proxies = body.get("proxies")
    if proxies is None:
        return Route(verify=verify)
    if not isinstance(proxies, dict):
        raise QdeckError(ErrorKind.SETTINGS, "its proxies are not written as Qiskit writes them.")
    if proxies.get("username_ntlm") or proxies.get("password_ntlm"):
        message = "its proxy asks for NTLM, which is not spoken here, so the account is not used."
        advice = "Run a proxy that does on this machine, such as px or cntlm, and name it in `urls`."
        raise QdeckError(ErrorKind.SETTINGS, message, advice)
    urls = proxies.get("urls") or {}
    if not isinstance(urls, dict) or not all(isinstance(url, str) for url in urls.values()):
        raise QdeckError(ErrorKind.SETTINGS, "its proxies are not written as Qiskit writes them.")
    return Route(tuple((scope, Secret(url)) for scope, url in sorted(urls.items()) if url), verify)


def preferences_of(body: dict[str, Any]) -> Preferences:
    """Return the instances that a saved account prefers (`region`, `plans_preference`, `tags`)."""
    return Preferences(_text(body, "region"), _texts(body, "plans_preference"), _texts(body, "tags"))


def _rank(name: str, body: dict[str, Any]) -> tuple[int, int, str]:
    """Return the place in Qiskit's own order: flagged as default, then the default names, then by name."""
    flagged = 0 if body.get("is_default_account") is True else 1
    place = _DEFAULT_NAMES.index(name) if name in _DEFAULT_NAMES else len(_DEFAULT_NAMES)
    return flagged, place, name


def _text(body: dict[str, Any], key: str) -> str:
    value = body.get(key)
    return value if isinstance(value, str) else ""


def _texts(body: dict[str, Any], key: str) -> tuple[str, ...]:
    value = body.get(key)
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()
