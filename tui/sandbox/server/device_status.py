"""The devices as they are this minute: recorded data plus the length of their queues."""

from __future__ import annotations

from typing import Any

from tui.sandbox.core import devices
from tui.sandbox.core.service import Service

# The mean of the jobs of others that the scheduler invents, plus some change-over.
_SECONDS_PER_JOB = 5


def device_view(service: Service, name: str, *, wait_time: bool) -> dict[str, Any]:
    """One member of `GET /backends`."""
    length = service.scheduler.queue_length(name)
    view = {
        **devices.device(name).summary(),
        "status": {"name": "online", "reason": "available"},
        "queue_length": length,
    }
    if wait_time:
        seconds = length * _SECONDS_PER_JOB
        view["wait_time_seconds"] = {"average": seconds, "p50": seconds, "p95": seconds * 2}
    return view


def status_view(service: Service, name: str) -> dict[str, Any]:
    """`GET /backends/{id}/status`."""
    return {
        "state": True,
        "status": "active",
        "message": "available",
        "length_queue": service.scheduler.queue_length(name),
        "backend_version": service.device(name).configuration().get("backend_version", ""),
    }
