"""Inputs of PUBs as JSON text: read back as they are; other text is none, whatever it says. Limits."""

from __future__ import annotations

import time

import pytest

from tui.domain.pubs.inputs import Pub, PubInputs, decode_inputs, encode_inputs
from tui.domain.pubs.sweep_text import sweep_of
from tui.domain.pubs.sweeps import (
    MOST_SETS,
    ParameterValues,
    Sweep,
    check_bound,
    check_executions,
)


def test_inputs_are_read_back() -> None:
    sweep = sweep_of([("theta", "0:2pi:20"), ("phi", "1")], ["phi", "theta"])
    pubs = (Pub("q", ("phi", "theta"), sweep, name="a"), Pub("r", name="b", observable_labels=("ZZ",)))
    expected = (PubInputs("a", (), sweep), PubInputs("b", ("ZZ",)))
    assert decode_inputs(encode_inputs(pubs)) == expected
    assert encode_inputs(pubs[1:]) == "" and decode_inputs("") == ()


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[1]",
        '{"shape": [-1], "columns": []}',
        '{"shape": [2], "columns": [{"name": "a", "values": [1], "axis": 0}]}',
        '{"shape": [2], "columns": [{"name": "a", "values": [1], "axis": 7}]}',
        '{"shape": [2], "columns": [{"name": "a", "values": [1], "axis": -1}]}',
        '{"shape": [], "columns": [{"name": "", "values": [1]}]}',
        '{"shape": [100000, 100000], "columns": []}',
        f'{{"shape": {[1] * 40}, "columns": []}}',
    ],
)
def test_text_that_holds_no_inputs_is_none(text: str) -> None:
    assert decode_inputs(text) == decode_inputs(f'[{{"name": "a", "sweep": {text}}}]') == ()


def test_numbers_of_many_parameters_are_bounded() -> None:
    wide = Sweep((50_000,), tuple(ParameterValues(f"p{n}", (0.0,)) for n in range(21)))
    with pytest.raises(ValueError, match="too many numbers for one job: at most 1,000,000"):
        wide.check()


def test_largest_sweep_is_nested_in_short_time() -> None:
    sweep = Sweep((MOST_SETS,), (ParameterValues("a", tuple(map(float, range(MOST_SETS))), 0),))
    began = time.process_time()
    assert sweep.nested(["a"])[-1] == [MOST_SETS - 1.0]
    assert time.process_time() - began < 1.0


def test_parameters_without_values_are_named() -> None:
    check_bound((), None)
    check_bound(("theta",), Sweep((), (ParameterValues("theta", (1.0,)),)))
    with pytest.raises(ValueError, match="free parameters phi, theta of the circuit have no value"):
        check_bound(("phi", "theta"), None)


def test_executions_beyond_the_service_are_refused_with_the_figure_and_the_limit() -> None:
    check_executions([900, 100], 10_000)
    with pytest.raises(ValueError, match=r"1,000 sets of values × 10,001 shots are 10,001,000 .* 10,000,000"):
        check_executions([900, 100], 10_001)
