"""Registry of the open connections, so that one can be broken in the middle of a response."""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import Any

from starlette.types import Scope
from uvicorn.protocols.http.auto import AutoHTTPProtocol

_RESET = struct.pack("ii", 1, 0)


class Connections:
    """The open connections by the client's address."""

    def __init__(self) -> None:
        self._open: dict[tuple[str, int], asyncio.Transport] = {}

    def protocol(self) -> type[asyncio.Protocol]:
        """Return uvicorn's protocol class, extended to register each connection."""
        opened = self._open

        class Registered(AutoHTTPProtocol):  # type: ignore[misc, valid-type]  # chosen by uvicorn when imported
            def connection_made(self, transport: asyncio.Transport) -> None:
                """Register the connection, see asyncio."""
                self._address = _address(transport.get_extra_info("peername"))
                opened[self._address] = transport
                super().connection_made(transport)

            def connection_lost(self, exc: Exception | None) -> None:
                """Unregister the connection, see asyncio."""
                opened.pop(self._address, None)
                super().connection_lost(exc)

        return Registered

    def reset(self, scope: Scope) -> None:
        """Reset the connection of a request: what the client has not read yet is lost to it."""
        transport = self._of(scope)
        if transport is not None:
            connection = transport.get_extra_info("socket")
            if connection is not None:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            transport.abort()

    def close(self, scope: Scope) -> None:
        """Close the connection of a request after what was written."""
        transport = self._of(scope)
        if transport is not None:
            transport.close()

    def _of(self, scope: Scope) -> asyncio.Transport | None:
        return self._open.get(_address(scope.get("client")))


def _address(given: Any) -> tuple[str, int]:
    return (str(given[0]), int(given[1])) if given else ("", 0)
