"""A relay on loopback that counts the HTTP requests which go through it."""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
from types import TracebackType
from urllib.parse import urlsplit

_REQUEST = re.compile(rb"(?:^|\r\n\r\n|\n)((?:GET|POST|PUT|PATCH|DELETE|HEAD) /[^\s?]*)\S* HTTP/1\.1\r\n")


class Relay:
    """Passes bytes on between clients and one host.

    Attributes:
        asked: every request since the last `reset`: when it came, of `time.monotonic`, and its method and
            path without the query.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "", parts.port or 80
        self._server: asyncio.Server | None = None
        self.asked: list[tuple[float, str]] = []

    @property
    def requests(self) -> int:
        """How many requests there were since the last `reset`."""
        return len(self.asked)

    @property
    def url(self) -> str:
        """Where it listens."""
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def reset(self) -> None:
        """Count from zero."""
        self.asked.clear()

    async def __aenter__(self) -> Relay:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            behind_reader, behind_writer = await asyncio.open_connection(self._host, self._port)
            await asyncio.gather(
                self._pass(reader, behind_writer, count=True),
                self._pass(behind_reader, writer, count=False),
            )

    async def _pass(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, count: bool) -> None:
        with contextlib.suppress(OSError):
            while piece := await source.read(65536):
                # A client sends a request's head in one piece.
                if count:
                    now = time.monotonic()
                    self.asked += [(now, found.decode()) for found in _REQUEST.findall(piece)]
                sink.write(piece)
                await sink.drain()
        with contextlib.suppress(OSError):
            sink.close()
