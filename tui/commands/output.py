"""What a command says: data on stdout, talk on stderr, and an exit status that tells."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from enum import IntEnum

from tui.common.errors import QdeckError
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


def say(text: str) -> None:
    """One line of talk on stderr, whatever comes from outside. A closed stderr is not an error."""
    try:
        print(plain(text), file=sys.stderr, flush=True)
    except OSError:
        return


def explain(error: QdeckError) -> None:
    """The error on stderr: what happened, why, and what helps."""
    say(f"qdeck: {error}")


def emit_json(answer: Mapping[str, object]) -> None:
    """One JSON object on stdout, ASCII only, so that no text from outside can reach the terminal raw."""
    _write(json.dumps(answer, indent=2) + "\n")


def emit_table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    """Columns on stdout: aligned under `head` on a terminal, else tab-separated without a head."""
    cells = [tuple(plain(cell) for cell in row) for row in rows]
    if not sys.stdout.isatty():
        lines = ["\t".join(row) for row in cells]
    else:
        table = [head, *cells]
        widths = [max(len(row[column]) for row in table) for column in range(len(head))]
        lines = [
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in table
        ]
    if lines:
        _write("\n".join(lines) + "\n")


def _write(text: str) -> None:
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError as error:
        # What is still buffered has nowhere to go; without this the interpreter complains at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise OutputClosed from error
