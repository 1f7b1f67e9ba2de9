"""Arguments of the commands about jobs: `jobs`, `result`, `watch`."""

from __future__ import annotations

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
@service_options()
@click.option(
    "--limit", type=click.IntRange(min=1), default=20, show_default=True, help="The most jobs listed."
)
@query_options
@click.option(
    "--view",
    default="",
    metavar="NAME",
    shell_complete=completes("views"),
    help="Chosen, sorted and with the columns as in this saved view of the app.",
)
@click.option("--offline", is_flag=True, help="What the history holds; nothing is asked.")
@listing_options()
def jobs(choice: ServiceChoice, pending: bool, since: str, until: str, **options: Any) -> int:
    """List the newest jobs; where no account is found, those of the history."""
    from tui.commands.jobs.jobs import job_query, list_jobs

    filters = {name: options.pop(name) for name in ("backend", "program", "session_id", "tags")}
    wanted = job_query(since=since, until=until, pending=pending, **filters)
    return finish(lambda environ: list_jobs(choice, environ, wanted=wanted, **options))


@click.command(epilog=STATUSES)
@click.argument("job_id", metavar="ID", shell_complete=completes("jobs"))
@service_options()
@click.option("--offline", is_flag=True, help="What the history keeps; nothing is asked.")
@click.option("--joint", is_flag=True, help="Count all registers of a shot together, the first rightmost.")
@click.option("--predicted", is_flag=True, help="With what simulations foretell, without and with noise.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def result(choice: ServiceChoice, job_id: str, **options: bool) -> int:
    """Print the result of the job with this ID: counts by register and place of a sweep, or values.

    It comes from the history where that keeps it, else from the service. Values of an estimator come with
    what each step of the error mitigation made of them. Of a dry run, usage and timing alone are printed.
    Predictions are simulated here: of counts the distances are printed, with the bound that one of 100 runs
    passes by shot noise, of values how many standard errors they are apart (Z).
    """
    from tui.commands.jobs.result import show_result

    return finish(lambda environ: show_result(choice, environ, job_id, **options))


@click.command(epilog=STATUSES)
@click.argument("job_ids", metavar="[JOB]...", nargs=-1, shell_complete=completes("jobs"))
@service_options()
@listing_options()
def watch(choice: ServiceChoice, job_ids: tuple[str, ...], listing: Output) -> int:
    """Print what becomes of jobs until all are over; without JOB, of all that are queued or running.

    A table or JSON lines on stdout grow as it happens, another format is printed at the end. The status is 0
    where every job was done. Ctrl+C stops watching; the jobs go on.
    """
    from tui.commands.jobs.watch import watch as command

    return finish(lambda environ: command(choice, environ, job_ids, listing))
