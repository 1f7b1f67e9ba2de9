"""The circuit at hand, which the sections share, and the choices made for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from tui.domain.circuits import Candidate, TranspileOptions
from tui.domain.presets import Preset

if TYPE_CHECKING:
    from tui.openqasm.drafts import Draft
    from tui.widgets.forms.form_values import FormValues


class PendingAction(StrEnum):
    """Action that the transpile screen starts by itself when it is next shown."""

    NONE = "none"
    TRANSPILE = "transpile"
    RUN = "run"
    """Transpile, then go to the submit form."""


@dataclass(slots=True, eq=False)
class Buffer:
    """A text under edit, with its file.

    Attributes:
        name: the circuit's name, shown with its jobs.
        path: the file it came from or was saved to.
        saved: the text as last opened or saved.
        touched: the text was changed since, and is perhaps another.
        line: where the editor is to put the cursor when it is next shown, from 1; 0: where it is.
        draft: its changes that are still to be made, of a text that was found again.
        number: another for each circuit: two without a file are told apart by it.
        run: what its form is to hold when it is first reviewed; `None`: what every form holds at first.
    """

    name: str = "untitled"
    path: Path | None = None
    saved: str = ""
    touched: bool = False
    line: int = 0
    draft: Draft | None = None
    number: int = 0
    run: FormValues | None = None
    _text: str = ""
    _editor: Callable[[], str] | None = None

    @property
    def text(self) -> str:
        """The text as it stands in the editor."""
        return self._text if self._editor is None else self._editor()

    @text.setter
    def text(self, text: str) -> None:
        self._text, self._editor, self.touched = text, None, True

    @property
    def attached(self) -> bool:
        """True while the text is the editor's."""
        return self._editor is not None

    def attach(self, text: Callable[[], str]) -> None:
        """Take the text from the editor from now on, which shows it as it is.

        Args:
            text: gives it, when it is asked for: a long one is put together no more often than that.
        """
        self._editor, self._text = text, ""

    @property
    def dirty(self) -> bool:
        """True when the text has changes that are in no file."""
        if self.draft is not None and self.draft.changes:
            return True
        if self.touched:
            self.touched = self.text != self.saved
        return self.touched

    @property
    def blank(self) -> bool:
        """True for one that nobody has used: no text, no file."""
        return self.path is None and self.draft is None and not self.text


@dataclass(slots=True)
class Workspace:
    """The circuit at hand, which is the text in front, and the choices made for it.

    Attributes:
        buffers: texts under edit, in the order of their tabs; never empty.
        front: the one that is shown, and that the sections work on.
        backend: the backend chosen; empty: none yet.
        backend_picked: the user chose it; else the best one is offered anew for each circuit.
        qubits: of the circuit, as far as it was checked; 0: not known.
        options: how to transpile.
        search: look for the best candidate instead, with many seeds.
        choices_given: backend and options were set elsewhere, and the transpile screen is to show them.
        candidate: the transpiled circuit under review; belongs to `candidate_source`.
        candidate_source: the text `candidate` was made from.
        session_id: run in this session; empty: alone.
        allotted: backend and session that a batch system gave, as far as they were taken over.
        lost_session: it was to run in this one, which takes no more jobs, and the user chose nothing since.
        pending_action: what the transpile screen does when it is next shown.
        presets: options of a run by name, of the settings.
        completes: the editor offers words while they are typed, by the settings.
        places: where screens were, from one start to the next: the section of the app, the view of a page.
        place_kept: called when a screen is somewhere else.
    """

    buffers: list[Buffer] = field(default_factory=lambda: [Buffer()])
    front: Buffer = field(init=False)
    backend: str = ""
    backend_picked: bool = False
    qubits: int = 0
    options: TranspileOptions = field(default_factory=TranspileOptions)
    search: bool = True
    choices_given: bool = False
    candidate: Candidate | None = None
    candidate_source: str = ""
    session_id: str = ""
    allotted: tuple[str, str] = ("", "")
    lost_session: str = ""
    pending_action: PendingAction = PendingAction.NONE
    presets: Mapping[str, Preset] = field(default_factory=dict)
    completes: bool = True
    places: dict[str, str] = field(default_factory=dict)
    place_kept: Callable[[], object] = lambda: None
    _opened: int = 0

    def __post_init__(self) -> None:
        self.front = self.buffers[0]

    @property
    def name(self) -> str:
        """The circuit's name, shown with its jobs."""
        return self.front.name

    @name.setter
    def name(self, name: str) -> None:
        self.front.name = name

    @property
    def path(self) -> Path | None:
        """The file of the text in front."""
        return self.front.path

    @path.setter
    def path(self, path: Path | None) -> None:
        self.front.path = path

    @property
    def saved(self) -> str:
        """The text in front as last opened or saved."""
        return self.front.saved

    @saved.setter
    def saved(self, text: str) -> None:
        self.front.saved = text

    @property
    def qasm(self) -> str:
        """The OpenQASM text as it stands in the editor."""
        return self.front.text

    @qasm.setter
    def qasm(self, text: str) -> None:
        self.front.text = text

    def open(self, name: str, text: str, path: Path | None = None, *, line: int = 0) -> Buffer:
        """Put a text in front: in the buffer that has its file, in an unused one, or else in a new one.

        Args:
            name: what the circuit is called.
            text: its text, as it is in the file; that of a file under edit stays as it is.
            path: its file; `None`: it has none.
            line: where the cursor is to be, from 1; 0: where it is.

        Returns:
            The buffer, which is in front now.
        """
        known = self.buffer_of(path)
        if known is None:
            known = self.front if self.front.blank else self.add(Buffer())
            self._opened += 1
            known.name, known.path, known.number = name, path, self._opened
            known.text = known.saved = text
            known.touched = False
        known.line = line
        self.front = known
        return known

    def add(self, buffer: Buffer) -> Buffer:
        """Put a buffer behind the one in front, and return it."""
        self.buffers.insert(self.buffers.index(self.front) + 1, buffer)
        return buffer

    def close(self, buffer: Buffer) -> None:
        """Take a buffer away; its neighbour comes to the front, or an empty one."""
        place = self.buffers.index(buffer)
        self.buffers.remove(buffer)
        if not self.buffers:
            self.buffers.append(Buffer())
        if self.front is buffer:
            self.front = self.buffers[min(place, len(self.buffers) - 1)]

    def buffer_of(self, path: Path | None) -> Buffer | None:
        """Return the buffer that has this file."""
        return next((one for one in self.buffers if path is not None and one.path == path), None)

    @property
    def unsaved(self) -> list[Buffer]:
        """The buffers with changes that are in no file."""
        return [one for one in self.buffers if one.dirty and (one.draft is not None or one.text.strip())]

    def keep_place(self, screen: str, place: str) -> None:
        """Note where a screen is, for the next start."""
        if self.places.get(screen) != place:
            self.places[screen] = place
            self.place_kept()

    def use_session(self, session_id: str) -> None:
        """Run the next jobs there, as the user chose; empty: alone."""
        self.session_id, self.lost_session = session_id, ""

    @property
    def circuit(self) -> tuple[str, str, int]:
        """Identify the circuit at hand: file and name, or which one it is without a file."""
        return str(self.path or ""), self.name, 0 if self.path is not None else self.front.number

    @property
    def reviewed(self) -> bool:
        """True when the candidate is of the circuit as it stands, made with the choices as they stand."""
        candidate = self.candidate
        return (
            candidate is not None
            and self.candidate_source == self.qasm
            and candidate.backend == self.backend
            and (
                not candidate.options.cloud
                if self.search
                else replace(candidate.options, maker=self.options.maker) == self.options
            )
        )

    @property
    def dirty(self) -> bool:
        """True when the text in front has changes that are in no file."""
        return self.front.dirty
