"""The circuit at hand, which the sections share, and the choices made for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from tui.domain.circuits import Candidate, TranspileOptions
from tui.domain.presets import Preset


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
        path: the file it came from or was saved to.
        backend: the backend chosen; empty: none yet.
        backend_picked: the user chose it; else the best one is offered anew for each circuit.
        qubits: of the circuit, as far as it was checked; 0: not known.
        options: how to transpile.
        search: look for the best candidate instead, with many seeds.
        candidate: the transpiled circuit under review; belongs to `candidate_source`.
        candidate_source: the text `candidate` was made from.
        session_id: run in this session; empty: alone.
        lost_session: it was to run in this one, which takes no more jobs, and the user chose nothing since.
        saved: the text as last opened or saved.
        touched: the text was changed since, and is perhaps another.
        line: where the editor is to put the cursor when it is next shown, from 1; 0: where it is.
        pending_action: what the transpile screen does when it is next shown.
        opened: how many circuits were opened or begun: two without a file are told apart by it.
        presets: options of a run by name, of the settings.
    """

    name: str = "untitled"
    path: Path | None = None
    backend: str = ""
    backend_picked: bool = False
    qubits: int = 0
    options: TranspileOptions = field(default_factory=TranspileOptions)
    search: bool = True
    candidate: Candidate | None = None
    candidate_source: str = ""
    session_id: str = ""
    lost_session: str = ""
    saved: str = ""
    touched: bool = False
    line: int = 0
    _text: str = ""
    _editor: Callable[[], str] | None = None
    pending_action: PendingAction = PendingAction.NONE
    opened: int = 0
    presets: Mapping[str, Preset] = field(default_factory=dict)

    @property
    def qasm(self) -> str:
        """The OpenQASM text as it stands in the editor."""
        return self._text if self._editor is None else self._editor()

    @qasm.setter
    def qasm(self, text: str) -> None:
        self._text, self._editor, self.touched = text, None, True

    def open(self, path: Path, text: str, line: int) -> None:
        """Take a file's text.

        Args:
            line: where the cursor is to be, from 1.
        """
        self.name, self.path = path.stem, path
        self.qasm = self.saved = text
        self.line = line

    def edited(self, text: Callable[[], str]) -> None:
        """Take the text from the editor from now on.

        Args:
            text: gives it, when it is asked for: a long one is put together no more often than that.
        """
        self._editor, self.touched = text, True

    def use_session(self, session_id: str) -> None:
        """Run the next jobs there, as the user chose; empty: alone."""
        self.session_id, self.lost_session = session_id, ""

    @property
    def circuit(self) -> tuple[str, str, int]:
        """Identify the circuit at hand: file and name, or which one it is without a file."""
        return str(self.path or ""), self.name, 0 if self.path is not None else self.opened

    @property
    def reviewed(self) -> bool:
        """True when the candidate is of the circuit as it stands, made with the choices as they stand."""
        candidate = self.candidate
        return (
            candidate is not None
            and self.candidate_source == self.qasm
            and candidate.backend == self.backend
            and (not candidate.options.cloud if self.search else candidate.options == self.options)
        )

    @property
    def dirty(self) -> bool:
        """True when the text has changes that are in no file."""
        if self.touched:
            self.touched = self.qasm != self.saved
        return self.touched
