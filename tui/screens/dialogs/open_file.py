"""The dialog that opens a circuit: an example, or a file by its path."""

from __future__ import annotations

import asyncio
import stat
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from tui.common.bounded_read import mode_of
from tui.common.errors import QdeckError
from tui.common.safe_text import plain, shorten
from tui.openqasm.drafts import Draft
from tui.openqasm.examples import Example, examples
from tui.openqasm.files import read_circuit_or_qpy, suggest
from tui.screens.dialogs.base import Dialog
from tui.widgets.forms.inputs import SanitizedInput
from tui.widgets.keymap import DIALOG, bindings
from tui.widgets.terminal.too_small import TooSmall

_TITLE_WIDTH, _PATH_WIDTH = 44, 62
"""What fits into a line of the dialog: beside a name, and alone."""
MOST_RECENT_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Opened:
    """A circuit that was chosen.

    Attributes:
        path: its file; `None` for an example, a draft and QPY, which is not what is saved.
        draft: the draft's file by its name, for one that an earlier qdeck left; else empty.
        others: those that were chosen with it, or are in the same file.
    """

    name: str
    text: str
    path: Path | None = None
    draft: str = ""
    others: tuple[Opened, ...] = ()


ReadQpy = Callable[[bytes], Awaitable[tuple[str, ...]]]
"""Translates the circuits of a QPY file to OpenQASM."""


class OpenFile(Dialog[Opened]):
    """Type a path or pick from the list below it; the list follows what is typed.

    Answers the circuit, already read, or `None`. A file that cannot be opened is told in place.

    Args:
        folder: where relative paths start.
        read_qpy: reads a file in Qiskit's binary form; it may take seconds.
        drafts: texts that earlier qdecks left unsaved, by the names of their files.
        recent: files opened before, the newest first.
    """

    TITLE = "Open a circuit"
    BINDINGS: ClassVar = [
        *bindings(DIALOG),
        Binding("down", "move(1)", "Next", show=False),
        Binding("up", "move(-1)", "Previous", show=False),
        Binding("shift+down,insert", "mark(1)", "Mark", show=False),
        Binding("shift+up", "mark(-1)", "Mark", show=False),
        Binding("tab", "complete", "Complete", show=False, priority=True),
    ]

    def __init__(
        self,
        folder: Path,
        read_qpy: ReadQpy,
        drafts: Mapping[str, Draft] | None = None,
        *,
        recent: Sequence[Path] = (),
    ) -> None:
        super().__init__()
        self._folder = folder
        self._read_qpy = read_qpy
        self._drafts = drafts or {}
        self._recent = recent
        self._chosen: dict[str, None] = {}
        """What was marked to be opened together, in that order."""
        self._examples = {f"example:{example.name}": example for example in examples()}
        self._lines: dict[str, Content] = {}
        self._listed: str | None = None
        """What was typed when the choices were listed."""

    def compose(self) -> ComposeResult:
        """A path above, the choices below."""
        with Vertical(classes="dialog"):
            yield Static(Content("Open a circuit"), classes="dialog--title")
            field = SanitizedInput(placeholder="path, or pick one below", compact=True, id="path")
            field.cursor_blink = False
            yield field
            yield OptionList(id="choices", markup=False)
            yield Static(id="trouble", classes="dialog--trouble", markup=False)
            yield Static(
                Content("enter open   tab complete   ↑↓ pick   shift+↓ mark   esc cancel"),
                classes="dialog--keys",
            )
        yield TooSmall()

    async def on_mount(self) -> None:
        """Show the examples and the files here."""
        self.query_one("#choices", OptionList).can_focus = False
        await self._list("")
        self.query_one(Input).focus()

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        self._say("")
        self._follow(event.value)

    @work(group="suggest", exclusive=True, exit_on_error=False)
    async def _follow(self, typed: str) -> None:
        await self._list(typed)

    async def _list(self, typed: str) -> None:
        """List what begins as `typed` does; folders may be on slow disks, so a thread reads them."""
        paths = await asyncio.to_thread(suggest, typed, self._folder)
        word = typed.strip().lower()
        lines = {
            f"draft:{name}": _draft_line(draft)
            for name, draft in self._drafts.items()
            if word in f"{draft.head.name} {draft.head.path}".lower()
        }
        recent = [path for path in self._recent if word in str(path).lower()]
        lines |= {f"path:{path}": _recent_line(path) for path in recent[:MOST_RECENT_SHOWN]}
        lines |= {
            key: _example_line(example)
            for key, example in self._examples.items()
            if word in f"{example.name} {example.title}".lower()
        }
        self._lines = {f"path:{path}": _path_line(path) for path in paths} | lines
        # Those that were opened before stand above the others of the folder.
        shown = [
            Option(self._line_of(key), id=key)
            for key in [*lines, *(key for key in self._lines if key not in lines)]
        ]
        choices = self.query_one("#choices", OptionList)
        choices.clear_options().add_options(shown)
        choices.highlighted = 0 if shown else None
        self._listed = typed

    def _line_of(self, key: str) -> Content:
        """A line of the list; those that were marked have a mark."""
        return (
            Content.assemble(("▪ ", "$warning"), self._lines[key])
            if key in self._chosen
            else self._lines[key]
        )

    def action_move(self, step: int) -> None:
        """Move the mark in the list, the caret staying in the path."""
        choices = self.query_one("#choices", OptionList)
        if step > 0:
            choices.action_cursor_down()
        else:
            choices.action_cursor_up()

    def action_mark(self, step: int) -> None:
        """Mark what is under the cursor to be opened with others, or no longer; go on to the next."""
        choices = self.query_one("#choices", OptionList)
        option = choices.highlighted_option
        if option is None or option.id is None or option.id.endswith("/"):
            self.action_move(step)
            return
        if option.id in self._chosen:
            del self._chosen[option.id]
        else:
            self._chosen[option.id] = None
        number = len(self._chosen)
        self._say(f"{number} marked: enter opens {'it' if number == 1 else 'them'}" if number else "")
        choices.replace_option_prompt(option.id, self._line_of(option.id))
        self.action_move(step)

    def action_complete(self) -> None:
        """Take the marked path over into the field."""
        marked = self._marked()
        if marked.startswith("path:"):
            self._open_path(marked.removeprefix("path:"))

    @on(Input.Submitted)
    async def _entered(self, event: Input.Submitted) -> None:
        if self._listed != event.value:
            # Enter came before the list could follow: what is marked belongs to what was typed before.
            self.workers.cancel_group(self, "suggest")
            await self._list(event.value)
        marked = self._marked()
        typed = event.value.strip()
        if self._chosen:
            await self._open(*self._chosen)
        elif typed and stat.S_ISREG(mode_of(self._folder / Path(typed).expanduser())):
            await self._open(typed)
        elif marked:
            await self._choose(marked)
        elif typed:
            await self._open(typed)

    @on(OptionList.OptionSelected)
    async def _picked(self, event: OptionList.OptionSelected) -> None:
        await self._choose(event.option_id or "")

    def _known(self, key: str) -> Opened | None:
        """The example or draft of that key."""
        if (example := self._examples.get(key)) is not None:
            return Opened(example.name, example.text)
        name = key.removeprefix("draft:")
        draft = self._drafts.get(name)
        return Opened(draft.head.name, draft.head.text, draft=name) if draft is not None else None

    async def _choose(self, key: str) -> None:
        if key.endswith("/"):
            self._open_path(key.removeprefix("path:"))
        else:
            await self._open(key)

    async def _open(self, *keys: str) -> None:
        """Open what is listed under these keys; nothing when one of them cannot be."""
        opened: list[Opened] = []
        packed: list[tuple[Path, bytes]] = []
        for key in keys:
            if (known := self._known(key)) is not None:
                opened.append(known)
                continue
            path = self._folder / Path(key.removeprefix("path:")).expanduser()
            try:
                read = await asyncio.to_thread(read_circuit_or_qpy, path)
            except QdeckError as error:
                self._say(str(error))
                return
            if isinstance(read, str):
                opened.append(Opened(path.stem, read, path))
            else:
                packed.append((path, read))
        if packed:
            self._say("Qiskit reads it.")
            self._translate(opened, packed)
        else:
            self._answer(opened)

    @work(group="translate", exclusive=True, exit_on_error=False)
    async def _translate(self, opened: Sequence[Opened], packed: Sequence[tuple[Path, bytes]]) -> None:
        """Have QPY translated, while esc still leaves the dialog."""
        translated = list(opened)
        for path, file in packed:
            try:
                first, *others = await self._read_qpy(file)
            except QdeckError as error:
                self._say(str(error))
                return
            translated.append(Opened(path.stem, first))
            translated += [Opened(f"{path.stem} {number}", text) for number, text in enumerate(others, 2)]
        self._answer(translated)

    def _answer(self, opened: Sequence[Opened]) -> None:
        first, *others = opened
        self.dismiss(replace(first, others=tuple(others)))

    def _open_path(self, path: str) -> None:
        field = self.query_one(Input)
        field.value = path
        field.cursor_position = len(path)

    def _marked(self) -> str:
        choices = self.query_one("#choices", OptionList)
        option = choices.highlighted_option
        return option.id or "" if option is not None else ""

    def action_cancel(self) -> None:
        """Close without doing it."""
        self.dismiss(None)

    def _say(self, text: str) -> None:
        self.query_one("#trouble", Static).update(Content(plain(text)))


def _path_line(path: str) -> Content:
    """The path; of a long one its end, which is what tells one from another."""
    shown = plain(path)
    return Content(shown if len(shown) <= _PATH_WIDTH else f"…{shown[1 - _PATH_WIDTH :]}")


def _draft_line(draft: Draft) -> Content:
    where = draft.head.path or "in no file"
    return Content.assemble(
        (f"{shorten(draft.head.name, 18):<20}", "bold"),
        ("not saved  ", "$warning"),
        (shorten(where, 32), "$quiet"),
    )


def _recent_line(path: Path) -> Content:
    return Content.assemble(
        (f"{shorten(path.name, 18):<20}", "bold"),
        ("recent  ", "$quiet"),
        (_path_line(str(path.parent)).plain[-34:], "$quiet"),
    )


def _example_line(example: Example) -> Content:
    return Content.assemble(
        (f"{shorten(example.name, 18):<20}", "bold"), (shorten(example.title, _TITLE_WIDTH), "$quiet")
    )
