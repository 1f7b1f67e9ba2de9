"""The session that the next jobs run in: what to do when it takes none any more."""

from __future__ import annotations

from tui.domain.sessions import Session, SessionState
from tui.monitor.services import AppServices
from tui.screens.base.workspace import Workspace
from tui.widgets.text.format import short_id


def lose_session(services: AppServices, workspace: Workspace) -> str:
    """Take the session in use from the bench when it takes no more jobs; what to tell then, else empty.

    Whoever calls it first tells. The next submission asks before it runs anywhere else (`lost_reason`).
    """
    if not workspace.session_id or services.account.identity is None:
        return ""
    session = next((one for one in services.sessions.all() if one.id == workspace.session_id), None)
    if session is not None and session.takes_jobs:
        return ""
    workspace.lost_session, workspace.session_id = workspace.session_id, ""
    return (
        f"{_why(workspace.lost_session, session)}: it was in use for the next jobs. F5 opens or uses another."
    )


def lost_reason(services: AppServices, workspace: Workspace, session_id: str) -> str:
    """Why a job that runs alone should be confirmed first: its session is gone; empty: it need not be."""
    if session_id or not workspace.lost_session:
        return ""
    session = next((one for one in services.sessions.all() if one.id == workspace.lost_session), None)
    return f"{_why(workspace.lost_session, session)}. The job would run alone, in the queue of the backend."


def _why(session_id: str, session: Session | None) -> str:
    which = f"Session {short_id(session_id, 20)}"
    if session is None:
        return f"{which} is not known to this account"
    return f"{which} {'is closed' if session.state is SessionState.CLOSED else 'takes no more jobs'}"
