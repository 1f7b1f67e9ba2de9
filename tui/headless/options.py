"""Options that several commands share, or that are many. click alone is imported."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

_Decorated = TypeVar("_Decorated", bound=Callable[..., Any])


def service_options(command: _Decorated) -> _Decorated:
    """The options that say which service is meant, the same for every command."""
    for option in (
        click.option(
            "--instance", metavar="NAME", help="CRN or name (platform), hub/group/project (classic)."
        ),
        click.option(
            "--channel", type=click.Choice(["platform", "classic"]), help="Generation of the service."
        ),
        click.option("--account", metavar="NAME", help="The account of this name; `qdeck where` lists them."),
        click.option("--sandbox", is_flag=True, help="The simulated service on this machine."),
    ):
        command = option(command)
    return command


def cloud_options(command: _Decorated) -> _Decorated:
    """The options of the cloud transpiler, named as in `CloudFlags`."""
    for option in reversed(
        (
            click.option("--cloud", is_flag=True, help="Transpile on the service (classic)."),
            click.option(
                "--ai", type=click.Choice(["auto", "true", "false"]), help="Its AI passes. Default: auto."
            ),
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
            click.option(
                "--fractional-gates", is_flag=True, help="Let it use fractional gates (rx and rzz)."
            ),
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
    ):
        command = option(command)
    return command
