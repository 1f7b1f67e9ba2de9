"""The question before something dangerous, with Cancel focused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Button, Static

from tui.common.safe_text import plain, plain_lines
from tui.screens.dialogs.base import Dialog
from tui.widgets.keymap import DIALOG, bindings
from tui.widgets.terminal.too_small import TooSmall


class Confirm(Dialog[bool]):
    """Answers whether to do it. Enter on the first focus means no.

    Args:
        title: the question, in a few words.
        text: what would happen; several sentences each on a line of its own.
        verb: what the button that does it says.
        keep: what the button that does not do it says.
    """

    TITLE = "Question"
    BINDINGS: ClassVar = [
        *bindings(DIALOG),
        Binding("left,up,h,k", "app.focus_previous", "Other", show=False),
        Binding("right,down,l,j", "app.focus_next", "Other", show=False),
    ]

    def __init__(self, title: str, text: str | Sequence[str], verb: str, *, keep: str = "Cancel") -> None:
        super().__init__()
        self._title = title
        self._lines = (text,) if isinstance(text, str) else text
        self._verb = verb
        self._keep = keep

    def compose(self) -> ComposeResult:
        """The question, what it means, and two buttons."""
        with Vertical(classes="dialog"):
            yield Static(Content(plain(self._title, limit=200)), classes="dialog--title")
            yield Static(Content(plain_lines(self._lines, limit=2000)), classes="dialog--text")
            with Horizontal(classes="dialog--buttons"):
                yield Button(Content(self._keep), id="keep", compact=True)
                yield Button(Content(self._verb), id="do", compact=True)
            yield Static(Content("tab other button   enter press   esc cancel"), classes="dialog--keys")
        yield TooSmall()

    def on_mount(self) -> None:
        """Doing nothing is the first choice."""
        self.query_one("#keep", Button).focus()

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id == "do")

    def action_cancel(self) -> None:
        """Do nothing."""
        self.dismiss(False)


class Choose(Dialog[str]):
    """Answers with one of several buttons, by its id; escape answers with the first.

    Args:
        title: the question, in a few words.
        text: what it is about; several sentences each on a line of its own.
        choices: id and words of each button, first the one that loses nothing.
    """

    TITLE = "Question"
    BINDINGS: ClassVar = [
        *bindings(DIALOG),
        Binding("left,up", "app.focus_previous", "Other", show=False),
        Binding("right,down", "app.focus_next", "Other", show=False),
    ]

    def __init__(self, title: str, text: str | Sequence[str], choices: Mapping[str, str]) -> None:
        super().__init__()
        self._title = title
        self._lines = (text,) if isinstance(text, str) else text
        self._choices = choices
        self._first = next(iter(choices))

    def compose(self) -> ComposeResult:
        """The question, what it is about, and the buttons."""
        with Vertical(classes="dialog"):
            yield Static(Content(plain(self._title, limit=200)), classes="dialog--title")
            yield Static(Content(plain_lines(self._lines, limit=2000)), classes="dialog--text")
            with Horizontal(classes="dialog--buttons"):
                for name, words in self._choices.items():
                    yield Button(Content(words), id=name, compact=True)
            leave = f"esc {self._choices[self._first].lower()}"
            yield Static(Content(f"tab other button   enter press   {leave}"), classes="dialog--keys")
        yield TooSmall()

    def on_mount(self) -> None:
        """Losing nothing is the first choice."""
        self.query_one(f"#{self._first}", Button).focus()

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id or self._first)

    def action_cancel(self) -> None:
        """Answer with the first choice."""
        self.dismiss(self._first)


class UnsavedChoice(StrEnum):
    """What becomes of the changes."""

    STAY = "stay"
    SAVE = "save"
    DISCARD = "discard"


class Unsaved(Choose):
    """Save, discard, or stay; staying has the focus, since it loses nothing.

    Args:
        name: what the circuit is called.
    """

    TITLE = "Unsaved changes"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"{plain(name, limit=60)} has changes that are not saved",
            "Going on without saving loses them.",
            {one: one.capitalize() for one in UnsavedChoice},
        )


class DiskChoice(StrEnum):
    """What becomes of a file that another program has changed."""

    KEEP = "keep"
    RELOAD = "reload"
    OVERWRITE = "overwrite"


class ChangedOnDisk(Choose):
    """Keep the text, take the file's, or write over the file.

    Args:
        name: what the circuit is called.
        dirty: the text has changes, too.
        saving: it was about to be saved.
    """

    TITLE = "File changed"

    def __init__(self, name: str, *, dirty: bool, saving: bool) -> None:
        both = ", and so was the text here" if dirty else ""
        keep = "Do not save" if saving else "Keep"
        super().__init__(
            f"{plain(name, limit=40)} was changed on the disk{both}",
            (
                "Reload takes the file's text; undo brings this one back.",
                "Overwrite loses what the other program wrote.",
            ),
            {DiskChoice.KEEP: keep, DiskChoice.RELOAD: "Reload", DiskChoice.OVERWRITE: "Overwrite"},
        )
