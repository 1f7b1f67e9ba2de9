"""Expectation values carry the names of their observables, or none when it is not sure which."""

from __future__ import annotations

import pytest

from tui.domain.results import ExpectationValue, JobResult, PubResult, QuasiDistribution, named, widened

TWO = JobResult((PubResult(values=(ExpectationValue(0.5), ExpectationValue(-0.25, 0.1))),))


def test_named_values_get_the_names_of_their_observables() -> None:
    values = named(TWO, ("ZZ", "XX")).pubs[0].values
    assert values == (ExpectationValue(0.5, None, "ZZ"), ExpectationValue(-0.25, 0.1, "XX"))


@pytest.mark.parametrize("names", [(), ("ZZ",), ("ZZ", "XX", "YY")])
def test_named_values_ignore_names_of_another_count(names: tuple[str, ...]) -> None:
    assert named(TWO, names) is TWO


def test_named_values_leave_several_pubs_alone() -> None:
    pubs = JobResult((PubResult(values=(ExpectationValue(0.5),)), PubResult()))
    assert named(pubs, ("ZZ",)) is pubs


def test_counts_pad_bit_strings_to_the_width_of_the_register() -> None:
    narrow = JobResult((PubResult(quasi=QuasiDistribution(1, 10, {"0": 0.5, "1": 0.5})),))
    quasi = widened(narrow, 5).pubs[0].quasi
    assert quasi == QuasiDistribution(5, 10, {"00000": 0.5, "00001": 0.5})
    assert widened(narrow, 0) is narrow, "not known"
    two = JobResult(narrow.pubs * 2)
    assert widened(two, 5) is two, "of which circuit is not sure"
