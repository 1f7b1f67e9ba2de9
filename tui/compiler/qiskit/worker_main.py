"""The worker process of the compiler: prepares Qiskit and answers the requests of the app."""

from __future__ import annotations

import os
from typing import Final

import msgspec

from tui.common.errors import ErrorKind
from tui.common.worker_process import Handler, serve
from tui.compiler.messages import Failed

INSTALL: Final = 'Install it with: pip install "qdeck[local]".'
NICENESS: Final = 5
LEAST_MEMORY: Final = 4 * 1024**3
"""Bytes of address space a worker may always have; warm it has 1.6 GB, of which 0.2 GB are memory."""


def main() -> None:
    """Serve until standard input closes.

    The worker may have half of the machine's memory: a circuit that wants more ends it, not its neighbours.
    """
    half = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    serve(prepare, niceness=NICENESS, memory=max(LEAST_MEMORY, half))


def prepare() -> Handler:
    """Import Qiskit and warm it up.

    Returns:
        The handler of the requests; when Qiskit is missing, one that answers each with how to install it.
    """
    try:
        from tui.compiler.qiskit.handler import RequestHandler
    except ModuleNotFoundError as error:
        missing = (error.name or "qiskit").partition(".")[0]
        what = "Qiskit is" if missing == "qiskit" else f"{missing}, which Qiskit needs for this, is"
        return _failing(f"{what} not installed.")
    except ImportError as error:
        return _failing(f"Qiskit cannot be imported: {error}.")
    handler = RequestHandler()
    handler.warm_up()
    return handler.answer


def _failing(message: str) -> Handler:
    reply = msgspec.json.encode(Failed(ErrorKind.UNAVAILABLE, message, INSTALL))
    return lambda _: (reply,)
