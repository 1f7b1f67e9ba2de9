"""The workbench: what the user works on, carried from screen to screen."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from tui.domain.circuits import Candidate, TranspileOptions


@dataclass(slots=True)
class Bench:
    """The circuit at hand and the choices made for it.

    Attributes:
        name: the circuit's name, shown with its jobs.
        qasm: its OpenQASM text as it stands in the editor.
        path: the file it came from or was saved to.
        backend: the backend chosen; empty: none yet.
        options: how to transpile.
        candidate: the transpiled circuit under review; belongs to `candidate_source`.
        candidate_source: the text `candidate` was made from.
        session_id: run in this session; empty: alone.
    """

    name: str = "untitled"
    qasm: str = ""
    path: Path | None = None
    backend: str = ""
    options: TranspileOptions = field(default_factory=TranspileOptions)
    candidate: Candidate | None = None
    candidate_source: str = ""
    session_id: str = ""
