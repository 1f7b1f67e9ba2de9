"""The layout of the JSON history: encoding, decoding, salvage of damaged files."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui.store.records.json_v1 import Damaged, Row, decode, encode, salvage

_names = st.sampled_from(["jobs", "sessions", "submissions", "meta"])
_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text('abc}{\n,"', max_size=4), inner, max_size=3)
    ),
    max_leaves=8,
)
_rows: st.SearchStrategy[Row] = st.dictionaries(st.text("idtag", min_size=1, max_size=4), _values, max_size=4)
_tables = st.dictionaries(_names, st.dictionaries(st.integers(1, 9999).map(str), _rows, max_size=5))


@given(_tables)
def test_decode_reverses_encode(tables: dict[str, dict[str, Row]]) -> None:
    data = b"".join(encode(tables))
    assert decode(data) == tables
    assert json.loads(data) == tables


def test_decode_reads_file_of_tinydb_json_storage() -> None:
    tables = {"_default": {"1": {"id": "a"}}, "jobs": {"7": {"id": "b"}}}
    assert decode(json.dumps(tables).encode()) == tables


def _example() -> tuple[bytes, dict[str, dict[str, Row]]]:
    tables: dict[str, dict[str, Row]] = {
        "jobs": {str(n): {"id": f"job-{n}", "program": "sampler"} for n in range(1, 6)},
        "sessions": {"1": {"id": "s", "mode": "batch"}},
    }
    return b"".join(encode(tables)), tables


MARKS = {"jobs": "program", "sessions": "mode"}


def test_salvage_of_cut_file_keeps_every_whole_line() -> None:
    data, tables = _example()
    for length in range(len(data) - 1):
        cut = data[:length]
        with pytest.raises(Damaged):
            decode(cut)
        kept, lost = salvage(cut, MARKS)
        whole = sum(line.startswith(b'"') and line.rstrip(b",").endswith(b"}") for line in cut.split(b"\n"))
        assert sum(len(table) for table in kept.values()) == whole
        assert lost <= 1
        for name, table in kept.items():
            assert table.items() <= tables[name].items()


def test_salvage_puts_no_row_into_the_table_before_it() -> None:
    data, tables = _example()
    damaged = data.replace(b'"sessions"', b'sessions"')
    kept, lost = salvage(damaged, {"jobs": "program"})
    assert (kept, lost) == ({"jobs": tables["jobs"]}, 2)
    kept, lost = salvage(damaged, MARKS)
    assert (kept, lost) == (tables, 1)


def test_salvage_of_a_line_that_is_empty_goes_on_in_its_table() -> None:
    data, tables = _example()
    assert salvage(data.replace(b"\n", b"\n\n"), {}) == (tables, 0)


@settings(max_examples=200)
@given(st.data())
def test_salvage_of_flipped_byte_loses_two_rows_at_most(data: st.DataObject) -> None:
    written, tables = _example()
    at = data.draw(st.integers(0, len(written) - 1))
    flipped = bytearray(written)
    flipped[at] ^= data.draw(st.integers(1, 255))
    kept, _ = salvage(bytes(flipped), MARKS)
    there = {(name, number) for name, table in kept.items() for number in table}
    missing = {(name, number) for name, table in tables.items() for number in table} - there
    # A wrong line feed joins two lines, or splits one.
    assert len(missing) <= 2
