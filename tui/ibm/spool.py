"""Answers of any size: small ones in memory, large ones through a file that has no name."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import IO

from tui.domain.errors import ErrorKind, QdeckError

IN_MEMORY = 1024 * 1024
"""Bytes of an answer that wait in memory before they are written."""


class Spool:
    """Takes an answer piece by piece.

    The file is removed from its folder before anything is in it: however qdeck ends, nothing of it stays,
    and nobody else can open it.

    Args:
        folder: where; made when it is missing. `None`: the system's own place for temporary files.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._pieces: list[bytes] = []
        self._waiting = 0
        self._file: IO[bytes] | None = None
        self.size = 0

    async def add(self, piece: bytes) -> None:
        """Take one more piece.

        Raises:
            QdeckError: `STORAGE`.
        """
        self._pieces.append(piece)
        self._waiting += len(piece)
        self.size += len(piece)
        if self._waiting >= IN_MEMORY:
            pieces, self._pieces, self._waiting = self._pieces, [], 0
            await self._aside(pieces)

    async def whole(self) -> bytes:
        """All that was taken.

        Raises:
            QdeckError: `STORAGE`.
        """
        if self._file is None:
            return b"".join(self._pieces)
        await self._aside(self._pieces)
        try:
            return await asyncio.to_thread(self._read)
        except OSError as problem:
            raise _refused(problem) from problem

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()

    async def _aside(self, pieces: list[bytes]) -> None:
        try:
            await asyncio.to_thread(self._write, pieces)
        except OSError as problem:
            raise _refused(problem) from problem

    def _write(self, pieces: list[bytes]) -> None:
        if self._file is None:
            if self._folder is not None:
                self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._file = tempfile.TemporaryFile(dir=self._folder)  # noqa: SIM115  # outlives this call
        self._file.writelines(pieces)

    def _read(self) -> bytes:
        assert self._file is not None
        self._file.seek(0)
        return self._file.read()


def _refused(problem: OSError) -> QdeckError:
    return QdeckError(
        ErrorKind.STORAGE,
        f"A large answer could not be kept for a moment: {problem.strerror or problem}.",
        "Make room on the disk.",
    )
