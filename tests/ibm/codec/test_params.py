"""The circuit and shots of jobs, whoever submitted them."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ibm.mock_network import fixture
from tui.domain.jobs import SubmittedCircuit
from tui.domain.primitives import MOST_OPTIONS, nested_options
from tui.ibm.codec.params import MOST_CIRCUITS, Inputs, read_inputs

PACKED = {"__type__": "QuantumCircuit", "__value__": "eJw="}


def inputs(params: object) -> Inputs:
    return read_inputs(msgspec.Raw(json.dumps(params).encode()))


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"pubs": [["OPENQASM 3;"]]}, Inputs("OPENQASM 3;")),
        ({"pubs": ["OPENQASM 3;"], "shots": 7}, Inputs("OPENQASM 3;", shots=7)),
        ({"pubs": [["a;", None, 5]], "shots": 7}, Inputs("a;", shots=5)),
        ({"pubs": [[PACKED, None, 5]]}, Inputs(packed="eJw=", shots=5)),
        ({"pubs": [["eJw= "]]}, Inputs(packed="eJw=")),
        ({"circuits": [PACKED], "run_options": {"shots": 3}}, Inputs(packed="eJw=", shots=3)),
        ({"circuits": "a;"}, Inputs("a;")),
        ({"options": {"default_shots": 9}}, Inputs(shots=9)),
        (
            {"quantum_program": {"shots": 4, "circuits": {"data": ["a;", "b;"]}}},
            Inputs("a;", shots=4, further=(SubmittedCircuit("b;"),)),
        ),
        (
            {"pubs": [["a;", None, 5], [PACKED], "c;", []]},
            Inputs(
                "a;",
                shots=5,
                further=(SubmittedCircuit("", "eJw="), SubmittedCircuit("c;"), SubmittedCircuit()),
            ),
        ),
        ({"quantum_program": {"circuits": {"b64_data": "eJw=", "qpy_version": 17}}}, Inputs(packed="eJw=")),
        ({"pubs": []}, Inputs()),
        ({"pubs": [[]]}, Inputs()),
        ([], Inputs()),
        (None, Inputs()),
    ],
)
def test_inputs_of_every_form(params: object, expected: Inputs) -> None:
    assert inputs(params) == expected


@pytest.mark.parametrize(
    "name",
    [
        "gen1_job_create_v1_sampler_qasm",
        "gen1_job_create_v2_sampler",
        "gen1_job_create_v2_estimator",
        "gen2_job_create_sampler_rest",
        "gen2_job_create_estimator_rest",
        "gen2_job_create_sampler_qiskit",
        "gen2_job_create_estimator_qiskit",
        "gen2_job_create_executor",
    ],
)
def test_inputs_of_recorded_submissions(name: str) -> None:
    recorded = inputs(fixture(name)["request"]["body"]["params"])
    assert bool(recorded.circuit) != bool(recorded.packed)
    assert bool(recorded.packed) is name.endswith("_qiskit")


def test_inputs_count_circuits_beyond_the_limit() -> None:
    recorded = inputs({"pubs": [["a;"]] * 1000})
    assert (recorded.count, len(recorded.further)) == (1000, MOST_CIRCUITS - 1)
    blob = {"b64_data": "eJw=", "qpy_version": 17, "num_programs": 7}
    assert inputs({"quantum_program": {"circuits": blob}}).count == 7


@pytest.mark.parametrize(
    ("told", "count"),
    [(3, 3), (0, 1), (None, 1), ("7", 1), (True, 1), (-1, 1), (2.5, 1), (10**12, 10**12), (10**12 + 1, 1)],
)
def test_inputs_take_only_a_plausible_number_for_a_count(told: object, count: int) -> None:
    blob = {"b64_data": "eJw=", "qpy_version": 17, "num_programs": told}
    assert inputs({"quantum_program": {"circuits": blob}}).count == count
    listed = {"data": ["a;", "b;"], "num_programs": told}
    assert inputs({"quantum_program": {"circuits": listed}}).count == 2
    shots = count if count > 1 else told if told == 0 and told is not None else None
    assert inputs({"circuits": "a;", "shots": told}).shots == shots


@pytest.mark.parametrize("params", [b"", b"{", b'{"pubs":["\xff"]}', b"[" * 100_000, b'{"pubs":' * 5_000])
def test_inputs_of_what_is_no_json_are_empty(params: bytes) -> None:
    assert read_inputs(msgspec.Raw(params)) == Inputs()


JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["pubs", "circuits", "quantum_program", "shots", "data", "x"]), inner
        )
    ),
)


@given(JSON)
def test_inputs_of_any_json_never_raise(params: Any) -> None:
    recorded = inputs(params)
    assert not (recorded.circuit and recorded.packed)


def _executor(options: object, **more: object) -> dict[str, object]:
    passed = {"post_processor": {"options": options, **more}}
    return {
        "schema_version": "v2.0",
        "quantum_program": {"shots": 64, "circuits": [], "items": [], "passthrough_data": passed},
        "options": {"init_qubits": True, "rep_delay": None},
    }


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        (
            {
                "pubs": [["a;", "ZZ", None, 0.05]],
                "resilience_level": 1,
                "precision": 0.02,
                "options": {"twirling": {"enable_gates": True, "strategy": "active"}, "simulator": {"x": 1}},
            },
            {
                "precision": 0.05,
                "resilience_level": 1,
                "twirling": {"enable_gates": True, "strategy": "active"},
            },
        ),
        (
            _executor(
                {
                    "dynamical_decoupling": {"enable": False, "sequence_type": "XX"},
                    "resilience": {"zne_mitigation": True, "zne": {"noise_factors": [1, 3]}, "pec": {"a": 1}},
                    "default_precision": 0.015625,
                    "environment": {"job_tags": ["secret"]},
                    "max_execution_time": None,
                },
                precision=0.03,
            ),
            {
                "precision": 0.03,
                "resilience": {"zne_mitigation": True, "zne": {"noise_factors": [1, 3]}, "pec": {"a": 1}},
                "dynamical_decoupling": {"enable": False},
            },
        ),
        (
            {"quantum_program": {"shots": 5}, "options": {"init_qubits": False, "rep_delay": 0.0003}},
            {"execution": {"init_qubits": False, "rep_delay": 0.0003}},
        ),
        ({"quantum_program": 5, "options": "no"}, {}),
        (_executor("no"), {"execution": {"init_qubits": True}}),
    ],
)
def test_options_of_every_form(params: object, expected: dict[str, object]) -> None:
    options = inputs(params).options
    assert nested_options(options) == expected


@pytest.mark.parametrize(("told", "count"), [(1, 1), (0, 2), (9, 2), ("1", 2), (True, 2)])
def test_circuits_that_measure_readout_errors_are_no_pubs(told: object, count: int) -> None:
    params = _executor({}, num_pubs=told)
    program = params["quantum_program"]
    assert isinstance(program, dict)
    program["circuits"] = ["a;", "b;"]
    assert inputs(params).count == count


def test_options_of_others_are_bounded() -> None:
    wide = {f"name{number}" * 50: "x" * 100_000 for number in range(500)}
    deep = {"a": {"b": {"c": {"d": {"e": 1}}}}}
    options = inputs(_executor({"experimental": wide, "execution": deep})).options
    assert 0 < len(options) <= MOST_OPTIONS
    assert all(len(name) < 300 and len(value) < 200 for name, value in options)
