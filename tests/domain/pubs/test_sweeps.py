"""Sweeps as JSON text: read back as they are; text of others is no sweep, whatever it says."""

from __future__ import annotations

import time

import pytest

from tui.domain.pubs.sweep_text import sweep_of
from tui.domain.pubs.sweeps import MOST_SETS, ParameterValues, Sweep, decode_sweep, encode_sweep


def test_sweep_is_read_back() -> None:
    sweep = sweep_of([("theta", "0:2pi:20"), ("phi", "1")], ["phi", "theta"])
    assert decode_sweep(encode_sweep(sweep)) == sweep
    assert encode_sweep(None) == "" and decode_sweep("") is None


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        '{"shape": [-1], "columns": []}',
        '{"shape": [2], "columns": [{"name": "a", "values": [1], "axis": 0}]}',
        '{"shape": [2], "columns": [{"name": "a", "values": [1], "axis": 7}]}',
        '{"shape": [2], "columns": [{"name": "a", "values": [1], "axis": -1}]}',
        '{"shape": [], "columns": [{"name": "", "values": [1]}]}',
        '{"shape": [100000, 100000], "columns": []}',
        f'{{"shape": {[1] * 40}, "columns": []}}',
    ],
)
def test_text_that_is_no_sweep_is_none(text: str) -> None:
    assert decode_sweep(text) is None


def test_numbers_of_many_parameters_are_bounded() -> None:
    wide = Sweep((50_000,), tuple(ParameterValues(f"p{n}", (0.0,)) for n in range(21)))
    with pytest.raises(ValueError, match="too many numbers for one job: at most 1,000,000"):
        wide.check()


def test_largest_sweep_is_nested_in_short_time() -> None:
    sweep = Sweep((MOST_SETS,), (ParameterValues("a", tuple(map(float, range(MOST_SETS))), 0),))
    began = time.process_time()
    assert sweep.nested(["a"])[-1] == [MOST_SETS - 1.0]
    assert time.process_time() - began < 1.0
