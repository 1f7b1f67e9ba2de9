"""Arguments of the commands about what came of jobs: `show`, `compare`, `export`, `snippet`, `rerun`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from tui.commands.arguments.options import STATUSES, changes_service, completes, finish, service_options

if TYPE_CHECKING:
    from tui.commands.shared.selection import ServiceChoice


@click.command(epilog=STATUSES)
@click.argument("job_id", metavar="ID", shell_complete=completes("jobs"))
@service_options()
@click.option("--offline", is_flag=True, help="What the history keeps; nothing is asked.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, with circuit and source.")
def show(choice: ServiceChoice, job_id: str, offline: bool, as_json: bool) -> int:
    """Print all facts of the job with this ID: its times, how it was made, what the service measured.

    The service is asked for what the history does not know, and for a job that is not over. The status is 1
    for a job that failed or was cancelled.
    """
    from tui.commands.jobs.export import show_job

    return finish(lambda environ: show_job(choice, environ, job_id, as_json=as_json, offline=offline))


@click.command(epilog=STATUSES)
@click.argument("job_ids", metavar="ID...", nargs=-1, required=True, shell_complete=completes("jobs"))
@service_options()
@click.option("--ideal", is_flag=True, help="Against the first one's circuit, simulated without noise.")
@click.option("--offline", is_flag=True, help="What the history keeps; nothing is asked.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def compare(choice: ServiceChoice, job_ids: tuple[str, ...], **options: bool) -> int:
    """Compare jobs, each against the first: what differed between them, and what came out.

    Of counts the total variation distance and the Hellinger fidelity are printed, each with the bound that
    one of 100 pairs from the same distribution passes by shot noise; of bit strings and values the z-scores.
    The status is 1 where there was no result to compare.
    """
    from tui.commands.jobs.compare import compare_jobs

    return finish(lambda environ: compare_jobs(choice, environ, job_ids, **options))


@click.command(epilog=STATUSES)
@click.argument("job_ids", metavar="ID...", nargs=-1, required=True, shell_complete=completes("jobs"))
@service_options()
@click.option(
    "--format",
    "form",
    type=click.Choice(["json", "csv", "qasm", "qpy", "py", "svg", "png"]),
    help="Default: that of the file's ending, else json.",
)
@click.option(
    "-o",
    "--output",
    default="-",
    metavar="PATH",
    help="A file, or a folder for one file a job: one that is there, or a name that ends in a slash. "
    "Default: stdout.",
)
@click.option(
    "--table",
    type=click.Choice(["counts", "values", "shots"]),
    help="Of csv: a row a bit string, a value or a shot. Default: counts where there are any, else values.",
)
@click.option(
    "--picture",
    type=click.Choice(["histogram", "sweep", "map", "timing"]),
    help="Of svg and png. Default: the sweep where there is one, else the histogram.",
)
@click.option("--offline", is_flag=True, help="What the history keeps; nothing is asked.")
@click.option("--json", "as_json", is_flag=True, help="Print the files that were written as one JSON object.")
def export(
    choice: ServiceChoice,
    job_ids: tuple[str, ...],
    form: str | None,
    output: str,
    table: str | None,
    picture: str | None,
    **options: bool,
) -> int:
    """Write jobs to a file, to a folder with a file for each, or to stdout.

    json has everything that is known; csv the result, with the values of parameters; qasm and qpy the
    circuits as they were submitted; py Python that reads the job with IBM's client; svg and png a picture.
    One file of json, csv, qpy, and one histogram or timing takes several jobs. A file that is there is
    replaced. The status is 1 when a job could not be written; the others are.
    """
    from tui.commands.jobs.export import ExportRequest, export_jobs, form_of
    from tui.domain.export.forms import ExportChoice, PictureKind, TableKind

    chosen = ExportChoice(
        form_of(form, output),
        TableKind(table) if table else None,
        PictureKind(picture) if picture else None,
    )
    if table and chosen.form != "csv":
        raise click.UsageError("--table is of the form csv.")
    if picture and not chosen.form.picture:
        raise click.UsageError("--picture is of the forms svg and png.")
    request = ExportRequest(job_ids, chosen, output, **options)
    return finish(lambda environ: export_jobs(choice, environ, request))


@click.command(epilog=STATUSES)
@click.argument("job_id", metavar="ID")
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


@click.command(epilog=STATUSES)
@click.argument("job_id", metavar="ID")
@service_options()
@click.option("-n", "--copies", type=click.IntRange(1, 1000), default=1, help="How often. Default: 1.")
@click.option("--no-wait", is_flag=True, help="End when the jobs are created, and print their ids.")
@click.option("-y", "--yes", is_flag=True, help="Also where it takes more than the instance has left.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@changes_service
def rerun(choice: ServiceChoice, **options: Any) -> int:
    """Run the job with this ID again: the same program, options and backend, as they were submitted.

    What was sent from here is sent again as it is kept, else what the service keeps of the job, unread. Each
    copy is a job of its own, in no session. Circuits, twirling and mitigation are not prepared anew. Exit
    status and output are those of `qdeck run`.
    """
    from tui.commands.jobs.rerun import RerunRequest
    from tui.commands.jobs.rerun import rerun as command

    return finish(lambda environ: command(choice, environ, RerunRequest(**options)))
