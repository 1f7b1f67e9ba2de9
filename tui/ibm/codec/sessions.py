"""Sessions and workloads on the wire into `Session` (contract 3.4, 5.11, 5.13)."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import parse_qs, urlsplit

import msgspec

from tui.common.values import Listed
from tui.domain.sessions import Session, SessionMode, SessionState
from tui.ibm.codec.decoding import Provenance, decode, moment, read_entries


class _Stamp(msgspec.Struct, frozen=True):
    status: str | None = None
    timestamp: str | None = None


class _Session(msgspec.Struct, frozen=True):
    id: str
    backend_name: str | None = None
    backend: str | None = None
    mode: str | None = None
    state: str | None = None
    state_reason: str | None = None
    accepting_jobs: bool | None = None
    started_at: str | None = None
    activated_at: str | None = None
    closed_at: str | None = None
    last_job_completed: str | None = None
    interactive_ttl: float | None = None
    max_ttl: float | None = None
    max_session_ttl: float | None = None
    elapsed_time: float | None = None
    timestamps: list[_Stamp] | None = None


class _Charge(msgspec.Struct, frozen=True):
    qpu_charge_time_seconds: float | None = None


class _Workload(msgspec.Struct, frozen=True):
    id: str
    mode: str
    status: str
    status_reason: str | None = None
    created: str | None = None
    ended: str | None = None
    backend: str | None = None
    instance: str | None = None
    accepting_jobs: bool | None = None
    usage_seconds: float | None = None
    usage: _Charge | None = None


class _Link(msgspec.Struct, frozen=True):
    href: str | None = None


class _Workloads(msgspec.Struct, frozen=True):
    workloads: list[msgspec.Raw]
    next: _Link | None = None


_STATES = {
    "open": SessionState.OPEN,
    "active": SessionState.ACTIVE,
    "inactive": SessionState.INACTIVE,
    "pending_inactive": SessionState.ACTIVE,
    "pending_closed": SessionState.DRAINING,
    "closed": SessionState.CLOSED,
}
_WORKLOAD_STATES = {
    "pending": SessionState.OPEN,
    "in_progress": SessionState.ACTIVE,
    "completed": SessionState.CLOSED,
    "canceled": SessionState.CLOSED,
    "cancelled": SessionState.CLOSED,
    "failed": SessionState.CLOSED,
}


def decode_session(
    body: bytes,
    where: str,
    origin: Provenance,
    *,
    backend: str = "",
    mode: SessionMode = SessionMode.DEDICATED,
    max_ttl: float | None = None,
) -> Session:
    """Return the session in a response.

    The classic service answers a creation with the id alone: the session is open then.

    Args:
        body: JSON bytes.
        where: the request, for messages.
        origin: what the session carries of its response.
        backend, mode, max_ttl: stand in where the response leaves them out.

    Raises:
        QdeckError: `PROTOCOL`.
    """
    session = decode(body, _Session, where)
    text = session.state or ("open" if session.state is None else "")
    accepting = session.accepting_jobs is not False
    return Session(
        id=session.id,
        service=origin.service,
        backend=session.backend_name or session.backend or backend,
        mode=_mode(session.mode, mode),
        state=_drained(_STATES.get(text.lower(), SessionState.UNKNOWN), accepting),
        state_text=text,
        reason=session.state_reason or "",
        instance=origin.instance,
        created=_created(session),
        activated=moment(session.activated_at),
        closed=moment(session.closed_at),
        max_ttl=next(
            (ttl for ttl in (session.max_ttl, session.max_session_ttl, max_ttl) if ttl is not None), None
        ),
        interactive_ttl=session.interactive_ttl,
        last_job_completed=moment(session.last_job_completed),
        accepting_jobs=accepting and text.lower() != "closed",
        elapsed_seconds=session.elapsed_time,
        confirmed=origin.at,
    )


def decode_workloads(body: bytes, where: str, origin: Provenance) -> tuple[Listed[Session], str]:
    """Return the sessions and batches of one page of workloads; its jobs are left out.

    Returns:
        The sessions, and the cursor of the next page; empty: this is the last. The service gives a whole URL
        (contract 5.13); only its cursor is used, so that no response decides which host is asked.

    Raises:
        QdeckError: `PROTOCOL`.
    """
    page = decode(body, _Workloads, where)
    # What cannot be read is left out, and told: the others may cost meanwhile.
    listed = read_entries(
        map(bytes, page.workloads), _Workload, where, lambda item: (item.mode, _workload(item, origin))
    )
    found = Listed((session for mode, session in listed if mode.lower() != "job"), listed.unreadable)
    return found, _cursor((page.next.href or "") if page.next else "")


def _cursor(href: str) -> str:
    try:
        return parse_qs(urlsplit(href).query).get("next", [""])[0]
    except ValueError:
        return ""


def _workload(item: _Workload, origin: Provenance) -> Session:
    state = _WORKLOAD_STATES.get(item.status.lower(), SessionState.UNKNOWN)
    ended = moment(item.ended)
    if ended is not None and state is not SessionState.UNKNOWN:
        state = SessionState.CLOSED
    accepting = item.accepting_jobs is not False
    charged = item.usage.qpu_charge_time_seconds if item.usage else None
    return Session(
        id=item.id,
        service=origin.service,
        backend=item.backend or "",
        mode=_mode(item.mode, SessionMode.DEDICATED),
        state=_drained(state, accepting),
        state_text=item.status,
        reason=item.status_reason or "",
        instance=item.instance or origin.instance,
        created=moment(item.created),
        closed=ended,
        accepting_jobs=accepting and state is not SessionState.CLOSED,
        usage_seconds=charged if charged is not None else item.usage_seconds,
        confirmed=origin.at,
    )


def _drained(state: SessionState, accepting: bool) -> SessionState:
    running = {SessionState.OPEN, SessionState.ACTIVE, SessionState.INACTIVE}
    return SessionState.DRAINING if state in running and not accepting else state


def _mode(text: str | None, default: SessionMode) -> SessionMode:
    if text is None:
        return default
    return SessionMode.BATCH if text.lower() == "batch" else SessionMode.DEDICATED


def _created(session: _Session) -> datetime | None:
    known = [at for at in (moment(item.timestamp) for item in session.timestamps or []) if at is not None]
    return min(known) if known else moment(session.started_at)
