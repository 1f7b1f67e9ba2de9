"""`qdeck transpile`: search for the best candidate of each circuit, print them, write the best."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

from tui.commands.circuits.programs import Program, Source, all_programs, one_program, read_source
from tui.commands.circuits.run_circuits import require_backend_name
from tui.commands.circuits.run_request import STDIN, name_of
from tui.commands.shared.context import signed_in_services
from tui.commands.shared.listing import AS_TABLE, Output, Table, emit_listing, write_file
from tui.commands.shared.output import Exit, UsageFault, say
from tui.commands.shared.search import (
    ALL,
    flagged,
    online_backends,
    search_all,
    search_at,
    search_options,
)
from tui.commands.shared.selection import ServiceChoice
from tui.common.errors import ErrorKind, QdeckError
from tui.domain.circuits import Candidate, Maker
from tui.domain.ranking import BackendFound, ranked
from tui.domain.search import Unavailable
from tui.monitor.services import AppServices

_HEAD = ("BACKEND", "BY", "LEVEL", "SEED", "2Q", "2Q-DEPTH", "DEPTH", "ESP", "ESP+IDLE", "TIME", "NOTE")
_ALL_HEAD = ("BACKEND", "QUEUE", *_HEAD[1:])


@dataclass(frozen=True, slots=True)
class TranspileRequest:
    """What the command line of `qdeck transpile` says.

    Attributes:
        file: path of a file with one circuit, `-` for stdin; or of a folder with such files.
        backend: name of the backend; `all`: each that is online and large enough.
        level, seeds, budget, makers: as of `SearchOptions`; `None`: not said.
        dask: address of the Dask scheduler whose workers search; empty: as the settings say.
        output: file for the best circuit, of a folder the folder for them; empty: none.
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


@dataclass(frozen=True, slots=True)
class _Reviewed:
    """A program and what the search has brought for it, the best backend first."""

    program: Program
    found: Sequence[BackendFound]

    @property
    def candidates(self) -> list[Candidate]:
        """Candidates of all backends, best first; before them the best one of the backend to run on."""
        made = [list(one.result.candidates) for one in self.found if one.result is not None]
        best = [one[0] for one in made[:1]]
        return best + [one for one in ranked(chain.from_iterable(made)) if one not in best]

    @property
    def unavailable(self) -> list[Unavailable]:
        """Makers that made none, each reason once."""
        made = (one.result.unavailable for one in self.found if one.result is not None)
        return list(dict.fromkeys(chain.from_iterable(made)))


def transpile(request: TranspileRequest, environ: Mapping[str, str]) -> Awaitable[Exit]:
    """Read the programs, now; then search, and print the candidates when awaited.

    Returns:
        The exit status, to be awaited: 2 when the best candidate is flagged, 1 when there is none for a
        file of a folder.

    Raises:
        UsageFault: a file or the options cannot be worked with.
        QdeckError: when awaited: the circuit, the transpiler or the service says no.
    """
    request.verify()
    files = _files(request.file)
    return _transpile(request, environ, files, [read_source(file) for file in files])


def _files(file: str) -> list[str]:
    """Return the file, or the circuits in the folder of this name.

    Raises:
        UsageFault: the folder has none.
    """
    if file == STDIN or not Path(file).is_dir():
        return [file]
    found = sorted(str(one) for one in Path(file).iterdir() if one.suffix in (".qasm", ".qpy"))
    if not found:
        raise UsageFault(f"{name_of(file)} has no circuits: files that end with .qasm or .qpy.")
    return found


async def _transpile(
    request: TranspileRequest, environ: Mapping[str, str], files: Sequence[str], sources: Sequence[Source]
) -> Exit:
    folder = files != [request.file]
    async with signed_in_services(request.service, environ) as opened:
        services = opened.services
        if folder:
            programs = await all_programs(services.compiler, files, sources)
        else:
            programs = [
                await one_program(services.compiler, *pair) for pair in zip(files, sources, strict=True)
            ]
        if request.backend != ALL:
            await require_backend_name(services, request.backend)
        search_at(services, request.dask)
        reviewed = await _review(services, request, programs)
    if folder:
        _answer_folder(reviewed, request)
    elif not reviewed[0].candidates:
        raise QdeckError(ErrorKind.CIRCUIT, reviewed[0].found[-1].refusal)
    else:
        _answer(reviewed[0], request)
    return _status(reviewed, request, folder=folder)


async def _review(
    services: AppServices, request: TranspileRequest, programs: Sequence[Program]
) -> list[_Reviewed]:
    """Search for each program: as many at a time as there are workers for."""
    options = search_options(
        services, level=request.level, seeds=request.seeds, budget=request.budget, makers=request.makers
    )
    at_a_time = await services.compiler.searching.at_a_time()

    async def review(program: Program) -> _Reviewed:
        names = await _backends(services, request, program.text)
        async with room:
            prefix = f"{program.name}, " if len(programs) > 1 else ""
            return _Reviewed(program, await search_all(services, program.text, names, options, prefix))

    several = max(1, len(services.backends.all())) if request.backend == ALL else 1
    room = asyncio.Semaphore(max(1, at_a_time // several))
    return list(await asyncio.gather(*map(review, programs)))


async def _backends(services: AppServices, request: TranspileRequest, source: str) -> Sequence[str]:
    if request.backend != ALL:
        return (request.backend,)
    report = await services.compiler.check(source)
    return await online_backends(services, report.stats.qubits if report.stats else 1)


def _status(reviewed: Sequence[_Reviewed], request: TranspileRequest, *, folder: bool) -> Exit:
    """Write the best circuits where that was asked for, and say what is wrong with them."""
    for one in reviewed:
        if request.output and one.candidates:
            file = Path(request.output, f"{one.program.name}.qasm") if folder else Path(request.output)
            write_file(str(file), one.candidates[0].qasm)
    best = [one.candidates[0] for one in reviewed if one.candidates]
    if len(best) < len(reviewed):
        return Exit.FAILED
    if request.yes or not any(one.flags for one in best):
        return Exit.DONE
    for candidate in best:
        if candidate.flags:
            say(f"qdeck: {flagged(candidate)} --yes takes it all the same.")
    return Exit.USAGE


def _answer(reviewed: _Reviewed, request: TranspileRequest) -> None:
    """Print the candidates of one program; of several backends, a row each with the best one."""
    facts = _facts(reviewed, request)
    several = request.backend == ALL
    rows = [_row(one) for one in reviewed.candidates]
    table = Table(_HEAD, rows) if not several else Table(_ALL_HEAD, list(map(_backend_row, reviewed.found)))
    entries = [candidate_facts(one, with_backend=several) for one in reviewed.candidates]
    emit_listing(request.listing, answer=facts, entries=entries, tables=[table])
    for one in reviewed.unavailable:
        say(f"No candidate by {one.maker}: {one.reason}")


def _answer_folder(reviewed: Sequence[_Reviewed], request: TranspileRequest) -> None:
    """Print a row for each program and backend."""
    rows = [(one.program.name, *_backend_row(found)) for one in reviewed for found in one.found]
    entries = [{"file": one.program.label, **_facts(one, request)} for one in reviewed]
    emit_listing(
        request.listing,
        answer={"files": entries},
        entries=entries,
        tables=[Table(("FILE", *_ALL_HEAD), rows)],
    )


def _facts(reviewed: _Reviewed, request: TranspileRequest) -> dict[str, object]:
    several = request.backend == ALL
    facts = [candidate_facts(one, with_backend=several) for one in reviewed.candidates]
    backends = [
        {
            "backend": one.backend.name,
            "queue": one.backend.queue_length,
            "esp": None if one.best is None else one.best.estimated_success,
            "refusal": one.refusal or None,
        }
        for one in reviewed.found
    ]
    return {
        "candidates": facts,
        "best": facts[0] if facts else None,
        **({"backends": backends} if several or not facts else {}),
        "unavailable": [{"by": one.maker.value, "reason": one.reason} for one in reviewed.unavailable],
        "qasm": reviewed.candidates[0].qasm if facts else None,
    }


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


def _backend_row(found: BackendFound) -> tuple[str, ...]:
    queue = "" if found.backend.queue_length is None else str(found.backend.queue_length)
    if found.best is None:
        empty = ("",) * (len(_ALL_HEAD) - 3)
        return (found.backend.name, queue, *empty, found.refusal)
    name, *figures = _row(found.best)
    return (name, queue, *figures)


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
