"""Options that several commands share, or that are many. click alone is imported."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

_Decorated = TypeVar("_Decorated", bound=Callable[..., Any])


class _Together:
    """Several options as one decorator; the help lists them in this order."""

    def __init__(self, *options: Callable[[Any], Any]) -> None:
        self._options = options

    def __call__(self, command: _Decorated) -> _Decorated:
        for option in reversed(self._options):
            command = option(command)
        return command


service_options = _Together(
    click.option("--sandbox", is_flag=True, help="The simulated service on this machine."),
    click.option("--account", metavar="NAME", help="The account of this name; `qdeck where` lists them."),
    click.option("--channel", type=click.Choice(["platform", "classic"]), help="Generation of the service."),
    click.option("--instance", metavar="NAME", help="CRN or name (platform), hub/group/project (classic)."),
)
"""Which service is meant, the same for every command."""

submission_options = _Together(
    click.option(
        "--max-seconds",
        type=click.IntRange(1, 10_800),
        help="QPU seconds after which the service ends the job. Default: the service's.",
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
"""What a job is asked for besides its circuit."""

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
"""Which jobs are listed."""

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
"""The options of the cloud transpiler, named as in `CloudFlags`."""
