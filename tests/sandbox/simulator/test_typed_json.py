"""Typed JSON of IBM's own client, read from it and decoded by it."""

from __future__ import annotations

import importlib
import json
import math
from typing import Any

import numpy as np
import pytest
from qiskit import QuantumCircuit, transpile
from qiskit.circuit import Parameter, ParameterVector
from qiskit.primitives.containers import BindingsArray, ObservablesArray
from qiskit.primitives.containers.estimator_pub import EstimatorPub
from qiskit.primitives.containers.sampler_pub import SamplerPub
from qiskit.quantum_info import SparsePauliOp
from qiskit_ibm_runtime import RuntimeDecoder, RuntimeEncoder
from qiskit_ibm_runtime.decoders.result_decoder import ResultDecoder

from tests.sandbox.simulator.programs import WALKTHROUGH, failed
from tui.sandbox.simulator.base.calibration import target
from tui.sandbox.simulator.base.values import JobFailure
from tui.sandbox.simulator.circuits.loader import load_circuit
from tui.sandbox.simulator.primitives.pubs import parameter_values
from tui.sandbox.simulator.runner import run

DEVICE = "ibm_fez"


def sent(value: Any) -> Any:
    """As it arrives at the service."""
    return json.loads(json.dumps(value, cls=RuntimeEncoder))


def text(program: str, params: dict[str, Any]) -> str:
    outcome = run(program, sent({**params, "support_qiskit": True, "version": 2}), DEVICE, 1)
    assert outcome.status == "Completed", outcome.reason
    assert outcome.result is not None
    return outcome.result


def validate(program: str, body: str) -> None:
    """Hold a results body against IBM's own schema package."""
    module = importlib.import_module(f"ibm_quantum_schemas.{program}.version_0_1.primitive_result")
    module.PrimitiveResultWrapperModel.model_validate(json.loads(body))


def parametric() -> QuantumCircuit:
    circuit = QuantumCircuit(2)
    circuit.ry(Parameter("angle"), 0)
    circuit.cx(0, 1)
    return transpile(circuit, target=target(DEVICE), optimization_level=1, seed_transpiler=1)


def test_sampler_result_is_decoded_by_ibms_client() -> None:
    bell = QuantumCircuit(2)
    bell.h(0)
    bell.cx(0, 1)
    bell.measure_all()
    bell = transpile(bell, target=target(DEVICE), optimization_level=3, seed_transpiler=1)
    turning = parametric().copy()
    turning.measure_active()
    sets = np.array([[0.0], [math.pi], [0.0]])
    pubs = [SamplerPub.coerce((bell, None, 100)), SamplerPub.coerce((turning, sets, 200))]
    body = text("sampler", {"pubs": pubs, "options": {}})
    validate("sampler", body)
    for result in (json.loads(body, cls=RuntimeDecoder), ResultDecoder.decode(body)):
        counts = result[0].data.meas.get_counts()
        assert counts["00"] + counts["11"] > 90
        assert result[1].data.shape == (3,)
        register = next(iter(result[1].data.values()))
        assert register.array.shape == (3, 200, 1)
        assert register.num_bits == 2
        assert register.get_counts(1)["11"] > 150
        assert register.get_counts(2)["00"] > 150
        spans = result.metadata["execution"]["execution_spans"]
        assert spans.stop > spans.start
        assert spans[0].mask(1).shape == (3, 200)


def test_bit_array_packs_bit_0_into_last_byte() -> None:
    circuit = QuantumCircuit(12, 12)
    circuit.x(0)
    circuit.x(9)
    circuit.measure(range(12), range(12))
    body = text("sampler", {"pubs": [SamplerPub.coerce((circuit, None, 300))]})
    register = json.loads(body, cls=RuntimeDecoder)[0].data.c
    assert register.array.shape == (300, 2)
    most = max(register.get_counts().items(), key=lambda item: item[1])
    assert most[0] == "001000000001"


def test_estimator_result_is_decoded_by_ibms_client() -> None:
    circuit = parametric()
    zz = SparsePauliOp(["ZZ", "IZ"], [1.0, 0.5]).apply_layout(circuit.layout)
    xx = SparsePauliOp("XX").apply_layout(circuit.layout)
    sets = np.array([0.0, math.pi / 2, math.pi])[:, np.newaxis]
    pubs = [
        EstimatorPub.coerce((circuit, [[zz], [xx]], sets)),
        EstimatorPub.coerce((circuit, zz, [0.0], 0.05)),
    ]
    body = text("estimator", {"pubs": pubs, "options": {}, "resilience_level": 1})
    validate("estimator", body)
    for result in (json.loads(body, cls=RuntimeDecoder), ResultDecoder.decode(body)):
        evs = result[0].data.evs
        assert evs.shape == result[0].data.stds.shape == (2, 3)
        np.testing.assert_allclose(evs, [[1.5, 1.0, 0.5], [0.0, 1.0, 0.0]], atol=0.15)
        assert result[1].data.evs.shape == ()
        assert result[1].metadata["target_precision"] == 0.05


def test_loader_reads_qpy_of_ibms_client() -> None:
    circuit = parametric()
    assert load_circuit(sent(circuit)).circuit == circuit
    assert load_circuit(sent(circuit)["__value__"]).circuit == circuit


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (np.array([0.1, 0.2, 0.3]), [0.1, 0.2, 0.3]),
        (BindingsArray({("v[0]", "v[1]"): [0.2, 0.3], "a": 0.1}), [0.1, 0.2, 0.3]),
        ({"v": [0.2, 0.3], "a": 0.1}, [0.1, 0.2, 0.3]),
        ({"v[0]": 0.2, "v[1]": 0.3, "a": 0.1}, [0.1, 0.2, 0.3]),
        ([[0.1, 0.2, 0.3]], [[0.1, 0.2, 0.3]]),
    ],
)
def test_parameter_values_of_every_form_are_in_circuit_order(given: Any, expected: Any) -> None:
    circuit = QuantumCircuit(1)
    vector = ParameterVector("v", 2)
    for parameter in (vector[1], vector[0], Parameter("a")):
        circuit.rz(parameter, 0)
    assert parameter_values(circuit, sent(given)).tolist() == expected


def test_parameter_values_of_empty_array_are_none() -> None:
    circuit = load_circuit(WALKTHROUGH).circuit
    for empty, shape in [(np.empty(0), ()), (np.empty((3, 0)), (3,)), (np.empty((1, 0)), (1,))]:
        assert parameter_values(circuit, sent(empty)).shape[:-1] == shape


def test_estimator_reads_typed_observables_array() -> None:
    circuit = parametric()
    wide = SparsePauliOp("ZZ").apply_layout(circuit.layout)
    wanted = ObservablesArray([wide, wide])
    pub = [circuit, wanted, np.array([0.0])]
    evs = json.loads(text("estimator", {"pubs": [pub]}), cls=RuntimeDecoder)[0].data.evs
    assert evs.shape == (2,)


@pytest.mark.parametrize(
    "value",
    ["eJw=", "AAAA", "gASVBQAAAAAAAACMAWGULg==", sent(parametric())["__value__"][:-40] + "AAAA"],
)
def test_loader_refuses_damaged_qpy(value: str) -> None:
    with pytest.raises(JobFailure):
        load_circuit({"__type__": "QuantumCircuit", "__value__": value})


def test_typed_json_refuses_unexpected_type() -> None:
    job = {"pubs": [[WALKTHROUGH, {"__type__": "NoiseModel", "__value__": {}}]]}
    assert "NoiseModel" in str(failed("sampler", job).reason)
