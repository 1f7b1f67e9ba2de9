"""`qdeck where`: which folders, files, hosts and accounts are in use, and where each setting comes from."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path

from tui.commands.shared.listing import AS_TABLE, Output, Table, emit_listing
from tui.commands.shared.output import Exit, say
from tui.common.bounded_read import mode_of
from tui.common.errors import QdeckError
from tui.config.settings import HOME_VARIABLE, Folders, Settings, folders, load_settings
from tui.domain.accounts import Channel
from tui.ibm.credentials.discovery import CHANNEL_VARIABLE, INSTANCE_VARIABLE, channel_of, found_accounts
from tui.ibm.credentials.save import token_place
from tui.ibm.transport.endpoints import IAM_VARIABLE, URL_VARIABLE, endpoints_for
from tui.ibm.transport.tls import CA_VARIABLES

OVERRIDE = "QDECK_ENDPOINT_"
_SHOWN = {Channel.PLATFORM: ("iam", "api"), Channel.CLASSIC: ("auth", "runtime", "transpiler")}


def where(environ: Mapping[str, str], listing: Output = AS_TABLE) -> Exit:
    """Print folders, files, hosts and accounts in use, and the source of each setting; never a token.

    Returns:
        The exit status.
    """
    places = folders(environ)
    found = found_accounts(environ, places)
    rows = [*_folders(environ, places), *_settings(places), *_hosts(environ), *_choices(environ)]
    accounts = [
        {
            "name": a.name,
            "channel": str(a.channel),
            "instance": a.instance,
            "source": a.source,
            "token_in": token_place(a),
        }
        for a in found.accounts
    ]
    for warning in found.warnings:
        say(f"qdeck: {warning}")
    settings = [{"name": name, "value": value, "source": source} for name, value, source in rows]
    named = [{**one, "name": f"account {one['name']}"} for one in accounts]
    table = [*rows, *((f"account {a['name']}", _account(a), _kept(a)) for a in accounts)]
    emit_listing(
        listing,
        answer={"settings": settings, "accounts": accounts},
        entries=[*settings, *named],
        tables=[Table(("WHAT", "WHERE", "FROM"), table)],
    )
    if not accounts:
        say("No account found. Sign in with `qdeck login`, set QISKIT_IBM_TOKEN, or use --sandbox.")
    return Exit.DONE


def _account(account: Mapping[str, str]) -> str:
    named = account["instance"]
    return f"{account['channel']}, {'first instance found' if named.lower() in {'', 'auto'} else named}"


def _kept(account: Mapping[str, str]) -> str:
    place = account["token_in"]
    return account["source"] if place == account["source"] else f"{account['source']}, token in the {place}"


def _folders(environ: Mapping[str, str], places: Folders) -> list[tuple[str, str, str]]:
    source = HOME_VARIABLE if environ.get(HOME_VARIABLE) else "default"
    named: dict[str, Path] = {
        "config folder": places.config,
        "data folder": places.data,
        "state folder": places.state,
        "settings": places.settings_file,
        "saved accounts": places.accounts_file,
        "history": places.history_file,
        "results": places.results,
        "sandbox": places.sandbox,
    }
    return [
        (name, str(path), source if mode_of(path) else f"{source}, not there yet")
        for name, path in named.items()
    ]


def _settings(places: Folders) -> list[tuple[str, str, str]]:
    try:
        settings = load_settings(places.settings_file)
    except QdeckError as error:
        return [("settings", "refused", str(error))]
    values = {
        "on_finish": shlex.join(settings.on_finish),
        "timeout_seconds": "" if settings.timeout_seconds is None else str(settings.timeout_seconds),
        "kept_mib": "" if settings.kept_mib is None else str(settings.kept_mib),
    }
    rows = [(name, value, "settings.toml") for name, value in values.items() if value]
    if settings.ca_file is not None:
        there = "settings.toml" if mode_of(settings.ca_file) else "settings.toml, not there"
        rows.append(("ca_file", str(settings.ca_file), there))
    if settings.presets:
        rows.append(("presets", ", ".join(sorted(settings.presets)), "settings.toml"))
    if settings.readonly:
        rows.append(("readonly", "true", "settings.toml"))
    for name in ("session_idle_minutes", "auto_result_mib", "transpile_seconds"):
        value = getattr(settings, name)
        source = "default" if value == getattr(Settings(), name) else "settings.toml"
        rows.append((name, str(value), source))
    return rows


def _hosts(environ: Mapping[str, str]) -> list[tuple[str, str, str]]:
    rows = []
    for channel, names in _SHOWN.items():
        try:
            # One URL for two kinds of service: it belongs to the one that the environment names.
            url = environ.get(URL_VARIABLE, "").strip() if channel_of(environ) is channel else ""
            endpoints = endpoints_for(channel, environ, url=url)
        except QdeckError as error:
            rows.append((f"{channel} hosts", "refused", str(error)))
            continue
        for name in names:
            value = str(getattr(endpoints, name)) or "named by the auth host"
            rows.append((f"{channel} {name}", value, _source(name, url, environ)))
    return rows


def _source(name: str, url: str, environ: Mapping[str, str]) -> str:
    variable = f"{OVERRIDE}{name.upper()}"
    if environ.get(variable):
        return variable
    if name == "iam" and environ.get(IAM_VARIABLE):
        return IAM_VARIABLE
    return URL_VARIABLE if url else "default"


def _choices(environ: Mapping[str, str]) -> list[tuple[str, str, str]]:
    named = {"channel": CHANNEL_VARIABLE, "instance": INSTANCE_VARIABLE}
    rows = [(what, environ[name], name) for what, name in named.items() if environ.get(name)]
    variables = (*CA_VARIABLES, "SSL_CERT_FILE", "SSL_CERT_DIR")
    return rows + [("CA file", environ[name], name) for name in variables if environ.get(name)]
