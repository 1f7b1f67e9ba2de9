"""TinyDB's own methods over the journal: the same answers as over its own storage."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from tinydb import TinyDB, where
from tinydb.operations import add, decrement, delete, increment
from tinydb.operations import set as set_field
from tinydb.queries import Query, QueryLike
from tinydb.table import Document

from tests.store.samples import NOON
from tui.store.journal.tinydb_storage import JournalStorage
from tui.store.journal.tinydb_table import JournalDB

_values = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4)
_nested = _values | st.lists(_values, max_size=2) | st.dictionaries(st.text(max_size=2), _values, max_size=2)
_numbers = st.integers(0, 3)
_documents = st.fixed_dictionaries(
    {"v": _numbers},
    optional={"w": _nested, "n": st.fixed_dictionaries({"x": st.lists(_numbers, max_size=2)})},
)
_tables = st.sampled_from(["_default", "jobs", 'a,b "c" \n', "λ"])
_ids = st.integers(1, 12)


def _append(document: Any) -> None:
    document.setdefault("n", {}).setdefault("x", []).append(7)


_FIELDS: list[Mapping[str, Any] | Callable[[Any], None]] = [
    {"u": 1},
    {"v": 2, "w": {"deep": [1, {"er": None}]}},
    {},
    increment("v"),
    decrement("v"),
    add("v", 1),
    set_field("v", 0),
    delete("v"),
    _append,
]
_fields = st.sampled_from(_FIELDS)


def _query(v: int, kind: int) -> QueryLike:
    queries: list[QueryLike] = [
        where("v") == v,
        ~(where("v") == v),
        (where("v") > v) | Query().w.exists(),
        Query().n.x.any([v]),
        Query().fragment({"v": v}),
        Query().noop(),
    ]
    return queries[kind]


_queries = st.builds(_query, _numbers, st.integers(0, 5))
Operation = Callable[[TinyDB], object]


class SameAnswers(RuleBasedStateMachine):
    """Every operation is done to both; answers, errors and contents must be the same."""

    def __init__(self) -> None:
        super().__init__()
        self.root = Path(tempfile.mkdtemp(prefix="qdeck-tinydb-"))
        self.stock: TinyDB
        self.journal: TinyDB

    @initialize()
    def open_both(self) -> None:
        self.stock = TinyDB(self.root / "stock.json")
        # Small enough that the file is written anew every few operations.
        self.journal = JournalDB(
            storage=lambda: JournalStorage(self.root / "journal", now=lambda: NOON, compact_bytes=600)
        )

    def both(self, operation: Operation) -> None:
        def outcome(database: TinyDB) -> object:
            try:
                return repr(operation(database))
            except Exception as error:
                return type(error), str(error)

        assert outcome(self.journal) == outcome(self.stock)

    @rule(name=_tables, document=_documents)
    def insert(self, name: str, document: dict[str, Any]) -> None:
        self.both(lambda db: db.table(name).insert(document))

    @rule(name=_tables, document=_documents, number=_ids)
    def insert_with_number(self, name: str, document: dict[str, Any], number: int) -> None:
        self.both(lambda db: db.table(name).insert(Document(document, number)))

    @rule(name=_tables, documents=st.lists(_documents, max_size=4))
    def insert_multiple(self, name: str, documents: list[dict[str, Any]]) -> None:
        self.both(lambda db: db.table(name).insert_multiple(documents))

    @rule(name=_tables, fields=_fields, query=_queries)
    def update(self, name: str, fields: Any, query: QueryLike) -> None:
        self.both(lambda db: db.table(name).update(fields, query))

    @rule(name=_tables, fields=_fields, numbers=st.lists(_ids, max_size=3))
    def update_by_number(self, name: str, fields: Any, numbers: list[int]) -> None:
        self.both(lambda db: db.table(name).update(fields, doc_ids=numbers))

    @rule(name=_tables, fields=_fields)
    def update_all(self, name: str, fields: Any) -> None:
        self.both(lambda db: db.table(name).update(fields))

    @rule(name=_tables, updates=st.lists(st.tuples(_fields, _queries), max_size=3))
    def update_multiple(self, name: str, updates: list[tuple[Any, QueryLike]]) -> None:
        self.both(lambda db: db.table(name).update_multiple(updates))

    @rule(name=_tables, document=_documents, query=_queries)
    def upsert(self, name: str, document: dict[str, Any], query: QueryLike) -> None:
        self.both(lambda db: db.table(name).upsert(document, query))

    @rule(name=_tables, document=_documents, number=_ids)
    def upsert_by_number(self, name: str, document: dict[str, Any], number: int) -> None:
        self.both(lambda db: db.table(name).upsert(Document(document, number)))

    @rule(name=_tables, query=_queries)
    def remove(self, name: str, query: QueryLike) -> None:
        self.both(lambda db: db.table(name).remove(query))

    @rule(name=_tables, numbers=st.lists(_ids, max_size=3, unique=True))
    def remove_by_number(self, name: str, numbers: list[int]) -> None:
        self.both(lambda db: db.table(name).remove(doc_ids=numbers))

    @rule(name=_tables)
    def remove_without_condition(self, name: str) -> None:
        self.both(lambda db: db.table(name).remove())

    @rule(name=_tables)
    def truncate(self, name: str) -> None:
        self.both(lambda db: db.table(name).truncate())

    @rule(name=_tables)
    def drop_table(self, name: str) -> None:
        self.both(lambda db: db.drop_table(name))

    @rule()
    def drop_tables(self) -> None:
        self.both(lambda db: db.drop_tables())

    @rule(name=_tables)
    def insert_what_json_cannot_hold(self, name: str) -> None:
        # TinyDB counts its next number on although nothing was written; both are opened anew after it.
        with pytest.raises(TypeError):
            self.stock.table(name).insert({"v": object()})
        with pytest.raises(TypeError):
            self.journal.table(name).insert({"v": object()})
        self.reopen()

    @rule(name=_tables, query=_queries, number=_ids)
    def read(self, name: str, query: QueryLike, number: int) -> None:
        self.both(lambda db: db.table(name).search(query))
        self.both(lambda db: db.table(name).get(query))
        self.both(lambda db: db.table(name).get(doc_id=number))
        self.both(lambda db: db.table(name).get(doc_ids=[number, 1]))
        self.both(lambda db: (db.table(name).contains(query), db.table(name).count(query)))

    @rule(name=_tables)
    def change_an_answer(self, name: str) -> None:
        for database in (self.stock, self.journal):
            for document in database.table(name):
                document.clear()

    @rule()
    def reopen(self) -> None:
        self.stock.close()
        self.journal.close()
        self.open_both()

    @rule()
    def compact(self) -> None:
        storage = self.journal.storage
        assert isinstance(storage, JournalStorage)
        storage.compact()

    @invariant()
    def the_same_contents(self) -> None:
        if not hasattr(self, "journal"):
            return
        self.both(lambda db: sorted(db.tables()))
        for name in self.stock.tables():
            self.both(lambda db, name=name: [(row.doc_id, dict(row)) for row in db.table(name)])  # type: ignore[misc]  # a lambda's default has no type
        storage = self.journal.storage
        assert isinstance(storage, JournalStorage)
        assert storage.warnings == []

    def teardown(self) -> None:
        self.stock.close()
        self.journal.close()
        shutil.rmtree(self.root)


TestSameAnswers = SameAnswers.TestCase
TestSameAnswers.settings = settings(max_examples=30, stateful_step_count=30, deadline=None)


@pytest.mark.slow
def test_same_answers_as_tinydb_at_length() -> None:
    run_state_machine_as_test(
        SameAnswers, settings=settings(max_examples=300, stateful_step_count=50, deadline=None)
    )


def test_stock_tinydb_tables_work_over_journal_storage(tmp_path: Path) -> None:
    """Without the table class that tells what changed: the whole is compared."""

    def storage() -> JournalStorage:
        return JournalStorage(tmp_path / "journal", now=lambda: NOON)

    with TinyDB(storage=storage) as database:
        database.insert_multiple({"n": n} for n in range(5))
        database.update({"m": 1}, where("n") == 3)
        database.remove(where("n") == 0)
        database.table("other").insert({"x": 1})
        database.drop_table("other")
    with JournalDB(storage=storage) as database:
        assert database.all() == [{"n": 1}, {"n": 2}, {"n": 3, "m": 1}, {"n": 4}]
        assert database.tables() == {"_default"}


def test_insert_numbers_are_unique_across_databases(tmp_path: Path) -> None:
    def storage() -> JournalStorage:
        return JournalStorage(tmp_path / "journal", now=lambda: NOON)

    with JournalDB(storage=storage) as one, JournalDB(storage=storage) as other:
        assert [database.insert({"n": n}) for n in range(4) for database in (one, other)] == [*range(1, 9)]
        assert one.search(where("n") == 2) == other.search(where("n") == 2)
        other.update({"m": 1}, where("n") == 2)
        assert [row["m"] for row in one.search(where("n") == 2)] == [1, 1]
