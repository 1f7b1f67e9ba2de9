"""Quantum programs on simulated devices, built by IBM's client and read by it."""

from __future__ import annotations

import base64
import json
import time
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from qiskit import QuantumCircuit, transpile
from qiskit.circuit import Parameter
from qiskit_ibm_runtime import QuantumProgram
from qiskit_ibm_runtime.decoders.executor.decoder import ExecutorResultDecoder
from qiskit_ibm_runtime.executor_sampler.prepare import prepare
from qiskit_ibm_runtime.options_models import ExecutorOptions, SamplerOptions
from qiskit_ibm_runtime.quantum_program.params_converters import QUANTUM_PROGRAM_PARAMS_CONVERTERS

from tests.sandbox.simulator.programs import completed, failed
from tui.sandbox.simulator.base.calibration import calibration, target
from tui.sandbox.simulator.noise.durations import circuit_seconds
from tui.sandbox.simulator.runner import run

VERSIONS = ("v0.1", "v0.2", "v1.0", "v1.1", "v2.0")


def params_of(program: Any, version: str = "v2.0", options: Any = None) -> dict[str, Any]:
    """The params by which IBM's client sends a program."""
    model = QUANTUM_PROGRAM_PARAMS_CONVERTERS[version].encoder(program, options or ExecutorOptions())
    params: dict[str, Any] = json.loads(model.model_dump_json())
    return params


def decoded(body: Any) -> Any:
    """The result as IBM's client reads it."""
    return ExecutorResultDecoder.decode(json.dumps(body))


def turned(device: str = "ibm_peekskill") -> QuantumCircuit:
    """Two qubits, the first turned by an angle and copied to the second, each with its own register."""
    from qiskit.circuit import ClassicalRegister, QuantumRegister

    circuit = QuantumCircuit(
        QuantumRegister(2, "q"), ClassicalRegister(1, "left"), ClassicalRegister(1, "right")
    )
    circuit.rx(Parameter("theta"), 0)
    circuit.cx(0, 1)
    circuit.measure([0, 1], [0, 1])
    fitted: QuantumCircuit = transpile(
        circuit, target=target(device), optimization_level=1, seed_transpiler=3
    )
    return fitted


def plain_program(shots: int = 50) -> QuantumProgram:
    program = QuantumProgram(shots=shots)
    program.append_circuit_item(turned(), circuit_arguments=np.array([[[0.0], [np.pi]]] * 3))
    return program


def twirled_program(shots: int = 256) -> Any:
    options = SamplerOptions()
    options.twirling.enable_measure = options.twirling.enable_gates = True
    options.twirling.num_randomizations = 8
    program, _ = prepare([(turned(), [[0.0], [np.pi]])], options, shots)
    return program


@pytest.mark.parametrize("version", VERSIONS)
def test_program_of_every_schema_version_gives_its_own_result(version: str) -> None:
    program = plain_program()
    if version != "v0.1":
        program.passthrough_data = {"array": np.arange(4.0), "text": "kept"}
    program._semantic_role = "sampler-v2"
    params = params_of(program, version)
    body = completed("executor", params)
    assert body["schema_version"] == version
    result = decoded(body)
    assert result[0]["left"].shape == (3, 2, 50, 1)
    assert result[0]["left"].mean(axis=(0, 2, 3)) == pytest.approx([0, 1], abs=0.15)
    if version != "v0.1":
        assert body["passthrough_data"] == params["quantum_program"]["passthrough_data"]
    assert body.get("semantic_role") == (None if version in ("v0.1", "v0.2") else "sampler-v2")


@pytest.mark.parametrize("version", VERSIONS)
def test_samplex_item_gives_flips_that_undo_the_twirling(version: str) -> None:
    body = completed("executor", params_of(twirled_program(), version))
    item = decoded(body)[0]
    assert item["left"].shape == item["right"].shape == (8, 2, 32, 1)
    assert item["measurement_flips.left"].shape == (8, 2, 1, 1)
    # Raw outcomes are about half ones whatever the state is.
    assert 0.1 < item["left"].mean() < 0.9
    undone = item["left"] ^ item["measurement_flips.left"]
    assert undone.mean(axis=(0, 2, 3)) == pytest.approx([0, 1], abs=0.12)
    assert np.any(item["left"] != undone)


def test_same_seed_gives_the_same_program_result() -> None:
    params = params_of(twirled_program())
    first, again, other = (completed("executor", params, seed=seed)["data"] for seed in (3, 3, 4))
    assert first == again
    assert first != other


def test_circuit_item_shape_repeats_the_executions() -> None:
    params = params_of(plain_program())
    params["quantum_program"]["items"][0]["shape"] = [4, 3, 2]
    assert decoded(completed("executor", params))[0]["right"].shape == (4, 3, 2, 50, 1)


def test_mid_circuit_measurement_and_feedback_run_in_a_program() -> None:
    circuit = QuantumCircuit(27, 2)
    circuit.x(3)
    circuit.measure(3, 0)
    with circuit.if_test((circuit.clbits[0], 1)):
        circuit.x(5)
    circuit.measure(5, 1)
    program = QuantumProgram(shots=500)
    program.append_circuit_item(circuit)
    outcomes = decoded(completed("executor", params_of(program)))[0]["c"]
    assert outcomes.shape == (500, 2)
    assert outcomes.mean(axis=0) == pytest.approx([1, 1], abs=0.12)


def test_usage_follows_the_repetition_delay() -> None:
    params = params_of(plain_program(1000))
    delay = calibration("ibm_peekskill").rep_delay * 1e9
    outcome = run("executor", params, "ibm_peekskill", 1)
    params["options"]["rep_delay"] = 500e-6
    longer = run("executor", params, "ibm_peekskill", 1)
    assert longer.execution_ns - outcome.execution_ns == pytest.approx(6000 * (500e3 - delay), rel=1e-6)


def _mutated(change: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    params = params_of(twirled_program())
    change(params["quantum_program"])
    return params


def _bomb(size: int) -> str:
    return base64.b64encode(zlib.compress(bytes(size), 9)).decode()


def _set(*path: Any, value: Any) -> Callable[[dict[str, Any]], None]:
    def change(program: dict[str, Any]) -> None:
        place: Any = program
        for name in path[:-1]:
            place = place[name]
        place[path[-1]] = value

    return change


ARGUMENTS = ("items", 0, "samplex_arguments")
BOMB = {"data": _bomb(1 << 28), "shape": [2, 1], "dtype": "f64"}


@pytest.mark.parametrize(
    "change",
    [
        _set("items", 0, "shape", value=[1 << 20, 1 << 20]),
        _set("items", 0, "shape", value=[-1]),
        _set("items", 0, "shape", value=[7, 3]),
        _set("items", 0, "shape", value="many"),
        _set("items", 0, "shape", value=[1] * 60),
        _set("items", value="none"),
        _set("items", value=[]),
        _set("items", value=[None]),
        _set("items", 0, "samplex", "samplex_json", value="{}"),
        _set("items", 0, "samplex", "samplex_json", value='{"ssv": "4", "attrs": {"ssv":"4"}}'),
        _set("items", 0, "samplex", "ssv", value=99),
        _set(*ARGUMENTS, value={}),
        _set(*ARGUMENTS, value={"unknown": 1}),
        _set(*ARGUMENTS, "parameter_values", value=BOMB),
        _set(*ARGUMENTS, "parameter_values", value={**BOMB, "shape": [1 << 40]}),
        _set(*ARGUMENTS, "parameter_values", value={**BOMB, "dtype": "object"}),
        _set(*ARGUMENTS, "parameter_values", value={**BOMB, "data": "!!"}),
        _set("circuits", "b64_data", value=_bomb(1 << 29)),
        _set("circuits", "b64_data", value="AAAA"),
        _set("circuits", "qpy_version", value=99),
        _set("circuits", "num_programs", value=7),
        _set("circuits", value={"data": ["OPENQASM 3.0; nonsense"]}),
        _set("shots", value=1 << 40),
        _set("shots", value=0),
        _set("meas_level", value="kerneled"),
    ],
)
def test_hostile_program_ends_in_a_sentence(change: Callable[[dict[str, Any]], None]) -> None:
    start = time.monotonic()
    failed("executor", _mutated(change))
    assert time.monotonic() - start < 5


def test_scheduler_timing_says_when_each_operation_is_played() -> None:
    params = params_of(plain_program())
    params["options"]["scheduler_timing"] = params["options"]["stretch_values"] = True
    body = completed("executor", params)
    metadata = body["data"][0]["metadata"]
    lines = [line.split(",") for line in metadata["scheduler_timing"]["timing"].splitlines()]
    assert {len(line) for line in lines} == {6}
    assert {line[0] for line in lines} == {"main"}
    ends = [int(line[3]) + int(line[4]) for line in lines]
    data = calibration("ibm_peekskill")
    assert metadata["scheduler_timing"]["circuit_duration"] == max(ends)
    seconds = circuit_seconds(turned().assign_parameters([0.1]), data)
    assert max(ends) * data.dt == pytest.approx(seconds, rel=0.01)
    assert [line[1].split("_")[0] for line in lines].count("measure") == 4
    assert metadata["stretch_values"] == []
    assert decoded(body)[0].metadata.scheduler_timing.circuit_duration == max(ends)


def test_job_beyond_a_limit_names_the_figure_and_the_limit() -> None:
    many = plain_program(shots=4000)
    many.items[0].circuit_arguments = np.zeros((3000, 1))
    assert "12,000,000 executions" in str(failed("executor", params_of(many)).reason)
    assert "10,000,000" in str(failed("executor", params_of(many)).reason)
    circuit = QuantumCircuit(27, 1)
    for _ in range(300):
        circuit.sx(0)
    circuit.rz(Parameter("angle"), 0)
    circuit.measure(0, 0)
    program = QuantumProgram(shots=1)
    program.append_circuit_item(circuit, circuit_arguments=np.zeros((60_000, 1)))
    reason = str(failed("executor", params_of(program)).reason)
    assert "39,660,000 control instructions" in reason
    assert "26,800,000" in reason
