"""The command line: starts the app, and its twin for scripts.

Everything heavy is imported inside the commands: `--version` and `--help` need click alone.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tui import __version__
from tui.commands.arguments.accounts import doctor, login, logout, where
from tui.commands.arguments.circuits import check, convert, format_, run, transpile
from tui.commands.arguments.config import config
from tui.commands.arguments.help import COMPLETION_VARIABLE, completion, help_
from tui.commands.arguments.history import history
from tui.commands.arguments.job_changes import cancel, delete, tag
from tui.commands.arguments.jobs import jobs, result, watch
from tui.commands.arguments.options import (
    STATUSES,
    TOKEN_REFUSED,
    completes,
    service_choice,
    service_flags,
    service_options,
)
from tui.commands.arguments.results import compare, export, rerun, show, snippet
from tui.commands.arguments.services import backends, instances, sandbox, usage
from tui.commands.arguments.sessions import sessions
from tui.commands.shared.output import (
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
    from tui.commands.shared.selection import ServiceChoice

TOKEN_OPTIONS = ("--token", "--api-key", "--apikey", "--api-token")
TEXTUAL_LOGS = ("TEXTUAL", "TEXTUAL_DEBUG", "TEXTUAL_LOG")
"""Variables by which Textual writes the keys that are typed to files or to its console: a token, too."""
BATCH_VARIABLE = "QRMI_JOB_QPU_RESOURCES"
"""Set where a batch system gave the job QPUs: with one, the app signs in to it by itself."""
NO_TERMINAL = (
    "qdeck: the app needs a terminal, and {why}. For scripts there are commands, `qdeck run`, `qdeck jobs` "
    "and others: see `qdeck --help`."
)


@click.group(
    invoke_without_command=True,
    epilog=STATUSES,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@service_flags()
@click.option("-1", "once", is_flag=True, help="Print the newest jobs once and leave, as `qdeck jobs` does.")
@click.option("--readonly", is_flag=True, help="Submit, cancel and change nothing.")
@click.version_option(__version__, prog_name="qdeck", message="%(prog)s %(version)s")
@click.pass_context
def qdeck(context: click.Context, /, once: bool, readonly: bool, **service: Any) -> int:
    """A terminal dashboard for IBM Quantum: write OpenQASM, transpile it, run it, watch the jobs.

    Without a command it opens the app. The commands do the same work for scripts: data on stdout,
    talk on stderr. Tokens are never taken from the command line.
    """
    if context.invoked_subcommand is not None:
        if once:
            raise click.UsageError("-1 goes without a command.")
        return Exit.DONE
    if once:
        return int(context.invoke(jobs))
    return _with_terminal(lambda: _open_app(service_choice(**service)))


@qdeck.command(epilog=STATUSES)
@click.argument("file", metavar="FILE[:LINE]", shell_complete=completes("files"))
@service_options()
def edit(choice: ServiceChoice, file: str) -> int:
    """Open the app with FILE in the editor, at LINE; one that does not exist is made by saving.

    Without an option that names a service nobody is signed in: F7 does that later.
    """
    return _with_terminal(lambda: _open_app(choice, file=file))


@qdeck.command("open", epilog=STATUSES)
@click.argument("job_id", metavar="JOB", shell_complete=completes("jobs"))
@service_options()
def open_(choice: ServiceChoice, job_id: str) -> int:
    """Open the app on the page of JOB, signed in to the account that commands take."""
    return _with_terminal(lambda: _open_app(choice, job_id=job_id))


for command in (
    run,
    transpile,
    check,
    format_,
    convert,
    jobs,
    result,
    show,
    compare,
    export,
    snippet,
    rerun,
    watch,
    cancel,
    delete,
    tag,
    sessions,
    usage,
    instances,
    backends,
    login,
    logout,
    where,
    doctor,
    config,
    completion,
    help_,
    sandbox,
    history,
):
    qdeck.add_command(command)


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
        no_command = isinstance(error, click.exceptions.NoArgsIsHelpError)
        usage = error.ctx.get_usage() if isinstance(error, click.UsageError) and error.ctx else ""
        text = error.format_message() if no_command else f"{usage}\nError: {error.format_message()}"
        for line in text.strip().splitlines():
            say(line)
        return error.exit_code
    except SystemExit as error:
        if os.environ.get(COMPLETION_VARIABLE):
            return Exit.DONE  # click has answered the shell
        if error.code == Exit.USAGE:
            return Exit.USAGE  # the sandbox does not take its words
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


def _with_terminal(show: Callable[[], int]) -> int:
    """Show the app, or say why that is not possible here."""
    why = no_terminal(os.environ)
    if why:
        say(NO_TERMINAL.format(why=why))
        return Exit.USAGE
    return show()


def _open_app(choice: ServiceChoice, *, file: str = "", job_id: str = "") -> int:
    """Show the app, signed in at once when the command line says to which service.

    Args:
        choice: what it says of the service.
        file: opened in the editor.
        job_id: the job whose page is opened; any account will do for that.
    """
    # Nothing imported now is garbage: looking for some takes a sixth of the time to the first picture.
    gc.disable()
    for name in TEXTUAL_LOGS:
        os.environ.pop(name, None)
    from tui.app import QDeckApp, run_app
    from tui.commands.shared.context import make_services
    from tui.common.timing import SystemClock
    from tui.config.settings import folders, load_settings

    account = None
    if not choice.sandbox and (choice.names_a_service or job_id):
        from tui.commands.shared.selection import choose_account
        from tui.ibm.credentials.discovery import found_accounts

        environ = choice.environment(os.environ)
        account = choose_account(found_accounts(environ, folders(environ)).accounts, choice)
    elif not choice.sandbox and os.environ.get(BATCH_VARIABLE):
        from tui.commands.shared.selection import only_qpu
        from tui.ibm.credentials.discovery import found_accounts

        account = only_qpu(found_accounts(os.environ, folders(os.environ)).accounts)
    clock = SystemClock()
    sandbox = choice.sandbox_channel if choice.sandbox else None
    settings = load_settings(folders(os.environ).settings_file)
    read_only = bool(click.get_current_context().find_root().params["readonly"])
    services = make_services(os.environ, clock, read_only=read_only)
    app = QDeckApp(services, clock=clock, sign_in=account, sandbox=sandbox, settings=settings)
    if file:
        app.edit_first(*_file_and_line(file))
    if job_id:
        app.first_job = job_id
    return run_app(app)


def _file_and_line(argument: str) -> tuple[Path, int]:
    """Split `FILE:LINE`; the whole is the file where there is one of that name. The line counts from 1."""
    name, colon, line = argument.rpartition(":")
    if not colon or not name or not (line.isascii() and line.isdigit()) or Path(argument).exists():
        return Path(argument), 1
    return Path(name), max(1, int(line[:9]))
