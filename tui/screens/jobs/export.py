"""A job and its result as a JSON file for other programs."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any

from tui.common.errors import ErrorKind, QdeckError
from tui.domain.jobs import Job
from tui.domain.results import JobResult, pub_facts
from tui.monitor.services import AppServices


def suggested_name(job: Job) -> str:
    """Suggest a file name for the export of a job.

    Returns:
        The job's name and id in letters that every system takes, ending in `.json`.
    """
    stem = "-".join(part for part in (job.name, job.id) if part) or "job"
    safe = re.sub(r"[^A-Za-z0-9._-]+", "-", stem).strip("-.") or "job"
    return f"{safe[:80]}.json"


async def exported(services: AppServices, job: Job) -> bytes:
    """Export a job that is done, with what the service has to be asked for.

    Returns:
        The export as `export_bytes` writes it. Circuits that cannot be fetched are left out.

    Raises:
        QdeckError: the result cannot be fetched; `CONFLICT`: it is that of a dry run.
    """
    result = await services.jobs.result(job.id)
    if result.dry_run:
        raise QdeckError(ErrorKind.CONFLICT, f"There is no data to export. {result.note}")
    try:
        circuits = await services.jobs.circuits(job.id)
    except QdeckError:
        circuits = ()
    return export_bytes(await services.jobs.with_texts(job.id) or job, result, circuits)


def export_bytes(job: Job, result: JobResult, circuits: tuple[str, ...] = ()) -> bytes:
    """Write the export of a job; `"sandbox"` says whether it was simulated.

    `"circuits"` holds the circuit of each PUB as OpenQASM, as far as they are known; `"circuit"` the first.

    Returns:
        Indented JSON in UTF-8. Bit 0 is rightmost; times are ISO 8601 (UTC), durations seconds.
    """
    body: dict[str, Any] = {
        "format": "qdeck-result-1",
        "sandbox": job.service.startswith("sandbox"),
        "service": job.service,
        "instance": job.instance,
        "job_id": job.id,
        "name": job.name,
        "backend": job.backend,
        "program": job.program,
        "primitive": job.primitive,
        "status": job.status,
        "session_id": job.session_id,
        "tags": list(job.tags),
        "shots": job.shots,
        "qpu_seconds": job.qpu_seconds,
        "created": _time(job.created),
        "started": _time(job.started),
        "finished": _time(job.finished),
        "circuit": job.circuit,
        "circuits": list(circuits or filter(None, [job.circuit])),
        "source": job.source,
        "note": result.note,
        "pubs": [pub_facts(pub) for pub in result.pubs],
        "raw": _raw(result.raw),
    }
    return json.dumps(body, indent=2, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"


def _raw(raw: bytes) -> Any:
    """The service's own body: as JSON where it is that, else as text."""
    if not raw:
        return None
    try:
        return json.loads(raw)
    except ValueError:
        return raw.decode("utf-8", "replace")


def _time(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment is not None else None
