"""Takes the body of an answer: decompressed, bounded, and through a file when it is large."""

from __future__ import annotations

import httpx

from tui.domain.errors import ErrorKind, QdeckError
from tui.domain.text import plain
from tui.ibm.inflate import Inflation, UnreadableCoding
from tui.ibm.spool import Spool

_MB = 1024 * 1024


async def take_body(response: httpx.Response, spool: Spool, where: str, limit: int) -> QdeckError | None:
    """Take the whole body into the spool.

    Args:
        response: an answer whose body was not touched yet.
        spool: an empty one.
        where: the call, e.g. `GET /jobs`, for the message.
        limit: bytes that are taken at most, after decompression.

    Returns:
        What is wrong with it: `PROTOCOL` (too large, or not compressed as it may be) or `STORAGE`; `None`:
        nothing. It is not raised, for what was read so far may hold a token, and is in this frame.

    Raises:
        httpx.HTTPError, httpx.StreamError: the connection broke.
    """
    coding = response.headers.get("content-encoding", "")
    assert isinstance(response.stream, httpx.AsyncByteStream)
    try:
        inflation = Inflation(coding)
        # httpx's own way would decompress whole pieces, and codings on top of each other, before any limit.
        async for data in response.stream:
            for piece in inflation.pieces(data):
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
