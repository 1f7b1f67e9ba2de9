"""Estimator jobs: expectation values with standard errors, in every form the service takes."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from qiskit.quantum_info import SparsePauliOp
from qiskit_ibm_runtime import RuntimeDecoder, RuntimeEncoder

from tests.sandbox.simulator.programs import BELL_PEEKSKILL, ECR, HEADER, completed, failed
from tui.sandbox.simulator.base.values import RunOutcome
from tui.sandbox.simulator.primitives.observables import measurement_bases, read_observables
from tui.sandbox.simulator.runner import run

UNMITIGATED = {"resilience": {"measure_mitigation": False}}
# sx rz(theta) sx turns 0 to 1 for theta = 0 and leaves it for pi; half way it points along an axis.
TURN = HEADER + "input float theta; sx $3; rz(theta) $3; sx $3;"


def data(params: dict[str, Any], device: str = "ibm_peekskill", seed: int = 1) -> Any:
    return completed("estimator", params, device, seed)["results"][0]["data"]


def on(width: int, **letters: str) -> str:
    """A label with a letter on each named qubit, as in `on(19, q15="Z")`."""
    places = {int(name[1:]): letter for name, letter in letters.items()}
    return "".join(places.get(qubit, "I") for qubit in reversed(range(width)))


def test_estimator_bell_pair_has_zz_and_xx_near_1_and_zi_near_0() -> None:
    zz, xx, yy, zi = (
        on(19, q15="Z", q18="Z"),
        on(19, q15="X", q18="X"),
        on(19, q15="Y", q18="Y"),
        on(19, q15="Z"),
    )
    raw = data({"pubs": [[BELL_PEEKSKILL, [zz, xx, yy, zi]]], "options": UNMITIGATED})["evs"]
    assert 0.9 < raw[0] < 0.99
    assert 0.9 < raw[1] < 0.99
    assert -0.99 < raw[2] < -0.9
    assert abs(raw[3]) < 0.1
    better = data({"pubs": [[BELL_PEEKSKILL, zz]]})["evs"]
    assert better > raw[0]
    assert better == pytest.approx(0.99, abs=0.03)


@pytest.mark.parametrize(
    ("theta", "letter", "value"),
    [(0.0, "Z", -1), (math.pi, "Z", 1), (math.pi / 2, "X", 1), (-math.pi / 2, "X", -1)],
)
def test_estimator_x_and_z_have_the_sign_of_the_state(theta: float, letter: str, value: int) -> None:
    evs = data({"pubs": [[TURN, letter + "III", {"theta": theta}]]})["evs"]
    assert evs == pytest.approx(value, abs=0.06)


def test_estimator_y_has_the_sign_of_the_state() -> None:
    assert data({"pubs": [[HEADER + "sx $3;", "YIII"]]})["evs"] == pytest.approx(-1, abs=0.06)


def test_estimator_broadcasts_observables_and_parameters() -> None:
    body = data({"pubs": [[TURN, [["ZIII"], ["XIII"]], [[0.0], [math.pi], [math.pi / 2]], 0.05]]})
    assert np.array(body["evs"]).shape == np.array(body["stds"]).shape == (2, 3)
    np.testing.assert_allclose(body["evs"], [[-1, 1, 0], [0, 0, 1]], atol=0.25)


def test_estimator_sums_weighted_terms_and_takes_no_shots_for_identity() -> None:
    sum_of = {"ZIII": 2.0, "IIII": 0.5, "IZII": -1.0}
    evs = data({"pubs": [[HEADER + "x $3;", sum_of]]})["evs"]
    assert evs == pytest.approx(-2 + 0.5 - 1, abs=0.1)
    only = data({"pubs": [[HEADER + "x $3;", {"IIII": 3.0}]]})
    assert (only["evs"], only["stds"]) == (3.0, 0.0)


def test_estimator_stds_match_spread_of_repeated_jobs() -> None:
    runs = [data({"pubs": [[HEADER + "sx $3;", "ZIII", None, 0.05]]}, seed=seed) for seed in range(40)]
    spread = np.std([run["evs"] for run in runs])
    assert spread == pytest.approx(np.mean([run["stds"] for run in runs]), rel=0.35)
    assert spread == pytest.approx(0.05, rel=0.35)


def test_estimator_takes_shots_from_precision() -> None:
    def metadata(**more: Any) -> Any:
        return completed("estimator", {"pubs": [[HEADER + "x $0;", "Z"]], **more})["results"][0]["metadata"]

    assert metadata()["shots"] == 4096
    assert metadata(precision=0.01)["shots"] == 10016
    assert metadata(precision=0.01)["num_randomizations"] == 32
    assert metadata(precision=0.01, options=UNMITIGATED)["shots"] == 10000
    assert metadata(precision=0.01, options=UNMITIGATED)["target_precision"] == 0.01
    assert metadata(options={"default_shots": 2048, **UNMITIGATED})["shots"] == 2048


def test_estimator_ignores_final_measurements_of_the_program() -> None:
    program = HEADER + "bit[2] c; x $3; c[0] = measure $3; c[1] = measure $0;"
    assert data({"pubs": [[program, "ZIII"]]})["evs"] == pytest.approx(-1, abs=0.06)


def test_estimator_takes_device_wide_observables_for_hardware_qubits() -> None:
    assert data({"pubs": [[HEADER + "x $3;", on(27, q3="Z")]]})["evs"] == pytest.approx(-1, abs=0.06)


def test_estimator_refuses_observable_of_other_width_with_ibms_text() -> None:
    outcome = failed("estimator", {"pubs": [[HEADER + "qubit[27] q; x q[3];", ["ZZ"]]]})
    assert outcome.reason == (
        "The number of qubits of the circuit (27) does not match the number of qubits of"
        " the (0,)-th observable (2)."
    )


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ("ZQ", "alphabet"),
        ({"ZZ": "a"}, "coefficient"),
        ([["ZZ"], "ZZ"], "ragged"),
        ({"Z": 1, "ZZ": 1}, "length"),
    ],
)
def test_estimator_refuses_malformed_observable_with_reason(given: Any, text: str) -> None:
    outcome: RunOutcome = failed("estimator", {"pubs": [[HEADER + "x $1;", given]]})
    assert text in str(outcome.reason)


def test_estimator_metadata_does_not_claim_unsimulated_mitigation() -> None:
    params = {
        "pubs": [[HEADER + "x $3;", "ZIII"]],
        "support_qiskit": True,
        "options": {"resilience": {"zne_mitigation": False, "pec_mitigation": True}},
    }
    metadata = completed("estimator", params)["__value__"]["metadata"]
    assert metadata["resilience"] == {
        "measure_mitigation": True,
        "zne_mitigation": False,
        "pec_mitigation": False,
    }


ZNE: dict[str, Any] = {"zne_mitigation": True, "zne": {"noise_factors": [1, 3, 5], "extrapolator": "linear"}}
# Nine couplings do the same as one, with nine times its noise.
MANY_GATES = (
    HEADER
    + ECR
    + "rz(pi/2) $15; sx $15; rz(-pi) $18; sx $18; rz(-pi) $18;"
    + "ecr $15, $18;" * 21
    + " x $15;"
)
ZZ = on(19, q15="Z", q18="Z")


def test_extrapolation_takes_most_of_the_noise_of_gates_away() -> None:
    def result(resilience: dict[str, Any]) -> Any:
        options = {"resilience": resilience}
        return completed("estimator", {"pubs": [[MANY_GATES, ZZ, None, 0.01]], "options": options})[
            "results"
        ][0]

    noisy, mitigated = result({})["data"]["evs"], result(ZNE)
    data = mitigated["data"]
    first, second, third = data["evs_noise_factors"]
    assert noisy == pytest.approx(first, abs=0.05)
    assert first > second + 0.1 > third + 0.15
    assert abs(1 - data["evs"]) < abs(1 - noisy) / 2 + 3 * data["stds"]
    assert np.array(data["evs_extrapolated"]).shape == (1, 4)
    assert data["evs_extrapolated"][0][0] == data["evs"]
    assert data["stds"] > data["stds_noise_factors"][0]
    assert mitigated["metadata"]["resilience"] == {"zne": {"extrapolator": "linear"}}


def test_extrapolation_is_that_of_resilience_level_2_and_costs_its_shots() -> None:
    level_1 = run("estimator", {"pubs": [[BELL_PEEKSKILL, ZZ]]}, "ibm_peekskill", 1)
    params = {"pubs": [[BELL_PEEKSKILL, [ZZ, ZZ]]], "resilience_level": 2, "support_qiskit": True}
    level_2 = run("estimator", params, "ibm_peekskill", 1)
    assert level_2.execution_ns > 2.9 * level_1.execution_ns
    decoded = json.loads(str(level_2.result), cls=RuntimeDecoder)
    assert decoded[0].data.evs.shape == (2,)
    assert decoded[0].data.evs_noise_factors.shape == (2, 3)
    assert decoded[0].data.evs_extrapolated.shape == (2, 2, 4)
    assert decoded.metadata["resilience"]["zne"]["noise_factors"] == [1, 3, 5]


@pytest.mark.parametrize(
    ("zne", "text"),
    [
        ({"noise_factors": [0.5, 1]}, "at least 1"),
        ({"extrapolator": "cubic"}, "no extrapolator 'cubic'"),
        ({"noise_factors": [1, 3], "extrapolator": "double_exponential"}, "needs at least 4"),
        ({"noise_factors": ["a"]}, "numbers"),
    ],
)
def test_extrapolation_that_makes_no_sense_fails_with_reason(zne: dict[str, Any], text: str) -> None:
    options = {"resilience": {"zne_mitigation": True, "zne": zne}}
    outcome = failed("estimator", {"pubs": [[HEADER + "x $3;", "ZIII"]], "options": options})
    assert text in str(outcome.reason)


def test_log_says_which_options_have_no_effect() -> None:
    options = {
        "dynamical_decoupling": {"enable": True},
        "twirling": {"enable_gates": True},
        "resilience": {"pec_mitigation": True},
    }
    outcome = run("estimator", {"pubs": [[HEADER + "x $3;", "ZIII"]], "options": options}, "ibm_peekskill", 1)
    for subject in (
        "Dynamical decoupling has no effect",
        "Twirling of gates has no effect",
        "cancellation is not",
    ):
        assert subject in outcome.logs


def test_measurement_bases_group_qubit_wise_commuting_paulis() -> None:
    bases = measurement_bases(["ZZ", "IZ", "XI", "XX", "II"])
    assert sorted(basis for basis, _ in bases) == ["XX", "ZZ"]
    assert sorted(label for _, members in bases for label in members) == ["IZ", "XI", "XX", "ZZ"]


def test_observables_read_sparse_pauli_op_of_ibms_encoder() -> None:
    encoded = json.loads(json.dumps(SparsePauliOp(["ZZ", "XI"], [1.0, -0.5]), cls=RuntimeEncoder))
    assert read_observables(encoded).items == ({"ZZ": 1.0, "XI": -0.5},)
