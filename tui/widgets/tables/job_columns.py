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
        standard: shown before the user has chosen.
    """

    column: Column
    label: str
    cell: Cell
    standard: bool = True


def _name(job: Job, now: datetime) -> Span:
    return Span(shorten(job.name, 60)) if job.name else Span(short_id(job.id, 20), TextStyle.MUTED)


def _muted(text: str, limit: int) -> Span:
    return Span(shorten(text, limit), TextStyle.MUTED)


_ALL: tuple[JobColumn, ...] = (
    JobColumn(Column("STATUS", 11, id="status"), "status", lambda job, now: status_span(job)),
    JobColumn(Column("NAME", 10, grow=3, id="name"), "name, or the id", _name),
    JobColumn(
        Column("BACKEND", 13, grow=1, id="backend"),
        "backend",
        lambda job, now: Span(shorten(job.backend, 40)),
    ),
    JobColumn(
        Column("PRIMITIVE", 9, id="primitive"), "primitive", lambda job, now: Span(shorten(job.program, 20))
    ),
    JobColumn(
        Column("SHOTS", 6, right=True, id="shots"),
        "shots",
        lambda job, now: Span(str(job.shots) if job.shots is not None else NOTHING),
    ),
    JobColumn(
        Column("QPU s", 6, right=True, id="qpu"),
        "QPU seconds charged",
        lambda job, now: Span(number(job.qpu_seconds)),
    ),
    JobColumn(
        Column("AGE", 4, right=True, id="age"),
        "age, since it was created",
        lambda job, now: Span(age(job.created, now)),
    ),
    JobColumn(Column("TAGS", 6, grow=3, id="tags"), "tags", lambda job, now: _muted(" ".join(job.tags), 80)),
    JobColumn(Column("ID", 24, need=118, id="id"), "id", lambda job, now: _muted(job.id, 60)),
    JobColumn(
        Column("SESSION", 10, id="session"), "session", lambda job, now: _muted(job.session_id, 60), False
    ),
    JobColumn(
        Column("INSTANCE", 12, id="instance"), "instance", lambda job, now: _muted(job.instance, 120), False
    ),
    JobColumn(Column("SERVICE", 8, id="service"), "service", lambda job, now: _muted(job.service, 40), False),
    JobColumn(
        Column("EST s", 6, right=True, id="estimate"),
        "QPU seconds estimated",
        lambda job, now: Span(number(job.estimated_seconds)),
        False,
    ),
    JobColumn(
        Column("FINISHED", 19, id="finished"),
        "when it finished",
        lambda job, now: Span(format_datetime(job.finished)),
        False,
    ),
    JobColumn(
        Column("REASON", 20, grow=2, id="reason"),
        "why it failed",
        lambda job, now: Span(shorten(" ".join((job.reason_code, job.reason)).strip(), 120)),
        False,
    ),
)
JOB_COLUMNS: Mapping[str, JobColumn] = {one.column.id: one for one in _ALL}
"""All columns by id, in the order they are offered. The standard ones fit 80 cells; wider screens give
room to the names and show the id."""

STANDARD: tuple[ColumnChoice, ...] = tuple(ColumnChoice(one.column.id) for one in _ALL if one.standard)
"""What is shown before the user has chosen."""


def known(choices: Sequence[ColumnChoice]) -> tuple[ColumnChoice, ...]:
    """The choices whose column there is, each once; the standard ones when nothing is left."""
    once = {choice.id: choice for choice in choices if choice.id in JOB_COLUMNS}
    return tuple(once.values()) or STANDARD


def chosen(choices: Sequence[ColumnChoice]) -> tuple[JobColumn, ...]:
    """The columns as the user wants them; a width of their own stays as it is on every screen."""
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
    """One span for each of the columns."""
    return tuple(one.cell(job, now) for one in columns)
