"""Noise of the qubits in use as calibrated, and agreement of all simulation methods."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from qiskit import transpile
from qiskit.circuit import QuantumCircuit
from qiskit.quantum_info import SuperOp, average_gate_fidelity
from qiskit_aer import AerSimulator
from qiskit_aer.noise.device.models import basic_device_gate_errors
from qiskit_ibm_runtime.fake_provider import FakePeekskill
from qiskit_ibm_runtime.utils.backend_converter import convert_to_target
from scipy.stats import chisquare

from tui.qiskit_common.traversal import walk
from tui.sandbox.core.devices import DEVICES
from tui.sandbox.simulator.base.calibration import calibration, target
from tui.sandbox.simulator.base.values import JobFailure
from tui.sandbox.simulator.circuits.qubit_reduction import reduce_qubits
from tui.sandbox.simulator.noise import noise_model as noise
from tui.sandbox.simulator.noise.clifford import clifford_form
from tui.sandbox.simulator.noise.method_selection import CLIFFORD, Method, choose_run, choose_runs
from tui.sandbox.simulator.noise.shots import PlannedRun, plan_run, sample_shots


@pytest.fixture(scope="module")
def aer_gate_errors() -> dict[tuple[str, tuple[int, ...]], Any]:
    errors = basic_device_gate_errors(target=FakePeekskill().target)
    return {(name, tuple(qubits)): error for name, qubits, error in errors}


@pytest.mark.parametrize(
    ("name", "qubits"),
    [("sx", (3,)), ("x", (7,)), ("id", (2,)), ("ecr", (0, 1)), ("ecr", (2, 3)), ("reset", (0,))],
)
def test_gate_error_equals_aers_device_noise_model(
    aer_gate_errors: dict[tuple[str, tuple[int, ...]], Any], name: str, qubits: tuple[int, ...]
) -> None:
    ours = SuperOp(noise.gate_error("ibm_peekskill", name, qubits, True)).data
    np.testing.assert_allclose(ours, SuperOp(aer_gate_errors[name, qubits]).data, atol=1e-9)


@pytest.mark.parametrize(
    ("device", "name", "qubits"),
    [("ibm_peekskill", "ecr", (0, 1)), ("ibm_cusco", "sx", (5,)), ("ibm_fez", "cz", (22, 23))],
)
@pytest.mark.parametrize("exact", [True, False])
def test_gate_error_has_recorded_average_infidelity(
    device: str, name: str, qubits: tuple[int, ...], exact: bool
) -> None:
    recorded = calibration(device).gates[name, qubits].error
    assert recorded is not None
    fidelity = average_gate_fidelity(SuperOp(noise.gate_error(device, name, qubits, exact)))
    assert 1 - fidelity == pytest.approx(recorded, rel=1e-6)


def test_gate_error_exists_for_coupler_with_error_1() -> None:
    broken = next(
        qubits
        for (name, qubits), gate in calibration("ibm_fez").gates.items()
        if name == "cz" and gate.error == 1
    )
    assert noise.gate_error("ibm_fez", "cz", broken, True) is not None
    assert noise.gate_error("ibm_fez", "cz", broken, False) is not None


@pytest.mark.parametrize("name", DEVICES)
def test_target_equals_the_one_of_ibms_client(name: str) -> None:
    from qiskit_ibm_runtime.models import BackendProperties, QasmBackendConfiguration

    from tui.sandbox.core.devices import device

    theirs = convert_to_target(
        QasmBackendConfiguration.from_dict(dict(device(name).configuration())),
        BackendProperties.from_dict(device(name).properties()),
    )
    ours = target(name, False)
    assert set(ours.operation_names) == set(theirs.operation_names)
    for gate in theirs.operation_names:
        places = theirs[gate]
        assert set(ours[gate]) == set(places)
        for qubits, properties in places.items():
            if properties is not None and qubits is not None:
                assert ours[gate][qubits].error == properties.error
                assert ours[gate][qubits].duration == pytest.approx(properties.duration)


def ladder(size: int, angle: float) -> QuantumCircuit:
    """A chain of gates of ibm_fez on qubits 0 to size-1, a row of the chip."""
    circuit = QuantumCircuit(size, size)
    for qubit in range(size):
        circuit.sx(qubit)
        circuit.rz(angle, qubit)
        circuit.sx(qubit)
    for qubit in range(size - 1):
        circuit.cz(qubit, qubit + 1)
    for qubit in range(size):
        circuit.sx(qubit)
        circuit.measure(qubit, qubit)
    return circuit


def rates(circuit: QuantumCircuit, method: Method, shots: int = 6000) -> Sequence[float]:
    """Share of shots in which each bit is 1, and in which each pair of neighbours differs."""
    reduced = reduce_qubits(circuit)
    run = plan_run(reduced, "ibm_fez", shots)
    plain = clifford_form(run.circuit) if method.name in CLIFFORD else run.circuit
    assert plain is not None
    (bits,) = sample_shots([PlannedRun(plain, run.qubits, method)], "ibm_fez", shots, 5)
    pairs = (bits[:, 1:] ^ bits[:, :-1]).mean(axis=0)
    return [*bits.mean(axis=0).tolist(), *pairs.tolist()]


@pytest.mark.parametrize(
    ("angle", "method"),
    [
        (0.4, Method("statevector", exact=True)),
        (0.4, Method("statevector", exact=False)),
        (0.4, Method("pauli_rotations", exact=False, sampled_noise=True)),
        (0.4, Method("matrix_product_state", exact=False)),
        (0.4, Method("matrix_product_state", exact=False, sampled_noise=True)),
        (np.pi / 2, Method("stabilizer", exact=False)),
        (np.pi / 2, Method("stim", exact=False, sampled_noise=True)),
        (np.pi, Method("stim", exact=False, sampled_noise=True)),
    ],
)
def test_every_method_agrees_with_density_matrix_statistics(angle: float, method: Method) -> None:
    circuit = ladder(4, angle)
    expected = rates(circuit, Method("density_matrix", exact=True), 40000)
    np.testing.assert_allclose(rates(circuit, method), expected, atol=0.035)


@pytest.mark.parametrize("seed", range(4))
def test_stim_agrees_with_distribution_of_exact_noise(seed: int) -> None:
    chance = np.random.default_rng(seed)
    circuit = QuantumCircuit(3, 3)
    for _ in range(12):
        qubit = int(chance.integers(3))
        circuit.rz(np.pi / 2 * int(chance.integers(4)), qubit)
        circuit.sx(qubit)
        circuit.ecr(*((0, 1), (2, 1))[int(chance.integers(2))])
        if chance.random() < 0.2:
            circuit.reset(qubit)
    circuit.delay(2, 2, unit="us")
    circuit.measure(range(3), range(3))
    shots = 20000
    histograms = []
    for method in (Method("density_matrix", exact=True), Method("stim", exact=False, sampled_noise=True)):
        reduced = reduce_qubits(circuit)
        plain = clifford_form(reduced.circuit)
        assert plain is not None
        exact = noise.with_relaxation(reduced.circuit, "ibm_peekskill", reduced.qubits, True)
        run = PlannedRun(exact if method.exact else plain, reduced.qubits, method)
        (bits,) = sample_shots([run], "ibm_peekskill", shots, seed)
        histograms.append(np.bincount(bits @ np.array([1, 2, 4]), minlength=8) / shots)
    # Twirling makes relaxation symmetric; over gates this short that is all the difference.
    assert np.abs(histograms[0] - histograms[1]).sum() / 2 < 0.03


PEEKSKILL_COUPLERS = ((0, 1), (2, 1), (2, 3), (4, 1))


def clifford_circuit(seed: int) -> QuantumCircuit:
    """A random Clifford circuit of ibm_peekskill with resets and a delay, on qubits 0 to 4."""
    chance = np.random.default_rng(seed)
    circuit = QuantumCircuit(5, 5)
    for _ in range(40):
        circuit.rz(np.pi / 2 * int(chance.integers(4)), int(chance.integers(5)))
        circuit.sx(int(chance.integers(5)))
        circuit.ecr(*PEEKSKILL_COUPLERS[int(chance.integers(4))])
        if chance.random() < 0.05:
            circuit.reset(int(chance.integers(5)))
    circuit.delay(20, 2, unit="us")
    circuit.measure(range(5), range(5))
    return circuit


def secret_of_ones(size: int) -> QuantumCircuit:
    """Bernstein and Vazirani's circuit that finds a secret of `size` ones, not transpiled."""
    circuit = QuantumCircuit(size + 1, size)
    circuit.x(size)
    circuit.h(range(size + 1))
    for qubit in range(size):
        circuit.cx(qubit, size)
    circuit.h(range(size))
    circuit.measure(range(size), range(size))
    return circuit


def bernstein_vazirani(size: int) -> QuantumCircuit:
    """The circuit that finds a secret of `size` ones, for ibm_peekskill."""
    return transpile(
        secret_of_ones(size), target=target("ibm_peekskill"), optimization_level=3, seed_transpiler=1
    )


def twirled_probabilities(circuit: QuantumCircuit, device: str) -> Any:
    """Probabilities of the outcomes with Pauli noise and readout errors, by a density matrix.

    The shape is (2,) * classical bits, the last classical bit first.
    """
    reduced = reduce_qubits(circuit)
    operations = {(instruction.operation.name, numbers) for instruction, numbers in walk(reduced.circuit)}
    model = noise.noise_model(device, reduced.qubits, operations, exact=False)
    relaxed = noise.with_relaxation(reduced.circuit, device, reduced.qubits, False)
    measured = {
        relaxed.find_bit(instruction.clbits[0]).index: relaxed.find_bit(instruction.qubits[0]).index
        for instruction in relaxed.data
        if instruction.operation.name == "measure"
    }
    relaxed.remove_final_measurements()
    relaxed.save_probabilities([measured[bit] for bit in range(len(measured))])
    simulated = AerSimulator(method="density_matrix", noise_model=model).run(relaxed).result()
    probabilities = np.asarray(simulated.data(0)["probabilities"]).reshape((2,) * len(measured))
    for bit, place in measured.items():
        qubit = calibration(device).qubits[reduced.qubits[place]]
        up, down = noise.readout_errors(qubit, False)
        axis = probabilities.ndim - 1 - bit
        confused = np.tensordot([[1 - up, down], [up, 1 - down]], probabilities, axes=(1, axis))
        probabilities = np.moveaxis(confused, 0, axis)
    return probabilities


def marginal_p_values(circuit: QuantumCircuit, device: str, method: Method, seed: int) -> list[float]:
    """Chi-square p-values of the sampled marginals against the exact probabilities.

    The marginals are of all bits being 1, of every bit and of every pair of bits.
    """
    shots = 8000
    reduced = reduce_qubits(circuit)
    clifford = clifford_form(reduced.circuit) if method.name in CLIFFORD else reduced.circuit
    assert clifford is not None
    run = PlannedRun(clifford, reduced.qubits, method)
    (bits,) = sample_shots([run], device, shots, seed)
    probabilities = twirled_probabilities(circuit, device)
    width = probabilities.ndim
    every = probabilities[(1,) * width]
    observed = np.bincount(bits.all(axis=1), minlength=2)
    p_values = [chisquare(observed, np.array([1 - every, every]) * shots).pvalue]
    for places in itertools.chain(
        itertools.combinations(range(width), 1), itertools.combinations(range(width), 2)
    ):
        others = tuple(width - 1 - bit for bit in range(width) if bit not in places)
        expected = probabilities.sum(axis=others).ravel()
        index = bits[:, places] @ (1 << np.arange(len(places)))
        observed = np.bincount(index, minlength=2 ** len(places))
        p_values.append(chisquare(observed, expected / expected.sum() * shots).pvalue)
    return p_values


@pytest.mark.parametrize("seed", range(6))
def test_stim_samples_the_marginals_of_a_density_matrix(seed: int) -> None:
    method = Method("stim", exact=False, sampled_noise=True)
    p_values = marginal_p_values(clifford_circuit(seed), "ibm_peekskill", method, seed)
    # Bonferroni over the marginals and the seeds.
    assert min(p_values) > 0.001 / (6 * len(p_values))


@pytest.mark.parametrize("seed", range(3))
def test_state_vector_samples_the_marginals_of_a_density_matrix(seed: int) -> None:
    method = Method("pauli_rotations", exact=False, sampled_noise=True)
    p_values = marginal_p_values(bernstein_vazirani(7), "ibm_peekskill", method, seed)
    assert min(p_values) > 0.001 / (3 * len(p_values))


@pytest.mark.parametrize(
    ("size", "angle", "expected"),
    [
        (4, 0.4, "density_matrix"),
        (14, np.pi / 2, "stim"),
        (14, 0.4, "pauli_rotations"),
        (26, 0.4, "matrix_product_state"),
    ],
)
def test_choose_run_by_size_and_gates(size: int, angle: float, expected: str) -> None:
    assert choose_run(reduce_qubits(ladder(size, angle)), "ibm_fez", 1000).method.name == expected


def test_choose_runs_weighs_what_all_of_them_take() -> None:
    alike = [reduce_qubits(ladder(10, angle)) for angle in (0.4, np.pi / 2, 0.7, np.pi)]
    few = [run.method.name for run in choose_runs(alike, "ibm_fez", 64)]
    assert few == ["density_matrix"] * 4
    runs = choose_runs(alike * 96, "ibm_fez", 64)
    assert [run.method.name for run in runs] == ["pauli_rotations", "stim"] * 192
    for run in runs[:4]:
        (bits,) = sample_shots([run], "ibm_fez", 64, 1)
        assert bits.shape == (64, 10)


def test_choose_run_forgets_entangled_circuit_that_was_refused() -> None:
    """Aer's log of bonds goes on from run to run."""
    entangled = QuantumCircuit(26, 26)
    for layer in range(14):
        for qubit in range(26):
            entangled.rx(0.3 + 0.1 * (7 * qubit + 3 * layer % 20), qubit)
        for qubit in range(layer % 2, 25, 2):
            entangled.cz(qubit, qubit + 1)
    entangled.measure(range(26), range(26))
    for _ in range(2):
        with pytest.raises(JobFailure, match="too large"):
            choose_run(reduce_qubits(entangled), "ibm_fez", 1000)
        chosen = choose_run(reduce_qubits(ladder(26, 0.4)), "ibm_fez", 1000)
        assert chosen.method.name == "matrix_product_state"


def test_choose_run_refuses_circuit_beyond_a_minute() -> None:
    circuit = QuantumCircuit(60, 60)
    for layer in range(20):
        for qubit in range(60):
            circuit.sx(qubit)
            circuit.rz(0.3, qubit)
        for qubit in range(layer % 2, 59, 2):
            circuit.cz(qubit, qubit + 1)
    circuit.measure(range(60), range(60))
    with pytest.raises(JobFailure, match=r"too large to simulate: it uses 60 qubits.*stops at a minute"):
        choose_run(reduce_qubits(circuit), "ibm_fez", 4096)
