"""qdeck's own saved accounts: written only when asked, mode 0600 in a folder 0700, replaced as a whole."""

from __future__ import annotations

import stat
from dataclasses import asdict, fields
from itertools import count
from pathlib import Path
from typing import Any

import msgspec

from tui.common.atomic_file import make_folder, replace_file
from tui.common.bounded_read import mode_of
from tui.common.errors import ErrorKind, QdeckError
from tui.common.file_lock import LockTimeout, file_lock
from tui.common.safe_text import Secret, plain
from tui.config.settings import Folders
from tui.domain.accounts import Account, Endpoints
from tui.ibm.credentials.keyring import entry_name
from tui.ibm.credentials.qiskit_file import SavedEntry, preferences_of, read_accounts, route_of

SOURCE = "saved by qdeck"
_ENDPOINTS = {field.name for field in fields(Endpoints)}
_LOCK_SECONDS = 10.0
_IN_KEYRING = {"token_in": "keyring"}
"""Stands in the file instead of a token that the keyring holds."""


def own_entries(folders: Folders) -> tuple[list[SavedEntry], list[str]]:
    """Return the accounts in qdeck's own file, by name, and warnings."""
    data, warnings = read_accounts(folders.accounts_file, str(folders.accounts_file))
    if warnings and "JSON" in warnings[-1]:
        warnings[-1] += " Correct it, or keep an account anew: it is then set aside, not lost."
    entries = []
    for name, body in sorted(data.items()):
        entry = _entry(name, body, folders)
        if entry is None:
            warnings.append(f"{folders.accounts_file}: {plain(name, limit=60)} is not an account.")
        else:
            entries.append(entry)
    return entries, warnings


def save_account(account: Account, folders: Folders) -> None:
    """Save an account under its name, in place of one of that name; with its token, unless a keyring has it.

    Raises:
        QdeckError: `SETTINGS` for the sandbox's (its key dies with it), `STORAGE` when it cannot be written.
    """
    if account.sandbox:
        raise QdeckError(ErrorKind.SETTINGS, "The sandbox's key is made anew at every start: not saved.")
    body: dict[str, object] = {
        "channel": account.channel.value,
        **(_IN_KEYRING if account.keyring else {"token": account.token.reveal()}),
        "instance": account.instance,
        "endpoints": asdict(account.endpoints),
    }
    if account.route.proxies:
        body["proxies"] = {"urls": {scope: url.reveal() for scope, url in account.route.proxies}}
    if not account.route.verify:
        body["verify"] = False
    wish = account.preferences
    optional = {
        "region": wish.region,
        "plans_preference": list(wish.plans),
        "tags": list(wish.tags),
        "channel_strategy": account.channel_strategy,
    }
    body |= {name: value for name, value in optional.items() if value}
    _change(folders, lambda data: data | {account.name: body})


def forget_account(name: str, folders: Folders) -> bool:
    """Remove an account from qdeck's own file.

    Returns:
        Whether it was there.

    Raises:
        QdeckError: `STORAGE` when the file cannot be written.
    """
    there = [False]

    def without(data: dict[str, Any]) -> dict[str, Any]:
        there[0] = name in data
        return {key: value for key, value in data.items() if key != name}

    if mode_of(folders.accounts_file):
        _change(folders, without)
    return there[0]


def _change(folders: Folders, change: Any) -> None:
    file = folders.accounts_file
    try:
        make_folder(folders.config)
        folders.config.chmod(stat.S_IMODE(folders.config.stat().st_mode) & 0o700)
        with file_lock(file.with_suffix(".lock"), _LOCK_SECONDS):
            data, _ = read_accounts(file, str(file))
            if not data and file.exists() and file.stat().st_size > 2:
                # Unreadable is not empty: what is in it may be the only copy of a key.
                broken = _free_name(file)
                file.replace(broken)
                broken.chmod(0o600)
            replace_file(file, [msgspec.json.format(msgspec.json.encode(change(data)), indent=2)])
    except LockTimeout:
        reason = "another qdeck is writing it"
    except OSError as problem:
        reason = problem.strerror or "unknown"
    else:
        return
    message = f"{file} could not be written: {reason}."
    raise QdeckError(ErrorKind.STORAGE, message, "Check the folder and its permissions.")


def _free_name(file: Path) -> Path:
    """Return a name for a broken file that no earlier one has."""
    names = (file.with_suffix(f".broken{number or ''}") for number in count())
    return next(name for name in names if not name.exists())


def _entry(name: str, body: object, folders: Folders) -> SavedEntry | None:
    if not isinstance(body, dict):
        return None
    token, channel, instance = body.get("token", ""), body.get("channel"), body.get("instance", "")
    keyring = entry_name(name, folders) if _IN_KEYRING.items() <= body.items() else ""
    hosts, strategy = body.get("endpoints"), body.get("channel_strategy")
    if not (isinstance(token, str) and isinstance(channel, str) and isinstance(instance, str)):
        return None
    if not (token or keyring):
        return None
    if not isinstance(hosts, dict) or not all(isinstance(value, str) for value in hosts.values()):
        return None
    known = {key: value for key, value in hosts.items() if key in _ENDPOINTS}
    try:
        route = route_of(body)
    except QdeckError:
        return None
    return SavedEntry(
        name,
        Secret("" if keyring else token),
        channel,
        SOURCE,
        instance,
        endpoints=Endpoints(**known),
        route=route,
        preferences=preferences_of(body),
        keyring=keyring,
        channel_strategy=strategy if isinstance(strategy, str) else "",
    )
