"""`qdeck sessions`: the sessions and batches of the account."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from tui.commands.circuits.run_circuits import require_backend_name
from tui.commands.jobs.jobs import LIST_SECONDS
from tui.commands.shared.changes import CHANGE_SECONDS, change_each
from tui.commands.shared.context import signed_in_services, time_limit, waiting_for_service
from tui.commands.shared.listing import Output, Table, emit_listing
from tui.commands.shared.output import Exit, say
from tui.commands.shared.selection import ServiceChoice, service_facts
from tui.domain.sessions import Session, SessionMode
from tui.monitor.services import AppServices

HEAD = ("STATE", "SESSION", "MODE", "BACKEND", "CREATED (UTC)", "ENDS (UTC)", "QPU s", "OPENED")


async def list_sessions(
    choice: ServiceChoice, environ: Mapping[str, str], listing: Output, *, only_open: bool
) -> Exit:
    """Print the sessions, newest first.

    Args:
        choice: the service meant.
        environ: the environment.
        listing: the form and the file.
        only_open: leave out those that take no jobs.

    Returns:
        The exit status.

    Raises:
        UsageFault: there is no account.
        QdeckError: signing in failed, or the service did not answer.
    """
    async with signed_in_services(choice, environ, seconds=LIST_SECONDS) as opened:
        async with waiting_for_service(time_limit(choice, environ, LIST_SECONDS)):
            await opened.services.polling.refresh()
        found = [one for one in opened.services.sessions.all() if one.takes_jobs or not only_open]
        facts = [session_facts(one) for one in found]
        emit_listing(
            listing,
            answer={**service_facts(opened.identity), "sessions": facts},
            entries=facts,
            tables=[Table(HEAD, [_row(one) for one in found])],
            empty="No session is open." if only_open else "No sessions.",
        )
        return Exit.DONE


async def open_session(
    choice: ServiceChoice,
    environ: Mapping[str, str],
    backend: str,
    mode: SessionMode,
    max_seconds: int | None,
    listing: Output,
) -> Exit:
    """Open a session or batch; print its id, or all that is known of it.

    Raises:
        UsageFault: there is no account.
        QdeckError: there is no such backend, or the service said no; `UNCONFIRMED`: it may be open all the
            same.
    """
    async with signed_in_services(choice, environ, seconds=CHANGE_SECONDS) as opened:
        async with waiting_for_service(time_limit(choice, environ, CHANGE_SECONDS)):
            await require_backend_name(opened.services, backend)
            session = await opened.services.sessions.open(backend, mode, max_seconds)
        facts = session_facts(session) | {"opened_here": True}
        emit_listing(
            listing,
            answer={**service_facts(opened.identity), "session": facts},
            entries=[facts],
            tables=[Table(("SESSION",), [(session.id,)])],
        )
        say(f"The {mode} session is open on {backend}. `qdeck sessions drain {session.id}` ends it.")
        return Exit.DONE


async def drain_sessions(choice: ServiceChoice, environ: Mapping[str, str], ids: Sequence[str]) -> Exit:
    """Let sessions take no more jobs, each whatever became of the others.

    Returns:
        The exit status: a failure where the service said no.
    """

    async def drain(services: AppServices, session_id: str) -> None:
        await services.sessions.drain(session_id)
        say(f"Session {session_id} takes no more jobs.")

    return await change_each(choice, environ, ids, drain)


async def cancel_sessions(choice: ServiceChoice, environ: Mapping[str, str], ids: Sequence[str]) -> Exit:
    """Close sessions now, each whatever became of the others.

    Returns:
        The exit status: a failure where the service said no.
    """

    async def cancel(services: AppServices, session_id: str) -> None:
        await services.sessions.close(session_id)
        say(f"Closed session {session_id}.")

    return await change_each(choice, environ, ids, cancel)


def session_facts(session: Session) -> dict[str, object]:
    """Describe a session for a JSON answer: times ISO 8601 (UTC), durations in seconds, null: not told."""
    return {
        "session_id": session.id,
        "mode": str(session.mode),
        "state": str(session.state),
        "state_text": session.state_text or None,
        "takes_jobs": session.takes_jobs,
        "backend": session.backend,
        "service": session.service,
        "created": _iso(session.created),
        "activated": _iso(session.activated),
        "closed": _iso(session.closed),
        "ends": _iso(session.ends()),
        "max_ttl": session.max_ttl,
        "interactive_ttl": session.interactive_ttl,
        "qpu_seconds": session.usage_seconds,
        "opened_here": session.opened_here,
    }


def _row(session: Session) -> tuple[str, ...]:
    used = session.usage_seconds
    return (
        str(session.state),
        session.id,
        str(session.mode),
        session.backend,
        _moment(session.created),
        _moment(session.ends()),
        "" if used is None else f"{used:g}",
        "here" if session.opened_here else "elsewhere",
    )


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _moment(moment: datetime | None) -> str:
    return "" if moment is None else f"{moment:%Y-%m-%d %H:%M:%S}"
