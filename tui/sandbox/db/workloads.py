"""Workloads in SQLite: jobs that stand alone, sessions and batches, in one list with keyset pages."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from tui.sandbox.db.table import ListQuery, Where

_WORKLOADS = """
SELECT id, created, finished AS ended, backend, 'job' AS mode, reason AS status_reason, tags, qpu_seconds,
    NULL AS accepting_jobs, face, CASE status WHEN 'Queued' THEN 'pending' WHEN 'Running' THEN 'in_progress'
    WHEN 'Completed' THEN 'completed' WHEN 'Failed' THEN 'failed' ELSE 'canceled' END AS status
FROM jobs WHERE session_id = ''
UNION ALL
SELECT id, created, closed_at, backend, CASE mode WHEN 'batch' THEN 'batch' ELSE 'session' END,
    state_reason, '[]', CASE mode WHEN 'batch' THEN job_seconds ELSE NULL END,
    accepting_jobs, face, CASE state WHEN 'open' THEN 'pending' WHEN 'closed' THEN 'completed'
    ELSE 'in_progress' END
FROM sessions
"""


@dataclass(frozen=True, slots=True)
class Workload:
    """One row.

    Attributes:
        created: ISO time, as is `ended`.
        tags: JSON array.
        qpu_seconds: None for a dedicated session, whose time follows from the session itself.
    """

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


@dataclass(frozen=True, kw_only=True)
class WorkloadQuery(ListQuery):
    """Filters of `GET /workloads`; None is no filter.

    Attributes:
        after: cursor, the (created, id) of the row behind which the page starts.
        before: cursor of the row before which the page ends; read backwards.
    """

    statuses: tuple[str, ...] = ()
    mode: str | None = None
    after: tuple[str, str] | None = None
    before: tuple[str, str] | None = None

    def where(self) -> Where:
        """Return the filters as SQL."""
        where = super().where()
        where.equals(mode=self.mode)
        if self.statuses:
            where.one_of("status", self.statuses)
        return where


class WorkloadTable:
    """Read access to jobs and sessions as workloads."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def page(self, query: WorkloadQuery) -> tuple[list[Workload], bool, int]:
        """Read one page.

        Returns:
            The workloads in the order of the query; whether more follow in the direction it reads; how many
            match in all.
        """
        where = query.where()
        table = f"FROM ({_WORKLOADS}) WHERE {where.sql}"
        total = int(self._db.execute(f"SELECT count(*) {table}", where.values).fetchone()[0])
        backwards = query.before is not None
        ascending = query.oldest_first != backwards
        cursor = query.before or query.after or ()
        if cursor:
            table += f" AND (created, id) {'>' if ascending else '<'} (?, ?)"
        order = "ASC" if ascending else "DESC"
        rows = self._db.execute(
            "SELECT id, created, ended, backend, mode, status_reason, tags, qpu_seconds, accepting_jobs, "
            f"status {table} ORDER BY created {order}, id {order} LIMIT ?",
            [*where.values, *cursor, query.limit + 1],
        ).fetchall()
        found = [Workload(*row) for row in rows[: query.limit]]
        return found[::-1] if backwards else found, len(rows) > query.limit, total
