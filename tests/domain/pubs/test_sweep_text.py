"""Sweeps from text and files: shape, values and their order, and what is refused at which parameter."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.domain.pubs.sweep_text import (
    ParameterError,
    parse_assignment,
    parse_table,
    parse_values,
    sweep_of,
)
from tui.domain.pubs.sweeps import MOST_SETS, Sweep

_FINITE = st.floats(-1e6, 1e6)


def test_range_has_both_ends_and_as_many_values_as_it_says() -> None:
    values = parse_values("0:2pi:20")
    assert len(values) == 20
    assert (values[0], values[-1]) == (0.0, math.tau)
    assert values == pytest.approx(list(np.linspace(0, math.tau, 20)))


@given(_FINITE, _FINITE, st.integers(2, 50))
def test_range_is_evenly_spaced(start: float, stop: float, count: int) -> None:
    values = parse_values(f"{start!r}:{stop!r}:{count}")
    assert values[0] == start and values[-1] == stop
    assert values == pytest.approx(list(np.linspace(start, stop, count)), abs=1e-6)


@given(st.lists(_FINITE, min_size=1, max_size=20))
def test_list_is_read_back(values: list[float]) -> None:
    assert parse_values(", ".join(map(repr, values))) == tuple(values)


def test_ranges_may_stand_in_a_list() -> None:
    assert parse_values("0:1:3, pi, 2:3:2") == (0.0, 0.5, 1.0, math.pi, 2.0, 3.0)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "A value is missing"),
        ("0:1", "a start, a stop and a count"),
        ("0:1:2:3", "a start, a stop and a count"),
        ("0:1:1", "a whole number from 2 to 100,000"),
        ("0:1:2.5", "a whole number from 2"),
        ("0:1:100001", "to 100,000"),
        ("1,,2", "is missing"),
        ("-1e308:1e308:2", "too far apart"),
        ("0:1:60000, 0:1:60000", "more than 100,000 values"),
    ],
)
def test_values_that_cannot_be_meant_are_refused(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        parse_values(text)


def test_product_has_an_axis_for_each_parameter_with_several_values() -> None:
    sweep = sweep_of([("theta", "0:1:3"), ("z", "5"), ("phi", "1,2")], ["phi", "theta", "z"])
    assert sweep is not None
    assert sweep.shape == (3, 2) and sweep.sets == 6 and sweep.words == "3 × 2 = 6 sets"
    assert sweep.at((2, 0)) == (("theta", 1.0), ("z", 5.0), ("phi", 1.0))
    assert sweep.nested(["phi", "theta", "z"])[2] == [[1.0, 1.0, 5.0], [2.0, 1.0, 5.0]]


def test_zip_has_one_axis() -> None:
    sweep = sweep_of([("theta", "0:1:3"), ("z", "5"), ("phi", "1,2,4")], ["phi", "theta", "z"], zipped=True)
    assert sweep is not None
    assert sweep.shape == (3,) and sweep.axis_names(0) == ("theta", "phi")
    assert sweep.at((1,)) == (("theta", 0.5), ("z", 5.0), ("phi", 2.0))


def test_rows_of_a_file_are_one_axis_beside_others() -> None:
    table = parse_table("a, b\n1, pi\n2, pi/2\n")
    sweep = sweep_of([("theta", "0:1:3")], ["a", "b", "theta"], table=table)
    assert sweep is not None
    assert sweep.shape == (2, 3)
    assert sweep.at((1, 0)) == (("a", 2.0), ("b", math.pi / 2), ("theta", 0.0))
    with pytest.raises(ParameterError, match="a has 2 values, theta has 3"):
        sweep_of([("theta", "0:1:3")], ["a", "b", "theta"], table=table, zipped=True)


@pytest.mark.parametrize(
    ("texts", "parameter", "words"),
    [
        ([], "theta", "theta has no value yet: for example 0.5, pi/2"),
        ([("theta", "1"), ("phi", "2")], "phi", "no parameter phi: its parameters are theta"),
        ([("theta", "1"), ("theta", "2")], "theta", "given twice"),
        ([("theta", "2p")], "theta", "theta: “2p”: there is no “p”"),
    ],
)
def test_error_names_its_parameter(texts: list[tuple[str, str]], parameter: str, words: str) -> None:
    with pytest.raises(ParameterError, match=words) as refused:
        sweep_of(texts, ["theta"])
    assert refused.value.parameter == parameter


def test_circuit_without_parameters_takes_no_values() -> None:
    assert sweep_of([], []) is None
    with pytest.raises(ParameterError, match="it has none"):
        sweep_of([("theta", "1")], [])


def test_too_many_sets_are_refused_with_the_figure_and_the_limit() -> None:
    with pytest.raises(ParameterError, match=r"1,000,000 sets of values are too many .* at most 100,000"):
        sweep_of([("a", "0:1:1000"), ("b", "0:1:1000")], ["a", "b"])


@pytest.mark.parametrize(
    "text",
    [
        "theta,phi\n0,pi\n0.5,1\n",
        "\ufefftheta;phi\r\n0;pi\r\n\r\n0.5;1\r\n",
        'theta\tphi\n"0"\tpi\n0.5\t1',
        '[{"theta": 0, "phi": "pi"}, {"theta": 0.5, "phi": 1}]',
        '{"theta": [0, 0.5], "phi": ["pi", 1]}',
        ' {"theta": "0:0.5:2", "phi": "pi, 1"}',
    ],
)
def test_files_of_all_forms_hold_the_same(text: str) -> None:
    assert parse_table(text) == {"theta": (0.0, 0.5), "phi": (math.pi, 1.0)}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "holds no values"),
        ("theta\n", "holds no values"),
        ("[]", "holds no values"),
        ("theta,phi\n1\n", "row 2 has 1 values for 2 parameters"),
        ("theta,theta\n1,2\n", "two columns"),
        ("theta,\n1,2\n", "name a parameter for each column"),
        ("theta\n1p\n", "row 2: “1p”"),
        ('[{"a": 1}, {"b": 1}]', "row 2 has other parameters"),
        ('{"a": [1, 2], "b": [1, 2, 3]}', "a has 2 values, another one 3"),
        ('{"a": true}', "is not a number"),
        ('{"a": [[1]]}', "is not a number"),
        ("[1, 2]", "no array of objects"),
        ("[" * 100_000, "no array of objects"),
        ("theta\n" + "1\n" * (MOST_SETS + 1), "at most 100,000"),
        ('theta\n"' + "1" * 200_000, "no CSV file"),
    ],
)
def test_file_that_cannot_be_meant_is_refused_by_name(text: str, words: str) -> None:
    with pytest.raises(ParameterError, match=words) as refused:
        parse_table(text, name="sweep.csv")
    assert str(refused.value).startswith("sweep.csv")


@pytest.mark.parametrize(("text", "words"), [("theta", "NAME=VALUES"), ("=1", "NAME=VALUES")])
def test_assignment_without_name_or_value_is_refused(text: str, words: str) -> None:
    assert parse_assignment(" theta = 0:1:2") == ("theta", " 0:1:2")
    with pytest.raises(ValueError, match=words):
        parse_assignment(text)


@given(st.text(max_size=200))
def test_any_file_is_a_table_or_refused(text: str) -> None:
    try:
        table = parse_table(text)
    except ParameterError as error:
        assert str(error)
    else:
        assert len({len(values) for values in table.values()}) == 1


@st.composite
def assignments(draw: st.DrawFn) -> tuple[list[tuple[str, list[float]]], bool]:
    names = draw(st.lists(st.sampled_from("abcdef"), min_size=1, max_size=4, unique=True))
    zipped = draw(st.booleans())
    length = draw(st.integers(2, 4))
    lists = [
        draw(st.lists(_FINITE, min_size=size, max_size=size))
        for size in (draw(st.sampled_from([1, length] if zipped else [1, 2, 3])) for _ in names)
    ]
    return list(zip(names, lists, strict=True)), zipped


@given(assignments())
def test_sweep_is_what_numpy_broadcasts(asked: tuple[list[tuple[str, list[float]]], bool]) -> None:
    columns, zipped = asked
    texts = [(name, ",".join(map(repr, values))) for name, values in columns]
    sweep = sweep_of(texts, [name for name, _ in columns], zipped=zipped)
    assert sweep is not None
    several = [values for _, values in columns if len(values) > 1]
    grids: list[Any] = [np.array(values) for values in several]
    if not zipped:
        grids = list(np.meshgrid(*several, indexing="ij")) if several else []
    names = sorted(name for name, _ in columns)
    whole = np.array(sweep.nested(names))
    assert whole.shape == (*sweep.shape, len(names))
    following = iter(grids)
    for name, values in columns:
        expected = next(following) if len(values) > 1 else np.full(sweep.shape, values[0])
        assert np.array_equal(whole[..., names.index(name)], expected)
    for place in sweep.places():
        assert dict(sweep.at(place)) == dict(zip(names, whole[place].tolist(), strict=True))
    assert len(list(sweep.places())) == sweep.sets


@given(assignments(), st.sets(st.sampled_from("abcdef")))
def test_sweep_of_some_parameters_keeps_their_values(
    asked: tuple[list[tuple[str, list[float]]], bool], names: set[str]
) -> None:
    columns, zipped = asked
    texts = [(name, ",".join(map(repr, values))) for name, values in columns]
    sweep = sweep_of(texts, [name for name, _ in columns], zipped=zipped)
    assert sweep is not None
    rest = sweep.only(names)
    if rest is None:
        assert not names & set(sweep.names)
        return
    rest.check()
    seen = {tuple(pair for pair in sweep.at(place) if pair[0] in names) for place in sweep.places()}
    assert {rest.at(place) for place in rest.places()} == seen
    assert isinstance(json.dumps(rest.nested(rest.names)), str)
    assert rest == Sweep(rest.shape, rest.columns)
