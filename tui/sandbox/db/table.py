"""SQLite tables of frozen dataclasses: a column for each field, its type taken from the annotation."""

from __future__ import annotations

import json
import sqlite3
import types
import typing
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Generic, TypeVar

from tui.sandbox.base.clock import from_iso, iso
from tui.sandbox.db.models import Face

NO_DRY_RUNS = "substr(backend, 1, 5) <> 'mock_'"
"""Condition on rows with a backend: none for dry runs, which cost nothing."""

T = TypeVar("T")


def _unchanged(value: Any) -> Any:
    return value


def _from_json(cell: str) -> tuple[Any, ...]:
    return tuple(tuple(item) if isinstance(item, list) else item for item in json.loads(cell))


@dataclass(frozen=True, slots=True)
class _ColumnType:
    """Type of a column, and the conversions between its cells and Python's values."""

    sql: str
    to_cell: Callable[[Any], Any] = _unchanged
    from_cell: Callable[[Any], Any] = _unchanged


_TEXT = _ColumnType("TEXT")
_TYPES: dict[Any, _ColumnType] = {
    # As ISO text, times sort as text.
    datetime: _ColumnType("TEXT", iso, from_iso),
    tuple: _ColumnType("TEXT", json.dumps, _from_json),
    bool: _ColumnType("INTEGER", int, bool),
    int: _ColumnType("INTEGER"),
    float: _ColumnType("REAL"),
}


class Table(Generic[T]):
    """Rows of one dataclass, whose field `id` is unique. Every call is one statement, so it is atomic.

    Args:
        connection: the open database.
        name: name of the table.
        model: the dataclass; a field that may be None makes a column that may be NULL.
    """

    def __init__(self, connection: sqlite3.Connection, name: str, model: type[T]) -> None:
        self._db = connection
        self._name = name
        self._model = model
        self._columns = _columns(model)

    def definition(self) -> str:
        """Return the columns as SQL, for `CREATE TABLE`."""
        return ", ".join(
            f"{name} {kind.sql}{'' if nullable else ' NOT NULL'}"
            for name, (kind, nullable) in self._columns.items()
        )

    def get(self, row_id: str) -> T | None:
        """Return the row with an id, None when there is none."""
        rows = self.select("id = ?", [row_id])
        return rows[0] if rows else None

    def select(self, condition: str, values: Iterable[Any] = ()) -> list[T]:
        """Return the rows that meet a condition.

        Args:
            condition: SQL behind WHERE, also with ORDER BY and LIMIT.
            values: for its placeholders.
        """
        sql = f"SELECT {', '.join(self._columns)} FROM {self._name} WHERE {condition}"
        return [self._from_row(row) for row in self._db.execute(sql, list(values))]

    def insert(self, record: T, *, replace: bool = False, **cells: str | None) -> None:
        """Add a row.

        Args:
            record: the row's values.
            replace: overwrite the row that has the same id.
            cells: values of further columns by name.
        """
        row = self._to_row(record) | cells
        values = ", ".join(f":{name}" for name in row)
        verb = "INSERT OR REPLACE" if replace else "INSERT"
        self._db.execute(f"{verb} INTO {self._name} ({', '.join(row)}) VALUES ({values})", row)

    def update(self, record: T, **cells: str | None) -> None:
        """Overwrite the row that has the record's id.

        Args:
            record: the row's values.
            cells: values of further columns by name; those not named stay.
        """
        row = self._to_row(record) | cells
        changes = ", ".join(f"{name} = :{name}" for name in row)
        self._db.execute(f"UPDATE {self._name} SET {changes} WHERE id = :id", row)

    def delete(self, row_id: str) -> None:
        """Remove a row; an unknown id is no error."""
        self._db.execute(f"DELETE FROM {self._name} WHERE id = ?", (row_id,))

    def created_between(self, face: Face, start: datetime, end: datetime) -> list[T]:
        """Return the rows of a face that were created from `start` to before `end`, oldest first."""
        condition = "face = ? AND created >= ? AND created < ? ORDER BY rowid"
        return self.select(condition, [face, iso(start), iso(end)])

    def _to_row(self, record: T) -> dict[str, Any]:
        values = ((name, kind, getattr(record, name)) for name, (kind, _) in self._columns.items())
        return {name: None if value is None else kind.to_cell(value) for name, kind, value in values}

    def _from_row(self, row: tuple[Any, ...]) -> T:
        cells = zip(self._columns.values(), row, strict=True)
        return self._model(*(None if cell is None else kind.from_cell(cell) for (kind, _), cell in cells))


def _columns(model: type[Any]) -> dict[str, tuple[_ColumnType, bool]]:
    """Columns by name: each one's type and whether it may be NULL."""
    hints = typing.get_type_hints(model)
    columns = {}
    for field in fields(model):
        hint = hints[field.name]
        nullable = isinstance(hint, types.UnionType)
        if nullable:
            hint = next(part for part in typing.get_args(hint) if part is not types.NoneType)
        columns[field.name] = _TYPES.get(typing.get_origin(hint) or hint, _TEXT), nullable
    return columns


@dataclass(frozen=True, kw_only=True)
class ListQuery:
    """Filters that the lists of jobs and of workloads share; None is no filter.

    Attributes:
        limit: rows of a page.
        search: part of the id or of a tag.
        tags: a row must have all of them.
        mocks: include rows of backends for dry runs.
    """

    face: Face
    limit: int
    oldest_first: bool = False
    backend: str | None = None
    created_after: datetime | None = None
    created_before: datetime | None = None
    search: str | None = None
    tags: tuple[str, ...] = ()
    mocks: bool = False

    def where(self) -> Where:
        """Return the filters as SQL."""
        where = Where()
        where.equals(face=self.face, backend=self.backend)
        if not self.mocks:
            where.add(NO_DRY_RUNS)
        for sign, moment in ((">=", self.created_after), ("<=", self.created_before)):
            if moment is not None:
                where.add(f"created {sign} ?", iso(moment))
        for tag in self.tags:
            where.add("EXISTS (SELECT 1 FROM json_each(tags) WHERE json_each.value = ?)", tag)
        if self.search:
            tagged = "EXISTS (SELECT 1 FROM json_each(tags) WHERE instr(json_each.value, ?))"
            where.add(f"(instr(id, ?) OR {tagged})", self.search, self.search)
        return where


class Where:
    """Conditions that all must hold.

    Attributes:
        values: of the placeholders, in order.
    """

    def __init__(self) -> None:
        self._conditions: list[str] = []
        self.values: list[Any] = []

    def add(self, condition: str, *values: Any) -> None:
        """Add a condition with the values of its placeholders."""
        self._conditions.append(condition)
        self.values += values

    def equals(self, **columns: str | None) -> None:
        """Add a condition for each column that has a value to be equal to."""
        for name, value in columns.items():
            if value is not None:
                self.add(f"{name} = ?", value)

    def one_of(self, column: str, values: Iterable[str]) -> None:
        """Add the condition that a column has one of some values."""
        found = list(values)
        self.add(f"{column} IN ({', '.join('?' for _ in found)})", *found)

    @property
    def sql(self) -> str:
        """The conditions, to stand behind WHERE."""
        return " AND ".join(self._conditions)
