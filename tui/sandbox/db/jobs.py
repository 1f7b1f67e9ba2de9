"""Tables of jobs and of sessions: small rows that are listed often, large parts that are read by id."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from tui.sandbox.base.clock import iso
from tui.sandbox.db.models import Face, Job, Session
from tui.sandbox.db.table import NO_DRY_RUNS, ListQuery, Table, Where

Part = Literal["params", "result", "logs", "transpiled"]


@dataclass(frozen=True, kw_only=True)
class JobQuery(ListQuery):
    """Filters of `GET /jobs`; None is no filter."""

    offset: int = 0
    pending: bool | None = None
    program: str | None = None
    session_id: str | None = None

    def where(self) -> Where:
        """Return the filters as SQL."""
        where = super().where()
        where.equals(program_id=self.program, session_id=self.session_id)
        if self.pending is not None:
            where.add(f"status {'' if self.pending else 'NOT '}IN ('Queued', 'Running')")
        return where


class SqlJobTable(Table[Job]):
    """Jobs, in the order of their creation; each may have large parts, which are JSON or plain text."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        super().__init__(connection, "jobs", Job)

    def part(self, job_id: str, name: Part) -> str | None:
        """Return one large part as text, None when the job has none or there is no such job."""
        row = self._db.execute(f"SELECT {name} FROM jobs WHERE id = ?", (job_id,)).fetchone()
        return None if row is None or row[0] is None else str(row[0])

    def page(self, query: JobQuery) -> tuple[list[Job], int]:
        """Return one page of the jobs that match, and how many match in all."""
        where = query.where()
        row = self._db.execute(f"SELECT count(*) FROM jobs WHERE {where.sql}", where.values).fetchone()
        order = "ASC" if query.oldest_first else "DESC"
        condition = f"{where.sql} ORDER BY seq {order} LIMIT ? OFFSET ?"
        return self.select(condition, [*where.values, query.limit, query.offset]), int(row[0])

    def pending(self, *, face: Face | None = None, session_id: str | None = None) -> list[Job]:
        """Return the queued and running jobs, oldest first, of one face or session if named."""
        where = Where()
        where.add("status IN ('Queued', 'Running')")
        where.equals(face=face, session_id=session_id)
        return self.select(f"{where.sql} ORDER BY seq", where.values)

    def qpu_seconds(self, face: Face, since: datetime, modes: Iterable[str]) -> float:
        """Return the QPU seconds charged for all jobs of some modes that were created since a time.

        Args:
            face: the face the jobs belong to.
            since: time of the earliest creation.
            modes: "job", "batch" or "dedicated".
        """
        where = Where()
        where.add("face = ? AND created >= ?", face, iso(since))
        where.add(NO_DRY_RUNS)
        where.one_of("mode", modes)
        sql = f"SELECT total(qpu_seconds) FROM jobs WHERE {where.sql}"
        return float(self._db.execute(sql, where.values).fetchone()[0])

    def tags_like(self, face: Face, text: str) -> list[str]:
        """Return at most 200 distinct tags that contain a text in any case, in alphabetical order."""
        rows = self._db.execute(
            "SELECT DISTINCT json_each.value AS tag FROM jobs, json_each(jobs.tags) "
            "WHERE face = ? AND instr(lower(json_each.value), lower(?)) ORDER BY tag LIMIT 200",
            (face, text),
        )
        return [str(row[0]) for row in rows]


class SessionTable(Table[Session]):
    """Sessions and batches."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        super().__init__(connection, "sessions", Session)

    def unclosed(self) -> list[Session]:
        """Return all sessions that are not closed, oldest first."""
        return self.select("state <> 'closed' ORDER BY created")

    def dedicated_since(self, face: Face, since: datetime) -> list[Session]:
        """Return the dedicated sessions of a face that were created since a time."""
        return self.select("face = ? AND mode = 'dedicated' AND created >= ?", [face, iso(since)])
