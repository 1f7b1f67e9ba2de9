"""The workbench: what the user works on, carried from screen to screen."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from tui.domain.circuits import Candidate, TranspileOptions


class Errand(StrEnum):
    """What the transpile screen starts by itself when it is next shown."""

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
        errand: what the user asked for on the way to the transpile screen.
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
    errand: Errand = Errand.NONE

    def use_session(self, session_id: str) -> None:
        """Run the next jobs there, as the user chose; empty: alone."""
        self.session_id, self.lost_session = session_id, ""

    @property
    def reviewed(self) -> bool:
        """Whether the candidate is the circuit as it stands, made with the choices as they stand."""
        candidate = self.candidate
        return (
            candidate is not None
            and self.candidate_source == self.qasm
            and candidate.backend == self.backend
            and candidate.options == self.options
        )

    @property
    def dirty(self) -> bool:
        """Whether the text has changes that are in no file."""
        return self.qasm != self.saved
