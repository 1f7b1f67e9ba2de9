"""`qdeck transpile`: search for the best candidate of a circuit, print what was found, write the best one."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass, field

from tui.commands.circuits.programs import Source, one_program, read_source
from tui.commands.circuits.run_circuits import require_backend_name
from tui.commands.shared.context import signed_in_services
from tui.commands.shared.listing import AS_TABLE, Output, Table, emit_listing, write_file
from tui.commands.shared.output import Exit, UsageFault, say
from tui.commands.shared.search import (
    ALL,
    flagged,
    online_backends,
    search_at,
    search_on,
    search_options,
)
from tui.commands.shared.selection import ServiceChoice
from tui.domain.circuits import Candidate, Maker
from tui.domain.ranking import ranked
from tui.domain.search import SearchResult
from tui.monitor.services import AppServices

_HEAD = ("BACKEND", "BY", "LEVEL", "SEED", "2Q", "2Q-DEPTH", "DEPTH", "ESP", "ESP+IDLE", "TIME", "NOTE")


@dataclass(frozen=True, slots=True)
class TranspileRequest:
    """What the command line of `qdeck transpile` says.

    Attributes:
        file: path of a file with one circuit, `-` for stdin.
        backend: name of the backend; `all`: each that is online and large enough.
        level, seeds, budget, makers: as of `SearchOptions`; `None`: not said.
        dask: address of the Dask scheduler whose workers search; empty: as the settings say.
        output: file for the best circuit; empty: none.
        yes: status 0 though the best candidate is flagged.
        listing: the form in which the candidates are printed.
    """

    file: str
    backend: str
    service: ServiceChoice = field(default_factory=ServiceChoice)
    level: int | None = None
    seeds: int | None = None
    budget: float | None = None
    makers: frozenset[Maker] | None = None
    dask: str = ""
    output: str = ""
    yes: bool = False
    listing: Output = AS_TABLE

    def verify(self) -> None:
        """Refuse what cannot be meant.

        Raises:
            UsageFault: options that do not go together.
        """
        if self.seeds is not None and self.budget is not None:
            raise UsageFault("--seeds says how many are tried, --budget for how long: give one of them.")


def transpile(request: TranspileRequest, environ: Mapping[str, str]) -> Awaitable[Exit]:
    """Read the program, now; then search, and print the candidates when awaited.

    Returns:
        The exit status, to be awaited: 2 when the best candidate is flagged.

    Raises:
        UsageFault: the file or the options cannot be worked with.
        QdeckError: when awaited: the circuit, the transpiler or the service says no.
    """
    request.verify()
    return _transpile(request, environ, read_source(request.file))


async def _transpile(request: TranspileRequest, environ: Mapping[str, str], read: Source) -> Exit:
    async with signed_in_services(request.service, environ) as opened:
        services = opened.services
        source = (await one_program(services.compiler, request.file, read)).text
        search_at(services, request.dask)
        names = await _backends(services, request, source)
        options = search_options(
            services,
            level=request.level,
            seeds=request.seeds,
            budget=request.budget,
            makers=request.makers,
        )
        found = [await search_on(services, source, name, options) for name in names]
        candidates = ranked(candidate for one in found for candidate in one.candidates)
        _answer(candidates, found, request.listing, several=request.backend == ALL)
        best = candidates[0]
        if request.output:
            write_file(request.output, best.qasm)
        if best.flags and not request.yes:
            say(f"qdeck: {flagged(best)} --yes takes it all the same.")
            return Exit.USAGE
        return Exit.DONE


async def _backends(services: AppServices, request: TranspileRequest, source: str) -> Sequence[str]:
    if request.backend != ALL:
        await require_backend_name(services, request.backend)
        return (request.backend,)
    report = await services.compiler.check(source)
    return await online_backends(services, report.stats.qubits if report.stats else 1)


def _answer(
    candidates: Sequence[Candidate], found: Sequence[SearchResult], listing: Output, *, several: bool
) -> None:
    unavailable = list(dict.fromkeys(one for result in found for one in result.unavailable))
    facts = [candidate_facts(one, with_backend=several) for one in candidates]
    reasons = [{"by": one.maker.value, "reason": one.reason} for one in unavailable]
    emit_listing(
        listing,
        answer={
            "candidates": facts,
            "best": facts[0],
            "unavailable": reasons,
            "qasm": candidates[0].qasm,
        },
        entries=facts,
        tables=[Table(_HEAD, [_row(one) for one in candidates])],
    )
    for one in unavailable:
        say(f"No candidate by {one.maker}: {one.reason}")


def candidate_facts(candidate: Candidate, *, with_backend: bool = False) -> dict[str, object]:
    """One candidate in a JSON answer.

    Args:
        candidate: the candidate.
        with_backend: name its backend; otherwise they all have the same.
    """
    stages = candidate.stages
    duration = candidate.duration_us
    return {
        **({"backend": candidate.backend} if with_backend else {}),
        "by": candidate.options.made_by.value,
        "level": candidate.options.optimization_level,
        "seed": candidate.options.seed,
        "two_qubit_gates": candidate.after.two_qubit_gates,
        "two_qubit_depth": candidate.after.two_qubit_depth,
        "depth": candidate.after.depth,
        "esp": candidate.estimated_success,
        "esp_idle": candidate.estimated_success_idle,
        "duration_s": None if duration is None else duration * 1e-6,
        "stages": {}
        if stages is None
        else {
            "synthesis": stages.synthesis,
            "basis": stages.basis,
            "routing": stages.routing,
            "readout": stages.readout,
        },
        "flags": list(candidate.flags),
        "layout": list(candidate.layout),
        "remapped": candidate.remapped,
    }


def _row(candidate: Candidate) -> tuple[str, ...]:
    after, duration = candidate.after, candidate.duration_us
    notes = ([] if not candidate.remapped else ["re-mapped"]) + list(candidate.flags)
    return (
        candidate.backend,
        candidate.options.made_by,
        str(candidate.options.optimization_level),
        "" if candidate.options.seed is None else str(candidate.options.seed),
        str(after.two_qubit_gates),
        str(after.two_qubit_depth),
        str(after.depth),
        _percent(candidate.estimated_success),
        _percent(candidate.estimated_success_idle),
        "" if duration is None else f"{duration:.2f} us",
        ", ".join(notes),
    )


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.3g} %"
