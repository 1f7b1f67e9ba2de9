"""Jobs as JSON, in the form of an API version."""

from __future__ import annotations

import json
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from tui.sandbox.base.clock import iso, iso_or_none
from tui.sandbox.db.models import Job
from tui.sandbox.simulator.base.values import JOB_OVERHEAD_SECONDS

NEW_USAGE = "2026-03-15"
EXECUTION_TIME_AT_ROOT = "2026-04-15"


@cache
def qiskit_version() -> str:
    """Return the version of the installed Qiskit, "" when there is none; without importing it."""
    try:
        return version("qiskit")
    except PackageNotFoundError:
        return ""


def job_view(job: Job, user_id: str, api_version: str, params: str | None = None) -> dict[str, Any]:
    """Return a job object.

    Args:
        job: the job.
        user_id: the user's id on the face of the request.
        api_version: "" for the oldest form.
        params: the params as JSON text, None to leave them out (always left out of private jobs).
    """
    state: dict[str, Any] = {"status": job.status}
    if job.reason:
        state["reason"] = job.reason
    if job.reason_code is not None:
        state["reason_code"] = job.reason_code
    if job.reason_solution:
        state["reason_solution"] = job.reason_solution
    view: dict[str, Any] = {
        "id": job.id,
        "backend": job.backend,
        "state": state,
        "status": "Cancelled - Ran too long" if job.ran_too_long else job.status,
        "program": {"id": job.program_id},
        "created": iso(job.created),
        "cost": job.cost,
        "tags": list(job.tags),
        "user_id": user_id,
        "usage": _usage(job, api_version),
    }
    optional = {
        "session_id": job.session_id,
        "runtime": job.runtime,
        "calibration_id": job.calibration_id,
        "private": job.private,
    }
    view.update({name: value for name, value in optional.items() if value})
    if job.final and job.execution_ns:
        # By the published formula, of which the charge differs.
        view["estimated_running_time_seconds"] = round(JOB_OVERHEAD_SECONDS + job.execution_ns / 1e9, 3)
    if params is not None and not job.private:
        view["params"] = json.loads(params)
    return view


def _charged(job: Job) -> float | int:
    """QPU seconds charged, whole ones as integers."""
    seconds = round(job.qpu_seconds, 3)
    return int(seconds) if seconds == int(seconds) else seconds


def _usage(job: Job, api_version: str) -> dict[str, Any]:
    if api_version >= NEW_USAGE:
        return {"qpu_charge_time_seconds": _charged(job), "status": "complete" if job.final else "pending"}
    return {"quantum_seconds": _charged(job), "seconds": _charged(job)}


def metrics_view(job: Job, api_version: str, position: int | None) -> dict[str, Any]:
    """Return the metrics of a job.

    Args:
        job: the job.
        api_version: "" for the oldest form.
        position: jobs ahead of it, None once it is not queued; only in the old form.
    """
    view: dict[str, Any] = {
        "timestamps": {
            "created": iso(job.created),
            "running": iso_or_none(job.running),
            "finished": iso_or_none(job.finished),
        },
        "usage": _usage(job, api_version),
    }
    if job.caller:
        view["caller"] = job.caller
    if qiskit_version():
        view["qiskit_version"] = qiskit_version()
    if api_version >= EXECUTION_TIME_AT_ROOT:
        view["circuits_execution_time_ns"] = job.execution_ns
    elif api_version >= NEW_USAGE:
        view["usage"]["circuits_execution_time_ns"] = job.execution_ns
    else:
        view["bss"] = {"seconds": _charged(job)}
        view["estimated_start_time"] = iso_or_none(job.running)
        view["estimated_completion_time"] = iso_or_none(job.finished)
        view["position_in_queue"] = position
        view["position_in_provider"] = position
        view["num_circuits"] = job.circuits
        view["executions"] = job.shots
    return view
