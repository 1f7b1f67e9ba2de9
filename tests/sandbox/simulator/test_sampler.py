"""Sampler jobs: shots that look like the device's, in every form the service takes and gives."""

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
from tui.sandbox.simulator.primitives.runner import run


def test_a_bell_pair_is_mostly_00_and_11_with_a_few_misread() -> None:
    body = completed("sampler", {"pubs": [[BELL_PEEKSKILL, None, 4096]]})
    assert 0.96 < share(body, "0x0", "0x3") < 0.995
    assert 0.45 < share(body, "0x0") < 0.55
    assert body["results"][0]["data"]["c"]["num_bits"] == 2
    assert len(body["results"][0]["data"]["c"]["samples"]) == 4096


@pytest.mark.parametrize("device", ["ibm_peekskill", "ibm_fez"])
def test_the_walkthroughs_circuit_reads_1_as_often_as_the_qubit_allows(device: str) -> None:
    wrong = calibration(device).qubits[0].read_0_when_1
    ones = share(completed("sampler", {"pubs": [WALKTHROUGH], "shots": 8000}, device), "0x1")
    assert ones == pytest.approx(1 - wrong, abs=0.015)


def test_a_seed_gives_the_same_shots_again_and_no_seed_others() -> None:
    params: dict[str, Any] = {"pubs": [[HEADER + "bit[1] c; sx $0; c[0] = measure $0;", None, 200]]}
    first = completed("sampler", params, seed=7)
    assert completed("sampler", params, seed=7) == first
    assert completed("sampler", params, seed=8) != first
    assert completed("sampler", params, seed=None) != completed("sampler", params, seed=None)


def test_the_seed_of_the_options_counts_when_the_service_gives_none() -> None:
    params: dict[str, Any] = {
        "pubs": [[HEADER + "bit[1] c; sx $0; c[0] = measure $0;", None, 200]],
        "options": {"simulator": {"seed_simulator": 11}},
    }
    assert completed("sampler", params, seed=None) == completed("sampler", params, seed=None)


def test_shots_come_from_the_pub_then_the_job_then_the_options_then_4096() -> None:
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
def test_parameter_values_of_every_form_give_samples_of_their_shape(
    values: object, shape: tuple[int, ...]
) -> None:
    body = completed("sampler", {"pubs": [[ROTATION, values, 50]]})
    samples = body["results"][0]["data"]["c"]["samples"]
    found: list[int] = []
    while isinstance(samples, list):
        found.append(len(samples))
        samples = samples[0]
    assert found == [*shape, 50]


def test_a_parameter_value_reaches_its_gate() -> None:
    body = completed("sampler", {"pubs": [[ROTATION, {"theta": [0.0, math.pi]}, 500]]})
    flipped, kept = body["results"][0]["data"]["c"]["samples"]
    assert flipped.count("0x1") > 450
    assert kept.count("0x0") > 450


def test_registers_are_told_apart_by_name_and_measured_in_the_middle() -> None:
    program = HEADER + (
        "bit[1] Alice; bit b; x $1; Alice[0] = measure $1; if (Alice[0]) { x $4; } b = measure $4;"
    )
    body = completed("sampler", {"pubs": [[program, None, 500]]})
    assert share(body, "0x1", register="Alice") > 0.9
    assert share(body, "0x1", register="b") > 0.9


def test_a_qubit_relaxes_while_it_waits() -> None:
    t1 = calibration("ibm_peekskill").qubits[3].t1
    assert t1 is not None
    wait = f"delay[{t1 * 1e6:.3f}us] $3;"
    program = HEADER + f"bit[1] c; x $3; {wait} c[0] = measure $3;"
    ones = share(completed("sampler", {"pubs": [[program, None, 4000]]}), "0x1")
    assert ones == pytest.approx(math.exp(-1), abs=0.05)


def test_reset_brings_a_qubit_back_to_0() -> None:
    program = HEADER + "bit[1] c; x $3; reset $3; c[0] = measure $3;"
    assert share(completed("sampler", {"pubs": [[program, None, 500]]}), "0x0") > 0.9


def test_shots_keep_the_link_between_qubits_in_the_order_they_were_taken() -> None:
    body = completed("sampler", {"pubs": [[BELL_PEEKSKILL, None, 400]]})
    samples = body["results"][0]["data"]["c"]["samples"]
    halves = samples[:200].count("0x3"), samples[200:].count("0x3")
    assert min(halves) > 60


def test_qpu_time_is_the_published_estimate() -> None:
    outcome = run("sampler", {"pubs": [[WALKTHROUGH, None, 1000]]}, "ibm_peekskill", 1)
    data = calibration("ibm_peekskill")
    one = data.rep_delay + data.gates["x", (0,)].length + data.qubits[0].readout_length
    assert outcome.execution_ns == pytest.approx(1000 * one * 1e9, rel=1e-6)
    assert outcome.qpu_seconds == pytest.approx(2 + 1000 * one, abs=1e-3)
    assert (outcome.circuits, outcome.shots) == (1, 1000)


def test_the_circuit_as_run_names_hardware_qubits_on_one_line() -> None:
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
def test_what_is_wrong_with_a_pub_is_said_in_words(program: str, values: object, text: str) -> None:
    outcome = run("sampler", {"pubs": [[program, values, 10]]}, "ibm_peekskill", 1)
    assert outcome.status == "Failed"
    assert text in str(outcome.reason)


def test_an_unknown_device_and_too_many_shots_are_said_in_words() -> None:
    assert "ibm_nowhere" in str(failed("sampler", {"pubs": [WALKTHROUGH]}, "ibm_nowhere").reason)
    assert "500000" in str(failed("sampler", {"pubs": [[WALKTHROUGH, None, 500001]]}).reason)
    many = {"pubs": [[ROTATION, [[0.1]] * 100, 60000]]}
    assert "6,000,000 executions" in str(failed("sampler", many).reason)


def test_analog_measurements_are_refused_not_made_up() -> None:
    params = {"pubs": [WALKTHROUGH], "options": {"execution": {"meas_type": "kerneled"}}}
    assert "kerneled" in str(failed("sampler", params).reason)
