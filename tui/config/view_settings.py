"""The file that keeps how the user wants the job table, in the state folder."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import msgspec
from filelock import FileLock, Timeout

from tui.jobquery.sorting import NEWEST_FIRST, SORT_KEYS
from tui.jobquery.view import MAX_FILTER_LENGTH, MAX_FILTERS, MAX_WIDTH, JobView

NAME = "job_table.json"
_MOST = 256 * 1024
_LOCK_SECONDS = 5.0


def load_view(folder: Path) -> JobView:
    """What the file says; what it is before the user has said anything when there is none.

    Raises:
        OSError: it cannot be read.
        ValueError: it is not what qdeck writes.
    """
    try:
        with (folder / NAME).open("rb") as file:
            body = file.read(_MOST + 1)
    except FileNotFoundError:
        return JobView()
    if len(body) > _MOST:
        raise ValueError("the file is too long")
    view = msgspec.json.decode(body, type=JobView)
    # What a later version or a hand has written is taken as far as it fits.
    return replace(
        view,
        order=view.order if view.order.column in SORT_KEYS else NEWEST_FIRST,
        columns=tuple(replace(one, width=max(0, min(MAX_WIDTH, one.width))) for one in view.columns[:100]),
        filters=tuple(one for one in view.filters if len(one.text) <= MAX_FILTER_LENGTH)[-MAX_FILTERS:],
    )


def change_view(folder: Path, change: Callable[[JobView], JobView]) -> JobView:
    """Read the file, change what it says, write it, under a lock: what another qdeck keeps is not lost.

    A file that cannot be understood is set aside as `job_table.json.damaged` first.

    Raises:
        OSError: it cannot be written.
    """
    path = folder / NAME
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        with FileLock(str(path) + ".lock", timeout=_LOCK_SECONDS, mode=0o600):
            return _changed(path, change)
    except Timeout:
        raise TimeoutError(errno.ETIMEDOUT, "another qdeck is writing to it") from None


def _changed(path: Path, change: Callable[[JobView], JobView]) -> JobView:
    try:
        view = load_view(path.parent)
    except ValueError:
        path.replace(path.with_name(NAME + ".damaged"))
        view = JobView()
    changed = change(view)
    new = path.with_name(f"{NAME}.{os.getpid()}")
    try:
        new.write_bytes(msgspec.json.format(msgspec.json.encode(changed), indent=2) + b"\n")
        new.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            new.unlink()
        raise
    return changed
