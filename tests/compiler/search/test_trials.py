"""Trials: what they make is the circuit that was asked for, in the gates and directions of the device."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from qiskit import QuantumCircuit, qasm3
from qiskit.quantum_info import Operator, Statevector, hellinger_fidelity
from qiskit.transpiler import Target

from tests.compiler.devices import device
from tests.compiler.small_devices import ladder, small_device
from tui.compiler.messages import MakeCandidate, RunTrial, TargetData
from tui.compiler.qiskit.circuit_summary import NotPossible
from tui.compiler.qiskit.parser import read
from tui.compiler.qiskit.search.trials import Trials
from tui.domain.circuits import Maker
from tui.domain.devices.backends import BackendData
from tui.domain.search import Trial
from tui.qiskit_common.target import build_target

HEAD = 'OPENQASM 3.0; include "stdgates.inc"; '
CLOSE = 1e-4
"""Qiskit drops rotations by less."""
GATES = ("h", "x", "sx", "t", "sdg")
PAIRS = ("cx", "cz", "swap")


def target_of(data: BackendData) -> Target:
    return build_target(data.name, data.configuration, data.properties)


def make(
    source: QuantumCircuit, data: BackendData, level: int, seed: int, maker: Maker = Maker.QISKIT
) -> tuple[Trial, QuantumCircuit]:
    """A trial and its circuit, which must be one for the device."""
    target = build_target(
        data.name, data.configuration, data.properties, fractional=maker is Maker.FRACTIONAL
    )
    request = RunTrial(qasm3.dumps(source), TargetData(data.name, data.name), level, seed, maker)
    trial, _, isa = Trials()._make(request, target)
    for instruction in isa.data:
        places = tuple(isa.find_bit(qubit).index for qubit in instruction.qubits)
        assert instruction.name == "barrier" or target.instruction_supported(instruction.name, places)
    return trial, isa


@st.composite
def circuits(draw: st.DrawFn, qubits: int) -> QuantumCircuit:
    """Circuits of one- and two-qubit gates, without measurements."""
    circuit = QuantumCircuit(qubits)
    for _ in range(draw(st.integers(1, 12))):
        first, second = draw(st.permutations(range(qubits)))[:2]
        match draw(st.integers(0, 3)):
            case 0:
                getattr(circuit, draw(st.sampled_from(GATES)))(first)
            case 1:
                circuit.rz(draw(st.floats(-3.0, 3.0)), first)
            case 2:
                circuit.crx(draw(st.floats(-3.0, 3.0)), first, second)
            case _:
                getattr(circuit, draw(st.sampled_from(PAIRS)))(first, second)
    return circuit


@pytest.mark.parametrize("rows", [3, 5])
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_trial_is_equivalent_to_the_circuit(rows: int, data: st.DataObject) -> None:
    """Up to 10 qubits by the whole matrix; the device has directions and dead couplers."""
    source = data.draw(circuits(data.draw(st.integers(2, 2 * rows - 1))))
    backend = ladder(rows, seed=data.draw(st.integers(0, 5)), dead=data.draw(st.integers(0, 2)))
    level, seed = data.draw(st.sampled_from([(0, 0), (1, 0), (2, 1), (3, 0), (3, 1), (3, 2), (3, 3)]))
    _, isa = make(source, backend, level, seed)
    whole = QuantumCircuit(2 * rows)
    whole.compose(source, range(source.num_qubits), inplace=True)
    assert Operator.from_circuit(isa).equiv(Operator(whole), atol=CLOSE)


@pytest.mark.parametrize("maker", [Maker.FRACTIONAL, Maker.PYTKET])
@settings(max_examples=12, deadline=None)
@given(st.data())
def test_trial_of_another_maker_is_equivalent_to_the_circuit(maker: Maker, data: st.DataObject) -> None:
    """On a device that has fractional gates, in one direction and in both, whose angles are bounded."""
    source = data.draw(circuits(data.draw(st.integers(2, 5))))
    couplers = {(q, q + 1): 0.004 + 0.001 * q for q in range(5)} | {(0, 5): 0.02}
    backend = small_device(6, couplers, gate="cz", both_ways=data.draw(st.booleans()), fractional=True)
    _, isa = make(source, backend, 3, data.draw(st.integers(0, 3)), maker)
    assert all(0 <= entry.params[0] <= math.pi / 2 for entry in isa.data if entry.name == "rzz")
    whole = QuantumCircuit(6)
    whole.compose(source, range(source.num_qubits), inplace=True)
    assert Operator.from_circuit(isa).equiv(Operator(whole), atol=CLOSE)


def test_trial_with_fractional_gates_takes_one_where_others_take_two() -> None:
    source = QuantumCircuit(2)
    source.rzz(0.3, 0, 1)
    backend = small_device(2, {(0, 1): 0.01}, gate="cz", both_ways=True, fractional=True)
    assert make(source, backend, 3, 0)[0].two_qubit_gates == 2
    trial, isa = make(source, backend, 3, 0, Maker.FRACTIONAL)
    assert trial.two_qubit_gates == 1 and isa.count_ops()["rzz"] == 1


def test_trial_with_fractional_gates_is_refused_with_a_reason() -> None:
    plain = small_device(2, {(0, 1): 0.01}, gate="cz", both_ways=True)
    source = QuantumCircuit(2, 1)
    source.cx(0, 1)
    with pytest.raises(NotPossible, match="None on small"):
        make(source, plain, 3, 0, Maker.FRACTIONAL)
    source.measure(0, 0)
    with source.if_test((0, 1)):
        source.x(1)
    there = small_device(2, {(0, 1): 0.01}, gate="cz", both_ways=True, fractional=True)
    with pytest.raises(NotPossible, match="control flow"):
        make(source, there, 3, 0, Maker.FRACTIONAL)


@pytest.mark.parametrize("seed", range(3))
def test_trial_of_a_program_with_a_gate_named_like_one_of_the_device(seed: int) -> None:
    """Its `ecr` is a CNOT: taken for the device's own it would run another circuit."""
    text = HEAD + "gate ecr a, b { cx a, b; } qubit[2] q; h q[0]; ecr q[0], q[1];"
    target = target_of(small_device(3, {(0, 1): 0.01, (2, 1): 0.02}))
    _, _, isa = Trials()._make(RunTrial(text, TargetData("small", "k"), 3, seed), target)
    bell = QuantumCircuit(3)
    bell.h(0)
    bell.cx(0, 1)
    assert Operator.from_circuit(isa).equiv(Operator(bell), atol=CLOSE)


@pytest.mark.parametrize("name", ["peekskill", "cusco", "fez"])
@pytest.mark.parametrize("seed", range(4))
def test_trial_measures_what_the_circuit_measures(name: str, seed: int) -> None:
    """Ideal probabilities of eleven qubits on recorded devices; seed 0 is as Qiskit does, others differ."""
    source = QuantumCircuit(11, 11)
    for qubit in range(11):
        source.ry(0.2 + 0.3 * qubit, qubit)
    for first, second in itertools.pairwise([0, 5, 3, 9, 1, 7, 10, 2, 6, 0]):
        source.cx(first, second)
        source.rx(0.4 + 0.1 * second, second)
    source.measure(range(11), reversed(range(11)))
    trial, isa = make(source, device(name), 3, seed)
    # Its second region is the whole device: on fez, where no coupler has a direction, the device as it is.
    assert trial.remapped is (seed > 0 and (name, seed) != ("fez", 2))
    assert hellinger_fidelity(probabilities(source), probabilities(isa)) > 1 - 1e-9


def probabilities(circuit: QuantumCircuit) -> dict[str, float]:
    """Ideal probabilities of the bits of a circuit that measures each once, at the end."""
    active = sorted({circuit.find_bit(qubit).index for entry in circuit.data for qubit in entry.qubits})
    numbers = {place: index for index, place in enumerate(active)}
    small = QuantumCircuit(len(active))
    measured: dict[int, int] = {}
    for entry in circuit.data:
        places = [numbers[circuit.find_bit(qubit).index] for qubit in entry.qubits]
        if entry.name == "measure":
            measured[circuit.find_bit(entry.clbits[0]).index] = places[0]
        elif entry.name != "barrier":
            small.append(entry.operation, places)
    qubits = [measured[bit] for bit in sorted(measured)]
    found = Statevector(small).probabilities_dict(qubits)
    return {bits: float(value) for bits, value in found.items()}


def test_trial_is_the_same_whenever_it_is_made() -> None:
    source = QuantumCircuit(6, 6)
    for first, second in itertools.combinations(range(6), 2):
        source.cp(0.3, first, second)
        source.h(second)
    source.measure(range(6), range(6))
    data, trials = device("cusco"), Trials()
    target = target_of(data)
    text = qasm3.dumps(source)
    for seed in (0, 1, 5):
        request = RunTrial(text, TargetData("cusco", "k"), 3, seed)
        finished = trials.finish(MakeCandidate(text, TargetData("cusco", "k"), 3, seed), target)
        assert trials.run(request, target) == finished.trial == Trials().run(request, target)
        candidate = finished.candidate
        assert candidate.estimated_success == finished.trial.success
        assert candidate.after.two_qubit_gates == finished.trial.two_qubit_gates
        assert candidate.remapped is finished.trial.remapped is (seed > 0)
        assert candidate.options.seed == seed and candidate.options.optimization_level == 3
        assert "$" in candidate.qasm and len(candidate.layout) == 6


def test_trial_goes_round_a_dead_coupler_that_qiskit_uses() -> None:
    """A ring of six, with the dead coupler where a line of four would fit best but for it."""
    couplers = {(0, 1): 0.001, (1, 2): 1.0, (2, 3): 0.001, (3, 4): 0.04, (4, 5): 0.04, (5, 0): 0.04}
    source = QuantumCircuit(5, 5)
    source.h(0)
    for qubit in range(4):
        source.cx(qubit, qubit + 1)
    source.cx(0, 4)
    source.measure(range(5), range(5))
    for seed in range(1, 6):
        trial, _ = make(source, small_device(6, couplers), 3, seed)
        assert not trial.flagged and trial.success is not None and trial.success > 0.3


def test_trial_of_a_circuit_that_does_not_fit_round_dead_couplers_is_flagged() -> None:
    source = QuantumCircuit(4, 4)
    for qubit in range(3):
        source.cx(qubit, qubit + 1)
    source.measure(range(4), range(4))
    trial, _ = make(source, small_device(4, {(0, 1): 0.01, (1, 2): 1.0, (2, 3): 0.01}), 3, 1)
    assert trial.flagged and trial.success == 0


def test_trial_of_a_program_with_physical_qubits_stays_on_them() -> None:
    text = (
        'OPENQASM 3.0; include "stdgates.inc"; bit[2] c; '
        "h $3; cx $3, $5; c[0] = measure $3; c[1] = measure $5;"
    )
    data, trials = device("peekskill"), Trials()
    for seed in range(3):
        finished = trials.finish(MakeCandidate(text, TargetData("peekskill", "k"), 3, seed), target_of(data))
        assert not finished.trial.remapped and finished.trial.regions == 1
        used = {str(place) for place in (3, 5)}
        assert {word.strip("$;,") for word in finished.candidate.qasm.split() if word.startswith("$")} == used


def test_trial_without_measurements_keeps_the_state_for_an_estimator() -> None:
    """Diagonal gates before a measurement are dropped; where nothing is measured they are not."""
    source = QuantumCircuit(3)
    source.h(range(3))
    source.cp(0.7, 0, 2)
    source.rz(0.3, 1)
    for seed in (0, 1, 2):
        _, isa = make(source, ladder(3, seed=2), 3, seed)
        whole = QuantumCircuit(6)
        whole.compose(source, range(3), inplace=True)
        assert Operator.from_circuit(isa).equiv(Operator(whole), atol=CLOSE)


def test_trial_keeps_branches() -> None:
    source = read(
        'OPENQASM 3.0; include "stdgates.inc"; qubit[3] q; bit[2] c; h q[0]; cx q[0], q[2]; '
        "c[0] = measure q[0]; if (c[0]) { cx q[1], q[2]; x q[1]; } c[1] = measure q[2];"
    )
    data = device("peekskill")
    text = qasm3.dumps(source)
    for seed in range(3):
        finished = Trials().finish(MakeCandidate(text, TargetData("p", "k"), 3, seed), target_of(data))
        assert "if (" in finished.candidate.qasm and not finished.trial.flagged
