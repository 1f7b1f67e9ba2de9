"""Ways through a program by its names: the outline, definitions, uses; and a name changed everywhere."""

from __future__ import annotations

import asyncio
from bisect import bisect_right

from textual import work

from tui.common.safe_text import plain
from tui.openqasm.analysis.declarations import SymbolKind
from tui.openqasm.analysis.symbols import SymbolTable
from tui.openqasm.gates import MEANINGS
from tui.openqasm.renaming import rename_trouble, renamed
from tui.screens.dialogs.pick import Option, Pick
from tui.screens.dialogs.prompt import Prompt
from tui.screens.editor.language import EditorLanguage

MOST_LISTED = 1_000
"""Places that are listed."""
_OUTLINED = frozenset(SymbolKind) - {
    SymbolKind.PARAMETER,
    SymbolKind.OPERAND,
    SymbolKind.ARGUMENT,
    SymbolKind.LOOP,
}


class EditorNavigation(EditorLanguage):
    """Goes to names and changes them."""

    @work(group="name-command", exclusive=True, exit_on_error=False)
    async def action_outline(self) -> None:
        """List what is declared; Enter goes there."""
        table, cursor = await self._at_cursor()
        symbols = [one for one in table.symbols if one.kind in _OUTLINED and not one.scope][:MOST_LISTED]
        if not symbols:
            self.shell.show_notice("Nothing is declared here yet.")
            return
        options = [
            Option(str(number), one.name, f"line {table.location(one.start)[0] + 1}  {one.detail}")
            for number, one in enumerate(symbols)
        ]
        here = max(0, bisect_right([one.start for one in symbols], cursor) - 1)
        picked = await self.app.push_screen_wait(Pick("Outline", options, at=str(here)))
        if picked is not None:
            self._go(table, symbols[int(picked.key)].start)

    @work(group="name-command", exclusive=True, exit_on_error=False)
    async def action_definition(self) -> None:
        """Go to where the name at the cursor is declared; from there, back."""
        table, cursor = await self._at_cursor()
        symbol = table.at(cursor)
        if symbol is None:
            self.shell.show_notice(self._unknown(table, cursor))
        elif not symbol.start <= cursor <= symbol.end:
            self._came_from = symbol.start, cursor
            self._go(table, symbol.start)
        elif self._came_from[0] == symbol.start and self._came_from[1] <= len(table.text):
            self._go(table, self._came_from[1])
        else:
            self.shell.show_notice(f"{symbol.name} is declared here: alt+u lists its uses.")

    _came_from = (-1, -1)
    """The declaration that was gone to, and from where."""

    @work(group="name-command", exclusive=True, exit_on_error=False)
    async def action_uses(self) -> None:
        """List the places where the name at the cursor is used; Enter goes there."""
        table, cursor = await self._at_cursor()
        symbol = table.at(cursor)
        if symbol is None:
            self.shell.show_notice(self._unknown(table, cursor))
            return
        places = await asyncio.to_thread(table.uses, symbol)
        starts = [start for start, _ in places]
        here = max(0, bisect_right(starts, cursor) - 1)
        first = max(0, min(here - MOST_LISTED // 2, len(places) - MOST_LISTED))
        lines = self.area.document.lines
        options = [
            Option(str(number), f"line {row + 1}", plain(lines[row].strip(), limit=200))
            for number in range(first, min(first + MOST_LISTED, len(places)))
            for row in (table.location(starts[number])[0],)
        ]
        title = f"{symbol.name}: {len(places):,} place{'' if len(places) == 1 else 's'}"
        if len(places) > MOST_LISTED:
            title += f", the nearest {MOST_LISTED:,}"
        picked = await self.app.push_screen_wait(Pick(title, options, at=str(here)))
        if picked is not None:
            self._go(table, starts[int(picked.key)])

    @work(group="name-command", exclusive=True, exit_on_error=False)
    async def action_rename(self) -> None:
        """Ask for another name of what is at the cursor, and use it everywhere: one step for undo."""
        table, cursor = await self._at_cursor()
        symbol = table.at(cursor)
        if symbol is None:
            self.shell.show_notice(self._unknown(table, cursor))
            return
        area, version = self.area, self.area.document.version
        name = await self.app.push_screen_wait(
            Prompt(
                f"Rename {symbol.name}",
                symbol.name,
                "Everywhere it is used.",
                lambda typed: rename_trouble(table, symbol, typed.strip()),
            )
        )
        if name is None or area is not self.area or area.document.version != version:
            return
        text, places = await asyncio.to_thread(renamed, table, symbol, name.strip())
        if area.document.version != version:
            self.shell.show_notice("The text was changed meanwhile: nothing is renamed.")
            return
        starts, longer = [start for start, _ in places], len(name.strip()) - len(symbol.name)
        area.rewrite(text, lambda offset: offset + longer * bisect_right(starts, offset - 1))
        count = f"{len(places):,} place{'' if len(places) == 1 else 's'}"
        self.shell.show_notice(f"{symbol.name} is {name.strip()} now, in {count}.")

    async def _at_cursor(self) -> tuple[SymbolTable, int]:
        """The names of the text, and the offset of the cursor."""
        table = await self.typing_help.names()
        return table, table.offset(*self.area.cursor_location)

    def _go(self, table: SymbolTable, offset: int) -> None:
        self.area.history.checkpoint()
        self.area.move_cursor(table.location(offset), center=True)
        self.area.focus()

    def _unknown(self, table: SymbolTable, cursor: int) -> str:
        """What to say where no declared name is at the cursor."""
        place = table.word(cursor)
        word = table.bare[slice(*place)] if place is not None else ""
        if word in MEANINGS and table.signature(word, cursor) is not None:
            return f"{word} is a standard gate: F1 says what it does."
        return f"{plain(word, limit=60)} is not declared here." if word else "There is no name at the cursor."
