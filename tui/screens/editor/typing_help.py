"""Help while a text is typed: the names that are completed, and a line about what is offered and due."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from textual.timer import Timer

from tui.common.errors import QdeckError
from tui.openqasm.analysis.client import Analyzer
from tui.openqasm.analysis.symbols import SymbolTable
from tui.openqasm.completion import ArgumentHint, Completion, Vocabulary
from tui.widgets.circuit.language.completing_text import CompletingText
from tui.widgets.circuit.language.hint_line import hint_line
from tui.widgets.text.text_widgets import TextBlock

READ_PAUSE = 0.25
"""Seconds without a key before the names of a text are read again."""
SHOW_PAUSE = 0.35
"""Seconds without a key before it is said what is offered: who types fast reads nothing."""
LARGE = 3_000
"""Lines from which on a text is read in the worker of the fast analysis: here it would take over 10 ms."""


class TypingHelp(TextBlock):
    """The line, in the place of the verdict while there is something to say.

    Args:
        analyzer: reads the names of a long text.
        area: gives the editor of the text in front.
        enabled: names are completed at all.
    """

    DEFAULT_CSS = "TypingHelp { display: none; padding: 0 1; }"

    def __init__(
        self, analyzer: Analyzer, area: Callable[[], CompletingText], *, enabled: bool = True, id: str
    ) -> None:
        super().__init__(id=id)
        self._analyzer = analyzer
        self._area = area
        self._enabled = enabled
        self._reading: Timer | None = None
        self._showing: Timer | None = None
        self._read: tuple[object, int] = (None, 0)
        """The document, and its version, that `_table` is of."""
        self._table: SymbolTable | None = None
        self._seen: object = None

    # --- the names -------------------------------------------------------------------------------

    def table(self) -> SymbolTable:
        """Return the declared names of the text as it stands, read now where that was not done yet."""
        document = self._area().document
        if self._table is None or self._read != (document, document.version):
            self._take(SymbolTable.of("\n".join(document.lines)), (document, document.version))
        assert self._table is not None
        return self._table

    def known(self) -> SymbolTable | None:
        """Return the declared names where that takes no time; `None`: a long text has just been changed."""
        document = self._area().document
        fresh = self._table is not None and self._read == (document, document.version)
        return self.table() if fresh or document.line_count <= LARGE else None

    async def names(self) -> SymbolTable:
        """Return the declared names of the text as it stands; a long one is read in the worker."""
        if self.known() is None:
            await self._read_in_worker()
        return self.table()

    def text_changed(self) -> None:
        """Read the names when typing pauses; of another text, nothing is offered yet."""
        if self._seen is not self._area().document:
            self._seen = self._area().document
            self.assist((), None)
        if self._reading is not None:
            self._reading.stop()
        self._reading = self.set_timer(READ_PAUSE, self._read_names)

    def _read_names(self) -> None:
        document = self._area().document
        if self._read == (document, document.version):
            return
        if document.line_count <= LARGE:
            self.table()
        else:
            self.run_worker(self._read_in_worker(), group="names", exclusive=True, exit_on_error=False)

    async def _read_in_worker(self) -> None:
        area = self._area()
        document, version = area.document, area.document.version
        text = "\n".join(document.lines)
        try:
            symbols, scopes = await self._analyzer.names(text)
        except QdeckError:
            return  # the fast analysis says so
        table = SymbolTable(text, symbols, scopes)
        vocabulary = await asyncio.to_thread(Vocabulary, table)
        if self._area() is area and area.document is document:
            self._take(table, (document, version), vocabulary)

    def _take(
        self, table: SymbolTable, read: tuple[object, int], vocabulary: Vocabulary | None = None
    ) -> None:
        self._table, self._read = table, read
        if self._enabled:
            self._area().vocabulary = vocabulary or Vocabulary(table)

    # --- the line --------------------------------------------------------------------------------

    def assist(self, offered: tuple[Completion, ...], due: ArgumentHint | None) -> None:
        """Say what is offered and due: when typing pauses, or at once where something is said already."""
        if self._showing is not None:
            self._showing.stop()
            self._showing = None
        if not offered and due is None:
            self.screen.remove_class("-hint")
        elif self.screen.has_class("-hint"):
            self._say(offered, due)
        else:
            self._showing = self.set_timer(SHOW_PAUSE, lambda: self._say(offered, due))

    def _say(self, offered: tuple[Completion, ...], due: ArgumentHint | None) -> None:
        if not self.screen.has_class("-hint"):
            # What it stands in the place of: the text above is not to move.
            self.styles.height = max(1, self.screen.query_one("#verdict").outer_size.height)
            self.screen.add_class("-hint")
        self.show([hint_line(offered, due, max(20, self.screen.size.width - 2))])
