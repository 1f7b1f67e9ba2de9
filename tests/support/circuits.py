"""Circuits and what Qiskit makes of them, as values: recorded once, for tests that need no Qiskit."""

from __future__ import annotations

import math

from tui.domain.circuits import Candidate, CircuitStats, StageLosses, TranspileOptions
from tui.domain.views.diagram import CircuitDiagram, Symbol, Wire
from tui.domain.views.timeline import CircuitTimeline, TimelineOperation

BELL = """OPENQASM 3.0;
include "stdgates.inc";
qubit[2] q;
bit[2] c;
h q[0];
cx q[0], q[1];
c = measure q;
"""
BELL_ISA = """OPENQASM 3.0;
include "stdgates.inc";
bit[2] c;
rz(pi/2) $14;
sx $14;
rz(pi/2) $14;
cx $14, $13;
c[0] = measure $14;
c[1] = measure $13;
"""
BELL_TIMELINE = CircuitTimeline(
    1.6,
    (
        TimelineOperation("rz", (14,), 0.0, 0.0, 4),
        TimelineOperation("sx", (14,), 0.0, 0.1, 5),
        TimelineOperation("rz", (14,), 0.1, 0.0, 6),
        TimelineOperation("cx", (14, 13), 0.1, 0.5, 7),
        TimelineOperation("measure", (13,), 0.6, 0.8, 9),
        TimelineOperation("measure", (14,), 0.8, 0.8, 8),
    ),
    ((13, 0.0), (14, 0.2)),
)
BELL_DIAGRAM = CircuitDiagram(
    (Wire("q[0]", "q"), Wire("q[1]", "q", 1)),
    4,
    (
        Symbol(0, (0,), ("H",), 5),
        Symbol(1, (0, 1), ("●", "⊕"), 6),
        Symbol(2, (0,), ("M→c0",), 7),
        Symbol(2, (1,), ("M→c1",), 7),
    ),
)
BELL_ISA_DIAGRAM = CircuitDiagram(
    (Wire("1→13", qubit=13), Wire("0→14", qubit=14)),
    5,
    (
        Symbol(0, (1,), ("Rz(π/2)",), 4),
        Symbol(1, (1,), ("√X",), 5),
        Symbol(2, (1,), ("Rz(π/2)",), 6),
        Symbol(3, (0, 1), ("⊕", "●"), 7),
        Symbol(4, (1,), ("M→c0",), 8),
        Symbol(4, (0,), ("M→c1",), 9),
    ),
)
BELL_STATS = CircuitStats(2, 2, 4, 3, 1, 1, {"h": 1, "cx": 1, "measure": 2})


def bell_candidate(
    *,
    level: int = 1,
    where: str = "local",
    measures: bool = True,
    duration_us: float | None = 1.6,
    backend: str = "ibm_peekskill",
    rep_delay_us: float | None = None,
) -> Candidate:
    """The Bell pair transpiled for the 27 qubits of ibm_peekskill."""
    after = CircuitStats(27, 2, 6, 5, 1, 1, {"rz": 2, "sx": 1, "cx": 1, "measure": 2})
    return Candidate(
        backend=backend,
        qasm=BELL_ISA,
        options=TranspileOptions(level, None, where == "cloud"),
        before=BELL_STATS,
        after=after,
        layout=(14, 13),
        final_layout=(14, 13),
        width=27,
        seconds=0.12,
        where=where,
        measures=measures,
        estimated_success=0.972,
        estimated_success_idle=0.968,
        idle_us=0.8,
        used=(13, 14),
        stages=StageLosses(synthesis=0.007, basis=0.001, routing=-0.002, readout=-math.log(0.972) - 0.006),
        duration_us=duration_us,
        rep_delay_us=rep_delay_us,
    )
