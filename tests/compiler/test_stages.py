"""Losses by stage: they sum to the whole, and each is there for its reason."""

from __future__ import annotations

import math
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit import QuantumCircuit, generate_preset_pass_manager
from qiskit.circuit.random import random_circuit
from qiskit.transpiler import Target

from tests.compiler.devices import device
from tui.compiler.qiskit.calibration import calibration
from tui.compiler.qiskit.scoring import score
from tui.compiler.qiskit.stages import baseline, stage_losses
from tui.domain.circuits import StageLosses
from tui.qiskit_common.target import build_target


@pytest.fixture(scope="module")
def peekskill() -> Target:
    data = device("peekskill")
    return build_target(data.name, data.configuration, data.properties)


def losses(
    circuit: QuantumCircuit, target: Target, level: int = 1, seed: int = 1
) -> tuple[StageLosses, float]:
    """Losses of a circuit transpiled, and its success."""
    isa = generate_preset_pass_manager(level, target=target, seed_transpiler=seed).run(circuit)
    worth = score(isa, target)
    stages = stage_losses(baseline(circuit, level, target), worth)
    assert stages is not None and worth.success is not None
    return stages, worth.success


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**31), st.integers(0, 3))
def test_stages_sum_to_the_loss(peekskill: Target, seed: int, level: int) -> None:
    width = Random(seed).randint(1, 6)
    circuit = random_circuit(width, 4, max_operands=min(4, width), measure=seed % 2 == 0, seed=seed)
    stages, success = losses(circuit, peekskill, level, seed)
    assert stages.total == pytest.approx(-math.log(success), rel=1e-9, abs=1e-12)
    kept = math.prod(1 - share for share in stages.shares().values())
    assert kept == pytest.approx(success, rel=1e-9)


def test_swap_costs_one_gate_of_synthesis_and_the_rest_of_basis(peekskill: Target) -> None:
    circuit = QuantumCircuit(2)
    circuit.swap(0, 1)
    pair = calibration(peekskill).typical_loss(2)
    before = baseline(circuit, 1, peekskill)
    assert before.synthesis == pytest.approx(pair)
    assert before.basis >= 3 * pair


def test_distant_gates_cost_routing_and_measurements_readout(peekskill: Target) -> None:
    circuit = QuantumCircuit(8, 8)
    for first in range(8):
        for second in range(first):
            circuit.cz(first, second)
    stages, _ = losses(circuit, peekskill)
    assert stages.readout == 0.0 and stages.routing > 20 * calibration(peekskill).typical_loss(2)
    circuit.measure(range(8), range(8))
    assert losses(circuit, peekskill)[0].readout > 0


def test_gates_of_own_gates_and_loops_count_in_each_stage(peekskill: Target) -> None:
    pair = calibration(peekskill).typical_loss(2)
    inner = QuantumCircuit(2, name="own")
    inner.cx(0, 1)
    inner.cx(1, 0)
    circuit = QuantumCircuit(2)
    circuit.append(inner.to_gate(), [0, 1])
    assert baseline(circuit, 0, peekskill).synthesis == pytest.approx(2 * pair)
    looped = QuantumCircuit(2)
    with looped.for_loop(range(5)):
        looped.cx(0, 1)
    assert baseline(looped, 0, peekskill).synthesis == pytest.approx(5 * pair)


def test_stages_are_unknown_without_calibration() -> None:
    data = device("peekskill")
    bare = build_target(data.name, data.configuration, b"{}")
    circuit = QuantumCircuit(1)
    assert stage_losses(baseline(circuit, 1, bare), score(circuit, bare)) is None
