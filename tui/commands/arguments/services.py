"""Arguments of the commands about the services: `backends`, `usage`, `instances`, `sandbox`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from tui.commands.arguments.options import (
    STATUSES,
    completes,
    finish,
    listing_options,
    query_options,
    service_options,
)

if TYPE_CHECKING:
    from tui.commands.shared.listing import Output
    from tui.commands.shared.selection import ServiceChoice


@click.command(epilog=STATUSES)
@click.argument("name", required=False, default="", shell_complete=completes("backends"))
@service_options()
@listing_options()
def backends(choice: ServiceChoice, name: str, listing: Output) -> int:
    """List the backends; with NAME, the figures of each of its qubits and couplers.

    Those that changed notably since the calibration of the day before, as far as that was seen here, are
    marked.
    """
    from tui.commands.service.backends import list_backends

    return finish(lambda environ: list_backends(choice, environ, name, listing))


@click.command(epilog=STATUSES)
@service_options()
@click.option(
    "--by",
    type=click.Choice(["backend", "day", "primitive", "session", "slurm", "status", "tag"]),
    help="Add up what the jobs took instead, by this. A job counts under each of its tags.",
)
@query_options
@click.option("--offline", is_flag=True, help="With --by: the jobs of the history; nothing is asked.")
@listing_options()
def usage(
    choice: ServiceChoice,
    by: str | None,
    pending: bool,
    since: str,
    until: str,
    offline: bool,
    listing: Output,
    **options: Any,
) -> int:
    """Print the QPU seconds used and left of the instance; with --by, those of jobs by group.

    The filters of jobs, and --offline, go with --by.
    """
    from tui.commands.jobs.jobs import job_query
    from tui.commands.service.usage import show_usage, show_usage_by

    if by is None:
        if pending or since or until or offline or any(options.values()):
            raise click.UsageError("The filters of jobs, and --offline, go with --by.")
        return finish(lambda environ: show_usage(choice, environ, listing))
    wanted = job_query(since=since, until=until, pending=pending, **options)
    return finish(lambda environ: show_usage_by(choice, environ, by, wanted, listing, offline=offline))


@click.command(epilog=STATUSES)
@service_options()
@listing_options()
def instances(choice: ServiceChoice, listing: Output) -> int:
    """List the instances that the account may use."""
    from tui.commands.service.usage import list_instances

    return finish(lambda environ: list_instances(choice, environ, listing))


@click.command(epilog=STATUSES)
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Default: a free one.")
@click.option("--json", "as_json", is_flag=True, help="Print nothing but the first line.")
@click.option("--queue", type=click.IntRange(min=0), default=0, help="Jobs of others ahead of each of yours.")
@click.option(
    "--pace",
    type=click.FloatRange(min=0, min_open=True),
    default=1.0,
    help="How fast its time runs: 2 is double.",
)
@click.option("--limits", type=click.Choice(["none", "ibm"]), default="none", help="The open plan's limits.")
@click.option(
    "--fault",
    "faults",
    multiple=True,
    metavar="METHOD:PATH:KIND[=SECONDS][:COUNT[:SKIP]]",
    help="Let requests fail on purpose, e.g. GET:/api/v1/jobs:503:2 (COUNT 0: all). May be repeated.",
)
@click.option("--archive", is_flag=True, help="An archived instance as well, with old jobs.")
@click.option(
    "--recalibrate",
    type=click.FloatRange(min=0),
    default=24.0,
    show_default=True,
    metavar="HOURS",
    help="Simulated hours from one drifted calibration to the next; 0: the recorded one for good.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of the calibrations' drift.")
def sandbox(faults: tuple[str, ...], **options: Any) -> int:
    """Run the simulated service alone, in the foreground.

    The first line of its output is a JSON object with the address, the key and the token it takes.

    It recalibrates: at its first start, and whenever 24 simulated hours have passed since, each device gets
    a calibration drifted by seeded noise from the recorded one, with which jobs are simulated that start from
    then on. Couplers may die and come back. `properties?updated_before=` gives the earlier ones.
    """
    from tui.commands.local.sandbox import serve

    return serve(os.environ, faults=faults, **options)
