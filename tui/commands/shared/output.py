"""What a command says: data on stdout, talk on stderr, and an exit status that tells."""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import IntEnum
from typing import TextIO

from tui.common.errors import ErrorKind, QdeckError
from tui.common.safe_text import plain


class Exit(IntEnum):
    """The exit statuses, as the help and the README name them."""

    DONE = 0
    FAILED = 1
    """The job failed or was cancelled, or the service could not do what was asked."""
    USAGE = 2
    """The command line, the file or the terminal is not one that qdeck can work with."""
    INTERRUPTED = 130
    """Ctrl+C."""
    PIPE_CLOSED = 141
    """Whoever read stdout went away."""


class UsageFault(Exception):
    """The command was called in a way it cannot work with: status 2. The message is plain text."""


class OutputClosed(Exception):
    """Whoever read stdout went away: status 141, without a word."""


def open_standard_streams() -> None:
    """Make sure that the three standard streams exist and do not end the process by themselves.

    A descriptor that the caller closed (`>&-`) would be given to the next file that is opened: it is opened
    on the null device, the wrong way round for stdin and stdout, so that using them fails as on closed ones.
    Characters that stdout's encoding does not have are escaped.
    """
    for number, flags in ((0, os.O_WRONLY), (1, os.O_RDONLY), (2, os.O_WRONLY)):
        try:
            os.fstat(number)
        except OSError:
            # The lowest free one: what is below it is open by now.
            os.open(os.devnull, flags)
    if sys.stdin is None:
        sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - as long as the process
    if sys.stdout is None:
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    if sys.stderr is None:
        sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def flush_standard_streams() -> None:
    """Write what is still buffered, so that the interpreter's end has nothing to complain about.

    Raises:
        OutputClosed, QdeckError: as `emit_json`.
    """
    with _written_in_full():
        sys.stdout.flush()
    try:
        sys.stderr.flush()
    except OSError:
        _discard(sys.stderr)


def say(text: str) -> None:
    """One line of talk on stderr, whatever comes from outside. A closed stderr is not an error."""
    try:
        print(plain(text), file=sys.stderr, flush=True)
    except OSError:
        _discard(sys.stderr)


def explain(error: QdeckError) -> None:
    """The error on stderr: what happened, why, and what helps."""
    say(f"qdeck: {error}")


def emit_json(answer: Mapping[str, object]) -> None:
    """One JSON object on stdout, ASCII only, so that no text from outside can reach the terminal raw.

    Raises:
        OutputClosed: whoever read it went away.
        QdeckError: `STORAGE`: it cannot be written.
    """
    emit_text(json.dumps(answer, indent=2) + "\n")


def emit_line(text: str) -> None:
    """One line of ASCII on stdout; raises as `emit_json` does."""
    emit_text(text + "\n")


def emit_table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    """Columns on stdout: aligned under `head` on a terminal, else tab-separated without a head."""
    emit_lines(table_lines(head, rows, aligned=sys.stdout.isatty()))


def table_lines(head: tuple[str, ...], rows: Sequence[tuple[str, ...]], *, aligned: bool) -> list[str]:
    """Return the lines of a table: aligned under `head`, or tab-separated without a head."""
    cells = [tuple(plain(cell) for cell in row) for row in rows]
    if not aligned:
        return ["\t".join(row) for row in cells]
    table = [head, *cells]
    widths = [max(len(row[column]) for row in table) for column in range(len(head))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in table
    ]


def emit_lines(lines: Iterable[str]) -> None:
    """Write lines to stdout; raises as `emit_json` does."""
    if text := "".join(f"{one}\n" for one in lines):
        emit_text(text)


def emit_pieces(pieces: Iterable[bytes]) -> None:
    """Write bytes to stdout, piece by piece; raises as `emit_json` does."""
    for piece in pieces:
        with _written_in_full():
            sys.stdout.buffer.write(piece)
    with _written_in_full():
        sys.stdout.buffer.flush()


def emit_text(text: str) -> None:
    """Write text to stdout as it is; raises as `emit_json` does."""
    with _written_in_full():
        sys.stdout.write(text)
        sys.stdout.flush()


@contextlib.contextmanager
def _written_in_full() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError as error:
        _discard(sys.stdout)
        raise OutputClosed from error
    except OSError as error:
        raise output_failed(error) from error


def output_failed(error: OSError) -> QdeckError:
    """Put into words that stdout cannot be written, and let go of what is left in it."""
    _discard(sys.stdout)
    return QdeckError(ErrorKind.STORAGE, f"The output cannot be written: {error.strerror or error}.")


def _discard(stream: TextIO) -> None:
    """Let go of what is still buffered: it has nowhere to go, and the interpreter's end would complain."""
    with contextlib.suppress(OSError):
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, stream.fileno())
        os.close(null)


def no_terminal(environ: Mapping[str, str]) -> str:
    """Find a reason why the app cannot be shown here.

    Returns:
        The reason in words; empty when the app can be shown.
    """
    if not sys.stdin.isatty():
        return "its input is not one"
    if not sys.stdout.isatty():
        return "its output is not one"
    if environ.get("TERM", "dumb") == "dumb":
        return "TERM says it is a dumb one"
    return ""
