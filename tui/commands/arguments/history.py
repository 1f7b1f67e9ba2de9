"""`qdeck history`: export, import, compact and check what is kept on this machine."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tui.commands.arguments.options import completes, listing_options
from tui.commands.shared.output import Exit, emit_pieces, say

if TYPE_CHECKING:
    from tui.commands.shared.listing import Output
    from tui.config.settings import Folders


@click.group()
def history() -> None:
    """Export, import, compact or check the history of jobs kept on this machine."""


@history.command("export")
@click.argument("file", default="-", shell_complete=completes("files"))
def export(file: str) -> int:
    """Write jobs, sessions, submissions and how they were transpiled as one JSON object to FILE
    (default: stdout).

    It is plain TinyDB JSON. Results and circuits are files beside the history: see `qdeck where`.
    """
    from tui.store.import_export import export_json

    with _reporting_errors() as status:
        places = _places()
        pieces = export_json(places.history_file)
        if file == "-":
            emit_pieces(pieces)
        else:
            from tui.common.atomic_file import replace_file

            replace_file(Path(file), pieces)
            say(f"Wrote {file}.")
    return status[0]


@history.command("import")
@click.argument("file", shell_complete=completes("files"))
def import_(file: str) -> int:
    """Merge an export (or the history.json of an earlier qdeck) in FILE into the history.

    What is there already is completed, nothing goes back; doing it twice changes nothing.
    """
    from tui.common.timing import SystemClock
    from tui.store.import_export import import_json
    from tui.store.migration import read_json

    with _reporting_errors() as status:
        places = _places()
        places.create()
        tables, lost = read_json(Path(file))
        counts, unknown = import_json(
            places.history_file, places.old_history_file, tables, SystemClock().now, lost=lost
        )
        say("Read " + ", ".join(f"{count} {name}" for name, count in counts.items()) + ".")
        if lost:
            say(f"qdeck: {file} is damaged: {lost} lines could not be read.")
            status[0] = Exit.FAILED
        if unknown:
            say(f"qdeck: {unknown} entries have a form this qdeck does not know; left out.")
            status[0] = Exit.FAILED
    return status[0]


@history.command()
def compact() -> int:
    """Write the history's file anew with only what is needed. It happens by itself now and then."""
    from tui.common.timing import SystemClock
    from tui.store.import_export import compact_file

    with _reporting_errors() as status:
        places = _places()
        before, after = compact_file(places.history_file, places.old_history_file, SystemClock().now)
        say(f"{before} bytes before, {after} after.")
    return status[0]


@history.command()
@listing_options()
def check(listing: Output) -> int:
    """Look at every line of the history's file and tell what is there. Changes nothing.

    Exit status 1: something in it is not what was written. The app keeps what is intact and sets the
    damaged file aside when it opens it.
    """
    from tui.commands.shared.listing import Table, emit_listing
    from tui.store.import_export import check as check_history

    with _reporting_errors() as status:
        report = check_history(_places().history_file)
        facts = {
            "version": report.schema,
            **report.rows,
            "bytes": report.bytes,
            "bytes needed": report.needed,
            "entries of unknown form": report.unknown,
            "damaged places": report.damaged,
            "bytes of an unfinished write": report.unfinished,
        }
        answer = {name.replace(" ", "_"): value for name, value in facts.items()}
        table = Table(("WHAT", "COUNT"), [(name, str(value)) for name, value in facts.items()])
        emit_listing(listing, answer=answer, entries=[answer], tables=[table])
        status[0] = Exit.DONE if report.intact else Exit.FAILED
    return status[0]


def _places() -> Folders:
    from tui.config.settings import folders

    return folders(os.environ)


@contextlib.contextmanager
def _reporting_errors() -> Iterator[list[int]]:
    """Print errors in words on stderr; the status is the list's only member."""
    from tui.commands.shared.output import explain
    from tui.common.errors import QdeckError

    status: list[int] = [Exit.DONE]
    try:
        yield status
    except QdeckError as error:
        explain(error)
        status[0] = Exit.FAILED
    except FileNotFoundError as error:
        say(f"qdeck: there is no {error.filename}.")
        status[0] = Exit.USAGE
    except OSError as error:
        say(f"qdeck: {error.filename or 'the file'}: {error.strerror or error}.")
        status[0] = Exit.FAILED
