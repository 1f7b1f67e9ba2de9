"""What a job is charged, what it may ask for, and what its log says."""

from __future__ import annotations

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter

from tui.sandbox.simulator.base.values import JobFailure
from tui.sandbox.simulator.primitives import accounting as accounting_module
from tui.sandbox.simulator.primitives.accounting import JobAccounting


def account(rep_delay: float | None = None) -> JobAccounting:
    options = {} if rep_delay is None else {"execution": {"rep_delay": rep_delay}}
    return JobAccounting("ibm_peekskill", options)


def delayed(microseconds: float | Parameter) -> QuantumCircuit:
    circuit = QuantumCircuit(1)
    circuit.delay(microseconds, 0, unit="us")
    return circuit


def test_line_of_the_log_is_there_once_in_its_order() -> None:
    job = account()
    for line in ("b", "a", "b"):
        job.log(line)
    assert job.logs == "b\na\n"
    assert account().logs == ""


def test_time_is_the_overhead_and_every_shot_with_its_pause() -> None:
    job = account(0.0002)
    assert (job.qpu_seconds, job.execution_ns) == (2.0, 0)
    job.add_duration(delayed(100.0), 1000)
    assert job.qpu_seconds == pytest.approx(2.0 + 1000 * 300e-6)
    assert job.execution_ns == pytest.approx(1000 * 300_000)
    job.add_durations(delayed(100.0), np.zeros((4, 0)), 1000)
    assert job.qpu_seconds == pytest.approx(2.0 + 5000 * 300e-6)


def test_time_of_a_delay_that_is_a_parameter_is_that_of_each_of_its_values() -> None:
    job = account(0.0002)
    job.add_durations(delayed(Parameter("t")), np.array([[0.0], [100.0]]), 1000)
    assert job.qpu_seconds == pytest.approx(2.0 + 1000 * (200e-6 + 300e-6))


def test_executions_beyond_the_limit_are_refused_before_they_are_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(accounting_module, "_MOST_EXECUTIONS", 1000)
    job = account()
    job.reserve(2, 300)
    job.reserve(4, 100)
    assert (job.circuits, job.shots) == (6, {300, 100})
    with pytest.raises(JobFailure, match=r"1,001 executions.*1,000"):
        job.reserve(1, 1)


def test_shots_beyond_the_devices_limit_are_refused() -> None:
    job = account()
    job.reserve(0, job.data.max_shots)
    with pytest.raises(JobFailure, match="shots are more than"):
        job.reserve(0, job.data.max_shots + 1)


def test_log_says_once_what_twirled_noise_changes() -> None:
    job = account()
    job.log_method("density_matrix", True, (0, 1), 100)
    assert "twirled" not in job.logs
    job.log_method("stim", False, (3, 2), 100)
    job.log_method("pauli_rotations", False, (4, 5), 100)
    assert job.logs.count("outcomes differ by 2 to 5 % (total variation)") == 1
    assert "100 shots by stim with recorded noise, Pauli-twirled of qubits [2, 3]\n" in job.logs
