"""What a job looks like as a row of the table, and which words find it."""

from __future__ import annotations

from datetime import datetime

from tui.domain.jobs import Job
from tui.domain.text import plain, shorten
from tui.widgets.ink import Ink, Span
from tui.widgets.row_table import Cells, Column
from tui.widgets.words import NOTHING, age, number, short_id, status_span

JOB_COLUMNS: tuple[Column, ...] = (
    Column("STATUS", 11),
    Column("NAME", 10, grow=3),
    Column("BACKEND", 13, grow=1),
    Column("PRIMITIVE", 9),
    Column("SHOTS", 6, right=True),
    Column("QPU s", 6, right=True),
    Column("AGE", 4, right=True),
    Column("TAGS", 6, grow=3),
    Column("ID", 24, need=118),
)
"""Fits 80 cells; wider screens give room to the names and show the id."""


def job_cells(job: Job, now: datetime) -> Cells:
    """One span for each of `JOB_COLUMNS`."""
    return (
        status_span(job),
        Span(shorten(job.name, 60)) if job.name else Span(short_id(job.id, 20), Ink.MUTED),
        Span(shorten(job.backend, 40)),
        Span(shorten(job.program, 20)),
        Span(str(job.shots) if job.shots is not None else NOTHING),
        Span(number(job.qpu_seconds)),
        Span(age(job.created, now)),
        Span(shorten(" ".join(job.tags), 80), Ink.MUTED),
        Span(shorten(job.id, 60), Ink.MUTED),
    )


def matches(job: Job, words: str) -> bool:
    """Whether every word of the filter occurs in some field of the job, whatever the case."""
    fields = (
        job.id,
        job.name,
        job.backend,
        job.program,
        job.status,
        job.status_text,
        job.service,
        job.instance,
        job.session_id,
        job.reason,
        *job.tags,
    )
    text = plain("\n".join(fields), lines=True).casefold()
    return all(word in text for word in words.casefold().split())
