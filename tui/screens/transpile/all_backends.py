"""The dialog that searches all online backends for the one that suits a circuit best."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from textual.app import App, ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from tui.common.errors import QdeckError
from tui.common.safe_text import plain
from tui.domain.circuits import Candidate
from tui.domain.devices.backends import Backend, fitting_backends
from tui.domain.ranking import BackendFound, ranked_backends
from tui.domain.search import SearchProgress
from tui.monitor.actions.circuits import Transpiler
from tui.monitor.services import AppServices
from tui.screens.dialogs.base import Dialog
from tui.screens.transpile.transpiling import Transpiled
from tui.screens.workspace import PendingAction, Workspace
from tui.widgets.keymap import PICK, bindings
from tui.widgets.tables.row_table import Cells, Column, RowTable
from tui.widgets.terminal.too_small import TooSmall
from tui.widgets.text.format import NOTHING, success_percent
from tui.widgets.text.styled_text import Span, TextStyle, line
from tui.widgets.text.text_widgets import TextBlock

_MOST_ROWS = 14
_COLUMNS = (
    Column("#", 2, right=True),
    Column("BACKEND", 15, grow=1),
    Column("QUEUE", 5, right=True),
    Column("ESP", 7, right=True),
    Column("2Q", 5, right=True),
    Column("HOW", 24, grow=3),
)


class AllBackends(Dialog[BackendFound]):
    """Answers the backend that was taken, with its candidates; `None`: none. Leaving it stops the search.

    Args:
        transpiler: searches.
        name: of the circuit.
        qasm: the program.
        backends: those that are tried.
    """

    TITLE = "Which backend"
    BINDINGS: ClassVar = bindings(PICK)

    def __init__(self, transpiler: Transpiler, name: str, qasm: str, backends: Mapping[str, Backend]) -> None:
        super().__init__()
        self._transpiler = transpiler
        self._title = f"Which backend for {plain(name, limit=40)}?"
        self._qasm = qasm
        self._backends = backends
        self._found: dict[str, BackendFound] = {}
        self._ranks: dict[str, int] = {}
        self._news: dict[str, str] = {}
        self._cursor_put = ""
        """Where the cursor was put; while it is there, it goes to the best."""

    def compose(self) -> ComposeResult:
        """A row for each backend, and how far the search is."""
        with Vertical(classes="dialog -wide"):
            yield Static(Content(self._title), classes="dialog--title")
            table = RowTable(_COLUMNS, self._cells, id="backends")
            table.styles.height = min(_MOST_ROWS, len(self._backends) + 1)
            yield table
            yield TextBlock(id="progress")
            yield Static(Content("↑↓ move   enter review its candidates   esc close"), classes="dialog--keys")
        yield TooSmall()

    def on_mount(self) -> None:
        """Begin the search."""
        table = self.query_one(RowTable)
        table.show(tuple(self._backends))
        self._cursor_put = table.cursor_key
        table.focus()
        self._show_progress()
        self.run_worker(self._search(), group="all-backends", exit_on_error=False)

    async def _search(self) -> None:
        names, options = tuple(self._backends), self._transpiler.search_options
        try:
            await self._transpiler.search_backends(self._qasm, names, options, self._told)
        except QdeckError as error:
            self.query_one("#progress", TextBlock).show(
                [line((f"✘ {plain(str(error), limit=300)}", TextStyle.BAD))]
            )

    def _told(self, name: str, news: SearchProgress | Candidate | BackendFound) -> None:
        if isinstance(news, SearchProgress):
            self._news[name] = f"{news.words}…"
            self.query_one(RowTable).repaint()
        elif isinstance(news, BackendFound):
            self._found[name] = news
            self._order()
            self._show_progress()

    def _order(self) -> None:
        """Put those that are done first, the best of them at the top."""
        order = [one.backend.name for one in ranked_backends(self._found.values())]
        self._ranks = {name: place + 1 for place, name in enumerate(order)}
        table = self.query_one(RowTable)
        left = table.cursor_key == self._cursor_put
        table.show((*order, *(name for name in self._backends if name not in self._found)))
        if left and order:
            self._cursor_put = order[0]
            table.move_to(order[0])
        table.repaint()

    def _show_progress(self) -> None:
        done, count = len(self._found), len(self._backends)
        words = f"{done} of {count} searched, by success; of ties the shorter queue first"
        style = TextStyle.BUSY if done < count else TextStyle.MUTED
        self.query_one("#progress", TextBlock).show([line((words, style))])

    def _cells(self, name: str) -> Cells:
        backend, found = self._backends[name], self._found.get(name)
        queue = NOTHING if backend.queue_length is None else str(backend.queue_length)
        best = found.best if found is not None else None
        head = (Span(str(self._ranks.get(name, ""))), Span(plain(name, limit=40)), Span(queue))
        if best is None:
            text = self._news.get(name, "waits") if found is None else found.refusal
            style = TextStyle.BUSY if name in self._news and found is None else TextStyle.MUTED
            return (*head, Span(NOTHING), Span(NOTHING), Span(plain(text, limit=200), style))
        flags = ", ".join(plain(flag, limit=60) for flag in best.flags)
        note = Span(f"✘ {flags}", TextStyle.BAD) if flags else Span(self._by(best), TextStyle.MUTED)
        success = Span(success_percent(best.estimated_success), TextStyle.STRONG)
        return (*head, success, Span(str(best.after.two_qubit_gates)), note)

    @staticmethod
    def _by(best: Candidate) -> str:
        options = best.options
        seed = "" if options.seed is None else f", seed {options.seed}"
        return f"{options.made_by.word}, level {options.optimization_level}{seed}"

    def on_row_table_opened(self) -> None:
        """A double click takes it."""
        self.action_take()

    def action_take(self) -> None:
        """Answer the backend under the cursor, when it has a candidate."""
        found = self._found.get(self.query_one(RowTable).cursor_key)
        if found is not None and found.result is not None:
            self.dismiss(found)

    def action_cancel(self) -> None:
        """Take none."""
        self.dismiss(None)


async def choose_backend(app: App[Any], services: AppServices, workspace: Workspace) -> Transpiled | None:
    """Let the user choose one of the online backends by what a search on each of them finds.

    Args:
        app: shows the dialog.
        services: have the backends, and search.
        workspace: has the circuit; the backend that was chosen is noted there.

    Returns:
        The message with its candidates; `None` when none was chosen, or no backend fits.
    """
    backends = {one.name: one for one in fitting_backends(services.backends.all(), workspace.qubits)}
    if not backends:
        return None
    text = workspace.qasm
    dialog = AllBackends(services.transpiler, workspace.name, text, backends)
    found = await app.push_screen_wait(dialog)
    if found is None or found.result is None:
        return None
    workspace.backend, workspace.backend_picked, workspace.search = found.backend.name, True, True
    result, action = found.result, PendingAction.TRANSPILE
    words = result.progress.words
    return Transpiled(result.candidates, text, action, words, result.unavailable, chosen=True)
