"""Lists as the user wants them: a table, one JSON object, JSON lines or CSV, on stdout or in a file."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from tui.commands.shared.output import UsageFault, emit_table, emit_text, say, table_lines
from tui.common.atomic_file import replace_file
from tui.common.errors import ErrorKind, QdeckError
from tui.common.safe_text import plain

Entry = Mapping[str, object]
"""One member of a list, as in a JSON answer."""


class Format(StrEnum):
    """The form of a list."""

    TABLE = "table"
    """Columns, aligned under a head on a terminal, else separated by tabs."""
    JSON = "json"
    """One object, with what is to be said of the whole."""
    JSONL = "jsonl"
    """An object a line, one for each entry."""
    CSV = "csv"
    """A line an entry under the names of their members."""


ENDINGS = {f".{one}": one for one in (Format.JSON, Format.JSONL, Format.CSV)}


@dataclass(frozen=True, slots=True)
class Output:
    """The form of a list, and the file it goes to; empty: stdout."""

    format: Format = Format.TABLE
    file: str = ""

    @classmethod
    def of(cls, form: str | None, file: str = "", *, as_json: bool = False) -> Output:
        """Make it of the options of a command.

        Args:
            form: the format asked for; `None`: that of the file's ending, else a table.
            file: the file asked for; empty: stdout.
            as_json: `--json` was given.

        Raises:
            UsageFault: `--json` beside another format.
        """
        if as_json and form not in {None, Format.JSON}:
            raise UsageFault(f"--json is short for --format json, and --format {form} was given.")
        asked = Format.JSON if as_json else form
        return cls(Format(asked) if asked else ENDINGS.get(Path(file).suffix.lower(), Format.TABLE), file)


AS_TABLE, AS_JSON = Output(), Output(Format.JSON)


@dataclass(frozen=True, slots=True)
class Table:
    """Columns: their heads, and a tuple of texts for each row."""

    head: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]


def emit_listing(
    output: Output, *, answer: Entry, entries: Iterable[Entry], tables: Iterable[Table], empty: str = ""
) -> None:
    """Print a list in the form asked for.

    Args:
        output: the form and the file.
        answer: the JSON object, entries included.
        entries: what JSON lines and CSV hold.
        tables: what is printed as columns.
        empty: said on stderr where tables are asked for and have no row.

    Raises:
        OutputClosed: whoever read stdout went away.
        QdeckError: `STORAGE`: it cannot be written.
    """
    if output.format is Format.TABLE:
        _emit_tables(list(tables), output.file, empty)
        return
    if output.format is Format.JSON:
        text = json.dumps(answer, indent=2) + "\n"
    elif output.format is Format.JSONL:
        text = "".join(f"{json.dumps(one)}\n" for one in entries)
    else:
        text = csv_text(list(entries))
    if output.file:
        write_file(output.file, text)
    else:
        emit_text(text)


def csv_text(entries: Sequence[Entry]) -> str:
    """Write entries as CSV: a column for each member that one of them has, in the order they first come.

    Returns:
        Lines, the first one with the names of the columns; numbers in full, times as in JSON, lists and
        objects as JSON, an empty cell for what is not known.
    """
    columns = list(dict.fromkeys(name for one in entries for name in one))
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_cell(one.get(name)) for name in columns] for one in entries)
    return file.getvalue() if columns else ""


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return plain(value)
    return json.dumps(value, separators=(",", ":"))


def _emit_tables(tables: Sequence[Table], file: str, empty: str) -> None:
    if file:
        lines = (line for one in tables for line in table_lines(one.head, one.rows, aligned=False))
        write_file(file, "".join(f"{line}\n" for line in lines))
    else:
        for one in tables:
            emit_table(one.head, one.rows)
    if empty and not any(one.rows for one in tables):
        say(empty)


def write_file(name: str, text: str) -> None:
    """Write a file that the user named, all of it or nothing, and say so.

    Raises:
        QdeckError: `STORAGE`: it cannot be written.
    """
    try:
        replace_file(
            Path(name).resolve(), [text.encode("utf-8", "backslashreplace")], mode=0o644, keep_mode=True
        )
    except OSError as error:
        why = error.strerror or str(error)
        raise QdeckError(ErrorKind.STORAGE, f"{plain(name)} cannot be written: {why}.") from error
    say(f"Wrote {name}.")
