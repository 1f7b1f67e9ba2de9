"""A disk that takes no more: the kernel itself refuses to let a file grow."""

from __future__ import annotations

import contextlib
import resource
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def full_disk(file: Path) -> Iterator[None]:
    """No file of this process may grow beyond what `file` has now.

    Make it so long that nothing else the test writes is as long.
    """
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (file.stat().st_size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
