"""One machine for the form of lists: what each format holds, and where it goes."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from tui.commands.shared.listing import Format, Output, Table, csv_text, emit_listing
from tui.commands.shared.output import UsageFault
from tui.common.errors import ErrorKind, QdeckError

Captured = pytest.CaptureFixture[str]
ENTRIES: tuple[dict[str, object], ...] = (
    {"id": "a", "shots": 10, "tags": ["x", "y, z"], "name": 'say "hi"\x1b[2J\nthere'},
    {"id": "b", "shots": None, "tags": [], "error": 0.25},
)
TABLES = (Table(("ID", "SHOTS"), [("a", "10"), ("b", "\x07")]),)


def emit(output: Output) -> None:
    emit_listing(output, answer={"jobs": list(ENTRIES)}, entries=ENTRIES, tables=TABLES, empty="None.")


@pytest.mark.parametrize("form", Format)
def test_a_list_goes_to_a_file_as_it_would_to_stdout(tmp_path: Path, capsys: Captured, form: Format) -> None:
    emit(Output(form))
    printed = capsys.readouterr()
    file = tmp_path / "list.txt"
    file.write_text("of before")
    emit(Output(form, str(file)))
    written = capsys.readouterr()
    assert file.read_text() == printed.out and printed.out
    assert (written.out, written.err) == ("", f"Wrote {file}.\n")
    assert "\x1b" not in printed.out and "\x07" not in printed.out


def test_json_is_one_object_and_jsonl_an_object_a_line(capsys: Captured) -> None:
    emit(Output(Format.JSON))
    assert json.loads(capsys.readouterr().out) == {"jobs": list(ENTRIES)}
    emit(Output(Format.JSONL))
    assert [json.loads(line) for line in capsys.readouterr().out.splitlines()] == list(ENTRIES)


def test_csv_has_a_column_for_each_member_and_figures_in_full(capsys: Captured) -> None:
    emit(Output(Format.CSV))
    first, second = csv.DictReader(io.StringIO(capsys.readouterr().out))
    assert first == {
        "id": "a",
        "shots": "10",
        "tags": '["x","y, z"]',
        "name": 'say "hi"␛[2J␊there',
        "error": "",
    }
    assert second == {"id": "b", "shots": "", "tags": "[]", "name": "", "error": "0.25"}
    assert csv_text(()) == ""


@pytest.mark.parametrize(
    ("form", "file", "as_json", "expected"),
    [
        (None, "", False, Format.TABLE),
        (None, "", True, Format.JSON),
        ("json", "", True, Format.JSON),
        ("csv", "jobs.json", False, Format.CSV),
        (None, "jobs.CSV", False, Format.CSV),
        (None, "jobs.jsonl", False, Format.JSONL),
        (None, "jobs.json", False, Format.JSON),
        (None, "jobs.txt", False, Format.TABLE),
        (None, "jobs.txt", True, Format.JSON),
    ],
)
def test_format_is_that_asked_for_or_that_of_the_file(
    form: str | None, file: str, as_json: bool, expected: Format
) -> None:
    assert Output.of(form, file, as_json=as_json) == Output(expected, file)


def test_two_formats_are_refused() -> None:
    with pytest.raises(UsageFault, match="--format csv"):
        Output.of("csv", as_json=True)


def test_nothing_to_list_is_said_where_columns_are_asked_for(capsys: Captured) -> None:
    for form in Format:
        emit_listing(
            Output(form), answer={"jobs": []}, entries=(), tables=[Table(("ID",), [])], empty="None."
        )
        written = capsys.readouterr()
        assert written.err == ("None.\n" if form is Format.TABLE else "")
        assert written.out == ('{\n  "jobs": []\n}\n' if form is Format.JSON else "")


def test_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(QdeckError, match=r"nowhere/list\.csv cannot be written") as caught:
        emit(Output(Format.CSV, str(tmp_path / "nowhere" / "list.csv")))
    assert caught.value.kind is ErrorKind.STORAGE
