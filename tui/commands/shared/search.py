"""The search for the best candidate in commands: on one backend, or on all that are online."""

from __future__ import annotations

import math
from collections.abc import Sequence

from tui.commands.shared.context import waiting_for_service
from tui.commands.shared.output import UsageFault, say
from tui.commands.shared.selection import ALL_BACKENDS
from tui.common.errors import ErrorKind, QdeckError
from tui.domain.circuits import Candidate, Maker
from tui.domain.devices.backends import fitting_backends
from tui.domain.ranking import BackendFound
from tui.domain.search import SearchOptions, SearchProgress
from tui.monitor.services import AppServices

ALL = ALL_BACKENDS


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
        services.compiler.searching.use_dask(address)
        if services.compiler.searching.warning:
            say(services.compiler.searching.warning)


async def online_backends(services: AppServices, qubits: int) -> tuple[str, ...]:
    """List the backends that are online and large enough, by name.

    Raises:
        QdeckError: `NOT_FOUND` when there is none.
    """
    if not services.backends.all():
        async with waiting_for_service():
            await services.polling.refresh()
    fitting = fitting_backends(services.backends.all(), qubits)
    if not fitting:
        text = f"No backend of this instance is online with {qubits} qubits or more."
        raise QdeckError(ErrorKind.NOT_FOUND, text, "Name one with --backend.")
    return tuple(one.name for one in fitting)


async def search_all(
    services: AppServices, source: str, backends: Sequence[str], options: SearchOptions, prefix: str = ""
) -> tuple[BackendFound, ...]:
    """Search on each of these backends, and say how it went.

    Args:
        services: signed in.
        source: the program.
        backends: names of the backends.
        options: of the search on each.
        prefix: of the lines that are said.

    Returns:
        The backends, best first, as of `Transpiler.search_backends`.

    Raises:
        QdeckError: as of `Transpiler.search_backends`.
    """

    def told(name: str, news: SearchProgress | Candidate | BackendFound) -> None:
        if isinstance(news, BackendFound) and news.result is not None:
            say(f"{prefix}{name}: {news.result.progress.words}.")
        elif isinstance(news, BackendFound) and len(backends) > 1:
            say(f"{prefix}{name}: {news.refusal}")

    return await services.transpiler.search_backends(source, backends, options, told)


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
        One candidate a program. Of one program, the best of the backend that comes first by success, then
        by queue; of several, those of the backend with the fewest flagged ones, then with the largest
        product of estimated successes.

    Raises:
        QdeckError: a circuit cannot be transpiled for any of the backends; why for the last one.
    """
    found = [await search_all(services, source, backends, options) for source in sources]
    by_backend = {
        one.backend.name: [
            other.best for each in found for other in each if other.backend.name == one.backend.name
        ]
        for one in found[0]
    }
    fitting = [
        [one for one in bests if one is not None] for bests in by_backend.values() if None not in bests
    ]
    if not fitting:
        refusals = [one.refusal for each in found for one in each if one.refusal]
        raise QdeckError(ErrorKind.CIRCUIT, refusals[-1])
    return fitting[0] if len(sources) == 1 else min(fitting, key=_together)


def _together(candidates: Sequence[Candidate]) -> tuple[int, float]:
    successes = [one.estimated_success or 0.0 for one in candidates]
    return sum(bool(one.flags) for one in candidates), -math.prod(successes)
