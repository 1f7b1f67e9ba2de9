"""The settings: each with its value and meaning, changed in place and written to settings.toml."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from tui.common.errors import QdeckError
from tui.common.safe_text import plain
from tui.config.settings import SETTINGS
from tui.config.settings_file import SettingValue, remove_value, set_value, setting_values, shown_value
from tui.screens.dialogs.base import Dialog
from tui.screens.dialogs.prompt import Prompt
from tui.widgets.keymap import SETTING, bindings
from tui.widgets.tables.row_table import Cells, Column, RowTable
from tui.widgets.terminal.too_small import TooSmall
from tui.widgets.text.styled_text import Span, StyledLine, TextStyle, line, wrapped
from tui.widgets.text.text_widgets import TextBlock

_ROWS = 9
_LINES = 3
"""Lines of what is said of a setting."""


class SettingsDialog(Dialog[None]):
    """Lists every setting; nothing is written that its reader would refuse.

    Args:
        path: of settings.toml.
    """

    TITLE = "Settings"
    BINDINGS: ClassVar = bindings(SETTING)

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        self._values: dict[str, SettingValue] = {}
        self._said: tuple[str, TextStyle] = ("", TextStyle.PLAIN)

    def compose(self) -> ComposeResult:
        """The list, and what is known of the setting under the cursor."""
        with Vertical(classes="dialog"):
            yield Static(Content(f"Settings  {plain(str(self._path), limit=200)}"), classes="dialog--title")
            table = RowTable(
                [Column("Setting", 22), Column("Value", 20, grow=1), Column("From", 8)], self._cells
            )
            table.styles.height = min(_ROWS, len(SETTINGS)) + 1
            yield table
            yield TextBlock(id="setting")
            keys = "↑↓ move   enter change it   d its default   esc close"
            yield Static(Content(keys), classes="dialog--keys")
        yield TooSmall()

    def on_mount(self) -> None:
        """Read the file."""
        self.query_one("#setting").styles.height = _LINES
        self._read()

    @work(group="settings", exclusive=True, exit_on_error=False)
    async def _read(self) -> None:
        try:
            values = await asyncio.to_thread(setting_values, self._path)
        except QdeckError as error:
            self._said = str(error), TextStyle.WARNING
            self._describe()
            return
        self._values = {one.name: one for one in values}
        table = self.query_one(RowTable)
        table.show(tuple(self._values))
        table.repaint()
        table.focus()
        self._describe()

    def _cells(self, name: str) -> Cells:
        one = self._values[name]
        origin = "file" if one.in_file else "default"
        style = TextStyle.PLAIN if one.in_file else TextStyle.MUTED
        return [
            Span(name),
            Span(plain(shown_value(one), limit=200) or "–", style),
            Span(origin, TextStyle.MUTED),
        ]

    def on_row_table_cursor_moved(self) -> None:
        """Tell of the setting under the cursor."""
        self._said = "", TextStyle.PLAIN
        self._describe()

    def on_row_table_opened(self) -> None:
        """A double click changes it."""
        self.action_change()

    def _describe(self) -> None:
        name = self.query_one(RowTable).cursor_key
        width = max(20, self.query_one("#setting").size.width)
        text, style = self._said
        lines: list[StyledLine] = []
        if text:
            lines = wrapped(plain(text.removeprefix(f"{self._path}: "), limit=400), width, style)
        elif (about := SETTINGS.get(name)) is not None:
            lines = wrapped(f"{about.meaning[:1].upper()}{about.meaning[1:]}: {about.form}.", width)
        self.query_one("#setting", TextBlock).show(lines[:_LINES] or [line("")])

    @work(group="settings-command", exclusive=True, exit_on_error=False)
    async def action_change(self) -> None:
        """Ask for another value of the setting under the cursor, and write it."""
        name = self.query_one(RowTable).cursor_key
        if name not in self._values:
            return
        about = SETTINGS[name]
        typed = await self.app.push_screen_wait(
            Prompt(name, shown_value(self._values[name]), hint=f"{about.form[:1].upper()}{about.form[1:]}.")
        )
        if typed is not None:
            await self._write(name, typed)

    @work(group="settings-command", exclusive=True, exit_on_error=False)
    async def action_standard(self) -> None:
        """Have the default of the setting under the cursor."""
        name = self.query_one(RowTable).cursor_key
        if name in self._values and self._values[name].in_file:
            await self._write(name, "")

    async def _write(self, name: str, text: str) -> None:
        try:
            if text.strip():
                await asyncio.to_thread(set_value, self._path, name, text.strip())
            else:
                await asyncio.to_thread(remove_value, self._path, name)
        except QdeckError as error:
            self._said = str(error), TextStyle.WARNING
            self._describe()
            return
        self._said = f"{name} is written. It holds for the next start.", TextStyle.GOOD
        self._read()

    def action_cancel(self) -> None:
        """Close."""
        self.dismiss(None)
