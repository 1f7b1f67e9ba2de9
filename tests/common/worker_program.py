"""A worker for the tests of `tui.common.worker_process`: it does what a request says."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from tui.common.worker_process import serve


def main() -> None:
    """Serve until standard input closes."""
    serve(lambda: answer, niceness=1)


def answer(body: bytes) -> Iterator[bytes]:
    """Answer a request: a word, and mostly something to work with."""
    word, _, rest = body.decode().partition(" ")
    match word:
        case "echo":
            yield rest.encode()
        case "argument":
            yield sys.argv[1].encode()
        case "variable":
            yield os.environ.get(rest, "").encode()
        case "repeat":
            yield b"x" * int(rest)
        case "count":
            yield from (str(number).encode() for number in range(int(rest)))
        case "print":
            print(rest, flush=True)
            os.write(1, rest.encode())
            yield b"printed"
        case "descriptor":
            with os.fdopen(int(rest), "rb") as file:
                yield file.read()
        case "work":
            # Never waits, so that only the process's end stops it.
            Path(rest).touch()
            while True:
                sum(range(1_000_000))
        case "sleep":
            time.sleep(float(rest))
            yield b"slept"
        case "linger":
            Path(rest).touch()
            time.sleep(0.1)
            yield b"done"
        case "fail":
            raise RuntimeError(rest)
        case "exit":
            sys.exit(int(rest))
