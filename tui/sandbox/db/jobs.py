"""Jobs in SQLite: small records that are listed often, large parts that are fetched by id."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from tui.sandbox.base.clock import iso
from tui.sandbox.db.models import Face, Job
from tui.sandbox.db.row_mapper import Reader, cells

Part = Literal["params", "result", "logs", "transpiled"]


@dataclass(frozen=True, slots=True)
class JobQuery:
    """The filters of `GET /jobs`; None is no filter. A job must carry all the tags."""

    face: Face
    limit: int = 200
    offset: int = 0
    pending: bool | None = None
    program: str | None = None
    backend: str | None = None
    created_after: datetime | None = None
    created_before: datetime | None = None
    oldest_first: bool = False
    tags: tuple[str, ...] = ()
    session_id: str | None = None
    search: str | None = None

    def where(self) -> tuple[str, list[Any]]:
        """The condition in SQL and its values."""
        parts: list[str] = ["face = ?"]
        values: list[Any] = [self.face]
        exact = {"program_id": self.program, "backend": self.backend, "session_id": self.session_id}
        for column, value in exact.items():
            if value is not None:
                parts.append(f"{column} = ?")
                values.append(value)
        if self.pending is not None:
            parts.append(f"status {'' if self.pending else 'NOT '}IN ('Queued', 'Running')")
        for sign, moment in ((">=", self.created_after), ("<=", self.created_before)):
            if moment is not None:
                parts.append(f"created {sign} ?")
                values.append(iso(moment))
        for tag in self.tags:
            parts.append("EXISTS (SELECT 1 FROM json_each(jobs.tags) WHERE json_each.value = ?)")
            values.append(tag)
        if self.search:
            tagged = "EXISTS (SELECT 1 FROM json_each(jobs.tags) WHERE instr(json_each.value, ?))"
            parts.append(f"(instr(id, ?) OR {tagged})")
            values += [self.search, self.search]
        return " AND ".join(parts), values


class JobTable:
    """Reads and writes jobs. Every call is one statement, so it is whole or not at all."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection
        self._reader = Reader(Job)

    def add(self, job: Job, params: str) -> None:
        row = {**cells(job), "params": params}
        marks = ", ".join(f":{name}" for name in row)
        self._db.execute(f"INSERT INTO jobs ({', '.join(row)}) VALUES ({marks})", row)

    def save(self, job: Job, **parts: str | None) -> None:
        """Write a job's record and, in the same statement, the large parts that are given."""
        row = {**cells(job), **parts}
        changes = ", ".join(f"{name} = :{name}" for name in row)
        self._db.execute(f"UPDATE jobs SET {changes} WHERE id = :id", row)

    def delete(self, job_id: str) -> None:
        self._db.execute("DELETE FROM jobs WHERE id = ?", (job_id,))

    def get(self, job_id: str) -> Job | None:
        rows = self._select("id = ?", [job_id])
        return rows[0] if rows else None

    def part(self, job_id: str, name: Part) -> str | None:
        """One large part as text, or None when there is none (or no such job)."""
        row = self._db.execute(f"SELECT {name} FROM jobs WHERE id = ?", (job_id,)).fetchone()
        return None if row is None or row[0] is None else str(row[0])

    def page(self, query: JobQuery) -> tuple[list[Job], int]:
        """The page asked for, and how many jobs match in all."""
        where, values = query.where()
        count = int(self._db.execute(f"SELECT count(*) FROM jobs WHERE {where}", values).fetchone()[0])
        order = "ASC" if query.oldest_first else "DESC"
        tail = f"{where} ORDER BY seq {order} LIMIT ? OFFSET ?"
        return self._select(tail, [*values, query.limit, query.offset]), count

    def pending(self, *, face: Face | None = None, session_id: str | None = None) -> list[Job]:
        """Queued and running jobs, oldest first, of one face or session if named."""
        where = "status IN ('Queued', 'Running')"
        values: list[Any] = []
        if face is not None:
            where += " AND face = ?"
            values.append(face)
        if session_id is not None:
            where += " AND session_id = ?"
            values.append(session_id)
        return self._select(f"{where} ORDER BY seq", values)

    def created_between(self, face: Face, start: datetime, end: datetime) -> list[Job]:
        where = "face = ? AND created >= ? AND created < ? ORDER BY seq"
        return self._select(where, [face, iso(start), iso(end)])

    def qpu_seconds(self, face: Face, since: datetime, modes: Iterable[str]) -> float:
        """The sum over jobs of the given modes (job, batch, dedicated) created since a time."""
        names = list(modes)
        marks = ", ".join("?" for _ in names)
        row = self._db.execute(
            f"SELECT total(qpu_seconds) FROM jobs WHERE face = ? AND created >= ? AND mode IN ({marks})",
            [face, iso(since), *names],
        ).fetchone()
        return float(row[0])

    def tags_like(self, face: Face, text: str) -> list[str]:
        """Distinct tags that contain the text, in alphabetical order."""
        rows = self._db.execute(
            "SELECT DISTINCT json_each.value AS tag FROM jobs, json_each(jobs.tags) "
            "WHERE face = ? AND instr(lower(json_each.value), lower(?)) ORDER BY tag LIMIT 200",
            (face, text),
        )
        return [str(row[0]) for row in rows]

    def _select(self, tail: str, values: list[Any]) -> list[Job]:
        rows = self._db.execute(f"SELECT {self._reader.columns} FROM jobs WHERE {tail}", values)
        return [self._reader.read(row) for row in rows]
