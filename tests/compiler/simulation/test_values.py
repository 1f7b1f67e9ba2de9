"""Expectation values and sweeps that are simulated: against Qiskit's own estimator and states."""

from __future__ import annotations

import math

import numpy as np
import pytest
from qiskit import QuantumCircuit, qasm3
from qiskit.circuit import Parameter
from qiskit.primitives import StatevectorEstimator
from qiskit.quantum_info import SparsePauliOp, Statevector
from qiskit.transpiler import Target

from tests.compiler.small_devices import small_device
from tui.compiler.client import Compiler
from tui.compiler.messages import SimulateNoisy, SimulateSweep, SimulateValues, TargetData
from tui.compiler.qiskit.circuit_summary import NotPossible
from tui.compiler.qiskit.simulation.noisy import simulate_noisy
from tui.compiler.qiskit.simulation.sweeps import simulate_sweep
from tui.compiler.qiskit.simulation.values import simulate_values
from tui.domain.devices.backends import BackendData
from tui.qiskit_common.target import build_target

HEAD = 'OPENQASM 3.0;\ninclude "stdgates.inc";\n'
OBSERVABLES = ("XZIY", "0.5*ZZII - 1.25*IIXX + 0.75*IYIZ", "IIII")
SETS = tuple((("theta", 0.3 * step), ("phi", 1.0 - 0.2 * step)) for step in range(5))


def _ansatz() -> QuantumCircuit:
    """Four qubits, no two alike, two parameters."""
    theta, phi = Parameter("theta"), Parameter("phi")
    circuit = QuantumCircuit(4)
    for qubit in range(4):
        circuit.ry(theta * (qubit + 1) + 0.2, qubit)
    circuit.cx(0, 1)
    circuit.rz(phi, 1)
    circuit.cx(1, 3)
    circuit.rx(phi - theta, 2)
    circuit.cx(2, 3)
    return circuit


def _operator(text: str) -> SparsePauliOp:
    return {
        OBSERVABLES[0]: SparsePauliOp("XZIY"),
        OBSERVABLES[1]: SparsePauliOp.from_list([("ZZII", 0.5), ("IIXX", -1.25), ("IYIZ", 0.75)]),
        OBSERVABLES[2]: SparsePauliOp("IIII"),
    }[text]


def test_ideal_values_are_those_of_qiskits_estimator() -> None:
    circuit = _ansatz()
    found = simulate_values(SimulateValues(qasm3.dumps(circuit), OBSERVABLES, SETS))
    observables = [[_operator(text)] for text in OBSERVABLES]
    given = {name: np.array([dict(one)[name] for one in SETS]) for name in ("theta", "phi")}
    (pub,) = StatevectorEstimator().run([(circuit, observables, given)]).result()
    assert found.values == pytest.approx(pub.data.evs.ravel().tolist(), abs=1e-12)
    assert (found.qubits, found.method, found.read, found.errors) == (4, "state vector", (), ())


def test_measured_circuit_is_taken_before_its_measurements() -> None:
    circuit = _ansatz().assign_parameters({"theta": 0.4, "phi": 1.3})
    expected = [Statevector(circuit).expectation_value(_operator(text)).real for text in OBSERVABLES]
    circuit.measure_all()
    found = simulate_values(SimulateValues(qasm3.dumps(circuit), OBSERVABLES, ((),)))
    assert found.values == pytest.approx(expected, abs=1e-12)
    text = HEAD + "bit c;\nc = measure $0;\nx $0;\n"
    with pytest.raises(NotPossible, match="before its end"):
        simulate_values(SimulateValues(text, ("Z",), ((),)))


def test_observable_reaches_qubits_the_circuit_leaves_alone() -> None:
    # The program names two qubits of a device of 127; the observable is laid out over all of them.
    letters = ["I"] * 127
    for qubit, letter in ((100, "Z"), (2, "Z"), (0, "X"), (1, "X")):
        letters[126 - qubit] = letter
    text = HEAD + "h $0;\ncx $0, $1;\n"
    found = simulate_values(SimulateValues(text, ("".join(letters),), ((),)))
    assert found.values == pytest.approx((1.0,))
    assert found.qubits == 4
    # One of fewer letters than the program has qubits is the identity on those above.
    assert simulate_values(SimulateValues(text, ("X", "ZZ"), ((),))).values == pytest.approx((0.0, 1.0))


def test_wide_clifford_circuit_has_exact_values_and_another_is_refused_with_its_width() -> None:
    chain = HEAD + "qubit[60] q;\nh q[0];\n" + "".join(f"cx q[{n}], q[{n + 1}];\n" for n in range(59))
    found = simulate_values(SimulateValues(chain, ("X" * 60, "ZZ" + "I" * 58, "Z" + "I" * 59), ((),)))
    assert found.values == pytest.approx((1.0, 1.0, 0.0), abs=1e-12)
    assert found.method == "stabilizers"
    with pytest.raises(NotPossible, match="uses 60 qubits"):
        simulate_values(SimulateValues(chain + "t q[3];\nh q[3];\n", ("Z" * 60,), ((),)))


def test_too_many_sets_are_refused_with_their_number() -> None:
    wide = HEAD + "qubit[22] q;\nry(0.1) q;\n"
    with pytest.raises(NotPossible, match="10,000 times"):
        simulate_values(SimulateValues(wide, ("Z" * 22,), ((),), of=10_000))


def _device(readout: dict[int, float] | None = None) -> tuple[BackendData, Target]:
    couplers = {(one, one + 1): 0.03 for one in range(3)}
    device = small_device(4, couplers, gate="cz", both_ways=True, readout=readout)
    return device, build_target(device.name, device.configuration, device.properties)


BELL = HEAD + "rz(pi/2) $1;\nsx $1;\nrz(pi/2) $1;\nrz(pi/2) $2;\nsx $2;\nrz(pi/2) $2;\ncz $1, $2;\n"
BELL += "rz(pi/2) $2;\nsx $2;\nrz(pi/2) $2;\n"
MEASURED = BELL.replace("rz(pi/2) $1;", "bit[2] c;\nrz(pi/2) $1;", 1)
MEASURED += "c[0] = measure $1;\nc[1] = measure $2;\n"


def test_noisy_values_are_those_of_the_noisy_shots_with_readout_errors_and_without() -> None:
    device, target = _device({1: 0.06, 2: 0.11})
    data = TargetData(device.name, "")
    found = simulate_values(SimulateValues(BELL, ("IZZI", "IXXI", "IIZI"), ((),), data), target)
    shots = 200_000
    seen = simulate_noisy(SimulateNoisy(MEASURED, data, (), shots), target).probabilities
    parity = sum(share * (-1) ** bits.count("1") for bits, share in seen.items())
    error = math.sqrt((1 - parity**2) / shots)
    assert abs(found.read[0] - parity) < 4 * error
    shrunk = (1 - 2 * 0.06) * (1 - 2 * 0.11)
    assert found.read[0] == pytest.approx(found.values[0] * shrunk)
    assert found.read[2] == pytest.approx(found.values[2] * (1 - 2 * 0.06), abs=1e-12)
    # A depolarized Bell state: both correlations shrink alike, to less than 1.
    assert 0.9 < found.values[0] < 0.99 and 0.9 < found.values[1] < 0.99
    assert found.errors == ()


def test_trajectories_agree_with_the_density_matrix(monkeypatch: pytest.MonkeyPatch) -> None:
    device, target = _device()
    asked = SimulateValues(BELL, ("IZZI", "IXXI"), ((),), TargetData(device.name, ""), shots=4000)
    dense = simulate_values(asked, target)
    monkeypatch.setattr("tui.compiler.qiskit.simulation.noisy.MOST_DENSE", 1)
    sampled = simulate_values(asked, target)
    assert sampled.method == "trajectories of the state vector" and dense.method == "density matrix"
    for value, error, exact in zip(sampled.values, sampled.errors, dense.values, strict=True):
        assert 0 < error < 0.02
        assert abs(value - exact) < 4.5 * error


def test_noiseless_device_gives_the_ideal_values() -> None:
    couplers = {(one, one + 1): 0.0 for one in range(3)}
    device = small_device(4, couplers, gate="cz", both_ways=True, readout=dict.fromkeys(range(4), 0.0))
    target = build_target(device.name, device.configuration, device.properties)
    found = simulate_values(SimulateValues(BELL, ("IZZI",), ((),), TargetData("small", "")), target)
    # What is left are T1 and T2 over some 200 ns.
    assert found.values[0] == pytest.approx(1.0, abs=0.01)
    assert found.read == pytest.approx(found.values)


SWEEP = HEAD + (
    "input float[64] theta;\nbit[2] c;\nrz(pi/2) $1;\nsx $1;\nrz(theta + pi) $1;\nsx $1;\nrz(pi/2) $1;\n"
    "cz $1, $2;\nc[0] = measure $1;\nc[1] = measure $2;\n"
)


def test_sweep_has_the_distribution_of_each_set() -> None:
    sets = tuple((("theta", 0.5 * step),) for step in range(4))
    found = simulate_sweep(SimulateSweep(SWEEP, sets, of=4))
    assert [one.probabilities.get("01", 0.0) for one in found] == pytest.approx(
        [math.sin(0.25 * step) ** 2 for step in range(4)], abs=1e-12
    )
    device, target = _device({1: 0.05})
    noisy = simulate_sweep(
        SimulateSweep(SWEEP, sets, TargetData(device.name, ""), of=4, shots=20_000), target
    )
    for one, exact in zip(noisy, found, strict=True):
        expected = 0.05 + 0.9 * exact.probabilities.get("01", 0.0)
        ones = sum(share for bits, share in one.probabilities.items() if bits[1] == "1")
        assert ones == pytest.approx(expected, abs=0.03)
        assert one.waiting and one.shots == 20_000


def test_longer_sweep_has_its_own_limit_of_time() -> None:
    device, target = _device()
    data = TargetData(device.name, "")
    sets = ((("theta", 0.5),),)
    (one,) = simulate_sweep(SimulateSweep(SWEEP, sets, data, of=100, shots=50), target)
    assert one.shots == 50
    with pytest.raises(NotPossible, match="1,000,000 times"):
        simulate_sweep(SimulateSweep(SWEEP, sets, data, of=1_000_000), target)


@pytest.mark.asyncio(loop_scope="package")
async def test_worker_foretells_values_and_sweeps(warm: Compiler) -> None:
    device, _ = _device()
    ideal = await warm.simulations.values(BELL, ("IZZI",), [()])
    noisy = await warm.simulations.values(BELL, ("IZZI",), [()], target=device)
    assert ideal.values == pytest.approx((1.0,)) and noisy.values[0] < 1
    sets = [(("theta", math.pi / 2),)]
    (exact,) = await warm.simulations.sweep(SWEEP, sets)
    (near,) = await warm.simulations.sweep(SWEEP, sets, target=device, shots=500)
    assert exact.probabilities["01"] == pytest.approx(0.5) and near.shots == 500
