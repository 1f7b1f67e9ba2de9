"""Options that several commands share, or that are many. click alone is imported before a command runs."""

from __future__ import annotations

import functools
import os
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import click

if TYPE_CHECKING:
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


class _Together:
    """Several options as one decorator; the help lists them in this order."""

    def __init__(self, *options: Callable[[Any], Any]) -> None:
        self._options = options

    def __call__(self, command: _Decorated) -> _Decorated:
        for option in reversed(self._options):
            command = option(command)
        return command


_SERVICE_OPTIONS: dict[str, dict[str, Any]] = {
    "sandbox": {"is_flag": True, "help": "The simulated service on this machine."},
    "account": {"metavar": "NAME", "help": "The account of this name; `qdeck where` lists them."},
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
    return _Together(
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
    )


run_options = _Together(
    click.option(
        "-b", "--backend", default="", metavar="NAME", help="Default: the least busy one that fits."
    ),
    click.option(
        "--level", type=click.IntRange(0, 3), help="Optimization level of the transpiler. Default: 2."
    ),
    click.option("--primitive", type=click.Choice(["sampler", "estimator"]), help="Default: sampler."),
    click.option(
        "--shots", type=click.IntRange(min=1), help="Shots of the sampler. Default: the service's, 4096."
    ),
    click.option(
        "--observable",
        "observables",
        multiple=True,
        metavar="PAULIS",
        help="For the estimator, e.g. ZZ or 0.5*XX - 0.3*ZI; repeatable.",
    ),
    click.option(
        "--precision", type=click.FloatRange(min=0, min_open=True), help="Target precision of the estimator."
    ),
    click.option("--session", "session_id", default="", metavar="ID", help="Run in this session or batch."),
    click.option("--tag", "tags", multiple=True, metavar="TEXT", help="Tag the job; repeatable."),
    click.option(
        "--max-seconds",
        type=click.IntRange(1, 10_800),
        help="QPU seconds after which the service ends the job. Default: the service's.",
    ),
    click.option(
        "--program",
        type=click.Choice(["executor", "legacy"]),
        help="Submit a quantum program, as IBM's client does, or the service's own primitive. "
        "Default: the setting, else executor; the classic service has legacy alone.",
    ),
    click.option(
        "--twirl",
        multiple=True,
        type=click.Choice(["gates", "measurements"]),
        help="Twirl gates or measurements; repeatable.",
    ),
    click.option(
        "--decoupling",
        type=click.Choice(["XX", "XpXm", "XY4"]),
        help="Dynamical decoupling of qubits that wait.",
    ),
    click.option(
        "--resilience",
        type=click.IntRange(0, 2),
        help="Error mitigation of the estimator: 0 none, 1 readout (TREX), 2 also ZNE. Default: 1.",
    ),
    click.option(
        "--private", is_flag=True, help="The service tells nobody the inputs, and the result once, to qdeck."
    ),
    click.option(
        "--log-level",
        type=click.Choice(["critical", "error", "warning", "info", "debug"]),
        help="How much the job's log tells. Default: the service's.",
    ),
)
"""Options of a submission besides its circuit, named as in `RunRequest`."""

sweep_options = _Together(
    click.option(
        "--param",
        "params",
        multiple=True,
        metavar="NAME=VALUES",
        help="Values of a free parameter, e.g. theta=pi/2, theta=0,0.5,1 or theta=0:2pi:20; repeatable.",
    ),
    click.option(
        "--params-file", default="", metavar="FILE", help="CSV or JSON: a set of values of parameters a row."
    ),
    click.option(
        "--zip",
        "zipped",
        is_flag=True,
        help="Parameters with several values change together. Default: every combination.",
    ),
    click.option(
        "--batch", is_flag=True, help="A job for each circuit, in a batch that is closed at the end."
    ),
    click.option(
        "--copies", type=click.IntRange(1, 1000), default=1, help="How often each circuit is run. Default: 1."
    ),
    click.option("--seed", type=click.IntRange(min=0), help="Seed of the transpiler."),
    click.option(
        "--preset",
        default="",
        metavar="NAME",
        help="Options of this name in settings.toml.",
    ),
    click.option("--no-wait", is_flag=True, help="End when the jobs are created, and print their ids."),
)
"""Options of values of parameters and of several circuits, named as in `ParameterFlags` and `RunRequest`."""

query_options = _Together(
    click.option("--backend", default="", metavar="NAME", help="Only those of this backend."),
    click.option("--program", default="", metavar="ID", help="Only those of this program, e.g. sampler."),
    click.option(
        "--session", "session_id", default="", metavar="ID", help="Only those of this session or batch."
    ),
    click.option("--tag", "tags", multiple=True, metavar="TEXT", help="Only those with the tag; repeatable."),
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

cloud_options = _Together(
    click.option("--cloud", is_flag=True, help="Transpile on the service (classic)."),
    click.option("--ai", type=click.Choice(["auto", "true", "false"]), help="Its AI passes. Default: auto."),
    click.option(
        "--ai-layout-mode",
        type=click.Choice(["keep", "optimize", "improve"]),
        help="What the AI passes do with the layout. Default: optimize.",
    ),
    click.option(
        "--optimize-for",
        default="",
        metavar="WHAT,...",
        help="What the AI passes make small: n_cnots, n_gates, cnot_layers, layers, noise.",
    ),
    click.option("--fractional-gates", is_flag=True, help="Let it use fractional gates (rx and rzz)."),
    click.option(
        "--coupling-map",
        default="",
        metavar="FILE",
        help="JSON array of pairs of qubits, used instead of the backend's.",
    ),
    click.option(
        "--transpile-option",
        multiple=True,
        metavar="KEY=JSON",
        help="An argument of Qiskit's transpile(), e.g. seed_transpiler=7; repeatable.",
    ),
)
"""Options of the cloud transpiler, named as in `CloudFlags`."""


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

        return (_form_options if not file else _Together(_form_options, _file_option))(with_listing)

    return decorate


_form_options = _Together(
    click.option(
        "--format",
        "form",
        type=click.Choice(["table", "json", "jsonl", "csv"]),
        help="Default: that of FILE's ending, else table.",
    ),
    click.option("--json", "as_json", is_flag=True, help="Short for --format json: one object."),
)
_file_option = click.option(
    "-o", "--output", "to_file", default="", metavar="FILE", help="Write to this file, not to stdout."
)


def finish(command: Callable[[Mapping[str, str]], Awaitable[Exit]]) -> int:
    """Run what a command does in an event loop of its own, with the environment of the process.

    Returns:
        The exit status.
    """
    from tui.commands.shared.context import run_command

    return run_command(lambda: command(os.environ))
