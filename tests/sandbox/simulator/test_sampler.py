"""Sampler jobs: noisy shots, in every form the service takes and gives."""

from __future__ import annotations

import math
from typing import Any

import pytest

from tests.sandbox.simulator.programs import (
    BELL_PEEKSKILL,
    HEADER,
    ROTATION,
    WALKTHROUGH,
    completed,
    counts,
    failed,
    share,
)
from tui.sandbox.simulator.base.calibration import calibration
from tui.sandbox.simulator.runner import run


def test_sampler_bell_pair_is_mostly_00_and_11_with_a_few_misread() -> None:
    body = completed("sampler", {"pubs": [[BELL_PEEKSKILL, None, 4096]]})
    assert 0.96 < share(body, "0x0", "0x3") < 0.995
    assert 0.45 < share(body, "0x0") < 0.55
    assert body["results"][0]["data"]["c"]["num_bits"] == 2
    assert len(body["results"][0]["data"]["c"]["samples"]) == 4096


@pytest.mark.parametrize("device", ["ibm_peekskill", "ibm_fez"])
def test_sampler_misreads_1_as_often_as_calibrated(device: str) -> None:
    wrong = calibration(device).qubits[0].read_0_when_1
    ones = share(completed("sampler", {"pubs": [WALKTHROUGH], "shots": 8000}, device), "0x1")
    assert ones == pytest.approx(1 - wrong, abs=0.015)


@pytest.mark.parametrize("prepare", ["", "x $5; "])
def test_sampler_with_twirled_measurement_misreads_0_and_1_equally_often(prepare: str) -> None:
    qubit = calibration("ibm_peekskill").qubits[5]
    assert abs(qubit.read_1_when_0 - qubit.read_0_when_1) > 0.02
    program = HEADER + "bit[1] c; " + prepare + "c[0] = measure $5;"
    params = {"pubs": [[program, None, 20000]], "options": {"twirling": {"enable_measure": True}}}
    wrong = share(completed("sampler", params), "0x0" if prepare else "0x1")
    assert wrong == pytest.approx((qubit.read_1_when_0 + qubit.read_0_when_1) / 2, abs=0.01)
    assert "Measurements are twirled" in run("sampler", params, "ibm_peekskill", 1).logs


def test_sampler_repeats_shots_with_equal_seed_only() -> None:
    params: dict[str, Any] = {"pubs": [[HEADER + "bit[1] c; sx $0; c[0] = measure $0;", None, 200]]}
    first = completed("sampler", params, seed=7)
    assert completed("sampler", params, seed=7) == first
    assert completed("sampler", params, seed=8) != first
    assert completed("sampler", params, seed=None) != completed("sampler", params, seed=None)


def test_sampler_uses_seed_of_options_without_callers_seed() -> None:
    params: dict[str, Any] = {
        "pubs": [[HEADER + "bit[1] c; sx $0; c[0] = measure $0;", None, 200]],
        "options": {"simulator": {"seed_simulator": 11}},
    }
    assert completed("sampler", params, seed=None) == completed("sampler", params, seed=None)


def test_sampler_takes_shots_from_pub_then_job_then_options_then_4096() -> None:
    pubs = [[WALKTHROUGH, None, 10], [WALKTHROUGH]]

    def taken(**more: Any) -> list[int]:
        body = completed("sampler", {"pubs": pubs, **more})
        return [counts(body, pub).total() for pub in (0, 1)]

    assert taken(shots=20, options={"default_shots": 30}) == [10, 20]
    assert taken(options={"default_shots": 30}) == [10, 30]
    assert taken() == [10, 4096]


@pytest.mark.parametrize(
    ("values", "shape"),
    [
        ({"theta": math.pi}, ()),
        ({"theta": [0.0, math.pi, 0.0]}, (3,)),
        ([math.pi], ()),
        ([[0.0], [math.pi]], (2,)),
        ([[[0.0], [math.pi]], [[0.0], [math.pi]]], (2, 2)),
    ],
)
def test_sampler_samples_have_shape_of_parameter_values(values: object, shape: tuple[int, ...]) -> None:
    body = completed("sampler", {"pubs": [[ROTATION, values, 50]]})
    samples = body["results"][0]["data"]["c"]["samples"]
    found: list[int] = []
    while isinstance(samples, list):
        found.append(len(samples))
        samples = samples[0]
    assert found == [*shape, 50]


def test_sampler_binds_each_parameter_set() -> None:
    body = completed("sampler", {"pubs": [[ROTATION, {"theta": [0.0, math.pi]}, 500]]})
    flipped, kept = body["results"][0]["data"]["c"]["samples"]
    assert flipped.count("0x1") > 450
    assert kept.count("0x0") > 450


def test_sampler_separates_registers_with_mid_circuit_measurement() -> None:
    program = HEADER + (
        "bit[1] Alice; bit b; x $1; Alice[0] = measure $1; if (Alice[0]) { x $4; } b = measure $4;"
    )
    body = completed("sampler", {"pubs": [[program, None, 500]]})
    assert share(body, "0x1", register="Alice") > 0.9
    assert share(body, "0x1", register="b") > 0.9


def test_sampler_qubit_relaxes_during_delay_of_t1() -> None:
    t1 = calibration("ibm_peekskill").qubits[3].t1
    assert t1 is not None
    wait = f"delay[{t1 * 1e6:.3f}us] $3;"
    program = HEADER + f"bit[1] c; x $3; {wait} c[0] = measure $3;"
    ones = share(completed("sampler", {"pubs": [[program, None, 4000]]}), "0x1")
    assert ones == pytest.approx(math.exp(-1), abs=0.05)


def test_sampler_reset_returns_qubit_to_0() -> None:
    program = HEADER + "bit[1] c; x $3; reset $3; c[0] = measure $3;"
    assert share(completed("sampler", {"pubs": [[program, None, 500]]}), "0x0") > 0.9


def test_sampler_shots_are_in_random_order() -> None:
    body = completed("sampler", {"pubs": [[BELL_PEEKSKILL, None, 400]]})
    samples = body["results"][0]["data"]["c"]["samples"]
    halves = samples[:200].count("0x3"), samples[200:].count("0x3")
    assert min(halves) > 60


def test_runner_qpu_time_is_the_published_estimate() -> None:
    outcome = run("sampler", {"pubs": [[WALKTHROUGH, None, 1000]]}, "ibm_peekskill", 1)
    data = calibration("ibm_peekskill")
    one = data.rep_delay + data.gates["x", (0,)].length + data.qubits[0].readout_length
    assert outcome.execution_ns == pytest.approx(1000 * one * 1e9, rel=1e-6)
    assert outcome.qpu_seconds == pytest.approx(2 + 1000 * one, abs=1e-3)
    assert (outcome.circuits, outcome.shots) == (1, 1000)


def test_runner_transpiled_circuit_is_one_line_with_hardware_qubits() -> None:
    outcome = run("sampler", {"pubs": [[WALKTHROUGH, None, 10]]}, "ibm_peekskill", 1)
    assert outcome.transpiled == ['OPENQASM 3.0; include "stdgates.inc"; bit[1] c; x $0; c[0] = measure $0;']


@pytest.mark.parametrize(
    ("program", "values", "text"),
    [
        (ROTATION, None, "theta"),
        (ROTATION, {"phi": 1.0}, "no parameter 'phi'"),
        (ROTATION, [1.0, 2.0], "1 parameters"),
        (WALKTHROUGH, [1.0], "no parameters"),
        ("OPENQASM 3.0;\nfoo bar;", None, "line 2"),
        ("OPENQASM 2.0;\nqreg q[1]\n;x q[0];", None, "line 3"),
        (" ", None, "OpenQASM program"),
        ("AAAA", None, "QPY"),
    ],
)
def test_sampler_fails_malformed_pub_with_reason(program: str, values: object, text: str) -> None:
    outcome = run("sampler", {"pubs": [[program, values, 10]]}, "ibm_peekskill", 1)
    assert outcome.status == "Failed"
    assert text in str(outcome.reason)


def test_sampler_fails_unknown_device_and_too_many_shots_with_reason() -> None:
    assert "ibm_nowhere" in str(failed("sampler", {"pubs": [WALKTHROUGH]}, "ibm_nowhere").reason)
    assert "500000" in str(failed("sampler", {"pubs": [[WALKTHROUGH, None, 500001]]}).reason)
    many = {"pubs": [[ROTATION, [[0.1]] * 200, 60000]]}
    assert "12,000,000 executions" in str(failed("sampler", many).reason)


def test_sampler_refuses_kerneled_measurements() -> None:
    params = {"pubs": [WALKTHROUGH], "options": {"execution": {"meas_type": "kerneled"}}}
    assert "kerneled" in str(failed("sampler", params).reason)
