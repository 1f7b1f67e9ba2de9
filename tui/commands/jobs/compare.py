"""`qdeck compare`: jobs side by side, each against the first, or against their ideal."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence

from tui.commands.jobs.export import SANDBOX
from tui.commands.jobs.lookup import named_jobs
from tui.commands.shared.context import waiting_for_service
from tui.commands.shared.output import Exit, UsageFault, emit_json, emit_table, say
from tui.commands.shared.selection import ServiceChoice
from tui.common.errors import ErrorKind, QdeckError
from tui.domain.comparisons.reports import CountsReport, Report
from tui.domain.export.documents import comparison_document
from tui.monitor.services import AppServices


async def compare_jobs(
    choice: ServiceChoice,
    environ: Mapping[str, str],
    job_ids: Sequence[str],
    *,
    ideal: bool = False,
    as_json: bool = False,
    offline: bool = False,
) -> Exit:
    """Print jobs side by side; the service is asked only for what the history lacks.

    Args:
        choice: the service meant.
        environ: the environment.
        job_ids: the jobs, two at least; one with `ideal`.
        ideal: hold them against the first one's circuit, simulated without noise.
        as_json: print one JSON object.
        offline: ask no service.

    Returns:
        The exit status: a failure where there was nothing to compare but facts.

    Raises:
        UsageFault: too few jobs; the service has to be asked, and there is no account.
        QdeckError: there is no such job, or the ideal cannot be simulated.
    """
    if len(set(job_ids)) + ideal < 2:
        raise UsageFault("Comparing takes two jobs, or one and --ideal.")
    async with named_jobs(choice, environ) as named:
        jobs = await named.find(job_ids, offline=offline)
        if any(job.service.startswith("sandbox") for job in jobs):
            say(SANDBOX)
        if not offline and not all(await asyncio.gather(*(_kept(named.services, job.id) for job in jobs))):
            await named.sign_in()
        elif not offline and len(jobs) > 1:
            # The history has the results, but not the calibrations that the jobs started with.
            await named.ask_if_possible()
        async with waiting_for_service(choice.timeout):
            report = await named.services.comparisons.report([job.id for job in jobs], ideal=ideal)
    for note in report.notes:
        say(note)
    if as_json:
        emit_json(comparison_document(report))
    else:
        _print(report)
    return Exit.DONE if report.counts or report.values else Exit.FAILED


async def _kept(services: AppServices, job_id: str) -> bool:
    """Whether the history has the result and the circuit, or the job has none."""
    try:
        await services.jobs.result(job_id)
        await services.jobs.circuits(job_id)
    except QdeckError as error:
        return error.kind is not ErrorKind.EXPIRED
    return True


def _print(report: Report) -> None:
    sides = report.sides
    facts = [("fact", fact.name, *fact.values) for fact in report.facts if fact.differs]
    if facts:
        emit_table(("", "WHAT DIFFERS", *sides), facts)
    distances = [row for table in report.counts for row in _distances(table, sides)]
    if distances:
        figures = ("SIDE", "DISTANCE", "NOISE", "FIDELITY", "NOISE", "")
        emit_table(("", "PUB", "REGISTER", "INDEX", *figures), distances)
    for table in report.counts:
        emit_table(
            ("", "PUB", "REGISTER", "INDEX", "BITS", *sides, *(f"Z {side}" for side in sides[1:])),
            [
                ("counts", *_place(table), row.bits, *map(_share, row.shares), *map(_z, row.z[1:]))
                for row in table.rows
            ],
        )
    if report.values:
        heads = ("", "PUB", "OBSERVABLE", "INDEX")
        emit_table(
            (*heads, *sides, *(f"Z {side}" for side in sides[1:])),
            [
                (
                    "value",
                    str(row.pub),
                    row.observable,
                    ",".join(map(str, row.index)),
                    *map(_value, row.values),
                    *map(_z, row.z[1:]),
                )
                for row in report.values
            ],
        )
    lines = [
        ("circuit", str(diff.pub), sides[diff.side], line)
        for diff in report.circuits
        for line in diff.lines or (diff.note or "the same text",)
    ]
    if lines:
        emit_table(("", "PUB", "SIDE", "CIRCUIT"), lines)


def _distances(table: CountsReport, sides: Sequence[str]) -> Iterator[tuple[str, ...]]:
    for side, distance in zip(sides, table.distances, strict=True):
        if distance is not None:
            yield (
                "distance",
                *_place(table),
                side,
                f"{distance.total_variation:.4f}",
                f"{distance.total_variation_bound:.4f}",
                f"{distance.fidelity:.4f}",
                f"{distance.fidelity_bound:.4f}",
                "differs" if distance.differs else "within shot noise",
            )


def _place(table: CountsReport) -> tuple[str, str, str]:
    return str(table.pub), table.register, ",".join(map(str, table.index))


def _share(share: float | None) -> str:
    return "" if share is None else f"{share:.4f}"


def _value(value: tuple[float, float | None] | None) -> str:
    if value is None:
        return ""
    return f"{value[0]:.6g}" + ("" if value[1] is None else f" ±{value[1]:.2g}")


def _z(z: float | None) -> str:
    return "" if z is None else f"{z:+.1f}"
