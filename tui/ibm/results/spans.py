"""When the device ran a job, from the metadata of its result: execution spans and chunk timing."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from tui.domain.results import ExecutionSpan

MOST_SPANS: Final = 10_000
"""Spans that are read of a result."""


class _Part(msgspec.Struct, frozen=True):
    idx_item: int = 0
    size: int = 0


class _Chunk(msgspec.Struct, frozen=True):
    start: datetime
    stop: datetime
    parts: list[_Part] = []


class _Execution(msgspec.Struct, frozen=True):
    execution_spans: Any = None


class _Metadata(msgspec.Struct, frozen=True):
    chunk_timing: list[_Chunk] = []
    execution: _Execution | None = None


class _Result(msgspec.Struct, frozen=True):
    metadata: _Metadata | None = None


class _Body(msgspec.Struct, frozen=True):
    """A result of the executor, or a typed or plain one of a primitive."""

    value: _Result | None = msgspec.field(name="__value__", default=None)
    metadata: _Metadata | None = None


def execution_spans(body: bytes) -> tuple[ExecutionSpan, ...]:
    """Return when the device ran the parts of a job, in order of time.

    Args:
        body: the result as the service sent it; its arrays are passed over.

    Returns:
        Spans, at most `MOST_SPANS`; none where they are not told or not understood.
    """
    try:
        decoded = msgspec.json.decode(body, type=_Body, strict=False)
        metadata = decoded.metadata or (decoded.value.metadata if decoded.value is not None else None)
        if metadata is None:
            return ()
        spans = [
            ExecutionSpan(
                _utc(chunk.start), _utc(chunk.stop), tuple((part.idx_item, part.size) for part in chunk.parts)
            )
            for chunk in metadata.chunk_timing[:MOST_SPANS]
        ]
        if metadata.execution is not None:
            spans += _primitive_spans(metadata.execution.execution_spans)
    except (msgspec.DecodeError, ValueError, TypeError, RecursionError, OverflowError):
        return ()
    return tuple(sorted(spans, key=lambda span: (span.start, span.stop)))


def _primitive_spans(found: Any) -> list[ExecutionSpan]:
    """Of `ExecutionSpans` in the typed form (contract 6.2), or of a plain list with the same members."""
    inner = _plain(found)
    listed = inner.get("spans") if isinstance(inner, dict) else inner
    spans = []
    for entry in listed[:MOST_SPANS] if isinstance(listed, list) else []:
        span = _plain(entry)
        if not isinstance(span, dict):
            continue
        slices = span.get("data_slices") or {}
        parts = tuple((int(pub), _size(where)) for pub, where in slices.items())
        spans.append(ExecutionSpan(_moment(span.get("start")), _moment(span.get("stop")), parts))
    return spans


def _size(where: Any) -> int:
    """Elements of a slice: `[shape, arg0, arg1, shot0, shot1]`, twirled ones with `at_front` second."""
    numbers = [item for item in where[1:] if isinstance(item, int) and not isinstance(item, bool)]
    if len(numbers) < 4:
        return 0
    first, last, shot, end = numbers[:4]
    return max(0, last - first) * max(0, end - shot)


def _plain(found: Any) -> Any:
    """The value of `{"__type__": ..., "__value__": ...}`, else the thing itself."""
    if isinstance(found, dict) and "__value__" in found:
        return found["__value__"]
    return found


def _moment(found: Any) -> datetime:
    text = _plain(found)
    if not isinstance(text, str):
        raise TypeError("a span has no time")
    return _utc(datetime.fromisoformat(text))


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
