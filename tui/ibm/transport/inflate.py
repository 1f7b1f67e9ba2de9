"""Compressed answers, decompressed in pieces of a bounded size, whatever they claim to hold."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Final

ACCEPTED: Final = "gzip, deflate"
"""For `Accept-Encoding`: what `Inflation` understands, and nothing else."""
PIECE: Final = 256 * 1024
"""Bytes of a decompressed piece at most."""


class UnreadableCoding(Exception):
    """The body is not what its `Content-Encoding` says, or is compressed in a way that was not offered."""


class Inflation:
    """Takes a body as it comes and gives it decompressed (RFC 9110, 8.4).

    Args:
        coding: the `Content-Encoding` of the answer; empty or `identity`: it is given as it is.

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
        """What comes of the next bytes of the body.

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
        """The body is over.

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
