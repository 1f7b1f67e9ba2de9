"""Frozen records to and from SQLite rows, by the types of their fields."""

from __future__ import annotations

import json
import typing
from dataclasses import fields
from datetime import datetime
from typing import Any, TypeVar

from tui.sandbox.base.clock import from_iso, iso

T = TypeVar("T")


def to_cell(value: object) -> Any:
    """Times as ISO text (they sort as text), tuples as JSON, the rest as it is."""
    if isinstance(value, datetime):
        return iso(value)
    if isinstance(value, tuple):
        return json.dumps(value)
    return int(value) if isinstance(value, bool) else value


def cells(record: Any) -> dict[str, Any]:
    return {field.name: to_cell(getattr(record, field.name)) for field in fields(record)}


class Reader(typing.Generic[T]):
    """Builds one kind of record from rows holding its fields in order."""

    def __init__(self, kind: type[T]) -> None:
        self._kind = kind
        hints = typing.get_type_hints(kind)
        names = [field.name for field in fields(typing.cast(Any, kind))]
        self._hints = [hints[name] for name in names]
        self.columns = ", ".join(names)

    def read(self, row: tuple[Any, ...]) -> T:
        return self._kind(*(_from_cell(cell, hint) for cell, hint in zip(row, self._hints, strict=True)))


def _from_cell(cell: Any, hint: Any) -> Any:
    if cell is None:
        return None
    if hint is datetime or datetime in typing.get_args(hint):
        return from_iso(cell)
    if hint is bool:
        return bool(cell)
    if typing.get_origin(hint) is tuple:
        return tuple(tuple(item) if isinstance(item, list) else item for item in json.loads(cell))
    return cell
