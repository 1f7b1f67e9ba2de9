"""The history for other programs, such as a notebook: TinyDB's own API on the journal, for reading alone.

from tinydb import TinyDB, where
from tui.store.read_only import HistoryStorage, history_file

jobs = TinyDB(history_file(), storage=HistoryStorage).table("jobs").search(where("tags").any(["paper"]))
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from tinydb.storages import Storage

from tui.config.settings import folders
from tui.store.journal.file import JournalFile
from tui.store.journal.format import Index, scan

Tables = dict[str, dict[str, dict[str, Any]]]


class HistoryStorage(Storage):
    """TinyDB's storage that reads the journal of a history, also while qdeck writes to it.

    It takes no lock and writes nothing, not even beside the file. A batch that is being written is not there
    yet; a file that was written anew meanwhile is read from its beginning. What changed since the last read
    is seen by the next one.

    Args:
        path: the journal, as `history_file` gives it.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = Path(path)
        self._seen: tuple[tuple[int, int], int] | None = None
        self._tables: Tables = {}

    def read(self) -> Tables | None:
        """Return all tables: documents by number as text, by name of the table.

        Returns:
            What is in the file now; `None` when there is none.

        Raises:
            OSError: it cannot be read.
        """
        try:
            file = JournalFile.opened(self._path)
        except FileNotFoundError:
            return None
        seen = (file.identity, file.size())
        if seen != self._seen:
            self._tables, self._seen = _tables(file, seen[1]), seen
        return self._tables or None

    def write(self, data: Mapping[str, Any]) -> NoReturn:
        """Refuse: what qdeck does not write it would not know of.

        Raises:
            PermissionError: always.
        """
        raise PermissionError("The history is read by this, not written: change jobs with qdeck.")


def _tables(file: JournalFile, size: int) -> Tables:
    index = scan(file.blocks(file.first, size), Index(), file.first).index
    return {
        name: {str(number): json.loads(file.document(slot)) for number, slot in rows.items()}
        for name, rows in index.tables.items()
    }


def history_file(environ: Mapping[str, str] = os.environ) -> Path:
    """Return the history of this user: below `QDECK_HOME` when it is set, else in the platform's own place.

    Args:
        environ: the environment.
    """
    return folders(environ).history_file
