"""Workloads in SQLite: jobs that stand alone, sessions and batches, in one list with keyset pages."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tui.sandbox.base.clock import iso
from tui.sandbox.db.models import Face

_WORKLOADS = """
SELECT id, created, finished AS ended, backend, 'job' AS mode, reason AS status_reason, tags, qpu_seconds,
    NULL AS accepting_jobs, face, CASE status WHEN 'Queued' THEN 'pending' WHEN 'Running' THEN 'in_progress'
    WHEN 'Completed' THEN 'completed' WHEN 'Failed' THEN 'failed' ELSE 'canceled' END AS status
FROM jobs WHERE session_id = ''
UNION ALL
SELECT id, created, closed_at, backend, CASE mode WHEN 'batch' THEN 'batch' ELSE 'session' END,
    state_reason, '[]', CASE mode WHEN 'batch' THEN
        (SELECT total(qpu_seconds) FROM jobs WHERE session_id = sessions.id) ELSE NULL END,
    accepting_jobs, face, CASE state WHEN 'open' THEN 'pending' WHEN 'closed' THEN 'completed'
    ELSE 'in_progress' END
FROM sessions
"""


@dataclass(frozen=True, slots=True)
class Workload:
    """One row. `qpu_seconds` is None for a dedicated session, whose time the session itself knows."""

    id: str
    created: str
    ended: str | None
    backend: str
    mode: str
    status_reason: str
    tags: str
    qpu_seconds: float | None
    accepting_jobs: int | None
    status: str


@dataclass(frozen=True, slots=True)
class WorkloadQuery:
    """Filters of `GET /workloads`. A cursor is the (created, id) of the row a page starts behind."""

    face: Face
    limit: int = 10
    oldest_first: bool = False
    backend: str | None = None
    search: str | None = None
    statuses: tuple[str, ...] = ()
    mode: str | None = None
    created_after: datetime | None = None
    created_before: datetime | None = None
    tags: tuple[str, ...] = ()
    after: tuple[str, str] | None = None
    before: tuple[str, str] | None = None

    def where(self) -> tuple[str, list[Any]]:
        parts: list[str] = ["face = ?"]
        values: list[Any] = [self.face]
        for column, value in (("backend", self.backend), ("mode", self.mode)):
            if value is not None:
                parts.append(f"{column} = ?")
                values.append(value)
        if self.statuses:
            parts.append(f"status IN ({', '.join('?' for _ in self.statuses)})")
            values += self.statuses
        for sign, moment in ((">=", self.created_after), ("<=", self.created_before)):
            if moment is not None:
                parts.append(f"created {sign} ?")
                values.append(iso(moment))
        for tag in self.tags:
            parts.append("EXISTS (SELECT 1 FROM json_each(tags) WHERE json_each.value = ?)")
            values.append(tag)
        if self.search:
            parts.append(
                "(instr(id, ?) OR EXISTS (SELECT 1 FROM json_each(tags) WHERE instr(json_each.value, ?)))"
            )
            values += [self.search, self.search]
        return " AND ".join(parts), values


class WorkloadTable:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def page(self, query: WorkloadQuery) -> tuple[list[Workload], bool, int]:
        """A page in the order asked for, whether more lies beyond it in the direction read, the total."""
        where, values = query.where()
        table = f"FROM ({_WORKLOADS}) WHERE {where}"
        total = int(self._db.execute(f"SELECT count(*) {table}", values).fetchone()[0])
        backwards = query.before is not None
        ascending = query.oldest_first != backwards
        cursor = query.before or query.after
        if cursor is not None:
            table += f" AND (created, id) {'>' if ascending else '<'} (?, ?)"
            values = [*values, *cursor]
        order = "ASC" if ascending else "DESC"
        rows = self._db.execute(
            "SELECT id, created, ended, backend, mode, status_reason, tags, qpu_seconds, accepting_jobs, "
            f"status {table} ORDER BY created {order}, id {order} LIMIT ?",
            [*values, query.limit + 1],
        ).fetchall()
        found = [Workload(*row) for row in rows[: query.limit]]
        return found[::-1] if backwards else found, len(rows) > query.limit, total
