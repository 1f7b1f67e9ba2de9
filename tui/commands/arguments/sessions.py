"""Arguments of `qdeck sessions`: list, open, drain, cancel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tui.commands.arguments.options import (
    STATUSES,
    changes_service,
    completes,
    finish,
    listing_options,
    service_options,
)

if TYPE_CHECKING:
    from tui.commands.shared.listing import Output
    from tui.commands.shared.selection import ServiceChoice

session_ids_argument = click.argument(
    "session_ids", metavar="SESSION...", nargs=-1, required=True, shell_complete=completes("sessions")
)


@click.group(epilog=STATUSES)
def sessions() -> None:
    """List, open, drain or cancel sessions and batches."""


@sessions.command("list", epilog=STATUSES)
@service_options()
@click.option("--open", "only_open", is_flag=True, help="Only those that take jobs, and may cost.")
@listing_options()
def list_(choice: ServiceChoice, only_open: bool, listing: Output) -> int:
    """List the sessions and batches, the newest first.

    The classic service does not list them: there it is those that are known here.
    """
    from tui.commands.service.sessions import list_sessions

    return finish(lambda environ: list_sessions(choice, environ, listing, only_open=only_open))


@sessions.command("open", epilog=STATUSES)
@service_options()
@click.option(
    "-b",
    "--backend",
    required=True,
    metavar="NAME",
    shell_complete=completes("backends"),
    help="Where its jobs run.",
)
@click.option(
    "--mode",
    type=click.Choice(["dedicated", "batch"]),
    default="dedicated",
    show_default=True,
    help="dedicated: the QPU is yours while it is active, and that time is charged. batch: its jobs' alone.",
)
@click.option(
    "--max-seconds",
    type=click.IntRange(60, 8 * 3600),
    help="Seconds after which the service closes it. Default: the service's.",
)
@listing_options()
@changes_service
def open_(choice: ServiceChoice, backend: str, mode: str, max_seconds: int | None, listing: Output) -> int:
    """Open a session or batch, and print its id. It may cost until it is closed."""
    from tui.commands.service.sessions import open_session
    from tui.domain.sessions import SessionMode

    kind = SessionMode(mode)
    return finish(lambda environ: open_session(choice, environ, backend, kind, max_seconds, listing))


@sessions.command(epilog=STATUSES)
@session_ids_argument
@service_options()
@changes_service
def drain(choice: ServiceChoice, session_ids: tuple[str, ...]) -> int:
    """Let sessions take no more jobs; what is queued in them still runs."""
    from tui.commands.service.sessions import drain_sessions

    return finish(lambda environ: drain_sessions(choice, environ, session_ids))


@sessions.command(epilog=STATUSES)
@session_ids_argument
@service_options()
@changes_service
def cancel(choice: ServiceChoice, session_ids: tuple[str, ...]) -> int:
    """Close sessions now; what is queued in them is dropped."""
    from tui.commands.service.sessions import cancel_sessions

    return finish(lambda environ: cancel_sessions(choice, environ, session_ids))
