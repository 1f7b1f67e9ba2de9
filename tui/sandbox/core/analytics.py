"""Sums over jobs and sessions, in the members and milliseconds of the analytics endpoints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tui.sandbox.db.models import Job


@dataclass(frozen=True, slots=True)
class SessionUse:
    """A session's mode and the QPU seconds it is charged."""

    mode: str
    seconds: float


def _spread(values: Sequence[float], name: str) -> dict[str, int]:
    """Sum, mean and maximum of seconds as milliseconds."""
    return {
        name: _ms(sum(values)),
        f"avg_{name}": _ms(sum(values) / len(values)) if values else 0,
        f"max_{name}": _ms(max(values, default=0.0)),
    }


def _ms(seconds: float) -> int:
    return round(seconds * 1000)


def totals(jobs: Sequence[Job], sessions: Sequence[SessionUse]) -> dict[str, Any]:
    """One set of figures; all times are integers of milliseconds.

    Usage is that of jobs alone plus that of sessions and batches, so nothing is counted twice.
    """
    alone = [job.qpu_seconds for job in jobs if job.mode == "job"]
    waits = [(job.running - job.created).total_seconds() for job in jobs if job.running is not None]
    figures: dict[str, Any] = {
        "usage": _ms(sum(alone) + sum(use.seconds for use in sessions)),
        "jobs": len(jobs),
    }
    for prefix, modes in (
        ("", ("batch", "dedicated")),
        ("batch_", ("batch",)),
        ("dedicated_", ("dedicated",)),
    ):
        seconds = [use.seconds for use in sessions if use.mode in modes]
        figures[f"{prefix}sessions"] = len(seconds)
        figures.update(_spread(seconds, f"{prefix}sessions_usage"))
    figures["individual_jobs"] = len(alone)
    figures.update(_spread(alone, "individual_jobs_usage"))
    figures.update(_spread(waits, "queue_time"))
    return figures
