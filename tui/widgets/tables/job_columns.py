"""The columns a job can be shown in: what their cells hold, and how wide they are before the user says."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from tui.common.sanitize import shorten
from tui.domain.jobs import Job
from tui.jobquery.view import ColumnChoice
from tui.widgets.tables.row_table import Cells, Column
from tui.widgets.text.format import NOTHING, age, format_datetime, number, short_id, status_span
from tui.widgets.text.styled_text import Span, TextStyle

Cell = Callable[[Job, datetime], Span]


@dataclass(frozen=True, slots=True)
class JobColumn:
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
    _text("PRIMITIVE", 9, "primitive", "primitive", lambda job: shorten(job.program, 20)),
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
