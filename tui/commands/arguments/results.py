"""Arguments of the commands about single jobs and what came of them: `snippet`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tui.commands.arguments.options import STATUSES, completes, finish, service_options

if TYPE_CHECKING:
    from tui.commands.shared.selection import ServiceChoice


@click.command(epilog=STATUSES)
@click.argument("job_id", metavar="ID", shell_complete=completes("jobs"))
@service_options()
@click.option(
    "--form",
    type=click.Choice(["fetch", "repeat", "circuit"]),
    default="fetch",
    show_default=True,
    help="fetch: read its result; repeat: run again the very inputs that the service keeps of it; circuit: "
    "run its circuit, which stands in the program, with any account.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def snippet(choice: ServiceChoice, job_id: str, form: str, as_json: bool) -> int:
    """Print Python that reads the job with this ID, or repeats it, with IBM's client (qiskit-ibm-runtime).

    It signs in as that client does, with its saved account or QISKIT_IBM_TOKEN: no token is in it.
    """
    from tui.commands.jobs.export import print_snippet
    from tui.domain.export.snippets import SnippetForm

    return finish(lambda environ: print_snippet(choice, environ, job_id, SnippetForm(form), as_json=as_json))
