"""Accounts that are already there: the environment, qdeck's own file, Qiskit's file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from tui.common.errors import ErrorKind, QdeckError
from tui.common.safe_text import Secret
from tui.config.settings import Folders
from tui.domain.accounts import Account, Channel
from tui.ibm.credentials.account_file import own_entries
from tui.ibm.credentials.qiskit_file import SavedEntry, qiskit_entries
from tui.ibm.credentials.slurm import slurm_accounts
from tui.ibm.transport.endpoints import (
    DEFAULT_REGION,
    URL_VARIABLE,
    checked,
    endpoints_for,
    sandbox_endpoints,
)
from tui.ibm.transport.proxy import check_proxies

TOKEN_VARIABLE = "QISKIT_IBM_TOKEN"
INSTANCE_VARIABLE = "QISKIT_IBM_INSTANCE"
CHANNEL_VARIABLE = "QISKIT_IBM_CHANNEL"
ENVIRONMENT = "environment"
"""Name and source of the account that the environment holds."""
CHANNELS = {
    "ibm_quantum_platform": Channel.PLATFORM,
    "ibm_cloud": Channel.PLATFORM,
    "platform": Channel.PLATFORM,
    "ibm_quantum": Channel.CLASSIC,
    "classic": Channel.CLASSIC,
}
"""What a channel may be called, in the environment and in Qiskit's file."""


@dataclass(frozen=True, slots=True)
class FoundAccounts:
    """Accounts that could sign in at once, best first, and warnings of where they were looked for."""

    accounts: tuple[Account, ...]
    warnings: tuple[str, ...]


def found_accounts(environ: Mapping[str, str], folders: Folders) -> FoundAccounts:
    """Find all accounts: those of a batch job, the environment's, qdeck's own, Qiskit's (its default first).

    An account that cannot be used (a broken file, a host that is not allowed) is a warning, not a failure.
    """
    found: list[Account] = []
    warnings: list[str] = []
    found += slurm_accounts(environ, warnings)
    try:
        if environ.get(TOKEN_VARIABLE):
            found.append(environment_account(environ))
    except QdeckError as error:
        warnings.append(str(error))
    for entries, problems in (own_entries(folders), qiskit_entries(environ)):
        warnings.extend(problems)
        found.extend(_accounts(entries, environ, warnings))
    return FoundAccounts(tuple(_unique(found)), tuple(warnings))


def kept_accounts(environ: Mapping[str, str], folders: Folders) -> tuple[Account, ...]:
    """Return the accounts that qdeck saved itself, under their own names, whoever else has the same token."""
    entries, _ = own_entries(folders)
    return tuple(_accounts(entries, environ, []))


def environment_account(environ: Mapping[str, str]) -> Account:
    """Return the account of `QISKIT_IBM_TOKEN` and its companions.

    Raises:
        QdeckError: `SETTINGS` for an unknown channel or a host that is not allowed.
    """
    return typed_account(
        Secret(environ.get(TOKEN_VARIABLE, "").strip()),
        channel_of(environ),
        environ,
        name=ENVIRONMENT,
        source=ENVIRONMENT,
    )


def typed_account(
    token: Secret,
    channel: Channel,
    environ: Mapping[str, str],
    *,
    instance: str = "",
    name: str = "",
    source: str = "typed in",
    url: str = "",
) -> Account:
    """Return an account of a token the user gave.

    What the environment says of the other channel's account is not used: a token must not go to its hosts.

    Args:
        token: API key (platform) or API token (classic).
        channel: the generation of the service.
        environ: names instance and hosts where they are not given.
        instance, url: as typed; empty: as the environment says.
        name: name of the account; empty: that of the channel.
        source: where the token comes from, in words.

    Raises:
        QdeckError: `SETTINGS` for a host that is not allowed.
    """
    named = environ.get(CHANNEL_VARIABLE, "").strip().lower()
    said = environ if not named or CHANNELS.get(named) is channel else {}
    where = instance.strip() or said.get(INSTANCE_VARIABLE, "").strip()
    address = url or said.get(URL_VARIABLE, "").strip()
    endpoints = endpoints_for(channel, environ, url=address, region=region_of(where))
    return Account(name or channel.value, channel, token, endpoints, where, source)


def sandbox_account(
    channel: Channel,
    token: Secret,
    instance: str,
    url: str,
    *,
    auth: str = "",
    runtime: str = "",
    transpiler: str = "",
) -> Account:
    """Return the account of one face of the embedded service at `url`."""
    endpoints = sandbox_endpoints(url, auth=auth, runtime=runtime, transpiler=transpiler)
    return Account("sandbox", channel, token, endpoints, instance, "embedded sandbox", sandbox=True)


def channel_of(environ: Mapping[str, str]) -> Channel:
    """Return the channel that the environment names; the platform when it names none.

    Raises:
        QdeckError: `SETTINGS` for a name that is none.
    """
    name = environ.get(CHANNEL_VARIABLE, "").strip().lower()
    if not name:
        return Channel.PLATFORM
    if name not in CHANNELS:
        message = f"{CHANNEL_VARIABLE}={name!r} is not a channel."
        advice = f"Use one of {', '.join(sorted(CHANNELS))}."
        raise QdeckError(ErrorKind.SETTINGS, message, advice)
    return CHANNELS[name]


def region_of(crn: str) -> str:
    """Return the region in a CRN (contract 4.2), IBM's first one when there is none in it."""
    parts = crn.split(":")
    return parts[5] if crn.startswith("crn:") and len(parts) > 5 and parts[5] else DEFAULT_REGION


def _accounts(
    entries: Iterable[SavedEntry], environ: Mapping[str, str], warnings: list[str]
) -> Iterator[Account]:
    for entry in entries:
        try:
            account = _account(entry, environ)
        except QdeckError as error:
            warnings.append(f"{entry.source}: {entry.name}: {error}")
        else:
            if account is not None:
                yield account


def _account(entry: SavedEntry, environ: Mapping[str, str]) -> Account | None:
    """Return the account of an entry of a file; `None` for one that is not of this service."""
    name = entry.channel.lower()
    if not name:
        name = "classic" if entry.instance.count("/") == 2 else "platform"
    channel = CHANNELS.get(name)
    if channel is None or not (entry.token or entry.keyring):
        return None
    region = entry.region or region_of(entry.instance)
    if entry.endpoints is not None:
        endpoints = checked(entry.endpoints)
    else:
        endpoints = endpoints_for(
            channel, environ, url=entry.url, region=region, private=entry.private_endpoint
        )
    check_proxies(entry.route)
    return Account(
        entry.name,
        channel,
        entry.token,
        endpoints,
        entry.instance,
        entry.source,
        route=entry.route,
        preferences=entry.preferences,
        keyring=entry.keyring,
        channel_strategy=entry.channel_strategy,
    )


def _unique(accounts: Iterable[Account]) -> list[Account]:
    """Return each account once, under a name of its own.

    A token that only the keyring knows is like no other: reading it here could open a dialog.
    """
    kept: list[Account] = []
    names: set[str] = set()
    for account in accounts:
        if any(_key(account) == _key(known) for known in kept):
            continue
        name, number = account.name, 1
        while name in names:
            number += 1
            name = f"{account.name} ({number})"
        names.add(name)
        kept.append(replace(account, name=name))
    return kept


def _key(account: Account) -> tuple[object, ...]:
    """Return all that distinguishes accounts: also the way to the hosts, and the preferred instance."""
    way = (account.endpoints, account.route, account.preferences, account.backend, account.session_id)
    return account.channel, account.token, account.keyring, account.instance, way
