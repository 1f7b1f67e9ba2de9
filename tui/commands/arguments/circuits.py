"""Arguments of the commands that take a circuit: `run`, `transpile`, `check`, `format`, `convert`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from tui.commands.arguments.options import (
    STATUSES,
    changes_service,
    completes,
    finish,
    listing_options,
    service_options,
)
from tui.commands.arguments.run_options import cloud_options, run_options, sweep_options

if TYPE_CHECKING:
    from tui.commands.shared.selection import ServiceChoice

budget_option = click.option(
    "--budget",
    type=click.FloatRange(min=0, min_open=True, max=3600),
    metavar="SECONDS",
    help="Time of the search on a backend. Default: the setting, else 2.",
)


def _scheduler(_: click.Context, __: click.Parameter, text: str) -> str:
    """Check the address of a scheduler."""
    from tui.domain.search import scheduler_address

    try:
        return scheduler_address(text) if text else ""
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


dask_option = click.option(
    "--dask",
    default="",
    callback=_scheduler,
    metavar="ADDRESS",
    help="Search with the workers of this Dask scheduler: tls://HOST:PORT, or tcp:// on this machine.",
)


@click.command(epilog=STATUSES)
@click.argument("files", nargs=-1, required=True, metavar="FILE...", shell_complete=completes("files"))
@service_options()
@run_options
@sweep_options
@cloud_options
@click.option("--dry-run", is_flag=True, help="Say what it would take, and do not run it.")
@click.option(
    "-y",
    "--yes",
    is_flag=True,
    help="Run it although it takes more than the instance has left, or uses a broken coupler or qubit.",
)
@click.option(
    "--best", is_flag=True, help="Search for the best candidate, on the backend given or on all online."
)
@budget_option
@dask_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@changes_service
def run(
    choice: ServiceChoice,
    primitive: str | None,
    log_level: str | None,
    program: str | None,
    twirl: tuple[str, ...],
    decoupling: str | None,
    resilience: int | None,
    **options: Any,
) -> int:
    """Transpile the circuit in FILE (OpenQASM or QPY; - for stdin), run it, wait, and print the result.

    Several files, and several circuits of one in QPY, are run as PUBs of one job, with --batch as jobs of a
    batch. Free parameters of a circuit get their values by --param or --params-file: a number, an
    expression, a list or a range with its count.

    Prints bits and counts (sampler), or observable, value and standard error (estimator), separated by
    tabs when stdout is not a terminal. A run that takes more QPU time than the instance has left, or uses
    a coupler or qubit that is broken, needs --yes. Ctrl+C stops waiting; the job goes on at the service.
    """
    from tui.commands.circuits.run import run as command
    from tui.commands.circuits.run_request import (
        CLOUD_FLAGS,
        PARAMETER_FLAGS,
        CloudFlags,
        ParameterFlags,
        RunRequest,
    )
    from tui.domain.jobs import LogLevel, Primitive
    from tui.domain.primitives import Decoupling, JobProgram, PrimitiveOptions

    request = RunRequest(
        service=choice,
        primitive=Primitive(primitive) if primitive else None,
        log_level=LogLevel(log_level) if log_level else None,
        program=JobProgram(program) if program else None,
        options=PrimitiveOptions(
            twirl_gates="gates" in twirl or None,
            twirl_measures="measurements" in twirl or None,
            decoupling=Decoupling(decoupling or ""),
            resilience=resilience,
        ),
        values=ParameterFlags(**{name: options.pop(name) for name in PARAMETER_FLAGS}),
        flags=CloudFlags(**{name: options.pop(name) for name in CLOUD_FLAGS}),
        **options,
    )
    return finish(lambda environ: command(request, environ))


def _makers(_: click.Context, __: click.Parameter, text: str | None) -> Any:
    """Read the names of makers, with commas between."""
    from tui.domain.circuits import OTHER_MAKERS, Maker

    if text is None or text in ("all", "none"):
        return {None: None, "all": OTHER_MAKERS, "none": frozenset()}[text]
    names = {name.strip() for name in text.split(",")}
    if not names <= set(OTHER_MAKERS):
        raise click.BadParameter(f"there are {', '.join(sorted(OTHER_MAKERS))}; or say all or none.")
    return frozenset(map(Maker, names))


@click.command(epilog=STATUSES)
@click.argument("file", shell_complete=completes("files"))
@service_options()
@click.option(
    "-b",
    "--backend",
    required=True,
    metavar="NAME",
    shell_complete=completes("backends"),
    help="The backend; all: each that is online.",
)
@click.option(
    "--level", type=click.IntRange(0, 3), help="The only level. Default: 3 with many seeds, the others once."
)
@click.option("--seeds", type=click.IntRange(1, 10_000), metavar="N", help="Try so many seeds, however long.")
@budget_option
@dask_option
@click.option(
    "--makers",
    callback=_makers,
    metavar="NAME,...",
    help="Who is asked beside Qiskit as it is: fractional, pytket, cloud, ai; all or none. "
    "Default: the setting, else all.",
)
@click.option(
    "-o",
    "--output",
    default="",
    metavar="FILE",
    shell_complete=completes("files"),
    help="Write the best circuit there.",
)
@click.option("-y", "--yes", is_flag=True, help="Status 0 although the best one uses what is broken.")
@listing_options(file=False)
def transpile(choice: ServiceChoice, **options: Any) -> int:
    """Search for the best way to transpile the circuit in FILE, and print a table.

    FILE is OpenQASM or QPY, - for stdin, or a folder of such files: then each circuit is reviewed, and
    --output names a folder for the best ones.

    Level 3 is tried with many seeds on several processors, within the budget; candidates are sorted by their
    estimated success (ESP), those that use a broken coupler or qubit last. Where the best one does, the
    status is 2. Of several backends each has a row with its best one, the one to run on first: by success
    and, within 2 %, by queue.
    """
    from tui.commands.circuits.transpile import TranspileRequest
    from tui.commands.circuits.transpile import transpile as command

    request = TranspileRequest(service=choice, **options)
    return finish(lambda environ: command(request, environ))


@click.command(epilog=STATUSES)
@click.argument("files", nargs=-1, required=True, metavar="FILE...", shell_complete=completes("files"))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def check(files: tuple[str, ...], as_json: bool) -> int:
    """Check files in OpenQASM or QPY (- for stdin), as the editor does.

    Prints file:line:column: error: message, a line each. The status is 0 where Qiskit takes all files, 1
    where it does not, 2 where one cannot be read. No service is asked.
    """
    from tui.commands.circuits.check import check as command

    return finish(lambda environ: command(files, environ, as_json=as_json))


@click.command("format", epilog=STATUSES)
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--check", is_flag=True, help="Write nothing; status 1 where a file is not formatted.")
@click.option("--diff", is_flag=True, help="Write nothing; print what would change.")
@click.option("-o", "--output", default="", metavar="FILE", help="Write there instead; - for stdout.")
def format_(**options: Any) -> int:
    """Format OpenQASM files in place (- for stdin, which goes to stdout), as the editor does.

    Whitespace alone changes: the circuit and the comments stay as they are. No service is asked.
    """
    from tui.commands.circuits.format import FormatRequest, format_files

    return int(format_files(FormatRequest(**options)))


@click.command(epilog=STATUSES)
@click.argument("file")
@click.option("--to", "version", type=click.Choice(("2", "3")), required=True, help="The version wanted.")
@click.option("-o", "--output", default="", metavar="FILE", help="Write there instead of stdout.")
def convert(file: str, version: str, output: str) -> int:
    """Write the program in FILE (- for stdin) in OpenQASM 2 or 3, by Qiskit.

    It is the same circuit; of the comments, those at the beginning stay. What the other version cannot say
    is refused. No service is asked.
    """
    from tui.commands.circuits.format import convert as command

    return finish(lambda environ: command(file, int(version), output, environ))
