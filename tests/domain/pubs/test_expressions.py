"""Numbers as people type them: values as Python has them, errors in words, never anything but arithmetic."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.domain.pubs.expressions import number

_LEAVES = st.sampled_from(["pi", "tau", "euler", "0.5", "3", "1e-2", ".25", "7."])
_EXPRESSIONS = st.recursive(
    _LEAVES,
    lambda inner: st.one_of(
        st.builds("({} + {})".format, inner, inner),
        st.builds("({}-{})".format, inner, inner),
        st.builds("{} * {}".format, inner, inner),
        st.builds("{}/2".format, inner),
        st.builds("-{}".format, inner),
        st.builds("cos({})".format, inner),
        st.builds("({})**2".format, inner),
    ),
    max_leaves=6,
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.5", 0.5),
        (" -1e-3 ", -0.001),
        ("pi/2", math.pi / 2),
        ("2pi", math.tau),
        ("1/2pi", 1 / math.tau),
        ("2(1+π)", 2 * (1 + math.pi)),
        ("-sqrt(2)/2", -math.sqrt(2) / 2),
        ("2**3**2", 512.0),
        ("-2**2", -4.0),
        ("2**-1", 0.5),
        ("--3", 3.0),
        ("arcsin(1)", math.pi / 2),
    ],
)
def test_expression_has_its_value(text: str, value: float) -> None:
    assert number(text) == value


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is missing"),
        ("2p", "there is no “p”"),
        ("1 2", "“2” cannot stand here"),
        ("(1", "ends too early"),
        ("1)", "“)” cannot stand here"),
        ("2*", "ends too early"),
        ("pi pi", "cannot stand here"),
        ("1/0", "divides by zero"),
        ("9**9**99", "too large"),
        ("1e999", "not a finite number"),
        ("nan", "there is no “nan”"),
        ("sqrt(-1)", "no value at -1"),
        ("(-8)**0.5", "no real value"),
        ("__import__('os')", "there is no “__import__”"),
        ("pi.real", "cannot stand here"),
        ("(" * 31 + "1" + ")" * 31, "nested over 30 deep"),
        ("1" * 201, "longer than 200"),
        ("1;2", "“;” cannot stand here"),
    ],
)
def test_other_text_is_refused_in_words(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=r"\.$") as refused:
        number(text)
    assert words in str(refused.value)


@given(_EXPRESSIONS)
def test_expression_is_worth_what_python_makes_of_it(text: str) -> None:
    expected = eval(text, {"pi": math.pi, "tau": math.tau, "euler": math.e, "cos": math.cos})
    assert number(text) == pytest.approx(expected)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_number_is_read_back_as_it_is_written(value: float) -> None:
    assert number(repr(value)) == value


@given(st.text(max_size=60))
def test_any_text_has_a_finite_value_or_is_refused(text: str) -> None:
    try:
        assert math.isfinite(number(text))
    except ValueError as error:
        assert str(error)
