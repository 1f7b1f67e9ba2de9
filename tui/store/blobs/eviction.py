"""A bound on what files below some folders take: the oldest that nothing needs are let go first."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

DEFAULT_BYTES = 2 << 30
"""2 GiB."""
_SLACK = 0.95
"""What is kept when something has to go, so that not every new file makes one go."""


@dataclass(frozen=True, slots=True)
class LetGo:
    """What was removed: how many files and bytes."""

    files: int = 0
    bytes: int = 0


class Quota:
    """Counts what the files take. Thread-safe; several processes may have one over the same folders.

    Args:
        folders: searched with all folders below them.
        limit: bytes.
    """

    def __init__(self, folders: tuple[Path, ...], limit: int) -> None:
        self._folders = folders
        self.limit = limit
        self._used: int | None = None
        self._lock = threading.Lock()

    def added(self, path: Path, needed: Collection[Path] | None = ()) -> LetGo:
        """A file was written: count it, and let the oldest go when there are too many bytes. Blocks.

        The file just written stays, whatever it takes. Another process' files are counted the next time the
        limit seems to be reached.

        Args:
            needed: files that stay, too; `None`: that is not known, so all stay for now.
        """
        with self._lock:
            if self._used is None:
                self._used = sum(size for _, size, _ in self._files())
            else:
                with contextlib.suppress(OSError):
                    self._used += path.stat().st_size
            if needed is None or self._used <= self.limit:
                return LetGo()
            return self._make_room({path, *needed})

    def _make_room(self, staying: set[Path]) -> LetGo:
        files = sorted(self._files())
        used = sum(size for _, size, _ in files)
        least = self.limit if used <= self.limit else int(self.limit * _SLACK)
        gone = freed = 0
        for _, size, path in files:
            if used - freed <= least:
                break
            if Path(path) in staying:
                continue
            # Another process may have been quicker.
            with contextlib.suppress(OSError):
                Path(path).unlink()
                gone, freed = gone + 1, freed + size
        self._used = used - freed
        return LetGo(gone, freed)

    def _files(self) -> Iterator[tuple[int, int, str]]:
        """Time of the last use in ns, bytes, path."""
        waiting = [str(folder) for folder in self._folders]
        while waiting:
            with contextlib.suppress(OSError), os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    with contextlib.suppress(OSError):
                        if entry.is_dir(follow_symlinks=False):
                            waiting.append(entry.path)
                        else:
                            found = entry.stat(follow_symlinks=False)
                            yield found.st_mtime_ns, found.st_size, entry.path
