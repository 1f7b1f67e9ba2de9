"""Answers of any size: small ones in memory, large ones through a file that has no name."""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
import tempfile
from pathlib import Path
from typing import IO

from tui.common.errors import ErrorKind, QdeckError

IN_MEMORY = 1024 * 1024
"""Bytes of an answer that wait in memory before they are written."""
LEFT_FREE = 64 * 1024 * 1024
"""Bytes that an answer on its way leaves free on the disk, for what is kept."""


class SpilledBody:
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
            raise self._refused(problem) from problem

    async def file(self) -> IO[bytes]:
        """All that was taken, as a file at its beginning, which is the caller's to close from now on.

        Raises:
            QdeckError: `STORAGE`.
        """
        await self._aside(self._pieces)
        assert self._file is not None
        file, self._file = self._file, None
        file.seek(0)
        return file

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()

    async def _aside(self, pieces: list[bytes]) -> None:
        try:
            await asyncio.to_thread(self._write, pieces)
        except OSError as problem:
            raise self._refused(problem) from problem

    def _refused(self, problem: OSError) -> QdeckError:
        where = self._folder or tempfile.gettempdir()
        advice = "Make room on the disk, or set QDECK_HOME to a folder where there is more."
        return QdeckError(
            ErrorKind.STORAGE,
            f"An answer of {self.size / 1e6:,.0f} MB or more could not be kept in {where} for a moment: "
            f"{problem.strerror or problem}.",
            advice,
        )

    def _write(self, pieces: list[bytes]) -> None:
        if self._file is None:
            if self._folder is not None:
                self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._file = tempfile.TemporaryFile(dir=self._folder)  # noqa: SIM115  # outlives this call
        free = shutil.disk_usage(self._folder or tempfile.gettempdir()).free
        if free < sum(map(len, pieces)) + LEFT_FREE:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._file.writelines(pieces)
        self._file.flush()

    def _read(self) -> bytes:
        assert self._file is not None
        self._file.seek(0)
        return self._file.read()
