"""The shapes of what the commands print: JSON answers and columns."""

from __future__ import annotations

from collections.abc import Sequence

from tui.commands.shared.output import emit_table, say
from tui.commands.shared.selection import service_facts
from tui.domain.accounts import Identity
from tui.domain.circuits import Candidate
from tui.domain.jobs import Job
from tui.domain.results import JobResult, PubResult, pub_facts, value_facts


def run_answer(
    identity: Identity,
    job: Job,
    candidate: Candidate,
    result: JobResult | None,
    price: dict[str, object] | None = None,
    further: Sequence[Candidate] = (),
) -> dict[str, object]:
    """The JSON answer of `qdeck run`.

    `counts` is there when the circuit has one classical register; `registers` has the counts of every
    register by name; `values` is the estimator's answer; `reason` is there when the job did not do it. Of a
    sweep, and of several PUBs, all that stands in `pubs` instead, one entry a register and place.

    Args:
        identity: the service.
        job: as it ended.
        candidate: the circuit as it was transpiled; of several the first.
        result: of the job; `None` when there is none.
        price: what it was to take, as known before it was sent.
        further: the circuits after the first.
    """
    answer: dict[str, object] = {
        "job_id": job.id,
        "name": job.name or None,
        "backend": job.backend,
        "status": str(job.status),
        **service_facts(identity),
        "program": job.program,
        "primitive": job.primitive,
        "session_id": job.session_id or None,
        "tags": list(job.tags),
        "shots": _shots(job, result),
        "qpu_seconds": job.qpu_seconds,
    }
    if job.reason:
        answer["reason"] = job.reason
        answer["reason_code"] = job.reason_code or None
    if result is not None:
        answer |= _result_facts(result)
    if price is not None:
        answer["price"] = price
    if further:
        answer["circuits"] = [
            {"transpiled": transpiled_facts(one), "qasm": one.qasm} for one in (candidate, *further)
        ]
    return answer | {"transpiled": transpiled_facts(candidate), "qasm": candidate.qasm}


def transpiled_facts(candidate: Candidate) -> dict[str, object]:
    """The transpiled circuit in a JSON answer, without its text."""
    after, options = candidate.after, candidate.options
    asked = {"ai": options.asked.ai.value, "fractional_gates": options.asked.fractional_gates}
    return {
        "two_qubit_gates": after.two_qubit_gates,
        "depth": after.depth,
        "size": after.size,
        "optimization_level": options.optimization_level,
        "seed": options.seed,
        "where": candidate.where,
        "by": options.made_by.value,
        **(asked if options.cloud else {}),
        "layout": list(candidate.layout),
        "estimated_success": candidate.estimated_success,
    }


def emit_result(result: JobResult, job_id: str = "") -> None:
    """The result as columns on stdout: bits and counts, or observables and values.

    With several classical registers, a first column names the register; before it stand the values of
    parameters, of several PUBs the circuit, and of several jobs the job.

    Args:
        result: of the job.
        job_id: the job, where there are several.
    """
    if result.note:
        say(f"qdeck: {result.note}")
    for number, pub in enumerate(result.pubs, 1):
        heads, cells = ["JOB"] if job_id else [], [job_id] if job_id else []
        if len(result.pubs) > 1:
            heads.append("CIRCUIT")
            cells.append(f"{number} {pub.name}".rstrip())
        _emit_pub(pub, tuple(heads), tuple(cells))


def parameter_cells(pub: PubResult, index: tuple[int, ...]) -> tuple[str, ...]:
    """Return the values of the parameters of a place; nothing where they are not known."""
    return tuple(f"{value:.10g}" for _, value in pub.parameters_at(index))


def parameter_heads(pub: PubResult) -> tuple[str, ...]:
    """Return the names of the parameters; nothing where they are not known."""
    return pub.sweep.names if pub.sweep is not None else ()


def _emit_pub(pub: PubResult, heads: tuple[str, ...], cells: tuple[str, ...]) -> None:
    names = (*heads, *parameter_heads(pub))
    registers = list(dict.fromkeys(counts.register for counts in pub.counts))
    several = len(registers) > 1
    rows: list[tuple[str, ...]] = []
    for counts in pub.counts:
        before = (*cells, *parameter_cells(pub, counts.index), *([counts.register] if several else []))
        rows += [
            (*before, bits, str(count))
            for bits, count in sorted(counts.counts.items(), key=lambda item: (-item[1], item[0]))
        ]
    if rows:
        emit_table((*names, *(["REGISTER"] if several else []), "BITS", "COUNT"), rows)
    if pub.quasi is not None:
        shares = sorted(pub.quasi.quasi.items(), key=lambda item: (-item[1], item[0]))
        emit_table((*heads, "BITS", "QUASI"), [(*cells, bits, f"{share:.6g}") for bits, share in shares])
    if pub.values:
        emit_table(
            (*names, "OBSERVABLE", "VALUE", "STD"),
            [
                (
                    *cells,
                    *parameter_cells(pub, v.index),
                    v.observable,
                    f"{v.value:.6g}",
                    "" if v.std is None else f"{v.std:.3g}",
                )
                for v in pub.values
            ],
        )


def emit_jobs(jobs: Sequence[Job]) -> None:
    """The ids of jobs that are not waited for, with their names."""
    emit_table(("JOB", "NAME"), [(job.id, job.name) for job in jobs])


def _result_facts(result: JobResult) -> dict[str, object]:
    facts: dict[str, object] = {}
    if result.note:
        facts["note"] = result.note
    if len(result.pubs) > 1 or any(pub.sweep is not None for pub in result.pubs):
        return facts | {"pubs": list(map(pub_facts, result.pubs))}
    for pub in result.pubs:
        if len(pub.counts) == 1:
            facts["counts"] = dict(pub.counts[0].counts)
        if pub.counts:
            facts["registers"] = {counts.register: dict(counts.counts) for counts in pub.counts}
        if pub.quasi is not None:
            facts["quasi"] = dict(pub.quasi.quasi)
        if pub.values:
            facts["values"] = [value_facts(value) for value in pub.values]
    return facts


def _shots(job: Job, result: JobResult | None) -> int | None:
    """As asked for, else as the service ran them."""
    if job.shots is not None or result is None:
        return job.shots
    return next((counts.shots for pub in result.pubs for counts in pub.counts), None)
