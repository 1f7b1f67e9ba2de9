"""`/analytics/*`: what was used, in all, by group and by day."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from starlette.responses import Response

from tui.sandbox.base.clock import iso
from tui.sandbox.base.errors import invalid_query
from tui.sandbox.base.http import answer, many, moment
from tui.sandbox.core import devices
from tui.sandbox.core.analytics import SessionUse, totals
from tui.sandbox.core.identity import PLAN_ID, SUBSCRIPTION_ID
from tui.sandbox.core.session_state import active_seconds
from tui.sandbox.core.usage import PERIOD
from tui.sandbox.db.models import Job, Session
from tui.sandbox.platform.guard import FACE, Call

_GROUPS = ("instance", "backend", "user_id", "plan", "subscription_id")
_DAY = timedelta(days=1)


async def usage(call: Call) -> Response:
    jobs, sessions = _chosen(call, *_interval(call))
    return answer(_figures(call, jobs, sessions))


async def grouped(call: Call) -> Response:
    """One user has one instance, plan and subscription: only `backend` makes more than one group."""
    group = call.query("group_by")
    if group not in _GROUPS:
        raise invalid_query(f"group_by must be one of {', '.join(_GROUPS)}")
    jobs, sessions = _chosen(call, *_interval(call))
    if group == "backend":
        names = sorted({job.backend for job in jobs} | {s.backend for s in sessions if s.backend})
        parts = [
            (name, [job for job in jobs if job.backend == name], [s for s in sessions if s.backend == name])
            for name in names
        ]
    else:
        parts = [(_only_key(call, group), jobs, sessions)] if jobs or sessions else []
    return answer({"data": [{"key": key, **_figures(call, some, held)} for key, some, held in parts]})


async def grouped_by_date(call: Call) -> Response:
    """The instance's figures day by day (UTC), days without any left out."""
    if call.query("group_by") != "instance":
        raise invalid_query("group_by must be instance")
    start, end = _interval(call)
    data = []
    day = start.replace(hour=0, minute=0, second=0, microsecond=0)
    while day < end:
        jobs, sessions = _chosen(call, max(day, start), min(day + _DAY, end))
        if jobs or sessions:
            data.append(
                {
                    "key": call.service.identity.crn,
                    "interval_start": iso(day, 3),
                    "interval_end": iso(day + _DAY, 3),
                    **_figures(call, jobs, sessions),
                }
            )
        day += _DAY
    return answer({"interval_start": iso(start, 3), "interval_end": iso(end, 3), "data": data})


async def filters(call: Call) -> Response:
    """What the other endpoints may be filtered by."""
    return answer(
        {
            "backends": [{"name": name} for name in devices.DEVICES],
            "instances": [{"id": call.service.identity.crn, "deleted": False}],
            "users": [{"id": call.service.identity.user_id}],
            "plans": [{"name": "open"}],
            "subscriptions": [{"id": SUBSCRIPTION_ID, "name": "open"}],
        }
    )


def _interval(call: Call) -> tuple[datetime, datetime]:
    """The interval of the query; by default the 28 days that end now."""
    now = call.service.clock.now()
    end = moment(call.request, "interval_end") or now
    start = moment(call.request, "interval_start") or min(now - PERIOD, end)
    if end < start:
        raise invalid_query("interval_end is before interval_start")
    if end - start > timedelta(days=366):
        raise invalid_query("the interval is longer than a year")
    return start, end


def _chosen(call: Call, start: datetime, end: datetime) -> tuple[list[Job], list[Session]]:
    """Jobs and sessions created in the interval that pass the filters."""
    own = {
        "instance": {call.service.identity.crn},
        "user_id": {call.service.identity.user_id},
        "plan": {"open", PLAN_ID},
        "subscription_id": {SUBSCRIPTION_ID},
    }
    for name, values in own.items():
        asked = many(call.request, name, f"{name}[]")
        if asked and values.isdisjoint(asked):
            return [], []
    names = many(call.request, "backend", "backend[]")
    jobs = call.service.store.jobs.created_between(FACE, start, end)
    sessions = call.service.store.sessions.created_between(FACE, start, end)
    if names:
        jobs = [job for job in jobs if job.backend in names]
        sessions = [session for session in sessions if session.backend in names]
    return jobs, sessions


def _figures(call: Call, jobs: list[Job], sessions: list[Session]) -> dict[str, Any]:
    batches: dict[str, float] = {}
    for job in jobs:
        batches[job.session_id] = batches.get(job.session_id, 0.0) + job.qpu_seconds
    uses = [
        SessionUse(
            session.mode,
            active_seconds(session, call.service.clock)
            if session.mode == "dedicated"
            else batches.get(session.id, 0.0),
        )
        for session in sessions
    ]
    return totals(jobs, uses)


def _only_key(call: Call, group: str) -> str:
    return {
        "instance": call.service.identity.crn,
        "user_id": call.service.identity.user_id,
        "plan": "open",
        "subscription_id": SUBSCRIPTION_ID,
    }[group]
