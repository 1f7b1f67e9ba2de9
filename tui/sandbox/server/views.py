"""Jobs and sessions as the JSON of the API, in the shape of the version asked for."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from tui.sandbox.base.clock import Clock, iso
from tui.sandbox.core import session_state as rules
from tui.sandbox.db.models import Job, Session

NEW_USAGE = "2026-03-15"
EXECUTION_TIME_AT_ROOT = "2026-04-15"


def job_view(job: Job, user_id: str, version: str, params: str | None = None) -> dict[str, Any]:
    """A job object.

    Args:
        version: API version, "" for the oldest shape.
        params: the params' JSON text, None to leave them out (always left out of private jobs).
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
        "usage": usage_view(job, version),
    }
    optional = {
        "session_id": job.session_id,
        "runtime": job.runtime,
        "calibration_id": job.calibration_id,
        "private": job.private,
    }
    view.update({name: value for name, value in optional.items() if value})
    if job.final and job.qpu_seconds:
        view["estimated_running_time_seconds"] = round(job.qpu_seconds, 3)
    if params is not None and not job.private:
        view["params"] = json.loads(params)
    return view


def charged(job: Job) -> float | int:
    """QPU seconds charged, whole ones as integers."""
    seconds = round(job.qpu_seconds, 3)
    return int(seconds) if seconds == int(seconds) else seconds


def usage_view(job: Job, version: str) -> dict[str, Any]:
    if version >= NEW_USAGE:
        return {"qpu_charge_time_seconds": charged(job), "status": "complete" if job.final else "pending"}
    return {"quantum_seconds": charged(job), "seconds": charged(job)}


def metrics_view(job: Job, version: str, position: int | None, qiskit_version: str) -> dict[str, Any]:
    """A job's metrics.

    Args:
        position: jobs ahead of it, None once it is not queued; only in the old shape.
        qiskit_version: "" when unknown.
    """
    view: dict[str, Any] = {
        "timestamps": {
            "created": iso(job.created),
            "running": _time(job.running),
            "finished": _time(job.finished),
        },
        "usage": usage_view(job, version),
    }
    if job.caller:
        view["caller"] = job.caller
    if qiskit_version:
        view["qiskit_version"] = qiskit_version
    if version >= EXECUTION_TIME_AT_ROOT:
        view["circuits_execution_time_ns"] = job.execution_ns
    elif version >= NEW_USAGE:
        view["usage"]["circuits_execution_time_ns"] = job.execution_ns
    else:
        view["bss"] = {"seconds": charged(job)}
        view["estimated_start_time"] = _time(job.running)
        view["estimated_completion_time"] = _time(job.finished)
        view["position_in_queue"] = position
        view["position_in_provider"] = position
        view["num_circuits"] = job.circuits
        view["executions"] = job.shots
    return view


def session_view(session: Session, user_id: str, clock: Clock) -> dict[str, Any]:
    """A session object; `backend_name` is null until its first job starts."""
    started = session.started_at is not None
    left = rules.time_left(session, clock) if started and session.state != "closed" else session.max_ttl
    running = session.state in ("open", "active")
    view: dict[str, Any] = {
        "id": session.id,
        "backend_name": session.backend if started else None,
        "started_at": _time(session.started_at, 3),
        "activated_at": _time(session.activated_at, 3),
        "last_job_started": _time(session.last_job_started, 3),
        "last_job_completed": _time(session.last_job_completed, 3),
        "interactive_ttl": session.interactive_ttl,
        "max_ttl": session.max_ttl,
        "active_ttl": max(0, int(left)),
        "state": session.state,
        "accepting_jobs": session.accepting_jobs,
        "mode": session.mode,
        "timestamps": [{"status": status, "timestamp": at} for status, at in session.timestamps],
        "user_id": user_id,
        "elapsed_time": None if running else round(rules.active_seconds(session, clock), 3),
    }
    if session.closed_at is not None:
        view["closed_at"] = iso(session.closed_at, 3)
    if session.state_reason:
        view["state_reason"] = session.state_reason
    return view


def _time(moment: datetime | None, digits: int = 6) -> str | None:
    return None if moment is None else iso(moment, digits)
