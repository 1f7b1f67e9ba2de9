"""Prices as `qdeck run` prints them: what a job would take before it is sent, and dry runs."""

from __future__ import annotations

from tui.commands.shared.answers import transpiled_facts
from tui.commands.shared.output import UsageFault, emit_json, emit_table, say
from tui.commands.shared.selection import service_facts
from tui.common.errors import QdeckError
from tui.domain.accounts import Identity, Usage
from tui.domain.circuits import Candidate
from tui.domain.pricing import DryRun, Price
from tui.domain.submissions import Submission
from tui.monitor.services import AppServices

_MICROSECONDS = 1e6


async def known_usage(services: AppServices) -> Usage | None:
    """Return what the instance has left; `None` where the service does not say, or not now."""
    try:
        return await services.pricing.usage()
    except QdeckError as error:
        say(f"qdeck: what the instance has left is not known. {error}")
        return None


def say_price(price: Price, usage: Usage | None) -> None:
    """Print the price in all ways that are known, and what the instance has left."""
    parts = [f"{label} {words}" for label, words in _ways(price)]
    left = None if usage is None else usage.remaining_seconds
    has = [] if left is None else [f"the instance has {left:.1f} s left"]
    if parts or has:
        say(f"QPU time: {'; '.join([*parts, *has])}.")


def refuse_beyond(price: Price, usage: Usage | None, submission: Submission) -> None:
    """Refuse a run that takes more than the instance has left.

    Raises:
        UsageFault: nothing is submitted without `--yes`.
    """
    if usage is None or not price.exceeds(usage, submission.max_seconds):
        return
    seconds, left = price.at_most(submission.max_seconds), usage.remaining_seconds
    takes = (
        "The run takes QPU time" if seconds is None else f"The run takes about {seconds:.1f} s of QPU time"
    )
    has = (
        f"the instance has {left:.1f} s left"
        if left is not None and not usage.limit_reached
        else "the limit of the instance is reached"
    )
    raise UsageFault(f"{takes}, and {has}. Nothing was submitted; --yes submits it all the same.")


async def run_dry(services: AppServices, prepared: Submission) -> tuple[DryRun | None, str]:
    """Run a prepared submission dry, and print why the plan does not allow it where it does not.

    Returns:
        The service's answer, or `None` and the plan's refusal.

    Raises:
        QdeckError: the job would fail, or the service did not answer.
    """
    try:
        answer = await services.pricing.dry_run(prepared)
    except QdeckError as error:
        if services.pricing.dry_run_refusal is None:
            raise
        say(f"qdeck: no dry run: {error.message} The formula is used.")
        return None, error.message
    say(f"Dry run {answer.job_id} is over: nothing was measured.")
    return answer, ""


def emit_dry_run(
    identity: Identity,
    candidate: Candidate,
    price: Price,
    usage: Usage | None,
    refusal: str,
    *,
    as_json: bool,
) -> None:
    """Print the answer of `qdeck run --dry-run`.

    As columns: the way, its seconds, and how far they may be off.

    Args:
        refusal: why there was no dry run; empty when there was one.
    """
    if as_json:
        emit_json(
            {
                "dry_run": True,
                "backend": candidate.backend,
                **service_facts(identity),
                "price": price_facts(price, usage),
                "dry_run_refused": refusal or None,
                "transpiled": transpiled_facts(candidate),
                "qasm": candidate.qasm,
            }
        )
        return
    emit_table(("PRICE", "QPU TIME"), list(_ways(price)))
    lengths = _lengths(price.dry_run)
    if lengths:
        emit_table(("", ""), [("circuits", lengths)])


def price_facts(price: Price, usage: Usage | None) -> dict[str, object]:
    """The price in a JSON answer: seconds of QPU time by each way, `null` where one is not known.

    Returns:
        `seconds` (what qdeck counts with), `formula_seconds`, `own`, `dry_run` and `left_seconds`.
    """
    own, dry = price.own, price.dry_run
    return {
        "seconds": price.seconds,
        "formula_seconds": price.formula,
        "own": own
        and {
            "seconds": own.seconds,
            "low": own.low,
            "high": own.high,
            "jobs": own.jobs,
            "formula_error": own.past_error,
        },
        "dry_run": dry
        and {
            "job_id": dry.job_id,
            "seconds": dry.seconds,
            "circuit_durations_dt": list(dry.durations),
            "dt_seconds": dry.dt,
        },
        "left_seconds": None if usage is None else usage.remaining_seconds,
    }


def _ways(price: Price) -> tuple[tuple[str, str], ...]:
    """Return the ways that have a figure, each with its figure in words."""
    ways: list[tuple[str, str]] = []
    if price.dry_run is not None:
        told = price.dry_run.seconds
        ways.append(("dry run", "not told" if told is None else f"{told:.1f} s"))
    if price.formula is not None:
        ways.append(("formula", f"{price.formula:.1f} s"))
    if (own := price.own) is not None:
        jobs = f"{own.jobs} job{'s' if own.jobs > 1 else ''}"
        error = "" if own.past_error is None else f", the formula was {own.past_error:.0%} off in the median"
        half = (own.high - own.low) / 2
        ways.append(("yours", f"{own.seconds:.1f} ±{half:.1f} s (from {jobs}{error})"))
    return tuple(ways)


def _lengths(dry_run: DryRun | None) -> str:
    if dry_run is None:
        return ""
    return ", ".join(
        f"{length:,} dt" + ("" if dry_run.dt is None else f" ({length * dry_run.dt * _MICROSECONDS:.2f} µs)")
        for length in dry_run.durations
    )
