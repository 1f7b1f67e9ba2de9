"""Programs and helpers of the tests of the simulator."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from tui.sandbox.simulator.base.values import RunOutcome
from tui.sandbox.simulator.runner import run

HEADER = 'OPENQASM 3.0; include "stdgates.inc"; '
ECR = "gate ecr _gate_q_0, _gate_q_1 { s _gate_q_0; sx _gate_q_1; cx _gate_q_0, _gate_q_1; x _gate_q_0; } "
WALKTHROUGH = 'OPENQASM 3; include "stdgates.inc"; qreg q[1]; creg c[1]; x q[0]; c[0] = measure q[0];'
BELL = 'OPENQASM 3; include "stdgates.inc"; qreg q[2]; creg c[2]; h q[0]; cx q[0], q[1]; c = measure q;'
# As transpiled for ibm_peekskill, on two of its better qubits.
BELL_PEEKSKILL = (
    HEADER + ECR + "bit[2] c; rz(pi/2) $15; sx $15; rz(-pi) $18; sx $18; rz(-pi) $18; ecr $15, $18;"
    " x $15; c[0] = measure $15; c[1] = measure $18;"
)
ROTATION = HEADER + "input float theta; bit[1] c; sx $3; rz(theta) $3; sx $3; c[0] = measure $3;"


def completed(
    program: str, params: dict[str, Any], device: str = "ibm_peekskill", seed: int | None = 1
) -> Any:
    """Run a job that must work; its results body."""
    outcome = run(program, params, device, seed)
    assert outcome.status == "Completed", outcome.reason
    assert outcome.result is not None
    return json.loads(outcome.result)


def failed(program: str, params: dict[str, Any], device: str = "ibm_peekskill") -> RunOutcome:
    """Run a job that must fail, in words."""
    outcome = run(program, params, device, 1)
    assert outcome.status == "Failed"
    assert outcome.result is None
    assert outcome.reason and "Traceback" not in outcome.reason
    assert outcome.reason in outcome.logs
    return outcome


def counts(body: Any, pub: int = 0, register: str = "c") -> Counter[str]:
    """How often each hexadecimal sample came, of a plain result without parameter sets."""
    return Counter(body["results"][pub]["data"][register]["samples"])


def share(body: Any, *values: str, pub: int = 0, register: str = "c") -> float:
    """The share of the shots that gave one of `values`."""
    found = counts(body, pub, register)
    return sum(found[value] for value in values) / found.total()
