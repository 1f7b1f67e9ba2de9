"""`qdeck result`: the result of a job that was submitted before, from here or elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tui.commands.jobs.jobs import LIST_SECONDS
from tui.commands.shared.answers import parameter_cells, parameter_heads
from tui.commands.shared.context import (
    sign_in,
    started_services,
    time_limit,
    waiting_for_service,
)
from tui.commands.shared.output import Exit, emit_json, emit_table, say
from tui.commands.shared.selection import ServiceChoice, choose_account, require_account
from tui.common.errors import ErrorKind, QdeckError
from tui.common.safe_text import plain
from tui.domain.export.documents import foretold_facts, job_facts
from tui.domain.jobs import Job, JobStatus
from tui.domain.results import JobResult, PubResult, pub_facts
from tui.domain.statistics.predictions import Foretold, compare_with, value_comparisons
from tui.monitor.services import AppServices

COUNTS_HEAD = ("PUB", "REGISTER", "INDEX", "BITS", "COUNT")
QUASI_HEAD = ("PUB", "BITS", "QUASI")
VALUES_HEAD = ("PUB", "OBSERVABLE", "INDEX", "STEP", "VALUE", "STD")


async def show_result(
    choice: ServiceChoice,
    environ: Mapping[str, str],
    job_id: str,
    *,
    as_json: bool,
    offline: bool = False,
    joint: bool = False,
    predicted: bool = False,
) -> Exit:
    """Print the result of a job: as the history keeps it, else as the service gives it.

    What the history keeps of a job does not change: nobody is signed in for it.

    Args:
        choice: the service meant.
        environ: the environment.
        job_id: the job.
        as_json: print one JSON object.
        offline: ask no service.
        joint: count all registers of a shot together.
        predicted: print what simulations foretell, too.

    Returns:
        The exit status; that of a failure for a job that is not done, and a result that cannot be read.

    Raises:
        UsageFault: the service has to be asked, and there is no account; or none of the name asked for.
        QdeckError: there is no such job, or its result is not to be had.
    """
    async with started_services(choice.environment(environ)) as services:
        if not choice.sandbox:
            choose_account(services.account.found, choice)
        result = await _kept(services, choice, job_id)
        whole = result is not None and (result.readable or result.dry_run)
        asked = not offline and not whole
        if asked or (predicted and not offline):
            if not choice.sandbox:
                require_account(services.account.found, choice)
            async with waiting_for_service(time_limit(choice, environ, LIST_SECONDS)):
                await sign_in(services, choice)
        if asked:
            # A large result takes its time.
            async with waiting_for_service(choice.timeout):
                result = await _fetched(services, job_id)
        job = services.jobs.get(job_id)
        if job is None:
            raise QdeckError(
                ErrorKind.NOT_FOUND,
                f"The history knows no job {plain(job_id, limit=60)!r}.",
                "Ask the service for it: leave --offline out.",
            )
        if result is None:
            return _without(job, offline=offline)
        if joint and not result.dry_run:
            result = await services.exports.joint(job_id)
        foretold = await _foretold(services, job_id, result) if predicted else ()
        return _print(job, result, foretold, as_json=as_json, history=not asked)


async def _foretold(services: AppServices, job_id: str, result: JobResult) -> tuple[Foretold, ...]:
    found: list[Foretold] = []
    for place, pub in enumerate(result.pubs):
        of = await services.predictions.of_pub(job_id, place, pub, noisy=False)
        found.append(await services.predictions.of_pub(job_id, place, pub, of, noisy=True))
        if not place:
            await services.predictions.keep_fidelity(job_id, pub, found[0])
    return tuple(found)


async def _kept(services: AppServices, choice: ServiceChoice, job_id: str) -> JobResult | None:
    """Return the result in the history, nobody being signed in; `None`: there is none for these options."""
    job = services.jobs.get(job_id)
    if job is None:
        return None
    elsewhere = choice.sandbox and not job.service.startswith("sandbox")
    if elsewhere or (choice.channel is not None and not job.service.endswith(str(choice.channel))):
        return None
    try:
        return await services.jobs.result(job_id)
    except QdeckError as error:
        if error.kind is not ErrorKind.EXPIRED:
            raise
        return None


async def _fetched(services: AppServices, job_id: str) -> JobResult | None:
    try:
        return await services.jobs.result(job_id)
    except QdeckError:
        job = services.jobs.get(job_id)
        if job is None or job.status is JobStatus.DONE:
            raise
        return None


def _without(job: Job, *, offline: bool) -> Exit:
    name = f"Job {plain(job.id, limit=60)}"
    if job.status is JobStatus.DONE:
        why = f"{name} is done; the history does not keep its result."
        say(f"{why} Leave --offline out to ask the service." if offline else why)
    elif job.over:
        reason = f": {job.reason}" if job.reason else "."
        say(f"{name} has no result, it is {job.status}{reason}")
    else:
        say(f"{name} has no result yet, it is {job.status}.")
    return Exit.FAILED


def _print(
    job: Job, result: JobResult, foretold: Sequence[Foretold], *, as_json: bool, history: bool
) -> Exit:
    if history:
        say("From the history: the service was not asked.")
    if job.service.startswith("sandbox"):
        say("SANDBOX: what follows was simulated, not run on hardware.")
    if result.note:
        say(f"qdeck: {result.note}")
    if as_json:
        facts = {"history": history, "dry_run": result.dry_run, "note": result.note or None}
        pubs = [pub_facts(pub) for pub in result.pubs]
        for place, of in enumerate(foretold):
            pubs[place]["predicted"] = foretold_facts(result.pubs[place], of)
        emit_json({**job_facts(job), **facts, "pubs": pubs})
    else:
        for number, pub in enumerate(result.pubs, 1):
            _emit_pub(str(number), pub)
        for number, (pub, of) in enumerate(zip(result.pubs, foretold, strict=False), 1):
            _emit_foretold(str(number), pub, of)
    return Exit.DONE if result.readable or result.dry_run else Exit.FAILED


def _emit_pub(number: str, pub: PubResult) -> None:
    names = parameter_heads(pub)
    rows: list[tuple[str, ...]] = []
    for counts in pub.counts:
        before = (number, counts.register, _place(counts.index), *parameter_cells(pub, counts.index))
        for bits, count in sorted(counts.counts.items(), key=lambda item: (-item[1], item[0])):
            rows.append((*before, bits, str(count)))
    if rows:
        emit_table((*COUNTS_HEAD[:3], *names, *COUNTS_HEAD[3:]), rows)
    if pub.quasi is not None:
        shares = sorted(pub.quasi.quasi.items(), key=lambda item: (-item[1], item[0]))
        emit_table(QUASI_HEAD, [(number, bits, f"{share:.6g}") for bits, share in shares])
    if pub.values:
        emit_table((*VALUES_HEAD[:3], *names, *VALUES_HEAD[3:]), _value_rows(number, pub))


def _emit_foretold(number: str, pub: PubResult, foretold: Foretold) -> None:
    for name, note in (("ideal", foretold.ideal_note), ("noisy", foretold.noisy_note)):
        if note:
            say(f"PUB {number}, {name}: {note}")
    names = parameter_heads(pub)
    distances = [
        (
            *(number, counts.register, _place(counts.index), *parameter_cells(pub, counts.index), name),
            *(f"{found.fidelity:.4f}", f"{found.fidelity_bound:.4f}"),
            *(f"{found.total_variation:.4f}", f"{found.total_variation_bound:.4f}"),
            "differs" if found.differs else "within shot noise",
        )
        for name, whole, places in (
            ("ideal", foretold.ideal, foretold.ideal_places),
            ("noisy", foretold.noisy, foretold.noisy_places),
        )
        for counts, found in zip(
            pub.counts, places or [compare_with(one, whole) for one in pub.counts], strict=True
        )
        if found is not None
    ]
    if distances:
        figures = ("MODEL", "FIDELITY", "NOISE", "DISTANCE", "NOISE", "")
        emit_table((*COUNTS_HEAD[:3], *names, *figures), distances)
    near = value_comparisons(pub, foretold)
    if near:
        emit_table(
            (*VALUES_HEAD[:3], *names, "VALUE", "STD", "IDEAL", "Z", "NOISY", "Z"),
            [
                (
                    *(number, got.observable, _place(got.index), *parameter_cells(pub, got.index)),
                    *(f"{got.value:.6g}", _error(got.std), _number(of.ideal), _z(of.ideal_z)),
                    *(_number(of.noisy), _z(of.noisy_z)),
                )
                for got, of in zip(pub.values, near, strict=True)
            ],
        )


def _number(value: float | None) -> str:
    # A simulation is off by its roundings.
    return "" if value is None else f"{round(value, 9):.6g}"


def _z(z: float | None) -> str:
    return "" if z is None else f"{z:+.1f}"


def _value_rows(number: str, pub: PubResult) -> list[tuple[str, ...]]:
    """Return a row for each step of the mitigation, then one for the value itself, whose step has no name
    where the service mitigates."""
    rows: list[tuple[str, ...]] = []
    for value in pub.values:
        named = (number, value.observable, _place(value.index), *parameter_cells(pub, value.index))
        for step in value.steps:
            rows.append((*named, f"before: {step.method}", f"{step.value:.6g}", _error(step.std)))
        rows.append((*named, value.method, f"{value.value:.6g}", _error(value.std)))
    return rows


def _place(index: tuple[int, ...]) -> str:
    return ",".join(map(str, index))


def _error(std: float | None) -> str:
    return "" if std is None else f"{std:.3g}"
