"""Programs of the executor as IBM's client encodes them, and their results, in every version of the schema.

IBM's own models say that both are what the service takes and gives; its decoders say what they mean.
"""

from __future__ import annotations

import importlib
import json
from typing import Any

import msgspec
import numpy as np
import pytest

from tests.ibm.mock_network import FIXTURES, body, fixture
from tests.ibm.results.test_executor import counts_by_place, ibm_counts_by_place, ibm_result
from tui.compiler.qiskit.mitigation import estimator_values
from tui.compiler.qiskit.qpy import decode_qpy
from tui.domain.results import Role
from tui.ibm.codec.params import read_inputs
from tui.ibm.results.decoder import decode_result

pytest.importorskip("qiskit_ibm_runtime")

NAMES = sorted(path.stem for path in FIXTURES.glob("gen2_executor_*.json"))
ROLES = {"plain": Role.NONE, "sampler": Role.SAMPLER, "estimator": Role.ESTIMATOR}


def kind_of(name: str) -> tuple[Role, str]:
    """Return the role and the schema version that a fixture's name tells."""
    _, _, kind, version = name.split("_", 3)
    return ROLES[kind], version.replace("_", ".")


def params_of(name: str) -> dict[str, Any]:
    params: dict[str, Any] = fixture(name)["request"]["body"]["params"]
    return params


def test_every_schema_version_and_both_spellings_of_the_role_are_recorded() -> None:
    assert {kind_of(name)[1] for name in NAMES} == {"v0.1", "v0.2", "v1.0", "v1.1", "v2.0"}
    told = {params_of(name)["quantum_program"].get("semantic_role") for name in NAMES}
    assert told == {None, "sampler-v2", "sampler_v2", "estimator-v2", "estimator_v2"}


@pytest.mark.parametrize("name", NAMES)
def test_recorded_program_fits_the_models_of_ibm(name: str) -> None:
    module = kind_of(name)[1].replace("v", "version_").replace(".", "_")
    models = importlib.import_module(f"ibm_quantum_schemas.executor.{module}.models")
    models.ParamsModel.model_validate(params_of(name))
    models.QuantumProgramResultModel.model_validate(json.loads(body(name)))


@pytest.mark.parametrize("name", NAMES)
def test_inputs_of_a_recorded_program_are_read(name: str) -> None:
    role, _ = kind_of(name)
    params = params_of(name)
    inputs = read_inputs(msgspec.Raw(json.dumps(params).encode()))
    assert inputs.role is role
    # Four randomizations of 16 shots are 64.
    assert inputs.shots == 64
    assert inputs.packed and not inputs.circuit
    circuits = params["quantum_program"].get("circuits") or {"num_programs": 1}
    # Of an estimator one PUB is recorded; its other circuits measure the readout errors.
    assert inputs.count == (1 if role is Role.ESTIMATOR else circuits["num_programs"])
    first, *_ = decode_qpy(inputs.packed)
    assert "measure" in first and "ecr" in first


@pytest.mark.parametrize("name", [name for name in NAMES if kind_of(name)[0] is not Role.ESTIMATOR])
def test_counts_of_a_recorded_program_equal_those_of_the_client(name: str) -> None:
    role, _ = kind_of(name)
    result = decode_result(body(name))
    assert (result.role, result.note) == (role, "")
    if role is Role.SAMPLER:
        assert counts_by_place(result) == ibm_counts_by_place(ibm_result(body(name)))
    (pub,) = result.pubs
    assert {one.register for one in pub.counts} == {"left", "right"}
    assert {one.index for one in pub.counts} == {(0, 0), (1, 0), (2, 0)}
    for one in pub.counts:
        assert one.shots == 64
        # Turned by nothing, by about a quarter and by a half.
        share = one.counts.get("1", 0) / one.shots
        assert [share < 0.2, 0.2 < share < 0.8, share > 0.8][one.index[0]]


@pytest.mark.parametrize("name", [name for name in NAMES if kind_of(name)[0] is Role.ESTIMATOR])
def test_values_of_a_recorded_program_equal_those_of_the_client(name: str) -> None:
    from qiskit_ibm_runtime.decoders.executor.decoder import ExecutorResultDecoder
    from qiskit_ibm_runtime.decoders.executor_estimator.decoder import ClientSideEstimatorDecoder

    content = body(name)
    result = decode_result(content)
    assert result.role is Role.ESTIMATOR
    # A letter for each qubit of the device.
    assert [len(one.register) for one in result.pubs[0].counts] == [27, 27, 27]
    expected: Any = ClientSideEstimatorDecoder.decode(ExecutorResultDecoder.decode(content.decode()))
    (values,) = estimator_values(content)
    np.testing.assert_allclose([value.value for value in values], expected[0].data.evs, 0, 1e-12)
    errors = [value.std or 0.0 for value in values]
    np.testing.assert_allclose(errors, expected[0].data.stds, 0, 1e-12)
    assert [value.method for value in values] == ["TREX"] * 3
