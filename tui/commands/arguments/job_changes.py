"""Arguments of the commands that change jobs on the service: `cancel`, `delete`, `tag`."""

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
    tags_option,
)

if TYPE_CHECKING:
    from tui.commands.shared.listing import Output
    from tui.commands.shared.selection import ServiceChoice

job_ids_argument = click.argument(
    "job_ids", metavar="JOB...", nargs=-1, required=True, shell_complete=completes("jobs")
)
yes_option = click.option("-y", "--yes", is_flag=True, help="Do not ask.")


@click.command(epilog=STATUSES)
@job_ids_argument
@service_options()
@changes_service
def cancel(choice: ServiceChoice, job_ids: tuple[str, ...]) -> int:
    """Cancel jobs on the service."""
    from tui.commands.jobs.changes import cancel_jobs

    return finish(lambda environ: cancel_jobs(choice, environ, job_ids))


@click.command(epilog=STATUSES)
@job_ids_argument
@service_options()
@yes_option
@changes_service
def delete(choice: ServiceChoice, job_ids: tuple[str, ...], yes: bool) -> int:
    """Delete jobs that are over, with their results, on the service and here.

    It asks first; where nobody can be asked it is refused (status 2) without --yes.
    """
    from tui.commands.jobs.changes import delete_jobs
    from tui.commands.shared.changes import confirm

    what = f"job {job_ids[0]}" if len(job_ids) == 1 else f"{len(job_ids)} jobs"
    question = f"Delete {what} for good, on the service and here?"
    confirm(question, yes=yes, refusal=f"Deleting {what} cannot be undone.")
    return finish(lambda environ: delete_jobs(choice, environ, job_ids))


@click.command(epilog=STATUSES)
@job_ids_argument
@service_options()
@tags_option("Add this tag; repeatable.", "--add", "added")
@tags_option("Remove this tag; repeatable.", "--remove", "removed")
@click.option("--clear", is_flag=True, help="Remove all tags first.")
@listing_options()
def tag(
    choice: ServiceChoice,
    job_ids: tuple[str, ...],
    added: tuple[str, ...],
    removed: tuple[str, ...],
    clear: bool,
    listing: Output,
) -> int:
    """Change the tags of jobs, and print those they have then; without a change, those they have."""
    from tui.commands.jobs.changes import tag_jobs

    command = changes_service(tag_jobs) if added or removed or clear else tag_jobs
    return finish(
        lambda environ: command(choice, environ, job_ids, listing, added=added, removed=removed, clear=clear)
    )
