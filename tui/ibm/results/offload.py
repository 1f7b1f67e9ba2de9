"""Decodes results where they hold nothing up: small ones here, others in a thread, large ones in a process.

Counting millions of shots takes seconds in which Python's lock is mostly held. On a busy machine the thread
that holds it may be put aside by the system, and the screen with it: so large results are counted in another
process, and come back in small pieces.
"""

from __future__ import annotations

import asyncio
import os
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import IO, Final, TypeVar

import msgspec

import tui
from tui.domain.results import Counts, ExpectationValue, JobResult, PubResult, QuasiDistribution
from tui.ibm.results.decoder import decode_result

T = TypeVar("T")
THREAD_BYTES: Final = 64 * 1024
DECODE_BYTES: Final = 256 * 1024
"""Bytes of any other body from which on a thread decodes it."""
PROCESS_BYTES: Final = 4 * 1024 * 1024
"""Bytes of a body from which on a thread or a process decodes it."""
_PIECE: Final = 4_000
_HEADER: Final = struct.Struct(">I")
_NICENESS: Final = 5
_ROOT: Final = str(Path(tui.__file__).resolve().parent.parent)
_BOOT: Final = "import sys; sys.path.insert(0, sys.argv[1]); from tui.ibm.results.offload import main; main()"


class _Pub(msgspec.Struct, frozen=True, tag="pub"):
    """A new PUB; what follows belongs to it."""

    shots: int | None
    quasi: QuasiDistribution | None


class _Register(msgspec.Struct, frozen=True, tag="register"):
    """New counts; what follows belongs to them."""

    register: str
    num_bits: int
    shots: int
    index: tuple[int, ...]


class _Some(msgspec.Struct, frozen=True, tag="some"):
    """Some of the counts."""

    counts: dict[str, int]


class _Values(msgspec.Struct, frozen=True, tag="values"):
    """Some of the expectation values."""

    values: list[ExpectationValue]


class _End(msgspec.Struct, frozen=True, tag="end"):
    """That was all."""

    note: str


_Piece = _Pub | _Register | _Some | _Values | _End
_pieces: Final = msgspec.msgpack.Decoder(_Piece)


async def decoded_aside(body: bytes, decoding: Callable[[], T]) -> T:
    """What `decoding` makes of `body`: a large one in a thread, where it does not hold up the event loop."""
    return decoding() if len(body) < DECODE_BYTES else await asyncio.to_thread(decoding)


async def decode_result_aside(body: bytes) -> JobResult:
    """`decode_result`, where it does not hold up the event loop. Cancelling it ends the process."""
    if len(body) < THREAD_BYTES:
        return decode_result(body)
    if len(body) < PROCESS_BYTES:
        return await asyncio.to_thread(decode_result, body)
    return await _decoded(_Apart(body))


async def decode_file_aside(file: IO[bytes]) -> JobResult:
    """The same for a body in a file, which is closed after it.

    Only the process reads it, so the result has no `raw`; its `note` says so.
    """
    with file:
        size = os.fstat(file.fileno()).st_size
        result = await _decoded(_Apart(file))
    left_out = f"The result as it came is {size / 1e6:,.0f} MB: it is not kept here."
    return replace(result, raw=b"", note=f"{result.note} {left_out}".strip())


async def _decoded(apart: _Apart) -> JobResult:
    try:
        return await asyncio.to_thread(apart.result)
    except asyncio.CancelledError:
        apart.end()
        raise


class _Apart:
    """One body, in memory or in a file, decoded by a process of its own."""

    def __init__(self, body: bytes | IO[bytes]) -> None:
        self._file = None if isinstance(body, bytes) else body
        self._body = body if isinstance(body, bytes) else b""
        self._process: subprocess.Popen[bytes] | None = None
        self._ended = False

    def result(self) -> JobResult:
        """The result; blocks. A process that fails leaves the body raw, with a note."""
        try:
            # -P: a json.py in the folder qdeck was started from must not be imported.
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-c", _BOOT, _ROOT],
                stdin=self._file or subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError as problem:
            if self._file is not None:
                return JobResult((), note=f"The result was not decoded: {problem.strerror or problem}.")
            return decode_result(self._body)
        with self._process as process:
            assert process.stdout is not None
            if self._ended:
                process.kill()
            try:
                if process.stdin is not None:
                    process.stdin.write(self._body)
                    process.stdin.close()
                pubs, note = _joined(_received(process.stdout))
            except (OSError, EOFError, ValueError):
                process.kill()
                return JobResult(
                    (), raw=self._body, note="The result was not decoded: the process doing it ended."
                )
        return JobResult(pubs, raw=self._body, note=note)

    def end(self) -> None:
        """End the process; what it says is not waited for any more."""
        self._ended = True
        if self._process is not None:
            self._process.kill()


def main() -> None:
    """The process: a body on standard input, pieces of its result on standard output."""
    os.nice(_NICENESS)
    result = decode_result(sys.stdin.buffer.read())
    out = sys.stdout.buffer
    for piece in _taken_apart(result):
        data = msgspec.msgpack.encode(piece)
        out.write(_HEADER.pack(len(data)))
        out.write(data)
    out.flush()


def _taken_apart(result: JobResult) -> Iterator[_Piece]:
    for pub in result.pubs:
        yield _Pub(pub.shots, pub.quasi)
        for start in range(0, len(pub.values), _PIECE):
            yield _Values(list(pub.values[start : start + _PIECE]))
        for counts in pub.counts:
            yield _Register(counts.register, counts.num_bits, counts.shots, counts.index)
            items = iter(counts.counts.items())
            while some := dict(islice(items, _PIECE)):
                yield _Some(some)
    yield _End(result.note)


def _received(stream: IO[bytes]) -> Iterator[_Piece]:
    while True:
        head = stream.read(_HEADER.size)
        if len(head) < _HEADER.size:
            raise EOFError
        piece = _pieces.decode(stream.read(_HEADER.unpack(head)[0]))
        yield piece
        if isinstance(piece, _End):
            return


def _joined(pieces: Iterator[_Piece]) -> tuple[tuple[PubResult, ...], str]:
    pubs: list[PubResult] = []
    head = _Pub(None, None)
    counts: list[tuple[_Register, dict[str, int]]] = []
    values: list[ExpectationValue] = []
    begun = False

    def finished() -> PubResult:
        made = tuple(Counts(of.register, of.num_bits, of.shots, seen, of.index) for of, seen in counts)
        return PubResult(made, head.quasi, tuple(values), head.shots)

    for piece in pieces:
        match piece:
            case _Pub() | _End():
                if begun:
                    pubs.append(finished())
                if isinstance(piece, _End):
                    return tuple(pubs), piece.note
                head, counts, values, begun = piece, [], [], True
            case _Register():
                counts.append((piece, {}))
            case _Some(some):
                counts[-1][1].update(some)
            case _Values(some_values):
                values.extend(some_values)
    raise EOFError
