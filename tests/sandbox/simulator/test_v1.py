"""Jobs of the first version of the primitives: `circuits` in, quasi-distributions and values out."""

from __future__ import annotations

import pytest

from tests.sandbox.simulator.programs import BELL_PEEKSKILL, HEADER, ROTATION, WALKTHROUGH, completed, failed


@pytest.mark.parametrize("circuits", [WALKTHROUGH, [WALKTHROUGH]])
def test_sampler_v1_gives_frequencies_by_decimal_number(circuits: object) -> None:
    body = completed("sampler", {"circuits": circuits})
    assert body["metadata"] == [{"shots": 4000}]
    assert body["quasi_dists"][0]["1"] > 0.85
    assert sum(body["quasi_dists"][0].values()) == pytest.approx(1)


def test_sampler_v1_takes_several_circuits_indices_parameters_and_shots() -> None:
    body = completed(
        "sampler",
        {
            "circuits": [BELL_PEEKSKILL, ROTATION],
            "circuit_indices": [1, 0, 1],
            "parameter_values": [[0.0], [], [3.14159265]],
            "run_options": {"shots": 500},
        },
    )
    flipped, bell, kept = body["quasi_dists"]
    assert flipped["1"] > 0.9
    assert bell["0"] + bell["3"] > 0.9
    assert kept["0"] > 0.9


def test_estimator_v1_gives_values_with_variance() -> None:
    params = {
        "circuits": [HEADER + "x $3;"],
        "observables": [{"ZIII": 1.0}],
        "resilience_settings": {"level": 0},
    }
    body = completed("estimator", params)
    assert body["values"][0] == pytest.approx(-0.98, abs=0.03)
    assert body["metadata"][0]["shots"] == 4000
    assert body["metadata"][0]["variance"] == pytest.approx(1 - body["values"][0] ** 2, abs=0.01)


def test_sampler_v1_refuses_circuit_index_out_of_range() -> None:
    assert "indices" in str(failed("sampler", {"circuits": [WALKTHROUGH], "circuit_indices": [3]}).reason)
