"""Arguments of the commands about jobs: `jobs`, `result`, `cancel`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from tui.commands.arguments.options import STATUSES, finish, listing_options, query_options, service_options
from tui.commands.shared.output import Exit

if TYPE_CHECKING:
    from tui.commands.shared.selection import ServiceChoice


@click.command(epilog=STATUSES)
@service_options()
@click.option(
    "--limit", type=click.IntRange(min=1), default=20, show_default=True, help="The most jobs listed."
)
@query_options
@click.option("--offline", is_flag=True, help="What the history holds; nothing is asked.")
@listing_options()
def jobs(choice: ServiceChoice, pending: bool, since: str, until: str, **options: Any) -> int:
    """List the newest jobs; where no account is found, those of the history."""
    from datetime import UTC, datetime

    from tui.commands.jobs.jobs import asked_moment, list_jobs
    from tui.domain.jobs import JobQuery

    async def listed(environ: Mapping[str, str]) -> Exit:
        now = datetime.now(UTC)
        wanted = JobQuery(
            pending=True if pending else None,
            created_after=asked_moment(since, now),
            created_before=asked_moment(until, now, end=True),
            **{name: options.pop(name) for name in ("backend", "program", "session_id", "tags")},
        )
        return await list_jobs(choice, environ, wanted=wanted, **options)

    return finish(listed)


@click.command(epilog=STATUSES)
@click.argument("job_id", metavar="ID")
@service_options()
@click.option("--offline", is_flag=True, help="What the history keeps; nothing is asked.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def result(choice: ServiceChoice, job_id: str, offline: bool, as_json: bool) -> int:
    """Print the result of the job with this ID: counts by register and place of a sweep, or values.

    It comes from the history where that keeps it, else from the service. Values of an estimator come with
    what each step of the error mitigation made of them. Of a dry run, usage and timing alone are printed.
    """
    from tui.commands.jobs.result import show_result

    return finish(lambda environ: show_result(choice, environ, job_id, as_json=as_json, offline=offline))


@click.command(epilog=STATUSES)
@click.argument("job_id", metavar="ID")
@service_options()
def cancel(choice: ServiceChoice, job_id: str) -> int:
    """Cancel a job on the service."""
    from tui.commands.jobs.jobs import cancel_job

    return finish(lambda environ: cancel_job(choice, environ, job_id))
