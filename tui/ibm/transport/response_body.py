"""Bodies of responses: decompressed in bounded pieces, bounded in all, and spilled to a file when large."""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final

import httpx

from tui.common.atomic_file import make_folder
from tui.common.errors import ErrorKind, QdeckError
from tui.common.safe_text import plain

ACCEPTED: Final = "gzip, deflate"
"""For `Accept-Encoding`: what `Decompressor` understands, and nothing else."""
PIECE: Final = 256 * 1024
"""Bytes of a decompressed piece at most."""
IN_MEMORY: Final = 1024 * 1024
"""Bytes of a body that wait in memory before they are written."""
LEFT_FREE: Final = 64 * 1024 * 1024
"""Bytes that a body leaves free on the disk, for what is kept."""
_MB: Final = 1024 * 1024


async def read_body(
    response: httpx.Response,
    body: SpilledBody,
    where: str,
    limit: int,
    *,
    wanted: int | None = None,
    cut: int | None = None,
) -> QdeckError | None:
    """Read the whole body of a response into `body`.

    Args:
        response: one whose body was not touched yet.
        body: an empty one.
        where: the request, e.g. `GET /jobs`, for the message.
        limit: bytes that are read at most, after decompression.
        wanted: bytes that the caller takes at most, where that is less.
        cut: bytes after which the rest is left unread; `body.cut` tells.

    Returns:
        An error: `TOO_LARGE` (more than `wanted`), `PROTOCOL` (more than `limit`, or not compressed as it may
        be) or `STORAGE`; `None`: all is well. It is not raised, for what was read so far may hold a token,
        and is in this frame.

    Raises:
        httpx.HTTPError, httpx.StreamError: the connection broke.
    """
    coding = response.headers.get("content-encoding", "")
    announced = response.headers.get("content-length", "")
    # What is announced is the size on the way: decompressed it is hardly smaller.
    if wanted is not None and announced.isascii() and announced.isdecimal() and int(announced) > wanted:
        return _too_large(where, wanted)
    assert isinstance(response.stream, httpx.AsyncByteStream)
    try:
        decompressor = Decompressor(coding)
        # httpx's own way would decompress whole pieces, and codings on top of each other, before any limit.
        async for data in response.stream:
            for piece in decompressor.pieces(data):
                if cut is not None and body.size + len(piece) > cut:
                    await body.add(piece[: cut - body.size])
                    body.cut = True
                    return None
                if wanted is not None and body.size + len(piece) > wanted:
                    return _too_large(where, wanted)
                if body.size + len(piece) > limit:
                    too_large = f"The answer to {where} is larger than {limit // _MB} MB."
                    return QdeckError(ErrorKind.PROTOCOL, too_large)
                await body.add(piece)
        decompressor.end()
    except UnreadableCoding:
        what = f"The answer to {where} is not compressed as it may be ({plain(coding, limit=40)})."
        advice = "Something in between may have changed it: a company's proxy, for one."
        return QdeckError(ErrorKind.PROTOCOL, what, advice)
    except QdeckError as error:
        return error.with_traceback(None)
    return None


def _too_large(where: str, wanted: int) -> QdeckError:
    return QdeckError(ErrorKind.TOO_LARGE, f"The answer to {where} is larger than {wanted / _MB:.3g} MB.")


class UnreadableCoding(Exception):
    """The body is not what its `Content-Encoding` says, or is compressed in a way that was not offered."""


class Decompressor:
    """Decompresses a body as it comes, in pieces of a bounded size (RFC 9110, 8.4).

    Args:
        coding: the `Content-Encoding` of the response; empty or `identity`: it is passed on as it is.

    Raises:
        UnreadableCoding: another coding than gzip and deflate, or several on top of each other.
    """

    def __init__(self, coding: str) -> None:
        self._coding = coding.strip().lower()
        if self._coding in {"", "identity"}:
            self._inflate = None
        elif self._coding in {"gzip", "x-gzip"}:
            self._inflate = zlib.decompressobj(zlib.MAX_WBITS | 16)
        elif self._coding == "deflate":
            self._inflate = zlib.decompressobj()
        else:
            raise UnreadableCoding
        self._begun = False

    def pieces(self, data: bytes) -> Iterator[bytes]:
        """Yield the next decompressed pieces, each at most `PIECE` bytes where it was compressed.

        Args:
            data: the next bytes of the body.

        Raises:
            UnreadableCoding: it is not compressed as it says.
        """
        if self._inflate is None:
            yield data
            return
        while data and not self._inflate.eof:
            piece = self._next(data)
            data = self._inflate.unconsumed_tail
            if piece:
                yield piece
        # A full piece may have left something inside that no byte of input is needed for.
        while not self._inflate.eof and (piece := self._next(b"")):
            yield piece

    def end(self) -> None:
        """Check that the body is complete.

        Raises:
            UnreadableCoding: it broke off before its own end.
        """
        if self._inflate is not None and self._begun and not self._inflate.eof:
            raise UnreadableCoding

    def _next(self, data: bytes) -> bytes:
        assert self._inflate is not None
        begun, self._begun = self._begun, True
        try:
            return self._inflate.decompress(data, PIECE)
        except zlib.error:
            if begun or self._coding != "deflate":
                raise UnreadableCoding from None
        # Some servers leave out the zlib header that `deflate` means.
        self._inflate = zlib.decompressobj(-zlib.MAX_WBITS)
        try:
            return self._inflate.decompress(data, PIECE)
        except zlib.error:
            raise UnreadableCoding from None


class SpilledBody:
    """A body that is collected piece by piece: small in memory, large in a file without a name.

    The file is removed from its folder before anything is in it: however qdeck ends, nothing of it stays,
    and nobody else can open it.

    Args:
        folder: where; made when it is missing. `None`: the system's own place for temporary files.

    Attributes:
        size: bytes that were added so far.
        cut: more would have come.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._pieces: list[bytes] = []
        self._waiting = 0
        self._file: IO[bytes] | None = None
        self.size = 0
        self.cut = False

    async def add(self, piece: bytes) -> None:
        """Add one more piece.

        Raises:
            QdeckError: `STORAGE`.
        """
        self._pieces.append(piece)
        self._waiting += len(piece)
        self.size += len(piece)
        if self._waiting >= IN_MEMORY:
            pieces, self._pieces, self._waiting = self._pieces, [], 0
            await self._spill(pieces)

    async def whole(self) -> bytes:
        """Return all that was added.

        Raises:
            QdeckError: `STORAGE`.
        """
        if self._file is None:
            return b"".join(self._pieces)
        await self._spill(self._pieces)
        try:
            return await asyncio.to_thread(self._read)
        except OSError as problem:
            raise self._refused(problem) from problem

    async def file(self) -> IO[bytes]:
        """Return all that was added, as a file at its beginning, which is the caller's to close from now on.

        Raises:
            QdeckError: `STORAGE`.
        """
        await self._spill(self._pieces)
        assert self._file is not None
        file, self._file = self._file, None
        file.seek(0)
        return file

    def close(self) -> None:
        """Close the file, which frees its place on the disk."""
        if self._file is not None:
            self._file.close()

    async def _spill(self, pieces: list[bytes]) -> None:
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
                make_folder(self._folder)
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
