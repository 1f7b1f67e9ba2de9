"""The service's limits on a job of the executor, each at its border, as contract section 5.16 names them."""

from __future__ import annotations

import pytest
from qiskit import QuantumCircuit

from tui.domain.pricing import ProgramWork
from tui.sandbox.simulator.base.values import JobFailure
from tui.sandbox.simulator.executor import limits
from tui.sandbox.simulator.executor.limits import ControlInstructions
from tui.sandbox.simulator.primitives import accounting
from tui.sandbox.simulator.primitives.accounting import JobAccounting


def circuit(**gates: int) -> QuantumCircuit:
    """A circuit on qubits 0 and 1 with so many gates of each name."""
    made = QuantumCircuit(2)
    for name, count in gates.items():
        for _ in range(count):
            if name == "rz":
                made.rz(0.1, 0)
            elif name == "sx":
                made.sx(0)
            else:
                made.ecr(0, 1)
    return made


def test_limits_are_those_of_the_contract() -> None:
    assert accounting._MOST_EXECUTIONS == 10_000_000
    assert limits._MOST_CONTROL_INSTRUCTIONS == 26_800_000
    assert limits._MOST_OF_A_GATE == {"rz": 30_000_000, "sx": 20_000_000}
    assert limits._MOST_TWO_QUBIT_GATES == 5_000_000


def test_limit_of_executions_is_of_the_whole_job() -> None:
    job = JobAccounting("ibm_peekskill", {})
    job.reserve(100, 50_000)
    job.reserve(100, 50_000)
    with pytest.raises(JobFailure, match=r"10,000,001 executions .*; the limit is 10,000,000"):
        job.reserve(1, 1)


@pytest.mark.parametrize(
    ("gate", "words"),
    [
        ("rz", "A circuit has 4 rz gates; the limit is 3."),
        ("sx", "A circuit has 4 sx gates; the limit is 3."),
        ("ecr", "A circuit has 4 two-qubit gates; the limit is 3."),
    ],
)
def test_limit_of_a_gate_is_of_a_circuit(monkeypatch: pytest.MonkeyPatch, gate: str, words: str) -> None:
    monkeypatch.setattr(limits, "_MOST_OF_A_GATE", {"rz": 3, "sx": 3})
    monkeypatch.setattr(limits, "_MOST_TWO_QUBIT_GATES", 3)
    instructions = ControlInstructions(2)
    instructions.add(circuit(**{gate: 3}), 1)
    instructions.add(circuit(**{gate: 3}), 1)
    with pytest.raises(JobFailure) as refused:
        instructions.add(circuit(**{gate: 4}), 1)
    assert str(refused.value) == words


def test_limit_of_control_instructions_is_of_a_qubit_in_the_whole_job() -> None:
    # 50 to prepare the qubit, 5 for the gate: 26,800,000 are 487,272 sets and 40 instructions more.
    instructions = ControlInstructions(2)
    instructions.add(circuit(ecr=1), 487_272)
    with pytest.raises(JobFailure, match=r"qubit 0 26,800,015 control instructions; the limit is 26,800,000"):
        instructions.add(circuit(ecr=1), 1)


@pytest.mark.parametrize("gate", ["rz", "sx", "ecr"])
def test_check_before_a_submit_has_the_same_limits(gate: str) -> None:
    most = {**limits._MOST_OF_A_GATE, "ecr": limits._MOST_TWO_QUBIT_GATES}[gate]
    name = "two_qubit_gates" if gate == "ecr" else gate
    work = {"control_instructions": 0, "rz": 0, "sx": 0, "two_qubit_gates": 0, name: most}
    ProgramWork(executions=1, circuit_seconds=None, **work).check_limits()
    with pytest.raises(Exception, match=f"the service's limit is {most:,}"):
        ProgramWork(executions=1, circuit_seconds=None, **{**work, name: most + 1}).check_limits()
