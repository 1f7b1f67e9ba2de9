"""Options that several commands share, or that are many. click alone is imported before a command runs."""

from __future__ import annotations

import functools
import os
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from tui.commands.shared.output import Exit
    from tui.commands.shared.selection import ServiceChoice

STATUSES = """\b
Exit status:
  0    done
  1    the job failed or was cancelled, or the service said no or was not reached
  2    a wrong option, an unreadable file, no account, no terminal for the app,
       nobody to ask for a confirmation, or a run of more QPU time than is left
  130  Ctrl+C, or "no" to a question
  141  whoever read the output went away
"""
TOKEN_REFUSED = (
    "qdeck: a token does not belong on the command line: every user of this machine can read it in the "
    "list of processes. Use `qdeck login`, which asks without showing it, or set QISKIT_IBM_TOKEN."
)

_Parameters = ParamSpec("_Parameters")
_Result = TypeVar("_Result")
_Decorated = TypeVar("_Decorated", bound=Callable[..., Any])


def completes(kind: str) -> Callable[[click.Context, click.Parameter, str], list[CompletionItem]]:
    """Offer words in the shell for a value.

    Args:
        kind: one of `tui.commands.shared.completion.KINDS`, or `files`.

    Returns:
        What click calls as `shell_complete`.
    """

    def offer(_context: click.Context, _parameter: click.Parameter, begun: str) -> list[CompletionItem]:
        from click.shell_completion import CompletionItem

        if kind == "files":
            return [CompletionItem(begun, type="file")]
        from tui.commands.shared.completion import words

        return [CompletionItem(word, help=about or None) for word, about in words(kind, begun)]

    return offer


class Together:
    """Several options as one decorator; the help lists them in this order."""

    def __init__(self, *options: Callable[[Any], Any]) -> None:
        self._options = options

    def __call__(self, command: _Decorated) -> _Decorated:
        for option in reversed(self._options):
            command = option(command)
        return command


_SERVICE_OPTIONS: dict[str, dict[str, Any]] = {
    "sandbox": {"is_flag": True, "help": "The simulated service on this machine."},
    "account": {
        "metavar": "NAME",
        "shell_complete": completes("accounts"),
        "help": "The account of this name; `qdeck where` lists them.",
    },
    "channel": {"type": click.Choice(["platform", "classic"]), "help": "Generation of the service."},
    "timeout": {
        "type": click.FloatRange(min=1),
        "metavar": "SECONDS",
        "help": "Seconds the service is waited for. Default: 30 for lists.",
    },
    "instance": {"metavar": "NAME", "help": "CRN or name (platform), hub/group/project (classic)."},
}


def service_flags(**helps: str | None) -> Callable[[_Decorated], _Decorated]:
    """Give a command the options that say which service is meant.

    Args:
        helps: the options wanted, each with its help, `None` for the usual one; none named: all four.

    Returns:
        A decorator; the command is called with the options by name, as `service_choice` takes them.
    """
    return Together(
        *(
            click.option(f"--{name}", **{**_SERVICE_OPTIONS[name], **({"help": text} if text else {})})
            for name, text in (helps or dict.fromkeys(_SERVICE_OPTIONS)).items()
        )
    )


def service_options(**helps: str | None) -> Callable[[Callable[..., int]], Callable[..., int]]:
    """Give a command the options of `service_flags` as one argument.

    Args:
        helps: as for `service_flags`.

    Returns:
        A decorator; the command is called with `choice`, a `ServiceChoice`.
    """

    def decorate(command: Callable[..., int]) -> Callable[..., int]:
        @functools.wraps(command)
        def with_choice(**values: Any) -> int:
            service = {name: values.pop(name, None) for name in _SERVICE_OPTIONS}
            return command(choice=service_choice(**service), **values)

        return service_flags(**helps)(with_choice)

    return decorate


def service_choice(
    *,
    sandbox: bool | None,
    account: str | None,
    channel: str | None,
    instance: str | None,
    timeout: float | None = None,
) -> ServiceChoice:
    """Combine the options of the command with those that stand before the command.

    Returns:
        The service meant; what the command's own options say goes first.

    Raises:
        click.UsageError: options that do not go together.
    """
    from tui.commands.shared.selection import ServiceChoice
    from tui.domain.accounts import Channel

    before = click.get_current_context().find_root().params
    channel = channel or before.get("channel")
    account = account or before.get("account") or ""
    sandbox = bool(sandbox or before.get("sandbox"))
    if sandbox and account:
        raise click.UsageError("--account names an account of yours; the sandbox has its own.")
    return ServiceChoice(
        sandbox=sandbox,
        channel=Channel(channel) if channel else None,
        instance=instance or before.get("instance") or "",
        account=account,
        timeout=timeout or before.get("timeout"),
        backend=click.get_current_context().params.get("backend") or "",
    )


def session_option(help: str) -> Callable[[_Decorated], _Decorated]:
    """Return the option that names a session or batch, as `session_id`."""
    return click.option(
        "--session",
        "session_id",
        default="",
        metavar="ID",
        shell_complete=completes("sessions"),
        help=help,
    )


def tags_option(
    help: str, name: str = "--tag", parameter: str = "tags"
) -> Callable[[_Decorated], _Decorated]:
    """Return an option of tags that may be given repeatedly, as a tuple."""
    return click.option(
        name, parameter, multiple=True, metavar="TEXT", shell_complete=completes("tags"), help=help
    )


query_options = Together(
    click.option(
        "--backend",
        default="",
        metavar="NAME",
        shell_complete=completes("backends"),
        help="Only those of this backend.",
    ),
    click.option("--program", default="", metavar="ID", help="Only those of this program, e.g. sampler."),
    session_option("Only those of this session or batch."),
    tags_option("Only those with the tag; repeatable."),
    click.option("--pending", is_flag=True, help="Only those that are queued or running."),
    click.option(
        "--since",
        default="",
        metavar="WHEN",
        help="Created from then on: 2026-03-14, 2026-03, or an age: 2d.",
    ),
    click.option("--until", default="", metavar="WHEN", help="Created until then."),
)
"""Filters of a job list."""


def changes_service(command: Callable[_Parameters, _Result]) -> Callable[_Parameters, _Result]:
    """Have a command that changes something on the service refused under `--readonly`."""

    @functools.wraps(command)
    def refused_or_done(*values: _Parameters.args, **named: _Parameters.kwargs) -> _Result:
        context = click.get_current_context()
        if context.find_root().params.get("readonly"):
            name = context.command_path.partition(" ")[2]
            raise click.UsageError(f"--readonly leaves nothing for `{name}` to do.")
        return command(*values, **named)

    return refused_or_done


def listing_options(*, file: bool = True) -> Callable[[Callable[..., int]], Callable[..., int]]:
    """Give a command that lists something the options of its form.

    Args:
        file: let the list go to a file, too.

    Returns:
        A decorator; the command is called with `listing`, an `Output`.
    """

    def decorate(command: Callable[..., int]) -> Callable[..., int]:
        @functools.wraps(command)
        def with_listing(form: str | None, as_json: bool, to_file: str = "", **values: Any) -> int:
            from tui.commands.shared.listing import Output

            return command(listing=Output.of(form, to_file, as_json=as_json), **values)

        return (_form_options if not file else Together(_form_options, _file_option))(with_listing)

    return decorate


_form_options = Together(
    click.option(
        "--format",
        "form",
        type=click.Choice(["table", "json", "jsonl", "csv"]),
        help="Default: that of FILE's ending, else table.",
    ),
    click.option("--json", "as_json", is_flag=True, help="Short for --format json: one object."),
)
_file_option = click.option(
    "-o",
    "--output",
    "to_file",
    default="",
    metavar="FILE",
    shell_complete=completes("files"),
    help="Write to this file, not to stdout.",
)


def finish(command: Callable[[Mapping[str, str]], Awaitable[Exit]]) -> int:
    """Run what a command does in an event loop of its own, with the environment of the process.

    Returns:
        The exit status.
    """
    from tui.commands.shared.context import run_command

    return run_command(lambda: command(os.environ))
