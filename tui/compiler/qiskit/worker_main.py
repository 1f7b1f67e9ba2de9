"""The worker process: reads requests from its standard input, answers on its standard output.

It ends when its standard input closes, in the middle of work too, so that it cannot outlive the app
however that ends. Everything that Qiskit, ANTLR or Rust print goes to standard error: the channel of the
answers is a copy of file descriptor 1 that nothing else knows.
"""

from __future__ import annotations

import os
import queue
import resource
import sys
import threading
from typing import TYPE_CHECKING, BinaryIO, Final

import msgspec

from tui.common.errors import ErrorKind
from tui.compiler.messages import HEADER, Failed, Reply, Request, decode_request, encode

if TYPE_CHECKING:
    from tui.compiler.qiskit.handler import Service

INSTALL: Final = 'Install it with: pip install "qdeck[local]".'
NICENESS: Final = 5
LEAST_MEMORY: Final = 4 * 1024**3
"""Bytes of address space a worker may always have; warm it has 1.6 GB, of which 0.2 GB are memory."""


def main() -> None:
    """Serve until standard input closes."""
    answers, requests = os.fdopen(os.dup(1), "wb"), os.fdopen(os.dup(0), "rb")
    os.dup2(2, 1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.nice(NICENESS)
    _limit_memory()
    waiting: queue.SimpleQueue[Request] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(requests, waiting), daemon=True).start()
    service = _qiskit()
    while True:
        request = waiting.get()
        reply: Reply = service if isinstance(service, Failed) else service.answer(request)
        answers.write(encode(reply))
        answers.flush()


def _listen(requests: BinaryIO, waiting: queue.SimpleQueue[Request]) -> None:
    """Queue the requests; leave at once, whatever the main thread does, when there will be no more."""
    try:
        while len(header := requests.read(HEADER.size)) == HEADER.size:
            (length,) = HEADER.unpack(header)
            waiting.put(decode_request(requests.read(length)))
    except (OSError, msgspec.DecodeError) as error:
        print(f"the app is not understood: {error}", file=sys.stderr)
    finally:
        os._exit(0)


def _qiskit() -> Service | Failed:
    """Qiskit, warm; or the answer to every request when it is not there."""
    try:
        from tui.compiler.qiskit.handler import Service
    except ModuleNotFoundError as error:
        missing = (error.name or "qiskit").partition(".")[0]
        what = "Qiskit is" if missing == "qiskit" else f"{missing}, which Qiskit needs for this, is"
        return Failed(ErrorKind.UNAVAILABLE, f"{what} not installed.", INSTALL)
    except ImportError as error:
        return Failed(ErrorKind.UNAVAILABLE, f"Qiskit cannot be imported: {error}.", INSTALL)
    service = Service()
    service.warm_up()
    return service


def _limit_memory() -> None:
    """Half of the machine at most: a circuit that wants more ends the worker, not its neighbours."""
    half = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    limit = max(LEAST_MEMORY, half)
    resource.setrlimit(
        resource.RLIMIT_AS, (limit if hard == resource.RLIM_INFINITY else min(limit, hard), hard)
    )


if __name__ == "__main__":
    main()
