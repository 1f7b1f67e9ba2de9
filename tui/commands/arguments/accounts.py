"""Arguments of the commands about accounts and this machine: `login`, `logout`, `where`, `doctor`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from tui.commands.arguments.options import STATUSES, TOKEN_REFUSED, finish, listing_options, service_options
from tui.commands.shared.output import Exit, say

if TYPE_CHECKING:
    from tui.commands.shared.listing import Output
    from tui.commands.shared.selection import ServiceChoice


@click.command(epilog=STATUSES)
@click.argument("unexpected", nargs=-1, metavar="")
@service_options(
    channel="Default: platform.",
    instance=None,
    account="Name to keep it under. Default: that of the channel.",
    timeout="Seconds the service is waited for. Default: 60.",
)
@click.option("--keyring", is_flag=True, help="Keep the token in the system's keyring, not in the file.")
def login(choice: ServiceChoice, unexpected: tuple[str, ...], keyring: bool) -> int:
    """Sign in and keep the account for the next time.

    The token comes from QISKIT_IBM_TOKEN, else it is asked for without being shown, or read as one line
    from stdin. It is kept in a file that only you can read (see `qdeck where`), or with --keyring in the
    system's keyring, which may ask to be unlocked each time it is read.
    """
    if unexpected:
        say(TOKEN_REFUSED)
        return Exit.USAGE
    from tui.commands.service.login import login as command
    from tui.domain.accounts import Keep

    keep = Keep.KEYRING if keyring else Keep.FILE
    return finish(lambda environ: command(choice, environ, keep))


@click.command(epilog=STATUSES)
@service_options(channel="Only the account of this one.", account="Only the account of this name.")
def logout(choice: ServiceChoice) -> int:
    """End the token and forget the account that `qdeck login` kept."""
    from tui.commands.service.login import logout as command

    return finish(lambda environ: command(choice, environ))


@click.command(epilog=STATUSES)
@listing_options()
def where(listing: Output) -> int:
    """Tell which files and hosts qdeck uses, and where each setting comes from. Never shows a token."""
    from tui.commands.local.paths import where as command

    return int(command(os.environ, listing))


@click.command(epilog=STATUSES)
@service_options(channel="Only the account of this one.", instance=None, account="The account of this name.")
@listing_options()
def doctor(choice: ServiceChoice, listing: Output) -> int:
    """Try each step between here and the service, and tell which one fails and what to do.

    Terminal, storage, account, DNS, TCP, proxy, TLS, API version, login, clock, instance, jobs. Submits
    nothing; what it signs in to, it signs out of.
    """
    from tui.commands.local.doctor import doctor as command

    return finish(lambda environ: command(choice, environ, listing))
