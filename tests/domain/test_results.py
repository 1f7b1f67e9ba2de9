"""Expectation values carry the names of their observables, or none when it is not sure which."""

from __future__ import annotations

import pytest

from tui.domain.results import ExpectationValue, JobResult, PubResult, QuasiDistribution, named, widened

TWO = JobResult((PubResult(values=(ExpectationValue(0.5), ExpectationValue(-0.25, 0.1))),))


def test_each_value_gets_its_name() -> None:
    values = named(TWO, ("ZZ", "XX")).pubs[0].values
    assert values == (ExpectationValue(0.5, None, "ZZ"), ExpectationValue(-0.25, 0.1, "XX"))


@pytest.mark.parametrize("names", [(), ("ZZ",), ("ZZ", "XX", "YY")])
def test_names_that_do_not_fit_are_not_used(names: tuple[str, ...]) -> None:
    assert named(TWO, names) is TWO


def test_several_pubs_are_left_alone() -> None:
    pubs = JobResult((PubResult(values=(ExpectationValue(0.5),)), PubResult()))
    assert named(pubs, ("ZZ",)) is pubs


def test_bit_strings_are_as_wide_as_the_circuit_is() -> None:
    narrow = JobResult((PubResult(quasi=QuasiDistribution(1, 10, {"0": 0.5, "1": 0.5})),))
    quasi = widened(narrow, 5).pubs[0].quasi
    assert quasi == QuasiDistribution(5, 10, {"00000": 0.5, "00001": 0.5})
    assert widened(narrow, 0) is narrow, "not known"
    two = JobResult(narrow.pubs * 2)
    assert widened(two, 5) is two, "of which circuit is not sure"
