"""Noisy predictions: against Aer's own model of the whole device, and by what single errors must do."""

from __future__ import annotations

import json

import pytest
from qiskit import QuantumCircuit
from qiskit_aer import AerSimulator
from qiskit_aer.noise import NoiseModel

from tests.compiler.small_devices import small_device
from tui.compiler.client import Compiler
from tui.compiler.messages import SimulateNoisy, TargetData
from tui.compiler.qiskit.circuit_summary import NotPossible
from tui.compiler.qiskit.simulation.noisy import simulate_noisy
from tui.domain.devices.backends import BackendData
from tui.domain.statistics.distances import compare_samples
from tui.domain.statistics.distributions import Distribution
from tui.qiskit_common.target import build_target

SHOTS = 20_000
HEAD = 'OPENQASM 3.0;\ninclude "stdgates.inc";\n'
BELL = (
    HEAD + "bit[2] c;\nrz(pi/2) $3;\nsx $3;\nrz(pi/2) $3;\nrz(pi/2) $2;\nsx $2;\nrz(pi/2) $2;\ncz $3, $2;\n"
    "rz(pi/2) $2;\nsx $2;\nrz(pi/2) $2;\nc[0] = measure $3;\nc[1] = measure $2;\n"
)


def _noisy(text: str, device: BackendData, shots: int = SHOTS) -> Distribution:
    target = build_target(device.name, device.configuration, device.properties)
    return simulate_noisy(SimulateNoisy(text, TargetData(device.name, ""), (), shots), target)


def _line(error: float = 0.02, readout: dict[int, float] | None = None) -> BackendData:
    couplers = {(one, one + 1): error for one in range(5)}
    return small_device(6, couplers, gate="cz", both_ways=True, readout=readout)


def test_prediction_is_that_of_aers_model_of_the_whole_device() -> None:
    device = _line(0.08, {3: 0.05, 2: 0.11})
    target = build_target(device.name, device.configuration, device.properties)
    # Both qubits are busy without a pause, so that waiting adds nothing.
    found = _noisy(BELL, device)
    assert found.waiting
    assert found.registers == (("c", 2),)
    model = NoiseModel.from_backend(AerSimulator.from_backend(_backend(target)))
    circuit = QuantumCircuit(6, 2)
    for qubit in (3, 2):
        circuit.rz(1.5707963267948966, qubit)
        circuit.sx(qubit)
        circuit.rz(1.5707963267948966, qubit)
    circuit.cz(3, 2)
    circuit.rz(1.5707963267948966, 2)
    circuit.sx(2)
    circuit.rz(1.5707963267948966, 2)
    circuit.measure([3, 2], [0, 1])
    simulator = AerSimulator(method="density_matrix", noise_model=model)
    expected = simulator.run(circuit, shots=SHOTS, seed_simulator=5).result().get_counts()
    assert not compare_samples(found.counts, expected).differs
    assert compare_samples(_noisy(BELL, _line()).counts, expected).differs


def _backend(target: object) -> object:
    from qiskit.providers.fake_provider import GenericBackendV2

    backend = GenericBackendV2(6)
    backend._target = target
    return backend


def test_readout_errors_are_those_of_each_state() -> None:
    device = _line()
    properties = json.loads(device.properties)
    properties["qubits"][4] += [
        {"name": "prob_meas1_prep0", "unit": "", "value": 0.02, "date": ""},
        {"name": "prob_meas0_prep1", "unit": "", "value": 0.20, "date": ""},
    ]
    device = BackendData(device.name, device.configuration, json.dumps(properties).encode())
    zero = _noisy(HEAD + "bit[1] c;\nrz(0) $4;\nc[0] = measure $4;\n", device)
    one = _noisy(HEAD + "bit[1] c;\nx $4;\nc[0] = measure $4;\n", device)
    assert zero.probabilities["1"] == pytest.approx(0.02, abs=0.004)
    assert one.probabilities["0"] == pytest.approx(0.20, abs=0.012)


def test_waiting_qubit_decays() -> None:
    device = _line(0.0001)
    text = HEAD + "bit[2] c;\nx $0;\nbarrier $0, $1;\n{}barrier $0, $1;\n"
    text += "c[0] = measure $0;\nc[1] = measure $1;\n"
    # 2,500 gates of 40 ns are half of T1.
    found = _noisy(text.format("sx $1;\n" * 2500), device)
    assert found.waiting
    alive = sum(share for bits, share in found.probabilities.items() if bits[1] == "1")
    assert alive == pytest.approx(0.6065, abs=0.02)


def test_wide_circuit_is_refused_in_words() -> None:
    device = small_device(40, {(one, one + 1): 0.01 for one in range(39)}, gate="cz")
    wide = HEAD + "bit[40] c;\n" + "".join(f"sx ${n};\n" for n in range(40))
    with pytest.raises(NotPossible, match="too large to be simulated with noise here: 40 qubits"):
        _noisy(wide, device)


@pytest.mark.asyncio(loop_scope="package")
async def test_worker_takes_the_device_once(warm: Compiler) -> None:
    device = _line()
    first = await warm.simulations.noisy(BELL, device, shots=300)
    again = await warm.simulations.noisy(BELL, device, shots=300)
    assert first == again
    assert first.shots == 300


@pytest.mark.asyncio(loop_scope="package")
async def test_worker_knows_the_fractional_gates_of_a_device(warm: Compiler) -> None:
    couplers = {(one, one + 1): 0.02 for one in range(3)}
    device = small_device(4, couplers, gate="cz", both_ways=True, fractional=True)
    program = HEAD + (
        "gate rzz(p0) _q0, _q1 { cx _q0, _q1; rz(p0) _q1; cx _q0, _q1; }\n"
        "bit[2] c;\nrx(2*pi/3) $1;\nrzz(0.4) $1, $2;\nrx(pi) $2;\nc[0] = measure $1;\nc[1] = measure $2;\n"
    )
    found = await warm.simulations.noisy(program, device, shots=4000)
    assert found.probabilities["11"] == pytest.approx(0.75, abs=0.06)
