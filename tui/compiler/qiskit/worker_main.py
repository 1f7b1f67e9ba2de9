"""The worker process of the compiler: prepares Qiskit and answers the requests of the app."""

from __future__ import annotations

import gc
from typing import Final

import msgspec

from tui.common.errors import ErrorKind
from tui.common.worker_process import Handler, serve
from tui.compiler.messages import Failed

INSTALL: Final = 'Install it with: pip install "qdeck[local]".'
NICENESS: Final = 5


def main() -> None:
    """Serve until standard input closes, with half of the machine's memory at most."""
    serve(prepare, niceness=NICENESS, memory_share=0.5)


def prepare() -> Handler:
    """Import Qiskit and warm it up.

    Returns:
        The handler of the requests; when Qiskit is missing, one that answers each with how to install it.
    """
    try:
        from tui.compiler.qiskit.handler import RequestHandler
        from tui.qiskit_common.plugins import use_own_plugins
    except ModuleNotFoundError as error:
        missing = (error.name or "qiskit").partition(".")[0]
        what = "Qiskit is" if missing == "qiskit" else f"{missing}, which Qiskit needs for this, is"
        return _failing(f"{what} not installed.")
    except ImportError as error:
        return _failing(f"Qiskit cannot be imported: {error}.")
    use_own_plugins()
    handler = RequestHandler()
    handler.warm_up()
    # What Qiskit has loaded stays: looking through it for garbage takes half of the time of a long scoring.
    gc.collect()
    gc.freeze()
    return handler.answer


def _failing(message: str) -> Handler:
    reply = msgspec.json.encode(Failed(ErrorKind.UNAVAILABLE, message, INSTALL))
    return lambda _: (reply,)
