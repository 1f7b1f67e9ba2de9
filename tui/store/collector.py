"""Python's cycle collector, kept from stopping the event loop while much is read."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator


@contextlib.contextmanager
def collector_paused() -> Iterator[None]:
    """Keep the cycle collector from running while many rows are made, none of which is in a cycle.

    With 10,000 rows one full collection stops the whole process, the event loop too, for over 100 ms.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
        # What was just read lives as long as the app: no full collection needs to go through it.
        gc.freeze()
    finally:
        if was_on:
            gc.enable()
