"""The workbench: what the user works on, carried from screen to screen."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from tui.domain.circuits import Candidate, TranspileOptions
from tui.domain.sessions import Session, SessionState
from tui.monitor.services import AppServices
from tui.widgets.text.format import short_id


class PendingAction(StrEnum):
    """Action that the transpile screen starts by itself when it is next shown."""

    NONE = "none"
    TRANSPILE = "transpile"
    RUN = "run"
    """Transpile, then go to the submit form."""


@dataclass(slots=True)
class Workspace:
    """The circuit at hand and the choices made for it.

    Attributes:
        name: the circuit's name, shown with its jobs.
        qasm: its OpenQASM text as it stands in the editor.
        path: the file it came from or was saved to.
        backend: the backend chosen; empty: none yet.
        backend_picked: the user chose it; else the best one is offered anew for each circuit.
        qubits: of the circuit, as far as it was checked; 0: not known.
        options: how to transpile.
        candidate: the transpiled circuit under review; belongs to `candidate_source`.
        candidate_source: the text `candidate` was made from.
        session_id: run in this session; empty: alone.
        lost_session: it was to run in this one, which takes no more jobs, and the user chose nothing since.
        saved: the text as last opened or saved; what differs from it would be lost.
        pending_action: what the transpile screen does when it is next shown.
    """

    name: str = "untitled"
    qasm: str = ""
    path: Path | None = None
    backend: str = ""
    backend_picked: bool = False
    qubits: int = 0
    options: TranspileOptions = field(default_factory=TranspileOptions)
    candidate: Candidate | None = None
    candidate_source: str = ""
    session_id: str = ""
    lost_session: str = ""
    saved: str = ""
    pending_action: PendingAction = PendingAction.NONE

    def use_session(self, session_id: str) -> None:
        """Run the next jobs there, as the user chose; empty: alone."""
        self.session_id, self.lost_session = session_id, ""

    @property
    def reviewed(self) -> bool:
        """True when the candidate is of the circuit as it stands, made with the choices as they stand."""
        candidate = self.candidate
        return (
            candidate is not None
            and self.candidate_source == self.qasm
            and candidate.backend == self.backend
            and candidate.options == self.options
        )

    @property
    def dirty(self) -> bool:
        """True when the text has changes that are in no file."""
        return self.qasm != self.saved


def drop_lost_session(services: AppServices, workspace: Workspace) -> str:
    """Take the session in use from the workspace when it takes no more jobs; what to tell then, else empty.

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
