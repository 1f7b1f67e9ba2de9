"""Observables from text: terms, text that reads back, layout as Qiskit lays out, errors in words."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from qiskit.quantum_info import SparsePauliOp

from tui.domain.pubs.observables import Observable, parse_observable, parse_observables


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("ZZ", {"ZZ": 1.0}),
        ("0.5*XX + 0.5*ZZ", {"XX": 0.5, "ZZ": 0.5}),
        ("ZZ - 0.3 XI", {"ZZ": 1.0, "XI": -0.3}),
        (" -xx ", {"XX": -1.0}),
        ("- 2XX+.5zz", {"XX": -2.0, "ZZ": 0.5}),
        ("1e-3*XX", {"XX": 0.001}),
        ("XX + ZZ + XX", {"XX": 2.0, "ZZ": 1.0}),
        ("0.5XYZI", {"XYZI": 0.5}),
    ],
)
def test_sum_has_its_terms(text: str, terms: dict[str, float]) -> None:
    assert dict(parse_observable(text).terms) == terms


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "not a sum of Pauli strings"),
        ("ZZ XX", "not a sum"),
        ("ZZ +", "not a sum"),
        ("0.5*", "not a sum"),
        ("0.5", "not a sum"),
        ("ZZ--XX", "not a sum"),
        ("ZZ*XX", "not a sum"),
        ("ABC", "not a Pauli string: use the letters I, X, Y and Z"),
        ("XX+ZZZ", "of 2 and of 3 letters"),
        ("1e999*XX", "coefficient that is too large"),
        ("1j*XX", "not a"),
    ],
)
def test_other_text_is_refused_in_words(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        parse_observable(text)


def test_several_are_separated_by_commas() -> None:
    assert [one.text for one in parse_observables("zz, 0.5*xx-0.5*yy ,XI")] == ["ZZ", "0.5*XX - 0.5*YY", "XI"]
    for text, words in (("", "missing"), ("ZZ,,XX", "not a sum"), ("Z," * 1_000 + "Z", "At most 1,000")):
        with pytest.raises(ValueError, match=words):
            parse_observables(text)


def test_terms_of_all_observables_are_bounded() -> None:
    many = "+".join(
        f"{'X' * (n % 2)}{format(n, '014b').replace('0', 'I').replace('1', 'Z')}"[-14:] for n in range(9_000)
    )
    with pytest.raises(ValueError, match="10,000 terms"):
        parse_observables(f"{many}, {many}")


@st.composite
def observables(draw: st.DrawFn) -> Observable:
    qubits = draw(st.integers(1, 5))
    strings = draw(
        st.lists(st.text("IXYZ", min_size=qubits, max_size=qubits), min_size=1, max_size=5, unique=True)
    )
    coefficients = st.floats(-1e3, 1e3, allow_nan=False)
    return Observable(tuple((string, draw(coefficients)) for string in strings))


@given(observables())
def test_text_reads_back(observable: Observable) -> None:
    assert parse_observable(observable.text) == observable


@given(observables(), st.integers(0, 3), st.integers(0, 2**32))
def test_layout_is_that_of_qiskit(observable: Observable, more: int, seed: int) -> None:
    width = observable.qubits + more
    layout = random.Random(seed).sample(range(width), observable.qubits)
    ours = observable.laid_out(layout, width)
    expected = SparsePauliOp.from_list(list(observable.terms)).apply_layout(layout, width)
    assert dict(ours.terms) == dict(expected.to_list()) or SparsePauliOp.from_list(list(ours.terms)).equiv(
        expected
    )


@given(st.text(max_size=60))
def test_any_text_is_an_observable_or_refused(text: str) -> None:
    try:
        assert parse_observable(text).qubits > 0
    except ValueError as error:
        assert str(error)
