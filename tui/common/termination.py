"""The end of a process: SIGTERM and SIGHUP end it whatever the work does; a crash leaves no memory behind."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import socket
import threading
from collections.abc import Callable, Iterator

ENDING_SECONDS = 0.75
"""Seconds that the work has to end in order after the signal; then the process ends, as killed by force."""
_LAST_SECONDS = 0.15
_SIGNALS = (signal.SIGTERM, signal.SIGHUP)


@contextlib.contextmanager
def ends_on_signal(
    end: Callable[[int], None], before_exit: Callable[[], None] | None = None
) -> Iterator[None]:
    """End the process within a second of SIGTERM or SIGHUP, also while its main thread or another one waits.

    Python's handler in C writes the signal to a socket, from which a thread reads it: no other thread has to
    come to anything for that. After a signal the thread stays, so that what comes after the work (threads
    that are joined) cannot keep the process either. What is on the disk survives that as it survives
    `kill -9`.

    Call it in the main thread, in which no handler of an event loop may be set for these signals.

    Args:
        end: asks the work to end; called in the thread, with the signal's number.
        before_exit: called in a thread right before the process is ended by force, and not waited for long.
    """
    reader, writer = socket.socketpair()
    writer.setblocking(False)
    threading.Thread(target=_watch, args=(reader, end, before_exit), name="signals", daemon=True).start()
    handlers = {number: signal.signal(number, _noted) for number in _SIGNALS}
    former = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
    try:
        yield
    finally:
        signal.set_wakeup_fd(former)
        for number, handler in handlers.items():
            signal.signal(number, handler)
        # The thread's end, unless it has had its signal.
        writer.close()


def _noted(_number: int, _frame: object) -> None:
    """Handle nothing: that there is a handler makes Python write the signal's number to the socket."""


def _watch(reader: socket.socket, end: Callable[[int], None], before_exit: Callable[[], None] | None) -> None:
    with reader:
        while numbers := reader.recv(1):
            if numbers[0] in _SIGNALS:
                break
        else:
            return
    number = numbers[0]
    end(number)
    threading.Event().wait(ENDING_SECONDS)
    if before_exit is not None:
        last = threading.Thread(target=before_exit, daemon=True)
        last.start()
        last.join(_LAST_SECONDS)
    os._exit(128 + number)


def forbid_core_dumps() -> None:
    """Let a crash of this process, or of one it starts, leave no memory on the disk: tokens are in it."""
    # Not 0: a program that core dumps are piped to (core(5)) would get one all the same.
    limit = 1
    _, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(
        resource.RLIMIT_CORE, (limit if hard == resource.RLIM_INFINITY else min(limit, hard), hard)
    )
