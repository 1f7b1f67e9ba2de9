"""Jobs and results as JSON for other programs: times in ISO 8601 (UTC), durations in s, bit 0 rightmost."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from tui.domain.circuits import Transpilation
from tui.domain.comparisons.reports import Report
from tui.domain.jobs import Job, JobMetrics
from tui.domain.primitives import nested_options
from tui.domain.results import JobResult, PubResult, pub_facts
from tui.domain.statistics.distances import Comparison
from tui.domain.statistics.distributions import Distribution
from tui.domain.statistics.predictions import (
    Foretold,
    ForetoldValues,
    compare_with,
    rms_difference,
    value_comparisons,
)
from tui.domain.statistics.trust import MeasuredFidelity, PastPrediction, trust_summary

RESULT_FORMAT = "qdeck-result-1"
"""Name of the form of `result_document`; the number grows when a member changes its meaning."""


def job_facts(job: Job) -> dict[str, object]:
    """Return a job as plain JSON values, in short."""
    return {
        "job_id": job.id,
        "name": job.name or None,
        "backend": job.backend,
        "status": str(job.status),
        "status_text": job.status_text or None,
        "program": job.program,
        "primitive": job.primitive,
        "service": job.service,
        "sandbox": job.service.startswith("sandbox"),
        "session_id": job.session_id or None,
        "slurm_job": job.slurm_job or None,
        "tags": list(job.tags),
        "shots": job.shots,
        "qpu_seconds": job.qpu_seconds,
        "created": _time(job.created),
        "finished": _time(job.finished),
        "confirmed": _time(job.confirmed),
        "reason": job.reason or None,
        "reason_code": job.reason_code or None,
    }


def job_details(
    job: Job, metrics: JobMetrics | None = None, transpilation: Transpilation | None = None
) -> dict[str, object]:
    """Return all that is known of a job as plain JSON values, without its result and its texts.

    Args:
        job: the job.
        metrics: what the service measured, where that is known.
        transpilation: how its circuit was made here, where that is known.
    """
    return {
        **job_facts(job),
        "instance": job.instance or None,
        "private": job.private,
        "circuits": job.circuits,
        "observables": list(job.observables),
        "options": nested_options(job.options),
        "started": _time(job.started),
        "estimated_seconds": job.estimated_seconds,
        "reason_solution": job.reason_solution or None,
        "timeline": [{"status": str(step.status), "at": _time(step.at)} for step in job.timeline],
        "metrics": None if metrics is None else metrics_facts(metrics),
        "transpilation": None if transpilation is None else transpilation_facts(transpilation),
    }


def trust_facts(measured: MeasuredFidelity | None, past: Sequence[PastPrediction]) -> dict[str, object]:
    """Return how near a job came to its ideal, and how far predictions of past jobs there came true.

    Args:
        measured: of the job; `None`: its ideal was not simulated yet.
        past: other jobs of its backend, newest first.
    """
    return {
        "fidelity": None if measured is None else measured.fidelity,
        "fidelity_bound": None if measured is None else measured.bound,
        "foretold": None if measured is None else measured.foretold,
        "past": [
            {
                "job_id": one.job_id,
                "name": one.name or None,
                "created": _time(one.created),
                "estimated_success": one.success,
                "foretold": one.measured.foretold,
                "fidelity": one.measured.fidelity,
            }
            for one in past
        ],
        "medians": msgspec.to_builtins(trust_summary(past)),
    }


def metrics_facts(metrics: JobMetrics) -> dict[str, object]:
    """Return the metrics of a job as plain JSON values."""
    return {
        "created": _time(metrics.created),
        "running": _time(metrics.running),
        "finished": _time(metrics.finished),
        "qpu_seconds": metrics.qpu_seconds,
        "execution_seconds": metrics.execution_seconds,
        "caller": metrics.caller or None,
        "qiskit_version": metrics.qiskit_version or None,
        "estimated_start": _time(metrics.estimated_start),
        "estimated_completion": _time(metrics.estimated_completion),
        "queue_position": metrics.queue_position,
    }


def transpilation_facts(made: Transpilation) -> dict[str, object]:
    """Return how a circuit was transpiled as plain JSON values."""
    sizes = {
        name: {
            "qubits": stats.qubits,
            "size": stats.size,
            "depth": stats.depth,
            "two_qubit_gates": stats.two_qubit_gates,
        }
        for name, stats in (("before", made.before), ("after", made.after))
    }
    return {
        "where": made.where or None,
        "optimization_level": made.options.optimization_level,
        "seed": made.options.seed,
        "seconds": made.seconds,
        "at": _time(made.at),
        **sizes,
        "layout": list(made.layout),
        "final_layout": list(made.final_layout),
        "estimated_success": made.estimated_success,
        "estimated_success_idle": made.estimated_success_idle,
        "calibrated": _time(made.calibrated),
    }


def result_document(
    job: Job, result: JobResult | None, circuits: Sequence[str] = (), details: Mapping[str, object] = {}
) -> dict[str, object]:
    """Return a job with its result as plain JSON values; `"sandbox"` says whether it was simulated.

    `"circuits"` holds the circuit of each PUB as OpenQASM, as far as they are known; `"circuit"` the first.

    Args:
        job: the job, with its texts.
        result: of the job; `None`: there is none.
        circuits: as submitted.
        details: more of the job (`job_details`).
    """
    return {
        "format": RESULT_FORMAT,
        **(details or job_details(job)),
        "circuit": job.circuit,
        "circuits": list(circuits or filter(None, [job.circuit])),
        "source": job.source,
        "note": result.note if result is not None else "",
        "pubs": [pub_facts(pub) for pub in result.pubs] if result is not None else [],
        "raw": _raw(result.raw) if result is not None else None,
    }


def comparison_document(report: Report) -> dict[str, object]:
    """Return a comparison as plain JSON values; lists by side are in the order of `"sides"`.

    Distances and z-scores are those of each side against the first; `null` for the first itself.
    """
    return {
        "sides": list(report.sides),
        "facts": [
            {"name": fact.name, "values": list(fact.values), "differs": fact.differs} for fact in report.facts
        ],
        "counts": [
            {
                "pub": table.pub,
                "register": table.register,
                "index": list(table.index),
                "parameters": dict(table.parameters),
                "outcomes": table.outcomes,
                "shots": list(table.shots),
                "distances": [None if one is None else distance_facts(one) for one in table.distances],
                "rows": [
                    {"bits": row.bits, "shares": list(row.shares), "z": list(map(_finite, row.z))}
                    for row in table.rows
                ],
            }
            for table in report.counts
        ],
        "values": [
            {
                "pub": row.pub,
                "observable": row.observable,
                "index": list(row.index),
                "parameters": dict(row.parameters),
                "values": [None if one is None else {"value": one[0], "std": one[1]} for one in row.values],
                "z": list(map(_finite, row.z)),
            }
            for row in report.values
        ],
        "circuits": [
            {
                "side": report.sides[diff.side],
                "pub": diff.pub,
                "same": diff.same,
                "note": diff.note or None,
                "diff": list(diff.lines),
            }
            for diff in report.circuits
        ],
        "notes": list(report.notes),
    }


def distance_facts(distance: Comparison) -> dict[str, object]:
    """Return the distance of two distributions as plain JSON values, with the bounds of shot noise."""
    return {
        "total_variation": distance.total_variation,
        "total_variation_bound": distance.total_variation_bound,
        "hellinger_fidelity": distance.fidelity,
        "hellinger_fidelity_bound": distance.fidelity_bound,
        "differs": distance.differs,
    }


def foretold_facts(pub: PubResult, foretold: Foretold) -> dict[str, object]:
    """Return what was foretold of a PUB's result, and how far the result is from it, as plain JSON values.

    Returns:
        `ideal` and `noisy`: each with a `note` that says why there is none, else how it was simulated, with
        `distances` by register and place of a sweep, or `values` with z-scores.
    """
    near = value_comparisons(pub, foretold)
    return {
        "ideal": _side(pub, foretold.ideal, foretold.ideal_values, foretold.ideal_places, foretold.ideal_note)
        | _values(pub, [(of.ideal, of.ideal_z) for of in near] if foretold.ideal_values else []),
        "noisy": _side(pub, foretold.noisy, foretold.noisy_values, foretold.noisy_places, foretold.noisy_note)
        | _values(pub, [(of.noisy, of.noisy_z) for of in near] if foretold.noisy_values else []),
    }


def _side(
    pub: PubResult,
    counts: Distribution | None,
    values: ForetoldValues | None,
    places: Sequence[Comparison | None],
    note: str,
) -> dict[str, object]:
    of = counts or values
    how: dict[str, object] = {"note": note or None, "method": None, "qubits": None, "waiting": None}
    if of is not None:
        how |= {"method": of.method, "qubits": of.qubits, "waiting": of.waiting}
    if counts is not None:
        places = [compare_with(one, counts) for one in pub.counts]
    apart = [
        {
            "register": one.register,
            "index": list(one.index),
            "parameters": dict(pub.parameters_at(one.index)),
            **distance_facts(distance),
        }
        for one, distance in zip(pub.counts, places, strict=False)
        if distance is not None
    ]
    return {**how, "distances": apart} if pub.counts else how


def _values(pub: PubResult, near: Sequence[tuple[float | None, float | None]]) -> dict[str, object]:
    if not near:
        return {} if pub.counts else {"values": [], "rms": None}
    return {
        "values": [
            {
                "observable": got.observable,
                "index": list(got.index),
                "parameters": dict(pub.parameters_at(got.index)),
                "value": value,
                "z": _finite(z),
            }
            for got, (value, z) in zip(pub.values, near, strict=True)
        ],
        "rms": rms_difference(pub.values, [value for value, _ in near]),
    }


def _finite(number: float | None) -> float | str | None:
    """JSON has no infinity: `"inf"` for what cannot be by chance."""
    return number if number is None or math.isfinite(number) else str(number)


def json_bytes(document: Mapping[str, object]) -> bytes:
    """Write a document as indented JSON in UTF-8, ending in a line feed."""
    return json.dumps(document, indent=2, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"


def _raw(raw: bytes) -> Any:
    """The service's own body: as JSON where it is that, else as text."""
    if not raw:
        return None
    try:
        # Several times as fast as Python's own, which takes NaN, too: mitigation may end so.
        return msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        return raw.decode("utf-8", "replace")


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
