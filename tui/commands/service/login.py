"""`qdeck login` and `qdeck logout`."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Awaitable, Mapping

from tui.commands.shared.context import started_services, time_limit, waiting_for_service
from tui.commands.shared.output import Exit, UsageFault, explain, say
from tui.commands.shared.selection import ServiceChoice, choose_account
from tui.common.errors import ErrorKind, QdeckError
from tui.common.safe_text import Secret, plain
from tui.config.settings import Folders, folders
from tui.domain.accounts import Account, Identity, Keep
from tui.ibm.credentials.discovery import TOKEN_VARIABLE, channel_of, kept_accounts, typed_account
from tui.ibm.credentials.keyring import IN_A_FILE, NOT_INSTALLED, installed, keyring_name
from tui.ibm.credentials.save import forget, keep_account
from tui.monitor.services import AppServices

_LONGEST_TOKEN = 4096
SIGN_IN_SECONDS = 60.0


def login(choice: ServiceChoice, environ: Mapping[str, str], keep: Keep = Keep.FILE) -> Awaitable[Exit]:
    """Ask for the token, now, then sign in with it and keep the account when awaited.

    Asking comes before any event loop: a loop would hold Ctrl+C back until the line is typed.

    Raises:
        UsageFault: there was no token.
        QdeckError: a setting is wrong; when awaited: the service refused the token or was not reached,
            and nothing is kept.
    """
    channel = choice.channel or channel_of(environ)
    if keep is Keep.KEYRING and not installed():
        raise UsageFault(NOT_INSTALLED)
    token = environ.get(TOKEN_VARIABLE, "").strip()
    if token:
        say(f"Taking the token from {TOKEN_VARIABLE}.")
    else:
        token = _ask_token(f"Token for {channel} (not shown): ")
    account = typed_account(Secret(token), channel, environ, instance=choice.instance, name=choice.account)
    return _login(account, environ, keep, time_limit(choice, environ, None))


async def _login(account: Account, environ: Mapping[str, str], keep: Keep, timeout: float | None) -> Exit:
    if keep is Keep.KEYRING and not await keyring_name():
        raise QdeckError(ErrorKind.UNAVAILABLE, "No system keyring works here.", IN_A_FILE)
    async with started_services(environ, timeout=timeout) as services:
        async with waiting_for_service(timeout or SIGN_IN_SECONDS):
            identity = await services.account.sign_in(account)
        say(f"Signed in to {_named(identity)}.")
        try:
            where = await keep_account(account, folders(environ), keep)
        except QdeckError:
            say("But the account is not kept as you wished:")
            raise
    say(f"Kept in {where}. `qdeck logout` forgets it.")
    return Exit.DONE


async def logout(choice: ServiceChoice, environ: Mapping[str, str]) -> Exit:
    """End the tokens of the accounts that qdeck keeps, and forget these accounts.

    Forgetting does not depend on the service: what cannot be reached is forgotten too, with status 1.

    Raises:
        UsageFault: qdeck keeps no account of the name asked for.
    """
    places = folders(environ)
    kept = [
        account for account in kept_accounts(environ, places) if choice.channel in {None, account.channel}
    ]
    if choice.account:
        named = choose_account(kept, choice)
        kept = [] if named is None else [named]
    if not kept:
        say("qdeck keeps no account, so there is nothing to forget.")
    proven = True
    async with started_services(environ) as services:
        for account in kept:
            proven &= await _end(services, account, places)
    if environ.get(TOKEN_VARIABLE):
        say(f"{TOKEN_VARIABLE} is still set in this shell: `unset {TOKEN_VARIABLE}` ends its use.")
    return Exit.DONE if proven else Exit.FAILED


async def _end(services: AppServices, account: Account, places: Folders) -> bool:
    try:
        async with waiting_for_service(SIGN_IN_SECONDS):
            identity = await services.account.sign_in(account)
        report = await services.account.sign_out()
        say(f"Signed out of {_named(identity)}. {report.message}")
        ended = True
    except QdeckError as error:
        explain(error)
        ended = False
    try:
        await forget(account, places)
    except QdeckError as error:
        explain(error)
        return False
    say(f"Forgot the account {plain(account.name)} ({account.channel}).")
    return ended


def _named(identity: Identity) -> str:
    name = identity.instance_name or identity.instance
    return f"{name} ({identity.channel}, {', '.join(identity.hosts)})"


def _ask_token(prompt: str) -> str:
    """The token, from the terminal without echo, or one line of stdin.

    Raises:
        UsageFault: there is none, or it is not a token.
    """
    if sys.stdin.isatty():
        token = getpass.getpass(prompt, stream=sys.stderr).strip()
    else:
        token = sys.stdin.readline(_LONGEST_TOKEN + 1).strip()
    if not token:
        raise UsageFault(f"No token: type it, give it on stdin, or set {TOKEN_VARIABLE}.")
    if len(token) > _LONGEST_TOKEN or not token.isascii() or not token.isprintable() or " " in token:
        raise UsageFault("What was given is not a token: a token is one word of plain letters and digits.")
    return token
