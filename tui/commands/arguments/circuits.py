"""Arguments of the commands that take a circuit: `run`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from tui.commands.arguments.options import (
    STATUSES,
    cloud_options,
    finish,
    run_options,
    service_options,
    sweep_options,
)

if TYPE_CHECKING:
    from tui.commands.shared.selection import ServiceChoice


@click.command(epilog=STATUSES)
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@service_options()
@run_options
@sweep_options
@cloud_options
@click.option("--dry-run", is_flag=True, help="Say what it would take, and do not run it.")
@click.option("-y", "--yes", is_flag=True, help="Run it although it takes more than the instance has left.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def run(
    choice: ServiceChoice,
    primitive: str,
    log_level: str | None,
    program: str | None,
    twirl: tuple[str, ...],
    decoupling: str | None,
    resilience: int | None,
    **options: Any,
) -> int:
    """Transpile the OpenQASM program in FILE (- for stdin), run it, wait, and print the result.

    Several files are run as PUBs of one job, with --batch as jobs of a batch. Free parameters of a circuit
    get their values by --param or --params-file: a number, an expression, a list or a range with its count.

    Prints bits and counts (sampler), or observable, value and standard error (estimator), separated by
    tabs when stdout is not a terminal. A run that takes more QPU time than the instance has left needs
    --yes. Ctrl+C stops waiting; the job goes on at the service.
    """
    from tui.commands.run import run as command
    from tui.commands.run_request import (
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
        primitive=Primitive(primitive),
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
