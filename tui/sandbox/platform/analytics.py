"""Handlers of `/analytics/*`: sums over jobs and sessions, in milliseconds, in all, by group and by day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from starlette.responses import Response

from tui.sandbox.base.clock import iso
from tui.sandbox.base.errors import invalid_query
from tui.sandbox.base.http import json_response, query_time, query_values
from tui.sandbox.core import devices
from tui.sandbox.core.instance import PERIOD, PLAN_ID, SUBSCRIPTION_ID
from tui.sandbox.core.sessions import charged_seconds
from tui.sandbox.db.models import Job, Session
from tui.sandbox.server.routing import Call

_GROUPS = ("instance", "backend", "user_id", "plan", "subscription_id")
_DAY = timedelta(days=1)


async def get_usage(call: Call) -> Response:
    """GET /analytics/usage: 200 with one set of figures.

    Raises:
        ApiError: 400 for an interval that is wrong.
    """
    return json_response(_figures(call, *_selected(call, *_interval(call))))


async def get_grouped_usage(call: Call) -> Response:
    """GET /analytics/usage_grouped: 200 with a set of figures for each group.

    One user has one instance, plan and subscription: only `backend` makes more than one group.

    Raises:
        ApiError: 400 for a group or an interval that is wrong.
    """
    group = call.query("group_by")
    if group not in _GROUPS:
        raise invalid_query(f"group_by must be one of {', '.join(_GROUPS)}")
    jobs, sessions = _selected(call, *_interval(call))
    if group == "backend":
        names = sorted({job.backend for job in jobs} | {s.backend for s in sessions if s.backend})
        groups = [
            (name, [job for job in jobs if job.backend == name], [s for s in sessions if s.backend == name])
            for name in names
        ]
    else:
        # The first name is the key of the group, any other serves as a filter only.
        groups = [(_own(call)[group][0], jobs, sessions)] if jobs or sessions else []
    return json_response(
        {"data": [{"key": key, **_figures(call, jobs, sessions)} for key, jobs, sessions in groups]}
    )


async def get_daily_usage(call: Call) -> Response:
    """GET /analytics/usage_grouped_by_date: 200 with the instance's figures by day (UTC), idle days left out.

    Raises:
        ApiError: 400 for a group or an interval that is wrong.
    """
    if call.query("group_by") != "instance":
        raise invalid_query("group_by must be instance")
    start, end = _interval(call)
    data = []
    day = start.replace(hour=0, minute=0, second=0, microsecond=0)
    while day < end:
        jobs, sessions = _selected(call, max(day, start), min(day + _DAY, end))
        if jobs or sessions:
            data.append(
                {
                    "key": call.crn,
                    "interval_start": iso(day, 3),
                    "interval_end": iso(day + _DAY, 3),
                    **_figures(call, jobs, sessions),
                }
            )
        day += _DAY
    return json_response({"interval_start": iso(start, 3), "interval_end": iso(end, 3), "data": data})


async def get_filters(call: Call) -> Response:
    """GET /analytics/filters: 200 with the values that the other endpoints may be filtered by."""
    return json_response(
        {
            "backends": [{"name": name} for name in devices.DEVICES],
            "instances": [{"id": call.crn, "deleted": False}],
            "users": [{"id": call.user_id}],
            "plans": [{"name": "open"}],
            "subscriptions": [{"id": SUBSCRIPTION_ID, "name": "open"}],
        }
    )


def _own(call: Call) -> dict[str, tuple[str, ...]]:
    """The user's only value of each group but `backend`, with its other names."""
    return {
        "instance": (call.crn,),
        "user_id": (call.user_id,),
        "plan": ("open", PLAN_ID),
        "subscription_id": (SUBSCRIPTION_ID,),
    }


def _interval(call: Call) -> tuple[datetime, datetime]:
    """The interval of the query; by default the 28 days that end now."""
    now = call.service.clock.now()
    end = query_time(call.request, "interval_end") or now
    start = query_time(call.request, "interval_start") or min(now - PERIOD, end)
    if end < start:
        raise invalid_query("interval_end is before interval_start")
    if end - start > timedelta(days=366):
        raise invalid_query("the interval is longer than a year")
    return start, end


def _selected(call: Call, start: datetime, end: datetime) -> tuple[list[Job], list[Session]]:
    """Jobs and sessions created in the interval that pass the filters."""
    for name, values in _own(call).items():
        filters = query_values(call.request, name)
        if filters and set(values).isdisjoint(filters):
            return [], []
    names = query_values(call.request, "backend")
    created = call.service.database.jobs.created_between(call.face, start, end)
    jobs = [job for job in created if job.backend not in devices.MOCKS]
    sessions = call.service.database.sessions.created_between(call.face, start, end)
    if names:
        jobs = [job for job in jobs if job.backend in names]
        sessions = [session for session in sessions if session.backend in names]
    return jobs, sessions


def _figures(call: Call, jobs: Sequence[Job], sessions: Sequence[Session]) -> dict[str, Any]:
    """One set of figures; usage is that of jobs alone plus that of sessions, so nothing is counted twice."""
    alone = [job.qpu_seconds for job in jobs if job.mode == "job"]
    waits = [(job.running - job.created).total_seconds() for job in jobs if job.running is not None]
    charged = [(session.mode, charged_seconds(session, call.service.clock)) for session in sessions]
    figures: dict[str, Any] = {
        "usage": _ms(sum(alone) + sum(seconds for _, seconds in charged)),
        "jobs": len(jobs),
    }
    for prefix, modes in (
        ("", ("batch", "dedicated")),
        ("batch_", ("batch",)),
        ("dedicated_", ("dedicated",)),
    ):
        used = [seconds for mode, seconds in charged if mode in modes]
        figures[f"{prefix}sessions"] = len(used)
        figures.update(_statistics(used, f"{prefix}sessions_usage"))
    figures["individual_jobs"] = len(alone)
    figures.update(_statistics(alone, "individual_jobs_usage"))
    figures.update(_statistics(waits, "queue_time"))
    return figures


def _statistics(values: Sequence[float], name: str) -> dict[str, int]:
    """Sum, mean and maximum of seconds as milliseconds."""
    return {
        name: _ms(sum(values)),
        f"avg_{name}": _ms(sum(values) / len(values)) if values else 0,
        f"max_{name}": _ms(max(values, default=0.0)),
    }


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
