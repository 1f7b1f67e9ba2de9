"""The file that keeps how the user wants the job table, in the state folder."""

from __future__ import annotations

import errno
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import msgspec

from tui.common.atomic_file import make_folder, replace_file
from tui.common.bounded_read import UnsuitableFile, read_file
from tui.common.file_lock import file_lock
from tui.jobquery.job_list import NEWEST_FIRST, SORT_KEYS, Order
from tui.jobquery.view import (
    MAX_FILTER_LENGTH,
    MAX_FILTERS,
    MAX_NAME_LENGTH,
    MAX_VIEWS,
    MAX_WIDTH,
    ColumnChoice,
    JobView,
)

NAME = "job_table.json"
_MOST = 4 * 1024 * 1024
_LOCK_SECONDS = 5.0


def load_view(folder: Path) -> JobView:
    """Read the view of the job table.

    Returns:
        The view as saved; the standard one where the file is not there.

    Raises:
        OSError: the file cannot be read.
        ValueError: it is not what qdeck writes.
    """
    try:
        body = read_file(folder / NAME, _MOST)
    except FileNotFoundError:
        return JobView()
    view = msgspec.json.decode(body, type=JobView)
    # What a later version or a hand has written is taken as far as it fits.
    views = (
        replace(one, order=_known(one.order), columns=_fitting(one.columns))
        for one in view.views
        if len(one.filter) <= MAX_FILTER_LENGTH and 0 < len(one.name) <= MAX_NAME_LENGTH
    )
    return replace(
        view,
        order=_known(view.order),
        columns=_fitting(view.columns),
        filters=tuple(one for one in view.filters if len(one.text) <= MAX_FILTER_LENGTH)[-MAX_FILTERS:],
        filter=view.filter if len(view.filter) <= MAX_FILTER_LENGTH else "",
        views=tuple(views)[-MAX_VIEWS:],
        places={screen: place for screen, place in view.places.items() if len(screen + place) <= 100},
    )


def _known(order: Order) -> Order:
    return order if order.column in SORT_KEYS else NEWEST_FIRST


def _fitting(columns: tuple[ColumnChoice, ...]) -> tuple[ColumnChoice, ...]:
    return tuple(replace(one, width=max(0, min(MAX_WIDTH, one.width))) for one in columns[:100])


def change_view(folder: Path, change: Callable[[JobView], JobView]) -> JobView:
    """Read the file, change what it says, write it, under a lock: what another qdeck keeps is not lost.

    A file that cannot be understood is set aside as `job_table.json.damaged` first.

    Raises:
        OSError: it cannot be written.
    """
    from tui.common.file_lock import LockTimeout

    path = folder / NAME
    make_folder(folder)
    try:
        with file_lock(path.with_name(f"{NAME}.lock"), _LOCK_SECONDS):
            return _changed(path, change)
    except LockTimeout:
        raise TimeoutError(errno.ETIMEDOUT, "another qdeck is writing to it") from None


def _changed(path: Path, change: Callable[[JobView], JobView]) -> JobView:
    try:
        view = load_view(path.parent)
    except (ValueError, UnsuitableFile):
        path.replace(path.with_name(NAME + ".damaged"))
        view = JobView()
    changed = change(view)
    body = msgspec.json.format(msgspec.json.encode(changed), indent=2) + b"\n"
    replace_file(path, [body], mode=0o666)
    return changed
