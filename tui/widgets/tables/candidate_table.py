"""The candidates of one circuit, side by side; enter picks the one that is reviewed and run."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from textual.binding import Binding
from textual.message import Message

from tui.common.safe_text import plain
from tui.domain.circuits import Candidate, TranspileOptions
from tui.domain.cloud_transpiler import NOTHING_ASKED, Ai
from tui.widgets.tables.row_table import Cells, Column, RowTable
from tui.widgets.text.format import success_percent
from tui.widgets.text.styled_text import Span, TextStyle

MAX_CANDIDATES = 12
"""The oldest goes when there are more."""
_COLUMNS = (
    Column("", 1),
    Column("LEVEL", 5, right=True),
    Column("WHERE", 5),
    Column("SEED", 6, right=True, need=46),
    Column("BACKEND", 14, need=60),
    Column("2Q", 5, right=True),
    Column("DEPTH", 6, right=True),
    Column("SUCCESS", 8, right=True),
)
_WITH_AI = (
    _COLUMNS[0],
    Column("LVL", 3, right=True),
    _COLUMNS[2],
    Column("AI", 5),
    *_COLUMNS[3:5],
    Column("2Q", 4, right=True),
    Column("DEPTH", 5, right=True),
    Column("SUCCESS", 7, right=True),
)
"""Where some came from the cloud. A plus: more than the AI passes was asked for."""


class CandidateTable(RowTable):
    """One row a way of transpiling; the newest of each way is kept."""

    DEFAULT_CSS = "CandidateTable { height: auto; max-height: 6; }"
    BINDINGS: ClassVar = [Binding("enter,space", "pick", "Pick")]

    class Picked(Message):
        """This candidate is the one to review."""

        def __init__(self, candidate: Candidate) -> None:
            super().__init__()
            self.candidate = candidate

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(_COLUMNS, self._cells, id=id)
        self._candidates: dict[str, Candidate] = {}
        self._picked = ""
        self._shows_ai = False

    def add(self, candidate: Candidate) -> None:
        """Add a candidate, pick it, and put the cursor on it.

        Args:
            candidate: takes the place of an older one of the same backend, place and options.
        """
        key = _key(candidate)
        self._candidates.pop(key, None)
        self._candidates[key] = candidate
        for oldest in list(self._candidates)[:-MAX_CANDIDATES]:
            del self._candidates[oldest]
        self._picked = key
        self._show()
        self.move_to(key)

    def clear(self) -> None:
        """Remove all candidates."""
        self._candidates.clear()
        self._show()

    @property
    def candidates(self) -> tuple[Candidate, ...]:
        """Candidates, oldest first."""
        return tuple(self._candidates.values())

    def _show(self) -> None:
        shows_ai = any(candidate.options.cloud for candidate in self._candidates.values())
        if shows_ai is not self._shows_ai:
            self.show(())
            self._shows_ai = shows_ai
            self.use_columns(_WITH_AI if shows_ai else _COLUMNS)
        self.styles.height = min(6, len(self._candidates) + 1)
        self.show(tuple(self._candidates))

    def action_pick(self) -> None:
        """Pick the candidate under the cursor and post `Picked`."""
        candidate = self._candidates.get(self.cursor_key)
        if candidate is not None:
            self._picked = self.cursor_key
            self.repaint()
            self.post_message(self.Picked(candidate))

    def on_row_table_opened(self) -> None:
        """Pick the candidate that was clicked twice."""
        self.action_pick()

    def _cells(self, key: str) -> Cells:
        candidate = self._candidates[key]
        options, after = candidate.options, candidate.after
        return (
            Span("✔" if key == self._picked else " ", TextStyle.GOOD),
            Span(str(options.optimization_level)),
            Span(plain(candidate.where, limit=20)),
            *((Span(_ai(options)),) if self._shows_ai else ()),
            Span("–" if options.seed is None else str(options.seed)),
            Span(plain(candidate.backend, limit=60)),
            Span(str(after.two_qubit_gates)),
            Span(str(after.depth)),
            Span(success_percent(candidate.estimated_success)),
        )


def _key(candidate: Candidate) -> str:
    return f"{candidate.backend} {candidate.where} {candidate.options}"


def _ai(options: TranspileOptions) -> str:
    if not options.cloud:
        return "–"
    more = replace(options.asked, ai=Ai.AUTO) != NOTHING_ASKED
    return f"{options.asked.ai.word}{'+' if more else ''}"
