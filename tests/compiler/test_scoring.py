"""Success, duration and warnings, against sums done by hand."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from qiskit import generate_preset_pass_manager
from qiskit.transpiler import Target

from tests.compiler.devices import device
from tui.compiler.qiskit.calibration import MOST_LOSS
from tui.compiler.qiskit.parser import read
from tui.compiler.qiskit.scoring import rank, score
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


def test_score_warns_of_missing_measurements_and_not_of_free_parameters() -> None:
    """Free parameters have fields of their own: the candidate names them."""
    data = device("fez")
    bare = build_target(data.name, data.configuration, b"{}")
    result = score(read(isa("input float[64] theta;\nrz(theta) $0;")), bare)
    assert result.success is None and result.duration_us is None
    (warning,) = result.warnings
    assert "Measures nothing" in warning


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


def test_flags_name_dead_couplers_and_qubits(fez: Target) -> None:
    bad = next(pair for pair, entry in fez["cz"].items() if entry.error >= 0.5)
    first, second = sorted(bad)
    circuit = read(isa(f"cz ${bad[0]}, ${bad[1]}; cz $0, $1; c[0] = measure $0;"))
    assert rank(circuit, fez).flags == (f"coupler {first}-{second} is dead",)
    assert score(circuit, fez).flags == rank(circuit, fez).flags


def changed(name: str, change: Any) -> Target:
    """The target of a device whose properties `change` has changed."""
    data = device(name)
    properties = json.loads(data.properties)
    change(properties)
    return build_target(data.name, data.configuration, json.dumps(properties).encode())


def test_flags_name_what_is_reported_faulty() -> None:
    broken = {"name": "operational", "value": 0, "unit": ""}

    def break_some(properties: Any) -> None:
        properties["qubits"][5].append(broken)
        for gate in properties["gates"]:
            if gate["gate"] == "cz" and gate["qubits"] == [0, 1]:
                gate["parameters"].append(broken)

    target = changed("fez", break_some)
    assert rank(read(isa("cz $1, $0;")), target).flags == ("coupler 0-1 is reported faulty",)
    assert rank(read(isa("cz $4, $5; x $3;")), target).flags == ("qubit 5 is reported faulty",)
    assert rank(read(isa("x $5; c[0] = measure $5;")), target).flags == ("qubit 5 is reported faulty",)
    assert rank(read(isa("cz $2, $3; c[0] = measure $2;")), target).flags == ()


def test_flags_name_a_qubit_whose_readout_or_gate_is_dead() -> None:
    def spoil(properties: Any) -> None:
        for entry in properties["qubits"][7]:
            if entry["name"] == "readout_error":
                entry["value"] = 0.5
        for gate in properties["gates"]:
            if gate["gate"] == "sx" and gate["qubits"] == [8]:
                gate["parameters"][0]["value"] = 1.0

    target = changed("fez", spoil)
    assert rank(read(isa("c[0] = measure $7;")), target).flags == ("qubit 7 is dead",)
    assert rank(read(isa("sx $8;")), target).flags == ("qubit 8 is dead",)
    result = score(read(isa("sx $8; c[0] = measure $0;")), target)
    assert result.success == 0.0 and result.gate_loss == pytest.approx(MOST_LOSS)
    assert result.success_idle == 0.0


def test_score_below_one_percent_says_so_plainly(fez: Target) -> None:
    pair = next(pair for pair, entry in fez["cz"].items() if 0.002 < entry.error < 0.01)
    many = f"cz ${pair[0]}, ${pair[1]};" * 3_000
    result = score(read(isa(f"{many} c[0] = measure $0;")), fez)
    assert result.success is not None and 0 < result.success < 0.01
    assert any("below 1 %" in warning for warning in result.warnings)
    few = score(read(isa("c[0] = measure $0;")), fez)
    assert not any("below 1 %" in warning for warning in few.warnings)


def test_score_marks_a_loop_that_the_run_decides_as_at_most(fez: Target) -> None:
    endless = score(read(isa("c[0] = measure $0; while (c[0]) { x $0; c[0] = measure $0; }")), fez)
    once = score(read(isa("c[0] = measure $0; x $0; c[0] = measure $0;")), fez)
    assert endless.at_most and not once.at_most
    assert endless.success == pytest.approx(once.success)
    assert not score(read(isa("for int i in [0:3] { sx $0; }")), fez).at_most


def test_rank_is_the_success_of_the_score(fez: Target) -> None:
    circuit = read(isa("sx $0; cz $0, $1; if (c[0]) { sx $1; } c[0] = measure $0;"))
    assert rank(circuit, fez).success == score(circuit, fez).success


def by_hand(name: str, circuit: Any) -> tuple[float, float]:
    """Success without and with idle time, from the device's JSON, one operation after the other, ALAP."""
    properties = json.loads(device(name).properties)
    errors: dict[tuple[str, tuple[int, ...]], float] = {}
    lengths: dict[tuple[str, tuple[int, ...]], float] = {}
    for gate in properties["gates"]:
        values = {entry["name"]: entry["value"] for entry in gate["parameters"]}
        key = gate["gate"], tuple(gate["qubits"])
        errors[key], lengths[key] = values.get("gate_error", 0.0), values.get("gate_length", 0.0) * 1e-9
    decays = []
    for index, qubit in enumerate(properties["qubits"]):
        values = {entry["name"]: entry["value"] for entry in qubit}
        errors["measure", (index,)] = values["readout_error"]
        lengths["measure", (index,)] = values["readout_length"] * 1e-9
        decays.append(1e6 / min(values["T1"], values["T2"]))
    product, decayed = 1.0, 1.0
    times: dict[int, float] = {}
    ends: dict[int, float] = {}
    for entry in reversed(circuit.data):
        at = tuple(circuit.find_bit(qubit).index for qubit in entry.qubits)
        when = max(times.get(qubit, 0.0) for qubit in at)
        if entry.name != "barrier":
            product *= 1 - errors[entry.name, at]
            for qubit in at:
                idle = when - ends[qubit] if qubit in ends else (0.0 if entry.name == "measure" else when)
                decayed *= math.exp(-idle * decays[qubit])
                ends[qubit] = when + lengths[entry.name, at]
        times.update(dict.fromkeys(at, when + (lengths[entry.name, at] if entry.name != "barrier" else 0.0)))
    return product, product * decayed


@pytest.mark.parametrize("name", ["peekskill", "cusco", "fez"])
@pytest.mark.parametrize("level", [1, 3])
def test_success_with_and_without_idle_time_is_that_of_the_devices_own_figures(name: str, level: int) -> None:
    data = device(name)
    target = build_target(data.name, data.configuration, data.properties)
    text = "".join(f"h q[{a}]; cx q[{a}], q[{(a * 3 + 1) % 7}];" for a in range(7) if a != (a * 3 + 1) % 7)
    source = read(f'OPENQASM 3.0; include "stdgates.inc"; qubit[7] q; bit[7] c; {text * 2} c = measure q;')
    circuit = generate_preset_pass_manager(level, target=target, seed_transpiler=5).run(source)
    result = score(circuit, target)
    plain, idle = by_hand(name, circuit)
    assert result.success == pytest.approx(plain, rel=1e-9)
    assert result.success_idle == pytest.approx(idle, rel=1e-6) and idle < plain
    assert result.used == tuple(
        sorted({circuit.find_bit(q).index for e in circuit.data if e.name != "barrier" for q in e.qubits})
    )
