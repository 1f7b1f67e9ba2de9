"""Success, duration and warnings, against sums done by hand."""

from __future__ import annotations

import json

import pytest
from qiskit.transpiler import Target

from tests.compiler.devices import device
from tui.compiler.qiskit.parser import read
from tui.compiler.qiskit.scoring import score
from tui.qiskit_common.target import build_target


@pytest.fixture(scope="module")
def fez() -> Target:
    data = device("fez")
    return build_target(data.name, data.configuration, data.properties)


def isa(body: str) -> str:
    return f'OPENQASM 3.0;\ninclude "stdgates.inc";\nbit[2] c;\n{body}'


def test_score_success_is_the_product_over_gates_and_measurements(fez: Target) -> None:
    circuit = read(isa("sx $0; cz $0, $1; barrier $0; c[0] = measure $0;"))
    expected = (1 - fez["sx"][0,].error) * (1 - fez["cz"][0, 1].error) * (1 - fez["measure"][0,].error)
    assert score(circuit, fez).success == pytest.approx(expected)


def test_score_duration_is_the_longest_chain(fez: Target) -> None:
    circuit = read(isa("sx $0; sx $0; sx $1; cz $0, $1; delay[100ns] $1; rz(0.2) $1; c[0] = measure $1;"))
    seconds = 2 * fez["sx"][0,].duration + fez["cz"][0, 1].duration + 100e-9 + fez["measure"][1,].duration
    assert score(circuit, fez).duration_us == pytest.approx(seconds * 1e6)


def test_barrier_takes_no_time(fez: Target) -> None:
    with_barrier = score(read(isa("sx $0; barrier $0, $1; sx $1;")), fez)
    assert with_barrier.duration_us == pytest.approx(2 * fez["sx"][0,].duration * 1e6)


def test_score_of_a_branch_waits_for_its_bit_and_takes_the_worst(fez: Target) -> None:
    plain = score(read(isa("c[0] = measure $0; c[1] = measure $1;")), fez)
    branch = score(read(isa("c[0] = measure $0; if (c[0]) { sx $1; } c[1] = measure $1;")), fez)
    assert plain.duration_us is not None and branch.duration_us is not None
    assert plain.success is not None and branch.success is not None
    extra = fez["measure"][0,].duration + fez["sx"][1,].duration
    assert branch.duration_us == pytest.approx(plain.duration_us + extra * 1e6)
    assert branch.success == pytest.approx(plain.success * (1 - fez["sx"][1,].error))


def test_score_counts_a_loop_as_often_as_it_runs_and_gives_a_while_no_length(fez: Target) -> None:
    loop = score(read(isa("for int i in [0:3] { sx $0; } c[0] = measure $0;")), fez)
    flat = score(read(isa("sx $0; sx $0; sx $0; sx $0; c[0] = measure $0;")), fez)
    assert loop.success == pytest.approx(flat.success)
    assert loop.duration_us == pytest.approx(flat.duration_us)
    endless = score(read(isa("c[0] = measure $0; while (c[0]) { x $0; c[0] = measure $0; }")), fez)
    assert endless.duration_us is None


def test_score_warns_of_a_coupler_that_is_as_good_as_broken(fez: Target) -> None:
    bad = next(pair for pair, entry in fez["cz"].items() if entry.error >= 0.5)
    result = score(read(isa(f"cz ${bad[0]}, ${bad[1]}; c[0] = measure ${bad[0]};")), fez)
    assert any(f"coupler {min(bad)}–{max(bad)}" in warning for warning in result.warnings)


def test_score_warns_of_a_foreign_gate_and_gives_no_success(fez: Target) -> None:
    result = score(read(isa("h $0; cz $0, $100; c[0] = measure $0;")), fez)
    assert result.success is None and result.duration_us is None
    assert "does not know h on 0, cz on 0, 100" in result.warnings[0]


def test_score_warns_of_free_parameters_and_missing_measurements() -> None:
    data = device("fez")
    bare = build_target(data.name, data.configuration, b"{}")
    result = score(read(isa("input float[64] theta;\nrz(theta) $0;")), bare)
    assert result.success is None and result.duration_us is None
    assert "Has free parameters: theta." in result.warnings
    assert any("Measures nothing" in warning for warning in result.warnings)


def test_score_warns_of_a_qubit_whose_readout_is_a_coin() -> None:
    data = device("cusco")
    errors = [
        next(entry["value"] for entry in qubit if entry["name"] == "readout_error")
        for qubit in json.loads(data.properties)["qubits"]
    ]
    worst = errors.index(max(errors))
    target = build_target(data.name, data.configuration, data.properties)
    result = score(read(isa(f"c[0] = measure ${worst};")), target)
    assert any(f"Measures qubit {worst}" in warning for warning in result.warnings)
