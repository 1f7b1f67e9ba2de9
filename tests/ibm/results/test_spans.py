"""When a job was executed, from the metadata of results of every form."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from tui.domain.results import ExecutionSpan
from tui.ibm.results.spans import execution_spans

START, STOP = datetime(2026, 3, 14, 15, 0, 0, tzinfo=UTC), datetime(2026, 3, 14, 15, 0, 2, 500000, tzinfo=UTC)


def _typed(kind: str, value: object) -> object:
    return {"__type__": kind, "__value__": value}


def _primitive(*spans: object) -> bytes:
    metadata = {"execution": {"execution_spans": _typed("ExecutionSpans", {"spans": spans})}, "version": 2}
    return json.dumps(_typed("PrimitiveResult", {"pub_results": [], "metadata": metadata})).encode()


def _span(kind: str, slices: object, start: datetime = START) -> object:
    moments = {"start": _typed("datetime", start.isoformat()), "stop": _typed("datetime", STOP.isoformat())}
    return _typed(kind, {**moments, "data_slices": slices})


def test_spans_of_primitives() -> None:
    plain = _span("DoubleSliceSpan", {"0": [[3, 100], 0, 3, 0, 100], "1": [[50], 0, 1, 0, 50]})
    twirled = _span("TwirledSliceSpanV2", {"0": [[2, 4, 10], True, 0, 2, 0, 40, 40]}, STOP)
    spans = execution_spans(_primitive(twirled, plain))
    assert spans == (ExecutionSpan(START, STOP, ((0, 300), (1, 50))), ExecutionSpan(STOP, STOP, ((0, 80),)))
    assert spans[0].seconds == 2.5


def test_chunks_of_the_executor() -> None:
    chunk = {"start": "2026-03-14T15:00:00Z", "stop": "2026-03-14T15:00:02.5Z"}
    body = {
        "schema_version": "v2.0",
        "data": [{"results": {"c": {"data": "x"}}}],
        "metadata": {"chunk_timing": [{**chunk, "parts": [{"idx_item": 1, "size": 7}]}]},
    }
    assert execution_spans(json.dumps(body).encode()) == (ExecutionSpan(START, STOP, ((1, 7),)),)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'{"results": []}',
        b'{"metadata": [{"shots": 4}]}',
        b'{"metadata": {"chunk_timing": 7}}',
        _primitive(_span("X", {"0": [1, 2]}), {"start": "yesterday"}),
        _primitive(7),
    ],
)
def test_what_tells_no_spans_has_none(body: bytes) -> None:
    assert execution_spans(body) == ()
