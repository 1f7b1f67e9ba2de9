"""The candidates of one circuit, ranked side by side; enter picks the one that is reviewed and run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from textual.binding import Binding
from textual.message import Message

from tui.common.safe_text import plain
from tui.domain.circuits import Candidate, TranspileOptions
from tui.domain.cloud_transpiler import NOTHING_ASKED, Ai
from tui.domain.ranking import POOR, as_good, rank_key, ranked
from tui.domain.search import Unavailable
from tui.widgets.tables.row_table import Cells, Column, RowTable
from tui.widgets.text.format import NOTHING, shot_duration, success_percent
from tui.widgets.text.styled_text import Span, TextStyle

MAX_CANDIDATES = 60
"""The worst goes when there are more, never the one that is picked."""
WIDE = 100
"""Cells from which there is room for whole heads, the duration and a whole note."""
_COLUMNS = (
    Column("#", 3, right=True, id="rank"),
    Column("BY", 8, id="by"),
    Column("LEVEL", 5, right=True, id="level"),
    Column("SEED", 6, right=True, id="seed"),
    Column("BACKEND", 14, id="backend"),
    Column("2Q", 6, right=True, id="pairs"),
    Column("2Q-DEPTH", 9, right=True, id="pair_depth"),
    Column("ESP", 8, right=True, id="success"),
    Column("ESP+IDLE", 9, right=True, id="idle"),
    Column("TIME", 8, right=True, id="time"),
    Column("NOTE", 12, grow=1, id="note"),
)
_NARROW = (
    _COLUMNS[0],
    Column("BY", 7, id="by"),
    Column("LVL", 4, right=True, id="level"),
    Column("SEED", 5, right=True, id="seed"),
    Column("BACKEND", 13, id="backend"),
    Column("2Q", 4, right=True, id="pairs"),
    Column("2QD", 4, right=True, id="pair_depth"),
    Column("ESP", 7, right=True, id="success"),
    Column("+IDLE", 7, right=True, id="idle"),
    Column("NOTE", 10, grow=1, id="note"),
)
_SHORT = 5
"""Letters of a maker up to which there is room for a space and the mark of a re-mapped one."""
_KEYS: dict[str, Callable[[Candidate], Any]] = {
    "rank": rank_key,
    "by": lambda one: (one.options.made_by.word, one.remapped),
    "level": lambda one: -one.options.optimization_level,
    "seed": lambda one: -1 if one.options.seed is None else one.options.seed,
    "backend": lambda one: one.backend,
    "pairs": lambda one: one.after.two_qubit_gates,
    "pair_depth": lambda one: one.after.two_qubit_depth,
    "success": lambda one: -(one.estimated_success or 0.0),
    "idle": lambda one: -(one.estimated_success_idle or 0.0),
    "time": lambda one: float("inf") if one.duration_us is None else one.duration_us,
    "note": lambda one: (not one.flags, not one.remapped),
}
"""Sorts by each column, the better first."""


class CandidateTable(RowTable):
    """One row a way of transpiling; the newest of each way is kept. Below them makers that made none."""

    GUTTER: ClassVar[int] = 2
    DEFAULT_CSS = "CandidateTable { height: auto; }"
    BINDINGS: ClassVar = [
        Binding("enter,space", "pick", "Pick"),
        Binding("s", "sort_next", "Sort", show=False),
        Binding("S", "turn", "Turn round", show=False),
    ]

    class Picked(Message):
        """This candidate is the one to review."""

        def __init__(self, candidate: Candidate) -> None:
            super().__init__()
            self.candidate = candidate

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(_NARROW, self._cells, id=id)
        self._candidates: dict[str, Candidate] = {}
        self._unavailable: dict[str, Unavailable] = {}
        self._ranks: dict[str, int] = {}
        self._best: Candidate | None = None
        self._picked = ""
        self._column, self._turned = "rank", False
        self._most_rows = 5

    def add(self, candidate: Candidate, *, pick: bool = True) -> None:
        """Add a candidate. Those by an earlier calibration of its backend go, but the picked one.

        Args:
            candidate: takes the place of an older one of the same backend, place and options.
            pick: make it the picked one, and put the cursor on it.
        """
        key = _key(candidate)
        self._candidates[key] = candidate
        if pick:
            self._picked = key
        for name, other in tuple(self._candidates.items()):
            if name not in (key, self._picked) and _outdated(other, candidate):
                del self._candidates[name]
        while len(self._candidates) > MAX_CANDIDATES:
            others = [one for one in self._candidates if one not in (key, self._picked)]
            del self._candidates[max(others, key=lambda one: rank_key(self._candidates[one]))]
        self._show()
        if pick:
            self.move_to(key)

    def clear(self) -> None:
        """Remove all candidates."""
        self._candidates.clear()
        self._unavailable.clear()
        self._picked = ""
        self._show()

    @property
    def candidates(self) -> tuple[Candidate, ...]:
        """Candidates, best first."""
        return tuple(ranked(self._candidates.values()))

    @property
    def unavailable(self) -> tuple[Unavailable, ...]:
        """Makers that were asked and have made no candidate; each has a row that says why."""
        return tuple(self._unavailable.values())

    @unavailable.setter
    def unavailable(self, makers: Sequence[Unavailable]) -> None:
        self._unavailable = {f"{one.maker} made none": one for one in makers}
        self._show()

    def use_rows(self, most: int) -> None:
        """Be no higher than `most` lines, the head included."""
        self._most_rows = most
        self._fit_height()

    def gutter_text(self, key: str, at_cursor: bool) -> str:
        """Return the cursor and a tick at the one that is picked."""
        return ("▸" if at_cursor else " ") + ("✔" if key == self._picked else " ")

    def heading(self, column: Column, cells: int) -> str:
        """Return the head, with an arrow where the table is sorted by it."""
        if column.id != self._column or (column.id == "rank" and not self._turned):
            return column.title
        return column.title[: max(0, cells - 1)] + ("▲" if self._turned else "▼")

    def sort_by(self, column: str) -> None:
        """Sort by a column, the better first; by the same column once more, the other way round."""
        self._turned = column == self._column and not self._turned
        self._column = column
        self._show()

    def action_sort_next(self) -> None:
        """Sort by the next column."""
        ids = [column.id for column in self.columns]
        place = ids.index(self._column) if self._column in ids else -1
        self._turned = False
        self.sort_by(ids[(place + 1) % len(ids)])

    def action_turn(self) -> None:
        """Turn the order round."""
        self.sort_by(self._column)

    def on_row_table_head_clicked(self, message: RowTable.HeadClicked) -> None:
        """Sort by the column that was clicked."""
        self.sort_by(message.column.id)

    def _show(self) -> None:
        # Of equal ones the picked one is first: a search may find the same circuit in several ways.
        order = sorted(
            self._candidates, key=lambda key: (rank_key(self._candidates[key]), key != self._picked)
        )
        self._ranks = {key: place + 1 for place, key in enumerate(order)}
        self._best = self._candidates[order[0]] if order else None
        by = _KEYS[self._column]
        order.sort(key=lambda key: by(self._candidates[key]), reverse=self._turned)
        self._fit_height()
        self.show([*order, *self._unavailable])

    def _fit_height(self) -> None:
        self.styles.height = min(self._most_rows, len(self._candidates) + len(self._unavailable) + 1)

    def on_resize(self) -> None:
        """Use the columns that there is room for."""
        columns = _COLUMNS if self.size.width >= WIDE else _NARROW
        if columns is not self.columns:
            self.use_columns(columns)
        super().on_resize()

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
        if (none := self._unavailable.get(key)) is not None:
            empty = [Span("")] * (len(self.columns) - 3)
            note = Span(plain(none.reason), TextStyle.MUTED)
            return (Span(NOTHING, TextStyle.MUTED), Span(none.maker.word, TextStyle.MUTED), *empty, note)
        candidate = self._candidates[key]
        options, after = candidate.options, candidate.after
        bad = TextStyle.BAD if candidate.flags else TextStyle.PLAIN
        most = "≤" if candidate.at_most else ""
        wide = len(self.columns) == len(_COLUMNS)
        return (
            Span(str(self._ranks[key])),
            Span(_made_by(candidate)),
            Span(str(options.optimization_level)),
            Span(NOTHING if options.seed is None else str(options.seed)),
            Span(plain(candidate.backend, limit=60)),
            Span(str(after.two_qubit_gates)),
            Span(str(after.two_qubit_depth)),
            Span(most + success_percent(candidate.estimated_success), bad),
            Span(most + success_percent(candidate.estimated_success_idle), bad),
            *((Span(shot_duration(candidate.duration_us)),) if wide else ()),
            self._note(candidate, wide),
        )

    def _note(self, candidate: Candidate, wide: bool) -> Span:
        if candidate.flags:
            more = f" +{len(candidate.flags) - 1}" if len(candidate.flags) > 1 else ""
            return Span(
                f"✘ {candidate.flags[0] if wide else _brief(candidate.flags[0])}{more}", TextStyle.BAD
            )
        success = candidate.estimated_success
        if success is not None and success < POOR:
            return Span("! below 1 %", TextStyle.WARNING)
        best = self._best
        words = ["re-mapped"] if candidate.remapped else []
        if best is not None and candidate is not best and as_good(candidate, best):
            words.insert(0, "as good (within 2 %)" if wide else "as good")
        return Span(", ".join(words), TextStyle.MUTED)


def _outdated(candidate: Candidate, newer: Candidate) -> bool:
    """Return whether a candidate's figures are of an earlier calibration: they are not to be compared."""
    moments = candidate.calibrated, newer.calibrated
    return candidate.backend == newer.backend and None not in moments and moments[0] != moments[1]


def _brief(flag: str) -> str:
    """Return a flag in a few cells: `dead 8-11`, `faulty 5`."""
    return f"{'faulty' if flag.endswith('faulty') else 'dead'} {flag.split()[1]}"


def _made_by(candidate: Candidate) -> str:
    options = candidate.options
    made_by = options.made_by.word
    again = ("" if len(made_by) > _SHORT else " ") + "⟳" if candidate.remapped else ""
    return made_by + (_ai(options) if options.cloud else "") + again


def _ai(options: TranspileOptions) -> str:
    """Return ` AI` where the AI passes were asked for, and a plus where more than them was."""
    more = replace(options.asked, ai=Ai.AUTO) != NOTHING_ASKED
    return (" AI" if options.asked.ai is Ai.ON else "") + ("+" if more else "")


def _key(candidate: Candidate) -> str:
    return f"{candidate.backend} {candidate.where} {candidate.remapped} {candidate.options}"
