"""The circuits of the main job, and what right results of them look like on noisy devices."""

from __future__ import annotations

from collections.abc import Mapping

WALKTHROUGH = 'OPENQASM 3; include "stdgates.inc"; qreg q[1]; creg c[1]; x q[0]; c[0] = measure q[0];'
BELL = """OPENQASM 3.0;
include "stdgates.inc";
qubit[2] q;
bit[2] c;
h q[0];
cx q[0], q[1];
c = measure q;
"""


def assert_mostly_one(counts: Mapping[str, int]) -> None:
    """A qubit flipped by `x`: over 80 % ones, and the noise of a real device."""
    assert set(counts) <= {"0", "1"}
    assert counts["1"] > 0.8 * sum(counts.values()), counts


def assert_bell(counts: Mapping[str, int]) -> None:
    """A Bell pair: over 80 % equal bits, both kinds about as often."""
    total = sum(counts.values())
    equal = counts.get("00", 0) + counts.get("11", 0)
    assert equal > 0.8 * total, counts
    assert 0.3 * total < counts.get("00", 0) < 0.7 * total, counts
