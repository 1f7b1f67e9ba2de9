"""TinyDB's tables over the journal: same methods, same answers; a write hands the storage what it changes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from typing import TYPE_CHECKING, Any, cast

from tinydb import TinyDB
from tinydb.queries import QueryLike
from tinydb.table import Document, Table

from tui.store.journal.format import EMPTIED, GONE, document_json

if TYPE_CHECKING:
    from tui.store.journal.file import JournalFile
    from tui.store.journal.index import Slot
    from tui.store.journal.tinydb_storage import JournalStorage

Fields = Mapping[str, Any] | Callable[[MutableMapping[str, Any]], None]


class Rows(Mapping[str, dict[str, Any]]):
    """A table's documents by number as text, as TinyDB wants them; each is read when it is asked for."""

    def __init__(self, file: JournalFile | None, slots: dict[int, Slot]) -> None:
        self._file = file
        self.slots = slots

    def __getitem__(self, number: str) -> dict[str, Any]:
        return self._load(self.slots[int(number)])

    def __iter__(self) -> Iterator[str]:
        return map(str, list(self.slots))

    def __len__(self) -> int:
        return len(self.slots)

    def documents(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """All documents by number."""
        for number, slot in list(self.slots.items()):
            yield number, self._load(slot)

    def _load(self, slot: Slot) -> dict[str, Any]:
        if isinstance(slot, bytes):
            document = slot
        else:
            assert self._file is not None
            document = self._file.document(slot)
        return cast("dict[str, Any]", json.loads(document))


class _Draft(MutableMapping[int, dict[str, Any]]):
    """Looks like a whole table to TinyDB's updaters, and notes what they touch."""

    def __init__(self, rows: Rows | None) -> None:
        self.is_new = rows is None
        self._slots = rows.slots if rows is not None else {}
        self._rows = rows
        self.cleared = False
        self.touched: dict[int, dict[str, Any] | None] = {}

    def _numbers(self) -> dict[int, None]:
        gone = {number for number, row in self.touched.items() if row is None}
        old = {} if self.cleared else {number: None for number in self._slots if number not in gone}
        return old | {number: None for number, row in self.touched.items() if row is not None}

    def __contains__(self, number: object) -> bool:
        if number in self.touched:
            return self.touched[number] is not None
        return not self.cleared and number in self._slots

    def __getitem__(self, number: int) -> dict[str, Any]:
        row = self.touched.get(number)
        if row is None:
            if number not in self or self._rows is None:
                raise KeyError(number)
            row = self.touched[number] = self._rows[str(number)]
        return row

    def __setitem__(self, number: int, row: dict[str, Any]) -> None:
        self.touched[number] = row

    def __delitem__(self, number: int) -> None:
        if number not in self:
            raise KeyError(number)
        self.touched[number] = None

    def __iter__(self) -> Iterator[int]:
        return iter(self._numbers())

    def __len__(self) -> int:
        return len(self._numbers())

    def clear(self) -> None:
        """Remove all documents."""
        self.cleared = True
        self.touched.clear()


class DeltaTable(Table):
    """TinyDB's table for `JournalStorage`.

    Of TinyDB's private parts it replaces the two through which all of its methods go, `_read_table` and
    `_update_table`, and `_get_next_id`; queries are tried on one document after the other, so that no more
    than the hits are in memory at a time. As with TinyDB's own storage every answer is a copy.
    """

    _seen_version = -1
    _next_id: int | None  # type: ignore[assignment]  # TinyDB gives it no type but that of its first value

    @property
    def _journal(self) -> JournalStorage:
        return cast("JournalStorage", self._storage)

    def insert(self, document: Mapping[str, Any]) -> int:
        """As TinyDB's; the number is free in all processes."""
        with self._journal.batch():
            return super().insert(document)

    def insert_multiple(self, documents: Iterable[Mapping[str, Any]]) -> list[int]:
        """As TinyDB's; the numbers are free in all processes."""
        with self._journal.batch():
            return super().insert_multiple(documents)

    def update(
        self, fields: Fields, cond: QueryLike | None = None, doc_ids: Iterable[int] | None = None
    ) -> list[int]:
        """As TinyDB's."""
        with self._journal.batch():
            if doc_ids is None and cond is not None:
                doc_ids = self._hits(cond)
            return super().update(fields, doc_ids=doc_ids)

    def update_multiple(self, updates: Iterable[tuple[Fields, QueryLike]]) -> list[int]:
        """As TinyDB's."""
        steps = list(updates)
        done: list[int] = []

        def updater(table: MutableMapping[int, Any]) -> None:
            assert isinstance(table, _Draft)
            for number, row in self._documents():
                hit = False
                for fields, cond in steps:
                    if cond(row):
                        done.append(number)
                        hit = True
                        if callable(fields):
                            fields(row)
                        else:
                            row.update(fields)
                if hit:
                    table[number] = row

        with self._journal.batch():
            self._update_table(updater)
        return done

    def upsert(self, document: Mapping[str, Any], cond: QueryLike | None = None) -> list[int]:
        """As TinyDB's, in one batch."""
        with self._journal.batch():
            return super().upsert(document, cond)

    def remove(self, cond: QueryLike | None = None, doc_ids: Iterable[int] | None = None) -> list[int]:
        """As TinyDB's."""
        with self._journal.batch():
            if doc_ids is None and cond is not None:
                doc_ids = self._hits(cond)
            return super().remove(doc_ids=doc_ids)

    def search(self, cond: QueryLike) -> list[Document]:
        """As TinyDB's."""
        with self._journal.batch():
            self._notice_others()
            return super().search(cond)

    def __len__(self) -> int:
        return len(self._read_table())

    def __iter__(self) -> Iterator[Document]:
        for number, row in self._documents():
            yield self.document_class(row, number)

    def _hits(self, cond: QueryLike) -> list[int]:
        return [number for number, row in self._documents() if cond(row)]

    def _documents(self) -> Iterator[tuple[int, dict[str, Any]]]:
        rows = self._read_table()
        return rows.documents() if isinstance(rows, Rows) else iter(())

    def _notice_others(self) -> None:
        if self._seen_version != self._journal.version:
            self._seen_version = self._journal.version
            self._next_id = None
            self.clear_cache()

    def _get_next_id(self) -> int:
        self._notice_others()
        if self._next_id is None:
            rows = self._read_table()
            self._next_id = max(rows.slots, default=0) + 1 if isinstance(rows, Rows) else 1
        number = self._next_id
        self._next_id = number + 1
        return number

    def _update_table(self, updater: Callable[[dict[int, Mapping[str, Any]]], None]) -> None:
        storage = self._journal
        with storage.batch():
            rows = cast("Rows | None", (storage.read() or {}).get(self.name))
            draft = _Draft(rows)
            updater(cast("dict[int, Mapping[str, Any]]", draft))
            # All is turned into JSON before anything is staged: a document that cannot be changes nothing.
            written = [
                (number, GONE if row is None else document_json(row)) for number, row in draft.touched.items()
            ]
            if draft.cleared or (draft.is_new and not written):
                storage.stage(self.name, None, EMPTIED)
            for number, document in written:
                before = None if draft.cleared else storage.document(self.name, number)
                if document != (GONE if before is None else before):
                    storage.stage(self.name, number, document)
        self.clear_cache()


class JournalDB(TinyDB):
    """TinyDB over a `JournalStorage`: `JournalDB(storage=lambda: storage)`."""

    table_class = DeltaTable
