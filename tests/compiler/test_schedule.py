"""Schedules as late as possible and the waiting in them, against Qiskit's scheduler and sums by hand."""

from __future__ import annotations

import json
import math
import warnings
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit import QuantumCircuit
from qiskit.transpiler import PassManager, Target
from qiskit.transpiler.passes import ALAPScheduleAnalysis, PadDelay, TimeUnitConversion

from tests.compiler.devices import device
from tui.compiler.qiskit.calibration import calibration
from tui.compiler.qiskit.parser import read
from tui.compiler.qiskit.schedule import UnknownLength, schedule
from tui.qiskit_common.target import build_target

HEAD = 'OPENQASM 3.0;\ninclude "stdgates.inc";\nbit[3] c;\n'


@pytest.fixture(scope="module")
def fez() -> Target:
    data = device("fez")
    return build_target(data.name, data.configuration, data.properties)


def waits(text: str, target: Target) -> dict[int, float]:
    """Seconds that each qubit waits, those that do not wait left out."""
    idle = schedule(read(HEAD + text), calibration(target)).idle()
    return {qubit: seconds for qubit, seconds in idle.items() if seconds}


def test_qubit_waits_between_its_operations_not_before_the_first(fez: Target) -> None:
    sx = fez["sx"][0,].duration
    assert waits("x $0; x $0; x $0; x $1; cz $0, $1;", fez) == {}
    assert waits("cz $0, $1; x $0; x $0; x $0; x $1; cz $0, $1;", fez) == pytest.approx({1: 2 * sx})


def test_delay_is_waiting(fez: Target) -> None:
    assert waits("x $0; delay[100ns] $0; x $0;", fez) == pytest.approx({0: 100e-9})
    assert waits("delay[100ns] $0; x $0;", fez) == {}


def test_measured_qubit_does_not_wait_for_the_end_and_another_does(fez: Target) -> None:
    readout = fez["measure"][0,].duration
    assert waits("cz $0, $1; c[0] = measure $0;", fez) == pytest.approx({1: readout})
    assert waits("c[0] = measure $0; barrier $0, $1; x $1; c[1] = measure $1;", fez) == {}


def test_qubits_of_a_block_wait_for_its_longest_branch(fez: Target) -> None:
    x = fez["x"][0,].duration
    body = "x $0; x $1; c[0] = measure $2; if (c[0]) { x $0; x $0; x $1; } else { x $0; } c[1] = measure $0;"
    made = schedule(read(HEAD + body), calibration(fez))
    # In the branch without x on 1 that qubit waits for both of the other branch, as 0 does for one.
    assert made.idle_in_blocks == pytest.approx(3 * x)
    rates = calibration(fez).rates
    assert rates[0] is not None and rates[1] is not None
    assert made.decay_in_blocks == pytest.approx(x * rates[0] + 2 * x * rates[1])


def test_for_loop_takes_all_its_turns_and_a_while_one(fez: Target) -> None:
    x, known = fez["x"][0,].duration, calibration(fez)
    turns = schedule(read(HEAD + "for int i in [0:4] { x $0; }"), known)
    assert turns.seconds == pytest.approx(5 * x) and not turns.endless
    once = schedule(read(HEAD + "while (c[0]) { x $0; c[0] = measure $0; }"), known)
    assert once.seconds == pytest.approx(x + fez["measure"][0,].duration) and once.endless


def test_schedule_needs_every_duration(fez: Target) -> None:
    with pytest.raises(UnknownLength):
        schedule(read(HEAD + "h $0;"), calibration(fez))


def test_decay_is_unknown_without_t1_and_t2() -> None:
    data = device("fez")
    properties = json.loads(data.properties)
    for qubit in properties["qubits"]:
        qubit[:] = [entry for entry in qubit if entry["name"] not in ("T1", "T2")]
    target = build_target(data.name, data.configuration, json.dumps(properties).encode())
    made = schedule(read(HEAD + "cz $0, $1; c[0] = measure $0;"), calibration(target))
    assert made.decay(calibration(target)) is None
    assert schedule(read(HEAD + "x $0;"), calibration(target)).decay(calibration(target)) == 0.0


def isa(random: Random, target: Target) -> QuantumCircuit:
    """A random circuit of Fez's instructions on four of its qubits in a row."""
    circuit = QuantumCircuit(156, 4)
    for _ in range(random.randint(1, 25)):
        kind, qubit = random.choice(["sx", "rz", "cz", "barrier", "measure"]), random.randrange(4)
        if kind == "cz":
            first = random.randrange(3)
            circuit.cz(first, first + 1)
        elif kind == "barrier":
            circuit.barrier(*random.sample(range(4), random.randint(1, 4)))
        elif kind == "measure":
            circuit.measure(qubit, qubit)
        else:
            getattr(circuit, kind)(*([0.3] if kind == "rz" else []), qubit)
    return circuit


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32))
def test_idle_time_is_that_of_qiskits_scheduler(fez: Target, seed: int) -> None:
    circuit = isa(Random(seed), fez)
    made = schedule(circuit, calibration(fez))
    durations = fez.durations()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        passes = [TimeUnitConversion(durations), ALAPScheduleAnalysis(durations), PadDelay(target=fez)]
        padded = PassManager(passes).run(circuit)
        whole = padded.duration * fez.dt
    expected: dict[int, float] = {}
    for qubit in range(4):
        line = [entry for entry in padded.data if padded.qubits[qubit] in entry.qubits]
        line = [entry for entry in line if entry.name != "barrier"]
        while line and line[0].name == "delay":
            line.pop(0)
        if not line:
            continue
        if any(entry.name == "measure" for entry in line):
            last = [entry.name for entry in line if entry.name != "delay"][-1]
            while last == "measure" and line[-1].name == "delay":
                line.pop()
        expected[qubit] = sum(entry.operation.duration * fez.dt for entry in line if entry.name == "delay")
    assert made.idle() == pytest.approx(expected, abs=fez.dt)
    assert math.isclose(made.seconds, whole, abs_tol=1e-12)
