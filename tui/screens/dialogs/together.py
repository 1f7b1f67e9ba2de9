"""The dialog that chooses circuits to be run with the one under review."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from tui.common.errors import QdeckError
from tui.common.safe_text import plain
from tui.openqasm.files import read_circuit
from tui.screens.dialogs.base import Dialog
from tui.widgets.keymap import TOGETHER, bindings
from tui.widgets.tables.row_table import Cells, Column, RowTable
from tui.widgets.terminal.too_small import TooSmall
from tui.widgets.text.styled_text import Span, TextStyle

MOST_FILES = 200
"""Files of a folder that are offered."""


@dataclass(frozen=True, slots=True)
class NamedText:
    """A circuit that may be chosen.

    Attributes:
        key: by which it is found again.
        name: what it is called.
        place: where it is, for a reader.
        text: empty for a file that is still to be read.
        path: its file; `None` for a text under edit.
    """

    key: str
    name: str
    place: str
    text: str = ""
    path: Path | None = None


@dataclass(frozen=True, slots=True)
class Together:
    """What is run with the circuit under review.

    Attributes:
        circuits: in order, already read.
        batch: each is a job of a batch; else all are PUBs of one job.
    """

    circuits: tuple[NamedText, ...] = ()
    batch: bool = False


class RunTogether(Dialog[Together]):
    """Answers which circuits run with the one under review; `None`: as before.

    Args:
        texts: texts under edit.
        folder: its OpenQASM files are offered.
        chosen: what was chosen before.
    """

    TITLE = "Run together"
    BINDINGS: ClassVar = bindings(TOGETHER)

    def __init__(self, texts: Sequence[NamedText], folder: Path, chosen: Together) -> None:
        super().__init__()
        # What was chosen in another folder can be taken off again.
        self._offered = {one.key: one for one in (*chosen.circuits, *texts)}
        self._folder = folder
        self._marked = [one.key for one in chosen.circuits]
        self._batch = chosen.batch

    def compose(self) -> ComposeResult:
        """The circuits there are, and how those marked are run."""
        columns = (Column("", 1), Column("CIRCUIT", 22), Column("FROM", 30, grow=1))
        with Vertical(classes="dialog"):
            yield Static(Content("Run with this circuit"), classes="dialog--title")
            yield RowTable(columns, self._cells, id="circuits")
            yield Static(id="how", classes="dialog--text")
            yield Static(id="trouble", classes="dialog--trouble", markup=False)
            yield Static(
                Content("space mark   b one job or a batch   enter take it   esc cancel"),
                classes="dialog--keys",
            )
        yield TooSmall()

    async def on_mount(self) -> None:
        """List the files, which a thread finds: folders may be on slow disks."""
        files = await asyncio.to_thread(_files, self._folder)
        for path in files:
            self._offered.setdefault(str(path), NamedText(str(path), path.stem, path.name, path=path))
        table = self.query_one(RowTable)
        table.styles.height = max(2, min(10, len(self._offered) + 1))
        table.show(list(self._offered))
        table.focus()
        self._show_how()

    def _cells(self, key: str) -> Cells:
        one, marked = self._offered[key], key in self._marked
        return (
            Span("✔" if marked else " ", TextStyle.GOOD),
            Span(plain(one.name, limit=60), TextStyle.STRONG if marked else TextStyle.PLAIN),
            Span(plain(one.place, limit=200), TextStyle.MUTED),
        )

    def _show_how(self) -> None:
        count = len(self._marked) + 1
        how = "each a job, in a batch" if self._batch else "PUBs of one job"
        text = f"{count} circuits: {how}." if count > 1 else "The circuit alone."
        self.query_one("#how", Static).update(Content(text if self._offered else "There are no others here."))

    def action_mark(self) -> None:
        """Mark the circuit, or take the mark away."""
        key = self.query_one(RowTable).cursor_key
        if key in self._marked:
            self._marked.remove(key)
        elif key:
            self._marked.append(key)
        self.query_one(RowTable).repaint()
        self._show_how()

    def action_batch(self) -> None:
        """Run them as PUBs of one job, or each as a job of a batch."""
        self._batch = not self._batch
        self._show_how()

    @work(group="take", exclusive=True, exit_on_error=False)
    async def action_take(self) -> None:
        """Read the files that are marked, and answer; a file that cannot be read is told in place."""
        circuits: list[NamedText] = []
        for key in self._marked:
            one = self._offered[key]
            if one.path is not None:
                try:
                    text = await asyncio.to_thread(read_circuit, one.path)
                except QdeckError as error:
                    self.query_one("#trouble", Static).update(Content(plain(str(error), limit=500)))
                    return
                one = replace(one, text=text)
            circuits.append(one)
        self.dismiss(Together(tuple(circuits), self._batch))

    def action_cancel(self) -> None:
        """Leave it as it was."""
        self.dismiss(None)


def _files(folder: Path) -> list[Path]:
    """Return the OpenQASM files of a folder by name; none of one that cannot be read."""
    try:
        found = [path for path in folder.iterdir() if path.suffix == ".qasm" and path.is_file()]
    except OSError:
        return []
    return sorted(found)[:MOST_FILES]
