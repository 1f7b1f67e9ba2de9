"""Validation of params with IBM's error texts."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.simulator.programs import WALKTHROUGH
from tui.sandbox.simulator.primitives.validation import validate_params

PUB = [WALKTHROUGH]


@pytest.mark.parametrize(
    ("program", "params"),
    [
        ("sampler", {"pubs": [PUB]}),
        ("sampler", {"pubs": [WALKTHROUGH], "version": 2, "support_qiskit": False, "shots": 10}),
        ("sampler", {"pubs": [[WALKTHROUGH, None, 5], [WALKTHROUGH, [1.0], None]]}),
        ("sampler", {"pubs": [[{"__type__": "QuantumCircuit", "__value__": "eJw"}, None, 5]], "options": {}}),
        (
            "sampler",
            {
                "pubs": [PUB],
                "options": {
                    "default_shots": 4096,
                    "dynamical_decoupling": {"enable": True, "sequence_type": "XpXm"},
                    "twirling": {"enable_gates": True, "num_randomizations": "auto"},
                    "execution": {"init_qubits": True, "rep_delay": 0.00025, "meas_type": "classified"},
                    "experimental": {"anything": 1},
                },
            },
        ),
        ("estimator", {"pubs": [[WALKTHROUGH, "Z"]], "resilience_level": 2, "precision": 0.1}),
        ("estimator", {"pubs": [[WALKTHROUGH, {"Z": 1}, None, 0.1]]}),
        ("sampler", {"circuits": WALKTHROUGH}),
        ("estimator", {"circuits": [WALKTHROUGH], "observables": ["Z"]}),
    ],
)
def test_validation_accepts_params_of_the_service(program: str, params: dict[str, Any]) -> None:
    assert validate_params(program, params) is None


@pytest.mark.parametrize(
    ("program", "params", "text"),
    [
        ("noise-learner", {"pubs": [PUB]}, "program_id"),
        ("sampler", {}, "'pubs'"),
        ("sampler", {"pubs": []}, "fewer than 1"),
        ("sampler", {"pubs": "x"}, "body.params.pubs must be an array"),
        ("sampler", {"pubs": [[]]}, "pubs[0]"),
        ("sampler", {"pubs": [[7]]}, "pubs[0][0]"),
        ("sampler", {"pubs": [[WALKTHROUGH, None, 0]]}, "pubs[0][2] must be >= 1"),
        ("sampler", {"pubs": [[WALKTHROUGH, 3.0]]}, "pubs[0][1]"),
        ("sampler", {"pubs": [PUB], "shotz": 1}, "'shotz'"),
        ("sampler", {"pubs": [PUB], "version": 1}, "version"),
        ("sampler", {"pubs": [PUB], "support_qiskit": "yes"}, "support_qiskit must be a boolean"),
        ("sampler", {"pubs": [PUB], "resilience_level": 1}, "'resilience_level'"),
        ("sampler", {"pubs": [PUB], "options": {"transpilation": {}}}, "'transpilation'"),
        ("sampler", {"pubs": [PUB], "options": {"twirling": {"strategy": "none"}}}, "strategy"),
        ("estimator", {"pubs": [PUB]}, "2 to 4 items"),
        ("estimator", {"pubs": [[WALKTHROUGH, "Z", None, -1]]}, "must be > 0"),
        ("estimator", {"pubs": [[WALKTHROUGH, "Z"]], "resilience_level": 3}, "<= 2"),
        ("estimator", {"circuits": [WALKTHROUGH]}, "'observables'"),
        ("sampler", {"circuits": []}, "circuits"),
        ("sampler", {"circuits": [WALKTHROUGH], "run_options": {"shots": "many"}}, "shots"),
    ],
)
def test_validation_refuses_malformed_params(program: str, params: dict[str, Any], text: str) -> None:
    message = validate_params(program, params)
    assert message is not None
    assert message.startswith("body.")
    assert text in message
