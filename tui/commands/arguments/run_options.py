"""The many options of `qdeck run`, in groups."""

from __future__ import annotations

import click

from tui.commands.arguments.options import Together, completes, session_option, tags_option

run_options = Together(
    click.option(
        "-b",
        "--backend",
        default="",
        metavar="NAME",
        shell_complete=completes("backends"),
        help="Default: the least busy one that fits.",
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
    session_option("Run in this session or batch."),
    tags_option("Tag the job; repeatable."),
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

sweep_options = Together(
    click.option(
        "--param",
        "params",
        multiple=True,
        metavar="NAME=VALUES",
        help="Values of a free parameter, e.g. theta=pi/2, theta=0,0.5,1 or theta=0:2pi:20; repeatable.",
    ),
    click.option(
        "--params-file",
        default="",
        metavar="FILE",
        shell_complete=completes("files"),
        help="CSV or JSON: a set of values of parameters a row.",
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
        shell_complete=completes("presets"),
        help="Options of this name in settings.toml.",
    ),
    click.option("--no-wait", is_flag=True, help="End when the jobs are created, and print their ids."),
)
"""Options of values of parameters and of several circuits, named as in `ParameterFlags` and `RunRequest`."""

cloud_options = Together(
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
        shell_complete=completes("files"),
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
