"""The search for the best candidate in commands: on one backend, or on all that are online."""

from __future__ import annotations

import math
from collections.abc import Sequence

from tui.commands.shared.context import waiting_for_service
from tui.commands.shared.output import UsageFault, say
from tui.common.errors import ErrorKind, QdeckError
from tui.domain.circuits import Candidate, Maker
from tui.domain.search import SearchOptions, SearchResult
from tui.monitor.services import AppServices

ALL = "all"
"""Instead of the name of a backend: each that is online and large enough."""


def flagged(candidate: Candidate) -> str:
    """Return a sentence about the flags of a candidate."""
    return f"The best candidate uses what is broken: {', '.join(candidate.flags)}."


def refuse_flagged(candidates: Sequence[Candidate]) -> None:
    """Refuse to submit circuits that use what is broken.

    Raises:
        UsageFault: nothing is submitted without `--yes`.
    """
    flags = dict.fromkeys(flag for one in candidates for flag in one.flags)
    if flags:
        what = ", ".join(flags)
        raise UsageFault(f"What is to run uses what is broken: {what}. --yes submits it all the same.")


def search_options(
    services: AppServices,
    *,
    level: int | None = None,
    seeds: int | None = None,
    budget: float | None = None,
    makers: frozenset[Maker] | None = None,
) -> SearchOptions:
    """Return the options of a search; what is `None` is as the settings say."""
    default = services.transpiler.search_options
    return SearchOptions(
        level,
        seeds,
        default.budget if budget is None else budget,
        default.makers if makers is None else makers,
    )


def search_at(services: AppServices, address: str) -> None:
    """Search with the workers of the Dask scheduler at this address, and say what is to be known of it.

    Args:
        address: of the scheduler; empty: as the settings say.
    """
    if address:
        services.compiler.search_at(address)
        if services.compiler.warning:
            say(services.compiler.warning)


async def online_backends(services: AppServices, qubits: int) -> tuple[str, ...]:
    """List the backends that are online and large enough, by name.

    Raises:
        QdeckError: `NOT_FOUND` when there is none.
    """
    if not services.backends.all():
        async with waiting_for_service():
            await services.polling.refresh()
    names = sorted(
        one.name
        for one in services.backends.all()
        if one.operational and (one.qubits is None or one.qubits >= qubits)
    )
    if not names:
        text = f"No backend of this instance is online with {qubits} qubits or more."
        raise QdeckError(ErrorKind.NOT_FOUND, text, "Name one with --backend.")
    return tuple(names)


async def search_on(services: AppServices, source: str, backend: str, options: SearchOptions) -> SearchResult:
    """Search on one backend, and say how it went.

    Raises:
        QdeckError: as of `Transpiler.search`.
    """
    found = await services.transpiler.search(source, backend, options)
    say(f"{backend}: {found.progress.words}.")
    return found


async def best_candidates(
    services: AppServices, sources: Sequence[str], backends: Sequence[str], options: SearchOptions
) -> list[Candidate]:
    """Search for the best candidate of each circuit, all of them for the backend that suits them best.

    Args:
        services: signed in.
        sources: the programs.
        backends: names of the backends to choose from.
        options: of the search for each circuit on each backend.

    Returns:
        One candidate a program: those of the backend with the fewest flagged ones, then with the largest
        product of estimated successes.

    Raises:
        QdeckError: a circuit cannot be transpiled for any of the backends; why for the last one.
    """
    found: list[list[Candidate]] = []
    refusal: QdeckError | None = None
    for backend in backends:
        try:
            found.append(
                [(await search_on(services, source, backend, options)).candidates[0] for source in sources]
            )
        except QdeckError as error:
            refusal = error
    if not found:
        assert refusal is not None, "no backends"
        raise refusal
    return min(found, key=_together)


def _together(candidates: Sequence[Candidate]) -> tuple[int, float]:
    successes = [one.estimated_success or 0.0 for one in candidates]
    return sum(bool(one.flags) for one in candidates), -math.prod(successes)
