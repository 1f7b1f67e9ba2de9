"""The command line: starts the app, and its twin for scripts.

Everything heavy is imported inside the commands: `--version` and `--help` need click alone.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from tui import __version__
from tui.commands.history import history
from tui.commands.options import (
    cloud_options,
    query_options,
    run_options,
    service_choice,
    service_flags,
    service_options,
)
from tui.commands.output import (
    Exit,
    OutputClosed,
    UsageFault,
    explain,
    flush_standard_streams,
    no_terminal,
    open_standard_streams,
    output_failed,
    say,
)
from tui.common.errors import ErrorKind, QdeckError
from tui.common.termination import forbid_core_dumps

if TYPE_CHECKING:
    from tui.commands.selection import ServiceChoice

STATUSES = """\b
Exit status:
  0    done
  1    the job failed or was cancelled, or the service said no or was not reached
  2    a wrong option, an unreadable file, no account, or no terminal for the app
  130  Ctrl+C
  141  whoever read the output went away
"""
TOKEN_OPTIONS = ("--token", "--api-key", "--apikey", "--api-token")
TOKEN_REFUSED = (
    "qdeck: a token does not belong on the command line: every user of this machine can read it in the "
    "list of processes. Use `qdeck login`, which asks without showing it, or set QISKIT_IBM_TOKEN."
)
TEXTUAL_LOGS = ("TEXTUAL", "TEXTUAL_DEBUG", "TEXTUAL_LOG")
"""Variables by which Textual writes the keys that are typed to files or to its console: a token, too."""
CHANGING_COMMANDS = frozenset({"run", "cancel"})
"""Those that change something on the service."""
NO_TERMINAL = (
    "qdeck: the app needs a terminal, and {why}. For scripts there are `qdeck run`, `qdeck jobs`, "
    "`qdeck result`, `qdeck cancel`, `qdeck login`, `qdeck logout`, `qdeck where`, `qdeck doctor` "
    "and `qdeck sandbox`: see `qdeck --help`."
)


@click.group(
    invoke_without_command=True,
    epilog=STATUSES,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@service_flags()
@click.option("--readonly", is_flag=True, help="Submit, cancel and change nothing.")
@click.version_option(__version__, prog_name="qdeck", message="%(prog)s %(version)s")
@click.pass_context
def qdeck(context: click.Context, /, readonly: bool, **service: Any) -> int:
    """A terminal dashboard for IBM Quantum: write OpenQASM, transpile it, run it, watch the jobs.

    Without a command it opens the app. The commands do the same work for scripts: data on stdout,
    talk on stderr. Tokens are never taken from the command line.
    """
    if context.invoked_subcommand is not None:
        if readonly and context.invoked_subcommand in CHANGING_COMMANDS:
            raise click.UsageError(f"--readonly leaves nothing for `{context.invoked_subcommand}` to do.")
        return Exit.DONE
    why = no_terminal(os.environ)
    if why:
        say(NO_TERMINAL.format(why=why))
        return Exit.USAGE
    return _open_app(service_choice(**service), read_only=readonly)


@qdeck.command(epilog=STATUSES)
@click.argument("file")
@service_options()
@run_options
@cloud_options
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

    Prints bits and counts (sampler), or observable, value and standard error (estimator), separated by
    tabs when stdout is not a terminal. Ctrl+C stops waiting; the job goes on at the service.
    """
    from tui.commands.run import CLOUD_FLAGS, CloudFlags, RunRequest
    from tui.commands.run import run as command
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
        flags=CloudFlags(**{name: options.pop(name) for name in CLOUD_FLAGS}),
        **options,
    )
    return _finish(lambda environ: command(request, environ))


@qdeck.command(epilog=STATUSES)
@service_options()
@click.option(
    "--limit", type=click.IntRange(min=1), default=20, show_default=True, help="The most jobs listed."
)
@query_options
@click.option("--offline", is_flag=True, help="What the history holds; nothing is asked.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def jobs(choice: ServiceChoice, pending: bool, since: str, until: str, **options: Any) -> int:
    """List the newest jobs; where no account is found, those of the history."""
    from datetime import UTC, datetime

    from tui.commands.jobs import asked_moment, list_jobs
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

    return _finish(listed)


@qdeck.command(epilog=STATUSES)
@click.argument("job_id", metavar="ID")
@service_options()
@click.option("--offline", is_flag=True, help="What the history keeps; nothing is asked.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def result(choice: ServiceChoice, job_id: str, offline: bool, as_json: bool) -> int:
    """Print the result of the job with this ID: counts by register and place of a sweep, or values.

    It comes from the history where that keeps it, else from the service. Values of an estimator come with
    what each step of the error mitigation made of them. Of a dry run, usage and timing alone are printed.
    """
    from tui.commands.result import show_result

    return _finish(lambda environ: show_result(choice, environ, job_id, as_json=as_json, offline=offline))


@qdeck.command(epilog=STATUSES)
@click.argument("job_id", metavar="ID")
@service_options()
def cancel(choice: ServiceChoice, job_id: str) -> int:
    """Cancel a job on the service."""
    from tui.commands.jobs import cancel_job

    return _finish(lambda environ: cancel_job(choice, environ, job_id))


@qdeck.command(epilog=STATUSES)
@click.argument("unexpected", nargs=-1, metavar="")
@service_options(
    channel="Default: platform.",
    instance=None,
    account="Name to keep it under. Default: that of the channel.",
    timeout="Seconds the service is waited for. Default: 60.",
)
@click.option("--keyring", is_flag=True, help="Keep the token in the system's keyring, not in the file.")
def login(choice: ServiceChoice, unexpected: tuple[str, ...], keyring: bool) -> int:
    """Sign in and keep the account for the next time.

    The token comes from QISKIT_IBM_TOKEN, else it is asked for without being shown, or read as one line
    from stdin. It is kept in a file that only you can read (see `qdeck where`), or with --keyring in the
    system's keyring, which may ask to be unlocked each time it is read.
    """
    if unexpected:
        say(TOKEN_REFUSED)
        return Exit.USAGE
    from tui.commands.login import login as command
    from tui.domain.accounts import Keep

    keep = Keep.KEYRING if keyring else Keep.FILE
    return _finish(lambda environ: command(choice, environ, keep))


@qdeck.command(epilog=STATUSES)
@service_options(channel="Only the account of this one.", account="Only the account of this name.")
def logout(choice: ServiceChoice) -> int:
    """End the token and forget the account that `qdeck login` kept."""
    from tui.commands.login import logout as command

    return _finish(lambda environ: command(choice, environ))


@qdeck.command(epilog=STATUSES)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def where(as_json: bool) -> int:
    """Tell which files and hosts qdeck uses, and where each setting comes from. Never shows a token."""
    from tui.commands.paths import where as command

    return int(command(os.environ, as_json=as_json))


@qdeck.command(epilog=STATUSES)
@service_options(channel="Only the account of this one.", instance=None, account="The account of this name.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def doctor(choice: ServiceChoice, as_json: bool) -> int:
    """Try each step between here and the service, and tell which one fails and what to do.

    Terminal, storage, account, DNS, TCP, proxy, TLS, API version, login, clock, instance, jobs. Submits
    nothing; what it signs in to, it signs out of.
    """
    from tui.commands.doctor import doctor as command

    return _finish(lambda environ: command(choice, environ, as_json=as_json))


@qdeck.command(epilog=STATUSES)
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
def sandbox(
    port: int, as_json: bool, queue: int, pace: float, limits: str, faults: tuple[str, ...], archive: bool
) -> int:
    """Run the simulated service alone, in the foreground.

    The first line of its output is a JSON object with the address, the key and the token it takes.
    """
    from tui.commands.sandbox import serve

    return serve(
        os.environ,
        port=port,
        as_json=as_json,
        queue=queue,
        pace=pace,
        limits=limits,
        archive=archive,
        faults=faults,
    )


qdeck.add_command(history)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run qdeck.

    Args:
        arguments: the words of the command line; `None`: those of the process.

    Returns:
        The exit status.
    """
    forbid_core_dumps()
    open_standard_streams()
    words = list(sys.argv[1:] if arguments is None else arguments)
    if any(word.split("=", 1)[0] in TOKEN_OPTIONS for word in words):
        say(TOKEN_REFUSED)
        return Exit.USAGE
    status = _status_of(lambda: _with_click(words))
    written = _status_of(flush_standard_streams)
    return status or written


def _with_click(words: list[str]) -> int:
    try:
        return int(qdeck.main(args=words, prog_name="qdeck", standalone_mode=False) or Exit.DONE)
    except click.ClickException as error:
        usage = f"{error.ctx.get_usage()}\n" if isinstance(error, click.UsageError) and error.ctx else ""
        say(f"{usage}Error: {error.format_message()}")
        return error.exit_code
    except SystemExit as error:
        # click ends the process when whoever read its help went away.
        raise OutputClosed from error


def _status_of(work: Callable[[], int | None]) -> int:
    """Do the work, and put how it ended into words and a status; no traceback reaches the terminal."""
    try:
        return int(work() or Exit.DONE)
    except (click.Abort, KeyboardInterrupt):
        return Exit.INTERRUPTED
    except OutputClosed:
        return Exit.PIPE_CLOSED
    except UsageFault as fault:
        say(f"qdeck: {fault}")
        return Exit.USAGE
    except QdeckError as error:
        explain(error)
        return Exit.FAILED
    except OSError as error:
        # Without a name it is the help that click wrote.
        explain(output_failed(error) if error.filename is None else _file_failed(error))
        return Exit.FAILED
    except Exception as error:
        say(f"qdeck: something unexpected went wrong ({type(error).__name__}). {_log(error)}")
        return Exit.FAILED


def _file_failed(error: OSError) -> QdeckError:
    return QdeckError(ErrorKind.STORAGE, f"{error.filename}: {error.strerror or error}.")


def _log(error: Exception) -> str:
    from datetime import UTC, datetime

    from tui.common.crash_log import write_trouble
    from tui.config.settings import folders

    folder = folders(os.environ).state
    try:
        return f"Details are in {write_trouble(folder, error, datetime.now(UTC))}."
    except OSError as failure:
        return f"Details could not be written to {folder}: {failure.strerror or failure}."


def _open_app(choice: ServiceChoice, *, read_only: bool) -> int:
    """Show the app; signed in at once when the command line says to which service."""
    # Nothing imported now is garbage: looking for some takes a sixth of the time to the first picture.
    gc.disable()
    for name in TEXTUAL_LOGS:
        os.environ.pop(name, None)
    from tui.app import QDeckApp, run_app
    from tui.commands.context import make_services
    from tui.common.timing import SystemClock
    from tui.config.settings import folders, load_settings

    account = None
    if not choice.sandbox and choice.names_a_service:
        from tui.commands.selection import choose_account
        from tui.ibm.credentials.discovery import found_accounts

        environ = choice.environment(os.environ)
        account = choose_account(found_accounts(environ, folders(environ)).accounts, choice)
    clock = SystemClock()
    sandbox = choice.sandbox_channel if choice.sandbox else None
    settings = load_settings(folders(os.environ).settings_file)
    services = make_services(os.environ, clock, read_only=read_only)
    return run_app(QDeckApp(services, clock=clock, sign_in=account, sandbox=sandbox, settings=settings))


def _finish(command: Callable[[Mapping[str, str]], Awaitable[Exit]]) -> int:
    from tui.commands.context import run_command

    return run_command(lambda: command(os.environ))
