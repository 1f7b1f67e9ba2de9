"""Expectation values carry the names of their observables, or none when it is not sure which."""

from __future__ import annotations

import pytest

from tui.domain.pubs.inputs import PubInputs
from tui.domain.pubs.sweeps import ParameterValues, Sweep
from tui.domain.results import (
    Counts,
    ExpectationValue,
    JobResult,
    PubResult,
    QuasiDistribution,
    named,
    pub_facts,
    widened,
)

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


SWEEP = Sweep((2,), (ParameterValues("theta", (0.0, 1.5), 0), ParameterValues("phi", (2.0,))))


def test_values_of_several_observables_over_a_sweep_are_named_in_their_order() -> None:
    places = [(0, 0), (0, 1), (1, 0), (1, 1)]
    result = JobResult((PubResult(values=tuple(ExpectationValue(0.5, index=place) for place in places)),))
    (pub,) = named(result, (), (PubInputs("a", ("ZZ", "XX"), SWEEP),)).pubs
    assert [value.observable for value in pub.values] == ["ZZ", "ZZ", "XX", "XX"]
    assert (pub.name, pub.sweep) == ("", SWEEP)
    assert pub.parameters_at((1, 1)) == (("theta", 1.5), ("phi", 2.0))
    facts = pub_facts(pub)
    assert facts["sweep"] == {"shape": [2], "parameters": ["theta", "phi"]}
    values = facts["values"]
    assert isinstance(values, list)
    assert values[3]["parameters"] == {"theta": 1.5, "phi": 2.0}


def test_counts_of_several_pubs_get_their_circuits_and_values() -> None:
    counts = tuple(Counts("c", 1, 5, {"0": 5}, (place,)) for place in (0, 1))
    result = JobResult((PubResult(counts=counts[:1]), PubResult(counts=counts)))
    inputs = (PubInputs("bell"), PubInputs("rotated", (), SWEEP))
    first, second = named(result, ("ZZ",), inputs).pubs
    assert (first.name, first.sweep) == ("bell", None)
    assert (second.name, second.sweep) == ("rotated", SWEEP)


@pytest.mark.parametrize("inputs", [(PubInputs("a", (), SWEEP),), (PubInputs(), PubInputs())])
def test_result_of_another_shape_stays_as_it_is(inputs: tuple[PubInputs, ...]) -> None:
    result = JobResult((PubResult(counts=(Counts("c", 1, 5, {"0": 5}, (0,)),)),))
    assert named(result, (), inputs) == result


def test_counts_pad_bit_strings_to_the_width_of_the_register() -> None:
    narrow = JobResult((PubResult(quasi=QuasiDistribution(1, 10, {"0": 0.5, "1": 0.5})),))
    quasi = widened(narrow, 5).pubs[0].quasi
    assert quasi == QuasiDistribution(5, 10, {"00000": 0.5, "00001": 0.5})
    assert widened(narrow, 0) is narrow, "not known"
    two = JobResult(narrow.pubs * 2)
    assert widened(two, 5) is two, "of which circuit is not sure"
