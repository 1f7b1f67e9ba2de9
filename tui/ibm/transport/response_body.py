"""Takes the body of an answer: decompressed, bounded, and through a file when it is large."""

from __future__ import annotations

import httpx

from tui.common.errors import ErrorKind, QdeckError
from tui.common.sanitize import plain
from tui.ibm.transport.inflate import Inflation, UnreadableCoding
from tui.ibm.transport.spool import SpilledBody

_MB = 1024 * 1024


async def take_body(
    response: httpx.Response, spool: SpilledBody, where: str, limit: int, *, wanted: int | None = None
) -> QdeckError | None:
    """Take the whole body into the spool.

    Args:
        response: an answer whose body was not touched yet.
        spool: an empty one.
        where: the call, e.g. `GET /jobs`, for the message.
        limit: bytes that are taken at most, after decompression.
        wanted: bytes that the caller takes at most, where that is less.

    Returns:
        What is wrong with it: `TOO_LARGE` (more than `wanted`), `PROTOCOL` (more than `limit`, or not
        compressed as it may be) or `STORAGE`; `None`: nothing. It is not raised, for what was read so far may
        hold a token, and is in this frame.

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
        inflation = Inflation(coding)
        # httpx's own way would decompress whole pieces, and codings on top of each other, before any limit.
        async for data in response.stream:
            for piece in inflation.pieces(data):
                if wanted is not None and spool.size + len(piece) > wanted:
                    return _too_large(where, wanted)
                if spool.size + len(piece) > limit:
                    too_large = f"The answer to {where} is larger than {limit // _MB} MB."
                    return QdeckError(ErrorKind.PROTOCOL, too_large)
                await spool.add(piece)
        inflation.end()
    except UnreadableCoding:
        what = f"The answer to {where} is not compressed as it may be ({plain(coding, limit=40)})."
        advice = "Something in between may have changed it: a company's proxy, for one."
        return QdeckError(ErrorKind.PROTOCOL, what, advice)
    except QdeckError as error:
        return error.with_traceback(None)
    return None


def _too_large(where: str, wanted: int) -> QdeckError:
    return QdeckError(ErrorKind.TOO_LARGE, f"The answer to {where} is larger than {wanted / _MB:.3g} MB.")
