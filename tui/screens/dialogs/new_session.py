"""The dialog that opens a session or a batch."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Button, Input, Select, Static

from tui.common.errors import QdeckError
from tui.common.safe_text import plain
from tui.domain.devices.backends import NONE_LISTED, Backend
from tui.domain.sessions import Session, SessionMode
from tui.screens.dialogs.base import Dialog
from tui.widgets.forms.inputs import FieldRow
from tui.widgets.forms.select import SearchableSelect
from tui.widgets.keymap import DIALOG, bindings
from tui.widgets.terminal.too_small import TooSmall

Open = Callable[[str, SessionMode, int | None], Awaitable[Session]]
"""What opens it: backend, mode, seconds it may live in all."""

_MEANING = {
    SessionMode.DEDICATED: "The QPU is yours alone while it is active, and that time is charged, "
    "used or not. For loops that need each result for the next job.",
    SessionMode.BATCH: "Jobs that do not wait for one another run close together; only their own "
    "QPU time is charged.",
}
_TIME = re.compile(r"(?:(\d{1,4})\s*h)?\s*(?:(\d{1,5})\s*(?:m|min)?)?", re.ASCII)
MIN_SECONDS, MAX_SECONDS = 60, 8 * 3600


def parse_time(text: str) -> int | None:
    """Seconds of `2h`, `90m`, `1h30`, `45` (minutes); `None` when empty: the service's own limit.

    Raises:
        ValueError: it is none of these, or not between a minute and 8 hours.
    """
    typed = text.strip().lower()
    if not typed:
        return None
    match = _TIME.fullmatch(typed)
    if match is None or not any(match.groups()):
        raise ValueError("Time: for example 30m, 2h or 1h30, or empty for the service's own limit.")
    seconds = int(match[1] or 0) * 3600 + int(match[2] or 0) * 60
    if not MIN_SECONDS <= seconds <= MAX_SECONDS:
        raise ValueError("Time: from 1m to 8h.")
    return seconds


class NewSession(Dialog[Session]):
    """Answers the session opened, or `None`. What the service refuses is told in place.

    Args:
        backends: where it can be.
        backend: the one first offered.
        open_it: opens it.
    """

    TITLE = "Open a session"
    BINDINGS: ClassVar = bindings(DIALOG)

    def __init__(self, backends: Sequence[Backend], backend: str, open_it: Open) -> None:
        super().__init__()
        self._backends = tuple(one.name for one in backends)
        self._backend = backend if backend in self._backends else next(iter(self._backends), "")
        self._open_it = open_it
        self._opening = False

    def compose(self) -> ComposeResult:
        """Mode, backend and time, and what the mode means."""
        modes = [(str(mode), mode) for mode in SessionMode]
        backends = [(plain(name, limit=60), name) for name in self._backends]
        with Vertical(classes="dialog"):
            yield Static(Content("Open a session"), classes="dialog--title")
            yield FieldRow("Mode", SearchableSelect("", modes, SessionMode.BATCH, id="mode"))
            yield FieldRow(
                "Backend", SearchableSelect("none listed", backends, self._backend or None, id="backend")
            )
            time = Input(placeholder="30m, 2h; empty: the service's limit", compact=True, id="time")
            time.cursor_blink = False
            yield FieldRow("At most", time)
            yield Static(id="meaning", classes="dialog--text", markup=False)
            yield Static(id="trouble", classes="dialog--trouble", markup=False)
            with Horizontal(classes="dialog--buttons"):
                yield Button(Content("Open it"), id="do", compact=True)
                yield Button(Content("Cancel"), id="keep", compact=True)
            yield Static(Content("tab next   enter choose, press   esc cancel"), classes="dialog--keys")
        yield TooSmall()

    def on_mount(self) -> None:
        """Start with the mode: it decides what is charged."""
        self._explain()
        self.query_one("#mode", SearchableSelect).focus()

    @on(Select.Changed, "#mode")
    def _explain(self) -> None:
        self.query_one("#meaning", Static).update(Content(_MEANING[self._mode]))

    @on(Input.Changed)
    def _typed(self) -> None:
        self._say("")

    @on(Input.Submitted)
    def _entered(self) -> None:
        self._ask()

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        if event.button.id == "do":
            self._ask()
        else:
            self.dismiss(None)

    def action_cancel(self) -> None:
        """Open nothing."""
        self.leave()

    def leave(self) -> bool:
        """Not while the service is opening one, which would be left unseen."""
        return not self._opening and super().leave()

    def _ask(self) -> None:
        backend = self.query_one("#backend", SearchableSelect).selection
        if self._opening:
            return
        if not isinstance(backend, str):
            self._say(f"The service has listed no backend yet. {NONE_LISTED}")
            return
        try:
            seconds = parse_time(self.query_one("#time", Input).value)
        except ValueError as error:
            self._say(str(error))
            self.query_one("#time", Input).focus()
            return
        self._opening = True
        self._say("Opening…")
        self._open(backend, self._mode, seconds)

    @work(group="open-session", exit_on_error=False)
    async def _open(self, backend: str, mode: SessionMode, seconds: int | None) -> None:
        try:
            session = await self._open_it(backend, mode, seconds)
        except QdeckError as error:
            self._say(str(error))
        else:
            self.dismiss(session)
        finally:
            self._opening = False

    @property
    def _mode(self) -> SessionMode:
        chosen = self.query_one("#mode", SearchableSelect).selection
        return chosen if isinstance(chosen, SessionMode) else SessionMode.BATCH

    def _say(self, text: str) -> None:
        self.query_one("#trouble", Static).update(Content(plain(text, limit=1000)))
