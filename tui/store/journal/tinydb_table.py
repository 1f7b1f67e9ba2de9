"""TinyDB's tables over the journal: same methods, same answers; a write hands the storage what it changes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from typing import Any, cast

from tinydb import TinyDB
from tinydb.queries import QueryLike
from tinydb.table import Document, Table

from tui.store.journal.format import EMPTIED, GONE, document_json
from tui.store.journal.tinydb_storage import JournalStorage, Rows

Fields = Mapping[str, Any] | Callable[[MutableMapping[str, Any]], None]


class _Draft(MutableMapping[int, dict[str, Any]]):
    """Stands for a whole table to TinyDB's updaters, and notes what they touch; `None`: removed."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self.cleared = False
        self.touched: dict[int, dict[str, Any] | None] = {}

    def __getitem__(self, number: int) -> dict[str, Any]:
        if number not in self.touched and not self.cleared:
            self.touched[number] = self._rows[str(number)]
        row = self.touched[number]
        if row is None:
            raise KeyError(number)
        return row

    def __setitem__(self, number: int, row: dict[str, Any]) -> None:
        self.touched[number] = row

    def __delitem__(self, number: int) -> None:
        if self[number] is not None:
            self.touched[number] = None

    def __iter__(self) -> Iterator[int]:
        numbers = {} if self.cleared else dict.fromkeys(self._rows.slots)
        for number, row in self.touched.items():
            if row is None:
                numbers.pop(number, None)
            else:
                numbers[number] = None
        return iter(numbers)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def clear(self) -> None:
        """Remove all documents."""
        self.cleared = True
        self.touched.clear()


class JournalTable(Table):
    """TinyDB's table for `JournalStorage`. As with TinyDB's own storage every answer is a copy.

    Public methods are extended to hold the lock for the whole operation, to notice what other processes
    wrote, and to try conditions on one document after the other: only the hits are in memory at a time.
    """

    _seen_version = -1
    _next_id: int | None  # type: ignore[assignment]  # TinyDB gives it no type but that of its first value

    @property
    def _journal(self) -> JournalStorage:
        return cast("JournalStorage", self.storage)

    def insert(self, document: Mapping[str, Any]) -> int:
        """Insert as TinyDB does; the number is free in all processes."""
        with self._journal.batch():
            self._notice_others()
            return super().insert(document)

    def insert_multiple(self, documents: Iterable[Mapping[str, Any]]) -> list[int]:
        """Insert as TinyDB does; the numbers are free in all processes."""
        with self._journal.batch():
            self._notice_others()
            return super().insert_multiple(documents)

    def update(
        self, fields: Fields, cond: QueryLike | None = None, doc_ids: Iterable[int] | None = None
    ) -> list[int]:
        """Update as TinyDB does."""
        with self._journal.batch():
            if doc_ids is None and cond is not None:
                doc_ids = self._hits(cond)
            return super().update(fields, doc_ids=doc_ids)

    def upsert(self, document: Mapping[str, Any], cond: QueryLike | None = None) -> list[int]:
        """Update or insert as TinyDB does, in one batch."""
        with self._journal.batch():
            return super().upsert(document, cond)

    def remove(self, cond: QueryLike | None = None, doc_ids: Iterable[int] | None = None) -> list[int]:
        """Remove as TinyDB does."""
        with self._journal.batch():
            if doc_ids is None and cond is not None:
                doc_ids = self._hits(cond)
            return super().remove(doc_ids=doc_ids)

    def search(self, cond: QueryLike) -> list[Document]:
        """Search as TinyDB does; its cache holds for this process' changes alone."""
        with self._journal.batch():
            self._notice_others()
            return super().search(cond)

    def __iter__(self) -> Iterator[Document]:
        rows = self._read_table()
        if isinstance(rows, Rows):
            for number, row in rows.documents():
                yield self.document_class(row, number)

    def _hits(self, cond: QueryLike) -> list[int]:
        return [document.doc_id for document in self if cond(document)]

    def _notice_others(self) -> None:
        if self._seen_version != self._journal.version:
            self._seen_version = self._journal.version
            self._next_id = None
            self.clear_cache()

    def _update_table(self, updater: Callable[[dict[int, Mapping[str, Any]]], None]) -> None:
        """Stage what `updater` touches.

        The one private method of TinyDB that is overridden: all of its writing methods go through it. TinyDB
        reads all tables there, hands `updater` all documents of one and the storage all tables to write; here
        an operation costs what it changes.
        """
        storage = self._journal
        with storage.batch():
            rows = cast("Rows | None", (storage.read() or {}).get(self.name))
            draft = _Draft(Rows(None, {}) if rows is None else rows)
            updater(cast("dict[int, Mapping[str, Any]]", draft))
            # All is turned into JSON before anything is staged: a document that cannot be changes nothing.
            written = [
                (number, GONE if row is None else document_json(row)) for number, row in draft.touched.items()
            ]
            if draft.cleared or (rows is None and not written):
                storage.stage(self.name, None, EMPTIED)
            for number, document in written:
                before = None if draft.cleared else storage.document(self.name, number)
                if document != (GONE if before is None else before):
                    storage.stage(self.name, number, document)
        self.clear_cache()


class JournalDB(TinyDB):
    """TinyDB over a `JournalStorage`: `JournalDB(storage=lambda: storage)`."""

    table_class = JournalTable
