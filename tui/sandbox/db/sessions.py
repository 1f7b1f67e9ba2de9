"""Sessions and batches in SQLite."""

from __future__ import annotations

import sqlite3
from datetime import datetime
from typing import Any

from tui.sandbox.base.clock import iso
from tui.sandbox.db.models import Face, Session
from tui.sandbox.db.row_mapper import Reader, cells


class SessionTable:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection
        self._reader = Reader(Session)

    def save(self, session: Session) -> None:
        """Add or replace."""
        row = cells(session)
        marks = ", ".join(f":{name}" for name in row)
        self._db.execute(f"INSERT OR REPLACE INTO sessions ({', '.join(row)}) VALUES ({marks})", row)

    def get(self, session_id: str) -> Session | None:
        rows = self._select("id = ?", [session_id])
        return rows[0] if rows else None

    def living(self) -> list[Session]:
        """All that are not closed, oldest first."""
        return self._select("state <> 'closed' ORDER BY created", [])

    def dedicated_since(self, face: Face, since: datetime) -> list[Session]:
        return self._select("face = ? AND mode = 'dedicated' AND created >= ?", [face, iso(since)])

    def created_between(self, face: Face, start: datetime, end: datetime) -> list[Session]:
        return self._select("face = ? AND created >= ? AND created < ?", [face, iso(start), iso(end)])

    def _select(self, tail: str, values: list[Any]) -> list[Session]:
        rows = self._db.execute(f"SELECT {self._reader.columns} FROM sessions WHERE {tail}", values)
        return [self._reader.read(row) for row in rows]
