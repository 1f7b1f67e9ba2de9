"""The dialog that takes jobs away: what of them, in which form, and where to."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import ClassVar, Final

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Button, Input, Select, Static

from tui.common.bounded_read import mode_of
from tui.common.safe_text import plain
from tui.common.values import Value
from tui.domain.export.forms import (
    ExportChoice,
    ExportForm,
    PictureKind,
    TableKind,
    file_name,
    file_names,
)
from tui.domain.export.snippets import SnippetForm
from tui.domain.jobs import Job
from tui.screens.dialogs.base import Dialog
from tui.widgets.forms.inputs import FieldRow, text_field
from tui.widgets.forms.select import SearchableSelect
from tui.widgets.keymap import DIALOG, bindings
from tui.widgets.terminal.too_small import TooSmall
from tui.widgets.text.format import format_count


class Target(StrEnum):
    """Where it goes."""

    FILE = "file"
    FOLDER = "folder"
    CLIPBOARD = "clipboard"


ID, LINK = "id", "link"
WHAT: Final[Mapping[str, tuple[str, ExportChoice | None]]] = {
    "json": ("everything, as JSON", ExportChoice(ExportForm.JSON)),
    "counts": ("counts, as CSV", ExportChoice(ExportForm.CSV, TableKind.COUNTS)),
    "values": ("values, as CSV", ExportChoice(ExportForm.CSV, TableKind.VALUES)),
    "shots": ("each shot, as CSV", ExportChoice(ExportForm.CSV, TableKind.SHOTS)),
    "qasm": ("circuit, as OpenQASM", ExportChoice(ExportForm.QASM)),
    "qpy": ("circuits, as QPY", ExportChoice(ExportForm.QPY)),
    "fetch": ("Python that reads it", ExportChoice(ExportForm.PYTHON)),
    "repeat": ("Python that repeats it", ExportChoice(ExportForm.PYTHON, snippet=SnippetForm.REPEAT)),
    "circuit": ("Python with its circuit", ExportChoice(ExportForm.PYTHON, snippet=SnippetForm.CIRCUIT)),
    **{
        f"{form} {kind}": (f"{kind}, as {form.upper()}", ExportChoice(form, picture=kind))
        for form in (ExportForm.SVG, ExportForm.PNG)
        for kind in PictureKind
    },
    ID: ("the id", None),
    LINK: ("the link to its page", None),
}
"""What can be taken, with its words; `None`: what is no file."""


class ExportAnswer(Value, frozen=True):
    """What was chosen.

    Attributes:
        what: a key of `WHAT`.
        target: where it goes.
        path: the file or folder; `None` for the clipboard.
        replace: what is there may be replaced.
    """

    what: str
    target: Target
    path: Path | None = None
    replace: bool = False

    @property
    def choice(self) -> ExportChoice | None:
        """What is written; `None`: id or link."""
        return WHAT[self.what][1]


class ExportDialog(Dialog[ExportAnswer]):
    """Answers what is taken and where to; asks once more before a file is replaced.

    Args:
        jobs: which, at least one.
        folder: the name that is suggested for a folder.
        note: what is to be known of them, in a sentence.
        what: chosen at first.
        target: chosen at first.
    """

    TITLE = "Take it away"
    BINDINGS: ClassVar = bindings(DIALOG)

    def __init__(
        self,
        jobs: Sequence[Job],
        folder: str,
        note: str = "",
        *,
        what: str = "json",
        target: Target | None = None,
    ) -> None:
        super().__init__()
        self._jobs = tuple(jobs)
        self._folder = folder
        self._note = note
        self._what = what
        self._target = target or (Target.FILE if len(jobs) == 1 else Target.FOLDER)
        self._suggested = ""
        self._warned_of: tuple[str, Path] | None = None

    def compose(self) -> ComposeResult:
        """What, where to, and the name."""
        several = len(self._jobs) > 1
        name = format_count(len(self._jobs), "job") if several else self._jobs[0].name or self._jobs[0].id
        with Vertical(classes="dialog"):
            yield Static(Content(plain(f"Take away {name}", limit=200)), classes="dialog--title")
            if self._note:
                yield Static(Content(plain(self._note, limit=500)), classes="dialog--text")
            what = [(words, key) for key, (words, _) in WHAT.items()]
            yield FieldRow("What", SearchableSelect("", what, self._what, id="what"))
            yield FieldRow("To", SearchableSelect("", self._targets(self._what), self._target, id="to"))
            yield FieldRow("Name", text_field("path"))
            yield Static(id="trouble", classes="dialog--trouble", markup=False)
            with Horizontal(classes="dialog--buttons"):
                yield Button(Content("Take it"), id="do", compact=True)
                yield Button(Content("Cancel"), id="keep", compact=True)
            yield Static(Content("tab next   enter choose, press   esc cancel"), classes="dialog--keys")
        yield TooSmall()

    def on_mount(self) -> None:
        """Start at the name, where enter takes what is offered; for the clipboard with what is taken."""
        self._suggest()
        field = self.query_one("#path", Input)
        (self.query_one("#what", SearchableSelect) if field.disabled else field).focus()

    def _targets(self, what: str) -> list[tuple[str, Target]]:
        """Where it can go: several jobs to one file only in a form that holds them."""
        choice = WHAT[what][1]
        if choice is None:
            return [("clipboard", Target.CLIPBOARD)]
        several = len(self._jobs) > 1
        offered = [("folder, a file for each job", Target.FOLDER)] if several else []
        if not several or choice.form.holds_several:
            offered.append(("one file for all" if several else "file", Target.FILE))
            if not choice.form.binary:
                offered.append(("clipboard", Target.CLIPBOARD))
        return offered

    @property
    def _chosen(self) -> tuple[str, Target]:
        what, to = (self.query_one(name, SearchableSelect).selection for name in ("#what", "#to"))
        return str(what), to if isinstance(to, Target) else Target.CLIPBOARD

    @on(Select.Changed)
    def _choice_changed(self) -> None:
        what, target = self._chosen
        targets = self._targets(what)
        first = targets[0][1]
        self.query_one("#to", SearchableSelect).offer(
            targets, target if target in (one for _, one in targets) else first
        )
        self._suggest()

    def _suggest(self) -> None:
        """The name that fits the choice, unless another was written."""
        what, target = self._chosen
        field = self.query_one("#path", Input)
        field.disabled = target is Target.CLIPBOARD
        choice = WHAT[what][1]
        if choice is None or target is Target.CLIPBOARD:
            suggested = ""
        elif target is Target.FOLDER:
            suggested = self._folder
        elif len(self._jobs) > 1:
            suggested = f"{self._folder}{choice.form.suffix}"
        else:
            suggested = file_name(self._jobs[0], choice.form)
        if field.value == self._suggested:
            field.value = suggested
        self._suggested = suggested
        self._warned_of = None
        self._say("")

    @on(Input.Changed)
    def _typed(self) -> None:
        self._say("")

    @on(Input.Submitted)
    def _entered(self) -> None:
        self._take()

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        if event.button.id == "do":
            self._take()
        else:
            self.dismiss(None)

    def action_cancel(self) -> None:
        """Take nothing."""
        self.dismiss(None)

    @work(exclusive=True, group="export-names", exit_on_error=False)
    async def _take(self) -> None:
        what, target = self._chosen
        if target is Target.CLIPBOARD:
            self.dismiss(ExportAnswer(what, target))
            return
        choice = WHAT[what][1]
        typed = self.query_one("#path", Input).value.strip()
        if not typed:
            self._say("Write a name.")
            return
        path = Path(typed).expanduser()
        wrong, replaced = await asyncio.to_thread(self._looked_at, path, target, choice)
        if wrong:
            self._say(wrong)
        elif replaced and self._warned_of != (what, path):
            self._warned_of = (what, path)
            self._say(f"{replaced} Enter once more replaces it." if target is Target.FILE else replaced)
        else:
            self.dismiss(ExportAnswer(what, target, path, bool(replaced)))

    def _looked_at(self, path: Path, target: Target, choice: ExportChoice | None) -> tuple[str, str]:
        """Say what is wrong with the place, and what would be replaced there. Asks the disk."""
        mode = mode_of(path)
        is_folder = path.is_dir()
        if target is Target.FOLDER:
            if mode and not is_folder:
                return f"{path} is a file.", ""
            names = file_names(self._jobs, choice.form) if choice is not None else {}
            there = sum(mode_of(path / name) > 0 for name in names.values())
            files = format_count(there, "file")
            return "", f"{files} of that name are there. Enter once more replaces them." if there else ""
        if is_folder:
            return f"{path} is a folder: add a file name.", ""
        return "", f"{path} exists." if mode else ""

    def _say(self, text: str) -> None:
        self.query_one("#trouble", Static).update(Content(plain(text, limit=500)))
