"""The job table: rows of jobs with heads of groups between them, and jobs marked for what is done to many."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import datetime
from typing import ClassVar

from textual import events
from textual.binding import Binding
from textual.message import Message

from tui.common.safe_text import shorten
from tui.common.values import Value
from tui.domain.jobs import Job
from tui.jobquery.job_list import HEAD, NEWEST_FIRST, JobRows, Order
from tui.jobquery.view import ColumnChoice
from tui.widgets.tables.row_table import Cells, Column, RowTable
from tui.widgets.text.format import (
    NOTHING,
    age,
    format_count,
    format_datetime,
    number,
    short_id,
    status_span,
    step_span,
)
from tui.widgets.text.styled_text import Span, StyledLine, TextStyle, fit_line, line

Cell = Callable[[Job, datetime], Span]


_MARKS = {(False, False): " ", (True, False): "●", (False, True): "•", (True, True): "◉"}


class JobColumn(Value, frozen=True):
    """A column.

    Attributes:
        column: head and size.
        label: what it is called where it is chosen.
        cell: what it holds for a job, now.
    """

    column: Column
    label: str
    cell: Cell


def _name(job: Job, now: datetime) -> Span:
    return Span(shorten(job.name, 60)) if job.name else Span(short_id(job.id, 20), TextStyle.MUTED)


def _reason(job: Job) -> str:
    return shorten(" ".join((job.reason_code, job.reason)).strip(), 120)


def _text(
    title: str, width: int, id: str, label: str, cell: Callable[[Job], str], grow: int = 0
) -> JobColumn:
    return JobColumn(Column(title, width, grow=grow, id=id), label, lambda job, _: Span(cell(job)))


def _number(title: str, width: int, id: str, label: str, cell: Callable[[Job], str]) -> JobColumn:
    return JobColumn(Column(title, width, right=True, id=id), label, lambda job, _: Span(cell(job)))


def _muted(
    title: str, width: int, id: str, cell: Callable[[Job], str], limit: int, grow: int = 0, need: int = 0
) -> JobColumn:
    def span(job: Job, now: datetime) -> Span:
        return Span(shorten(cell(job), limit), TextStyle.MUTED)

    return JobColumn(Column(title, width, grow=grow, need=need, id=id), id, span)


_STANDARD: tuple[JobColumn, ...] = (
    JobColumn(Column("STATUS", 11, id="status"), "status", lambda job, now: status_span(job)),
    JobColumn(Column("NAME", 10, grow=3, id="name"), "name, or the id", _name),
    _text("BACKEND", 13, "backend", "backend", lambda job: shorten(job.backend, 40), grow=1),
    _text("PRIMITIVE", 9, "primitive", "primitive", lambda job: shorten(job.primitive, 20)),
    _number("SHOTS", 6, "shots", "shots", lambda job: NOTHING if job.shots is None else str(job.shots)),
    _number("QPU s", 6, "qpu", "QPU seconds charged", lambda job: number(job.qpu_seconds)),
    JobColumn(
        Column("AGE", 4, right=True, id="age"),
        "age, since it was created",
        lambda job, now: Span(age(job.created, now)),
    ),
    _muted("TAGS", 6, "tags", lambda job: " ".join(job.tags), 80, grow=3),
    _muted("ID", 24, "id", lambda job: job.id, 60, need=118),
)
_OTHERS: tuple[JobColumn, ...] = (
    _muted("SESSION", 10, "session", lambda job: job.session_id, 60),
    _muted("INSTANCE", 12, "instance", lambda job: job.instance, 120),
    _muted("SERVICE", 8, "service", lambda job: job.service, 40),
    _number("EST s", 6, "estimate", "QPU seconds estimated", lambda job: number(job.estimated_seconds)),
    _text("FINISHED", 19, "finished", "when it finished", lambda job: format_datetime(job.finished)),
    _text("REASON", 20, "reason", "why it failed", _reason, grow=2),
    _muted("SLURM", 8, "slurm", lambda job: job.slurm_job, 20),
)
JOB_COLUMNS: Mapping[str, JobColumn] = {one.column.id: one for one in (*_STANDARD, *_OTHERS)}
"""All columns by id, in the order they are offered. The standard ones fit 80 cells; wider screens give
room to the names and show the id."""

STANDARD: tuple[ColumnChoice, ...] = tuple(ColumnChoice(one.column.id) for one in _STANDARD)
"""What is shown before the user has chosen."""


def known(choices: Sequence[ColumnChoice]) -> tuple[ColumnChoice, ...]:
    """Return the choices whose column exists, each once.

    Returns:
        The choices in order; `STANDARD` when none is left.
    """
    once = {choice.id: choice for choice in choices if choice.id in JOB_COLUMNS}
    return tuple(once.values()) or STANDARD


def chosen(choices: Sequence[ColumnChoice]) -> tuple[JobColumn, ...]:
    """Return the columns as the user wants them.

    Args:
        choices: ids of `JOB_COLUMNS` with a width, 0 for the column's own.

    Returns:
        The columns; one with a width of its own keeps it on every screen.
    """
    columns: list[JobColumn] = []
    for choice in choices:
        one = JOB_COLUMNS[choice.id]
        if tuple(choices) != STANDARD:
            one = replace(one, column=replace(one.column, need=0))
        if choice.width:
            one = replace(one, column=replace(one.column, width=choice.width, grow=0))
        columns.append(one)
    return tuple(columns)


def job_cells(columns: Sequence[JobColumn], job: Job, now: datetime) -> Cells:
    """Return one span for each of the columns.

    Args:
        columns: as `chosen` gave them.
        job: the row.
        now: the time, for ages.
    """
    return tuple(one.cell(job, now) for one in columns)


class JobTable(RowTable):
    """Cursor and marks belong to jobs, not to places: they stay through every change of the rows.

    Args:
        job_of: a job by its id; `None` when it is gone.
        now: the time, for ages.
    """

    GUTTER = 2
    DEFAULT_CSS = "JobTable { height: 1fr; }"
    # By the registry's id: the screen's key of that name does it where no row is shown.
    BINDINGS: ClassVar = [Binding("end,G", "edge(1)", "Last", show=False, id="jobs.older")]

    class MarksChanged(Message):
        """Other jobs are marked."""

    class Navigated(Message):
        """The user moved on in the table, or tried to where it ends.

        Attributes:
            moved: the cursor is on another row now.
        """

        def __init__(self, moved: bool) -> None:
            super().__init__()
            self.moved = moved

    def __init__(
        self, job_of: Callable[[str], Job | None], now: Callable[[], datetime], *, id: str | None = None
    ) -> None:
        self._job_of = job_of
        self._now = now
        self._shown_columns = chosen(STANDARD)
        self._order = NEWEST_FIRST
        self._rows = JobRows()
        self._folded: frozenset[str] = frozenset()
        self._marked: dict[str, None] = {}
        self._anchor = ""
        self.unseen: AbstractSet[str] = frozenset()
        """Ids of jobs that finished and were not looked at: their rows are bold, with a dot before them."""
        self._summaries: dict[str, StyledLine] = {}
        super().__init__([one.column for one in self._shown_columns], self._cells, id=id)

    # --- what is shown ---------------------------------------------------------------------------

    def choose(self, choices: Sequence[ColumnChoice]) -> None:
        """Show these columns, in this order and size."""
        self._shown_columns = chosen(choices)
        self.use_columns([one.column for one in self._shown_columns])

    def show_rows(self, rows: JobRows, order: Order, folded: Iterable[str]) -> None:
        """Show these rows.

        Args:
            rows: jobs and heads of groups, in order.
            order: marked in the heads of the columns.
            folded: heads of groups whose jobs are not shown.
        """
        self._rows, self._order, self._folded = rows, order, frozenset(folded)
        self._summaries.clear()
        self.show(rows.rows)

    def jobs_changed(self) -> None:
        """Draw jobs that changed; their rows are where they were."""
        self._summaries.clear()
        self.repaint()

    @property
    def group_under_cursor(self) -> str | None:
        """Head of the group under the cursor; `None` when the cursor is on a job or on nothing."""
        return self.cursor_key if self.cursor_key in self._rows.groups else None

    def _cells(self, key: str) -> Cells:
        job = self._job_of(key)
        if job is None:
            return [Span("")] * len(self._shown_columns)
        return job_cells(self._shown_columns, job, self._now())

    def heading(self, column: Column, cells: int) -> str:
        """Return the head, with an arrow where the table is sorted by it."""
        if column.id != self._order.column:
            return column.title
        return column.title[: max(0, cells - 1)] + ("▼" if self._order.descending else "▲")

    def gutter_text(self, key: str, at_cursor: bool) -> str:
        """Return the cursor, then whether the job is marked, unseen, or both."""
        return ("▸" if at_cursor else " ") + _MARKS[key in self._marked, key in self.unseen]

    def row_line(self, key: str, width: int, style: TextStyle) -> StyledLine:
        """Return a job, or the head of a group."""
        if key not in self._rows.groups:
            row = super().row_line(key, width, style)
            if style is TextStyle.PLAIN and key in self.unseen:
                row = tuple(
                    span._replace(style=TextStyle.STRONG) if span.style is TextStyle.PLAIN else span
                    for span in row
                )
            if style is TextStyle.PLAIN and key in self._marked:
                row = (row[0]._replace(style=TextStyle.CURRENT), *row[1:])
            return row
        if key not in self._summaries:
            self._summaries[key] = self._summary(key)
        summary = fit_line(self._summaries[key], width - self.GUTTER)
        mark = "▸ " if style is not TextStyle.PLAIN else "  "
        if style is not TextStyle.PLAIN:
            summary = tuple(span._replace(style=style) for span in summary)
        return (Span(mark, style), *summary)

    def _summary(self, head: str) -> StyledLine:
        members = self._rows.groups[head]
        counts = Counter(job.status for key in members if (job := self._job_of(key)) is not None)
        name = head.removeprefix(HEAD)
        states: list[Span | str] = []
        for status, count in counts.most_common():
            symbol = step_span(status)
            states += ["   ", symbol._replace(text=f"{symbol.text} {count}")]
        return line(
            ("▹ " if head in self._folded else "▿ ", TextStyle.ACCENT),
            (shorten(name, 40), TextStyle.STRONG) if name else ("in none", TextStyle.MUTED),
            f"  {format_count(len(members), 'job')}",
            *states,
        )

    # --- the user moves --------------------------------------------------------------------------

    @property
    def last_visible(self) -> int:
        """Index of the last row in sight.

        Returns:
            The index among `keys`; -1 without rows.
        """
        rows = max(1, self.size.height - 1)
        return min(len(self.keys), self.scroll_offset.y + rows) - 1

    def jump_to(self, key: str) -> None:
        """Put the cursor on a row that the user asked for, and post `Navigated`."""
        self.move_to(key)
        self.post_message(self.Navigated(True))

    def on_mouse_scroll_down(self) -> None:
        """Post `Navigated`: rows further down come in sight."""
        self.post_message(self.Navigated(False))

    def _navigate(self, place: int) -> None:
        before = self.cursor_key
        super()._navigate(place)
        self.post_message(self.Navigated(self.cursor_key != before))

    # --- marks -----------------------------------------------------------------------------------

    @property
    def marked(self) -> tuple[str, ...]:
        """Ids of the marked jobs, in the order they were marked."""
        return tuple(self._marked)

    def mark(self, ids: Iterable[str], on: bool) -> None:
        """Mark jobs or unmark them; posts `MarksChanged`.

        Args:
            ids: the jobs.
            on: mark, else unmark.
        """
        before = len(self._marked)
        if on:
            self._marked.update(dict.fromkeys(ids))
        else:
            for key in ids:
                self._marked.pop(key, None)
        if len(self._marked) != before:
            self.repaint()
            self.post_message(self.MarksChanged())

    def toggle(self) -> None:
        """Mark or unmark the job under the cursor, or all jobs of the group under it, and go on."""
        key = self.cursor_key
        ids = self._rows.groups.get(key, [key] if key else [])
        self.mark(ids, any(one not in self._marked for one in ids))
        self._anchor = key
        self.action_move(1)

    def mark_on(self, steps: int) -> None:
        """Mark the job under the cursor, move, and mark the job that is under it then.

        Args:
            steps: rows to move; negative goes up.
        """
        self.mark(self._jobs_between(self.cursor_index, self.cursor_index), True)
        self._anchor = self.cursor_key
        self.action_move(steps)
        self.mark(self._jobs_between(self.cursor_index, self.cursor_index), True)

    def mark_range(self) -> None:
        """Mark from the job marked last to the one under the cursor."""
        start = self._index_of(self._anchor, self.cursor_index)
        self.mark(self._jobs_between(start, self.cursor_index), True)
        self._anchor = self.cursor_key

    def mark_all(self) -> None:
        """Mark every job that is shown, or none when all are."""
        ids = self._jobs_between(0, len(self.keys) - 1)
        self.mark(ids, any(key not in self._marked for key in ids))

    def _jobs_between(self, one: int, other: int) -> list[str]:
        first, last = min(one, other), max(one, other)
        return [key for key in self.keys[first : last + 1] if key not in self._rows.groups]

    def on_click(self, event: events.Click) -> None:
        """Mark the row for a click in the gutter or with ctrl; else as in any table."""
        if event.y >= 1 and (event.x < self.GUTTER or event.ctrl):
            event.prevent_default()
            place = event.y - 1 + self.scroll_offset.y
            if place < len(self.keys):
                key = self.keys[place]
                ids = self._rows.groups.get(key, [key])
                self.mark(ids, any(one not in self._marked for one in ids))
                self._anchor = key
        elif event.y >= 1:
            before = self.cursor_key
            super().on_click(event)
            event.prevent_default()
            self.post_message(self.Navigated(self.cursor_key != before))
