"""IBM's recommended primitives, which send quantum programs, against the sandbox."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

TIMEOUT_SECONDS = 60


@pytest.fixture(scope="module")
def ghz(peekskill: Any) -> Any:
    """A GHZ state of three qubits for ibm_peekskill, without measurements."""
    from qiskit import QuantumCircuit, transpile

    circuit = QuantumCircuit(3)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.cx(1, 2)
    return transpile(circuit, peekskill, optimization_level=1, seed_transpiler=7)


@pytest.fixture(scope="module")
def sweep(peekskill: Any) -> Any:
    """Two qubits turned by `theta`, each measured into a register of its own."""
    from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister, transpile
    from qiskit.circuit import Parameter

    theta = Parameter("theta")
    circuit = QuantumCircuit(
        QuantumRegister(2, "q"), ClassicalRegister(1, "left"), ClassicalRegister(1, "right")
    )
    circuit.rx(theta, 0)
    circuit.cx(0, 1)
    circuit.measure(0, 0)
    circuit.measure(1, 1)
    return transpile(circuit, peekskill, optimization_level=1, seed_transpiler=7)


def sampler(mode: Any, **options: Any) -> Any:
    from qiskit_ibm_runtime.executor_sampler import Sampler

    made = Sampler(mode=mode)
    for name, value in options.items():
        part, _, member = name.partition("__")
        setattr(getattr(made.options, part), member, value)
    return made


def estimator(mode: Any, level: int | None = None) -> Any:
    from qiskit_ibm_runtime.executor_estimator import Estimator

    made = Estimator(mode=mode)
    if level is not None:
        made.options.resilience_level = level
    return made


def observables(circuit: Any, *labels: str) -> Any:
    from qiskit.quantum_info import SparsePauliOp

    return [SparsePauliOp(label).apply_layout(circuit.layout) for label in labels]


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"twirling__enable_measure": True},
        {"twirling__enable_gates": True},
        {"twirling__enable_gates": True, "twirling__enable_measure": True},
        {"dynamical_decoupling__enable": True},
        {"dynamical_decoupling__enable": True, "dynamical_decoupling__sequence_type": "XY4"},
    ],
    ids=["default", "measure-twirled", "gate-twirled", "twirled", "decoupled", "XY4"],
)
def test_executor_sampler_measures_a_bell_pair(peekskill: Any, bell: Any, options: dict[str, Any]) -> None:
    job = sampler(peekskill, **options).run([bell], shots=2048)
    counts = job.result(timeout=TIMEOUT_SECONDS)[0].data.meas.get_counts()
    assert sum(counts.values()) == 2048
    # The pair as transpiled reads alike in about 86 % of the shots, give or take 1 %.
    assert counts["00"] + counts["11"] > 0.8 * 2048
    assert min(counts["00"], counts["11"]) > 0.35 * 2048


def test_executor_sampler_sweeps_two_registers(peekskill: Any, sweep: Any) -> None:
    for twirled in (False, True):
        job = sampler(peekskill, twirling__enable_measure=twirled, twirling__enable_gates=twirled).run(
            [(sweep, np.array([[[0.0]], [[np.pi]]]))], shots=512
        )
        data = job.result(timeout=TIMEOUT_SECONDS)[0].data
        assert data.left.shape == data.right.shape == (2, 1)
        for register in (data.left, data.right):
            assert register.get_counts((0, 0)).get("0", 0) > 430
            assert register.get_counts((1, 0)).get("1", 0) > 430


def test_executor_sampler_runs_two_pubs(peekskill: Any, bell: Any, sweep: Any) -> None:
    result = sampler(peekskill).run([bell, (sweep, [3.14159])], shots=100).result(timeout=TIMEOUT_SECONDS)
    assert result[0].data.meas.num_shots == 100
    assert result[1].data.right.get_counts().get("1", 0) > 80


@pytest.mark.parametrize("level", [None, 0, 1, 2])
def test_executor_estimator_measures_ghz_correlations(peekskill: Any, ghz: Any, level: int | None) -> None:
    job = estimator(peekskill, level).run([(ghz, observables(ghz, "XXX", "IZZ", "ZII"))], precision=0.03)
    data = job.result(timeout=TIMEOUT_SECONDS)[0].data
    assert data.evs.shape == data.stds.shape == (3,)
    assert data.evs[0] > 0.6
    assert data.evs[1] > 0.6
    assert abs(data.evs[2]) < 0.3
    if level == 2:
        assert data.evs_noise_factors.shape == (3, 3)


def test_executor_estimator_broadcasts_observables_over_a_sweep(peekskill: Any, sweep: Any) -> None:
    turns = np.array([[0.0], [np.pi / 2], [np.pi]])
    given = [[observable] for observable in observables(sweep, "IZ", "ZZ")]
    job = estimator(peekskill).run([(sweep, given, turns)], precision=0.05)
    data = job.result(timeout=TIMEOUT_SECONDS)[0].data
    assert data.evs.shape == (2, 3)
    assert data.evs[0] == pytest.approx([1, 0, -1], abs=0.25)
    assert data.evs[1] == pytest.approx([1, 1, 1], abs=0.25)


def test_executor_runs_a_plain_program_of_two_items(peekskill: Any, bell: Any, sweep: Any) -> None:
    from qiskit_ibm_runtime import Executor, QuantumProgram

    kept = {"note": "as it is", "numbers": [1, 2.5, None, True], "array": np.arange(6.0).reshape(2, 3)}
    program = QuantumProgram(shots=64, passthrough_data=kept)
    program.append_circuit_item(bell)
    program.append_circuit_item(sweep, circuit_arguments=np.array([[0.0], [3.1], [1.0]]))
    job = Executor(mode=peekskill).run(program)
    result = job.result(timeout=TIMEOUT_SECONDS)
    assert result[0]["meas"].shape == (64, 2)
    assert result[1]["left"].shape == result[1]["right"].shape == (3, 64, 1)
    assert result[0]["meas"].dtype == np.bool_
    assert {name: kept[name] for name in ("note", "numbers")} == {
        name: result.passthrough_data[name] for name in ("note", "numbers")
    }
    np.testing.assert_array_equal(result.passthrough_data["array"], kept["array"])
    spans = result.metadata.chunk_timing
    assert [part.size for span in spans for part in span.parts] == [1, 3]
    assert all(span.start <= span.stop for span in spans)


@pytest.mark.parametrize("kind", ["Session", "Batch"])
def test_executor_jobs_run_in_sessions_and_batches(
    service: Any, peekskill: Any, bell: Any, ghz: Any, kind: str
) -> None:
    import qiskit_ibm_runtime

    with getattr(qiskit_ibm_runtime, kind)(backend=peekskill) as session:
        jobs = [
            sampler(session).run([bell], shots=50),
            estimator(session).run([(ghz, observables(ghz, "ZZI"))], precision=0.1),
        ]
        for job in jobs:
            job.result(timeout=TIMEOUT_SECONDS)
    listed = service.jobs(session_id=session.session_id)
    assert [job.job_id() for job in listed] == [job.job_id() for job in jobs][::-1]


def test_executor_job_is_read_again_by_its_id(service: Any, peekskill: Any, bell: Any) -> None:
    job = sampler(peekskill, twirling__enable_measure=True).run([bell], shots=256)
    first = job.result(timeout=TIMEOUT_SECONDS)
    again = service.job(job.job_id())
    assert again.result(timeout=TIMEOUT_SECONDS)[0].data.meas.get_counts() == first[0].data.meas.get_counts()
    program = again.inputs["program"] if "program" in again.inputs else again.inputs["quantum_program"]
    assert program._semantic_role == "sampler_v2"
    assert program.shots == 64
    assert service.jobs(limit=1)[0].job_id() == job.job_id()
    assert [found.job_id() for found in service.jobs(program_id="executor", limit=1)] == [job.job_id()]
    assert again.primitive_id == "executor"
    assert again.usage() > 0
    metrics = again.metrics()
    assert metrics["usage"]["status"] == "complete"
    assert metrics["circuits_execution_time_ns"] > 0


def test_estimator_job_is_read_again_by_its_id(service: Any, peekskill: Any, ghz: Any, sweep: Any) -> None:
    pubs = [
        (ghz, observables(ghz, "XXX", "IZZ")),
        (sweep, [[one] for one in observables(sweep, "IZ", "ZZ")], np.array([[0.0], [np.pi]])),
    ]
    job = estimator(peekskill).run(pubs, precision=0.1)
    first = job.result(timeout=TIMEOUT_SECONDS)
    again = service.job(job.job_id())
    read = again.result(timeout=TIMEOUT_SECONDS)
    assert [pub.data.evs.shape for pub in read] == [(2,), (2, 2)]
    for mine, theirs in zip(first, read, strict=True):
        np.testing.assert_array_equal(mine.data.evs, theirs.data.evs)
        np.testing.assert_array_equal(mine.data.stds, theirs.data.stds)
        np.testing.assert_array_equal(mine.data.ensemble_standard_error, theirs.data.ensemble_standard_error)
    inputs = again.inputs
    assert inputs.get("program", inputs.get("quantum_program"))._semantic_role == "estimator_v2"
    assert job.job_id() in [found.job_id() for found in service.jobs(program_id="executor", limit=5)]
    assert again.usage() > 0
    assert again.metrics()["usage"]["status"] == "complete"


def test_dry_run_answers_with_random_bits_of_the_right_shape(
    service: Any, peekskill: Any, bell: Any, ghz: Any
) -> None:
    job = sampler(peekskill).run([bell], shots=4096, dry_run=True)
    counts = job.result(timeout=TIMEOUT_SECONDS)[0].data.meas.get_counts()
    assert set(counts) == {"00", "01", "10", "11"}
    assert min(counts.values()) > 800
    assert job.backend().name == "mock_peekskill"
    assert job.usage() > 2
    dry = estimator(peekskill, 2).run([(ghz, observables(ghz, "ZZI"))], dry_run=True)
    estimated = dry.result(timeout=TIMEOUT_SECONDS)[0]
    assert estimated.data.evs.shape == (1,)
    # One circuit for each noise factor, the folded ones longer.
    durations = [item["scheduler_timing"]["circuit_duration"] for item in estimated.metadata["compilation"]]
    assert 0 < durations[0] < durations[1] < durations[2]
    # A dry run is charged nothing, but says what the job would be charged: about the published formula.
    assert dry.usage() == pytest.approx(2 + dry.metrics()["circuits_execution_time_ns"] / 1e9, rel=0.5)
    assert job.job_id() not in [found.job_id() for found in service.jobs(limit=5)]
    assert "mock_peekskill" not in [backend.name for backend in service.backends()]
    assert "mock_peekskill" in [backend.name for backend in service.backends(include_mocks=True)]


@pytest.mark.slow
def test_learned_noise_serves_probabilistic_error_cancellation(peekskill: Any, ghz: Any) -> None:
    pytest.importorskip("qiskit_noise_learning")
    from qiskit_ibm_runtime.executor_noise_learner import NoiseLearnerV3

    pubs = [(ghz, observables(ghz, "ZZI", "IZZ"))]
    cancelling = estimator(peekskill)
    cancelling.options.resilience.pec_mitigation = True
    layers = cancelling.find_unique_layers(pubs)
    learned = NoiseLearnerV3(mode=peekskill).run(layers).result(timeout=TIMEOUT_SECONDS)
    cancelling.options.resilience.layer_noise_model = list(
        zip(layers, learned.to_pauli_lindblad_maps(), strict=True)
    )
    data = cancelling.run(pubs, precision=0.03).result(timeout=TIMEOUT_SECONDS)[0].data
    assert data.evs == pytest.approx([1, 1], abs=0.2)


@pytest.mark.parametrize(
    ("program", "word"), [("noise-learner", "NoiseLearnerV3"), ("calibrate", "recorded")]
)
def test_program_that_is_not_run_here_is_refused_with_a_reason(service: Any, program: str, word: str) -> None:
    from qiskit_ibm_runtime.exceptions import IBMRuntimeError

    with pytest.raises(IBMRuntimeError, match=f"1208.*{word}"):
        service._run(program, {}, {"backend": "ibm_peekskill"})
