"""Changes on the service, one after the other: asked for first, each whatever became of the others."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence

import click

from tui.commands.shared.context import signed_in_services, time_limit, waiting_for_service
from tui.commands.shared.output import Exit, UsageFault, explain
from tui.commands.shared.selection import ServiceChoice
from tui.common.errors import QdeckError
from tui.common.safe_text import plain
from tui.monitor.services import AppServices

CHANGE_SECONDS = 60.0
"""Seconds that signing in, and then each change on the service, is waited for."""
Change = Callable[[AppServices, str], Awaitable[None]]
"""Changes what has the id, and says so."""


def confirm(question: str, *, yes: bool, refusal: str) -> None:
    """Ask for what cannot be undone, before any event loop: that would hold Ctrl+C back.

    Args:
        question: what is asked at a terminal.
        yes: it is confirmed already.
        refusal: why nothing is done where nobody can be asked.

    Raises:
        UsageFault: nobody can be asked.
        click.Abort: the answer is no.
    """
    if yes:
        return
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageFault(f"{refusal} --yes confirms it where nobody can be asked.")
    click.confirm(plain(question, limit=500), abort=True, err=True)


async def change_each(
    choice: ServiceChoice, environ: Mapping[str, str], ids: Sequence[str], change: Change
) -> Exit:
    """Sign in, and change what has these ids.

    Returns:
        The exit status: a failure where one could not be changed.

    Raises:
        UsageFault: there is no account.
        QdeckError: signing in failed.
    """
    async with signed_in_services(choice, environ, seconds=CHANGE_SECONDS) as opened:
        return await one_by_one(opened.services, ids, change, time_limit(choice, environ, CHANGE_SECONDS))


async def one_by_one(
    services: AppServices, ids: Sequence[str], change: Change, seconds: float | None
) -> Exit:
    """Change what has these ids, each within so many seconds; say why one could not be changed.

    Returns:
        The exit status: a failure where one could not be changed.
    """
    status = Exit.DONE
    for one in dict.fromkeys(ids):
        try:
            async with waiting_for_service(seconds):
                await change(services, one)
        except QdeckError as error:
            explain(error)
            status = Exit.FAILED
    return status
