"""Decodes results where they hold nothing up: small ones here, others in a thread, large ones in a process.

Counting millions of shots takes seconds in which Python's lock is mostly held. On a busy machine the thread
that holds it may be suspended by the system, and the screen with it: so large results are counted in another
process, and come back in small pieces.
"""

from __future__ import annotations

import asyncio
import gc
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import IO, Final, TypeVar

import msgspec

from tui.common.worker_process import WorkerDied, WorkerProcess, serve
from tui.domain.results import (
    Counts,
    CountsSummary,
    ExecutionSpan,
    ExpectationValue,
    JobResult,
    PubResult,
    QuasiDistribution,
    Role,
)
from tui.domain.statistics.outcomes import MOST_AT_HAND, abridged
from tui.ibm.results.decoder import decode_result
from tui.ibm.results.executor import declared_items
from tui.ibm.results.spans import execution_spans

T = TypeVar("T")
THREAD_BYTES: Final = 64 * 1024
PROCESS_BYTES: Final = 4 * 1024 * 1024
"""Bytes of a body from which on a thread or a process decodes it."""
THREAD_ITEMS: Final = 500_000
PROCESS_ITEMS: Final = 16_000_000
"""Bits or numbers in the arrays of an executor's result, likewise."""
_PIECE: Final = 4_000
_SHORT: Final = "--short"
_NICENESS: Final = 5


class _PubStart(msgspec.Struct, frozen=True, tag="pub"):
    """A new PUB; what follows belongs to it."""

    shots: int | None
    quasi: QuasiDistribution | None


class _CountsStart(msgspec.Struct, frozen=True, tag="register"):
    """New counts; what follows belongs to them."""

    register: str
    num_bits: int
    shots: int
    index: tuple[int, ...]
    summary: CountsSummary | None = None


class _SomeCounts(msgspec.Struct, frozen=True, tag="some"):
    """Some of the counts."""

    counts: dict[str, int]


class _SomeValues(msgspec.Struct, frozen=True, tag="values"):
    """Some of the expectation values."""

    values: list[ExpectationValue]


class _End(msgspec.Struct, frozen=True, tag="end"):
    """That was all."""

    note: str
    role: Role
    abridged: bool = False
    spans: tuple[ExecutionSpan, ...] = ()


_Piece = _PubStart | _CountsStart | _SomeCounts | _SomeValues | _End
_pieces: Final = msgspec.msgpack.Decoder(_Piece)


async def offload_result(body: bytes, *, short: bool = False) -> JobResult:
    """Decode a result where it does not hold up the event loop. Cancelling this ends the process.

    Args:
        body: the result as it came.
        short: counts that are too many are summed up, in the same place.

    Returns:
        The result; without PUBs and with a note when the decoding process failed.
    """
    # The arrays of the executor's results may be packed a thousandfold.
    items = declared_items(body) if len(body) < PROCESS_BYTES else 0
    decode = _short_result if short else decode_result
    if len(body) < THREAD_BYTES and items < THREAD_ITEMS:
        return decode(body)
    if len(body) < PROCESS_BYTES and items < PROCESS_ITEMS:
        return await asyncio.to_thread(decode, body)
    try:
        result = await _process_decoder(short=short)(body)
    except OSError:
        return await asyncio.to_thread(decode, body)
    return replace(result, raw=body)


def _process_decoder(*, short: bool) -> Callable[..., Awaitable[JobResult]]:
    return partial(_decode_in_process, short=True) if short else _decode_in_process


def _short_result(body: bytes) -> JobResult:
    """Decode a result, and sum up its counts where they are too many."""
    result = decode_result(body, numbered=True)
    if result.outcomes <= MOST_AT_HAND:
        return result
    return replace(abridged(result), spans=execution_spans(body))


async def offload_result_file(file: IO[bytes], *, short: bool = False) -> JobResult:
    """Decode a result in a file, which is closed after it.

    Args:
        file: with the body.
        short: as of `offload_result`.

    Returns:
        The result without `raw`, for only the process reads the file; its `note` says so.
    """
    with file:
        size = os.fstat(file.fileno()).st_size
        try:
            result = await _process_decoder(short=short)(b"", file.fileno())
        except OSError as problem:
            result = JobResult((), note=f"The result was not decoded: {problem.strerror or problem}.")
    left_out = f"The result as it came is {size / 1e6:,.0f} MB: it is not kept here."
    return replace(result, note=f"{result.note} {left_out}".strip())


async def _decode_in_process(body: bytes, *files: int, short: bool = False) -> JobResult:
    """Decode `body`, or a file by its descriptor. Raises `OSError` when there is no process to be had."""
    arguments = [*map(str, files), *([_SHORT] if short else [])]
    worker = await WorkerProcess.open("tui.ibm.results.offload", *arguments, pass_fds=files)
    try:
        await worker.send(body)
        return await _assemble(_receive(worker))
    except (WorkerDied, ValueError, msgspec.DecodeError):
        return JobResult((), note="The result was not decoded: the process doing it ended.")
    finally:
        await worker.close()


def main() -> None:
    """Decode results in a process: a body, or a file whose descriptor is an argument, to pieces of it.

    With `--short` counts that are too many are summed up.

    With half of the machine's memory at most.
    """
    serve(lambda: _answer, niceness=_NICENESS, memory_share=0.5)


def _answer(body: bytes) -> Iterator[bytes]:
    files = [int(argument) for argument in sys.argv[1:] if argument != _SHORT]
    if files:
        with os.fdopen(files[0], "rb") as file:
            body = file.read()
    # A million strings and no cycles: looking for garbage among them takes a third of the time.
    gc.disable()
    decode = _short_result if _SHORT in sys.argv else decode_result
    return map(msgspec.msgpack.encode, _split(decode(body)))


def _split(result: JobResult) -> Iterator[_Piece]:
    for pub in result.pubs:
        yield _PubStart(pub.shots, pub.quasi)
        for start in range(0, len(pub.values), _PIECE):
            yield _SomeValues(list(pub.values[start : start + _PIECE]))
        for counts in pub.counts:
            yield _CountsStart(counts.register, counts.num_bits, counts.shots, counts.index, counts.summary)
            items = iter(counts.counts.items())
            while some := dict(islice(items, _PIECE)):
                yield _SomeCounts(some)
    yield _End(result.note, result.role, result.abridged, result.spans)


async def _receive(worker: WorkerProcess) -> AsyncIterator[_Piece]:
    while True:
        yield _pieces.decode(await worker.receive())


async def _assemble(pieces: AsyncIterator[_Piece]) -> JobResult:
    pubs: list[PubResult] = []
    head = _PubStart(None, None)
    counts: list[tuple[_CountsStart, dict[str, int]]] = []
    values: list[ExpectationValue] = []
    begun = False

    def finished() -> PubResult:
        made = tuple(
            Counts(of.register, of.num_bits, of.shots, seen, of.index, of.summary) for of, seen in counts
        )
        return PubResult(made, head.quasi, tuple(values), head.shots)

    async for piece in pieces:
        match piece:
            case _PubStart() | _End():
                if begun:
                    pubs.append(finished())
                if isinstance(piece, _End):
                    return JobResult(
                        tuple(pubs),
                        note=piece.note,
                        role=piece.role,
                        abridged=piece.abridged,
                        spans=piece.spans,
                    )
                head, counts, values, begun = piece, [], [], True
            case _CountsStart():
                counts.append((piece, {}))
            case _SomeCounts(some):
                counts[-1][1].update(some)
            case _SomeValues(some_values):
                values.extend(some_values)
    raise ValueError("the pieces have no end")
