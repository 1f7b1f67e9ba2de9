"""Read a program of any OpenQASM into a circuit, and check one."""

from __future__ import annotations

import re
from typing import Final

from qiskit import QuantumCircuit

from tui.compiler.qiskit import openqasm2, openqasm3
from tui.compiler.qiskit.circuit_stats import measures, stats
from tui.compiler.qiskit.diagnostics import Unreadable, unreadable
from tui.domain.circuits import CheckReport
from tui.domain.openqasm import version_of

LONGEST_TEXT: Final = 8_000_000
_NOTHING: Final = re.compile(r"(?:\s+|//[^\n]*(?:\n|$)|/\*.*?\*/)*\Z", re.DOTALL)


def read(text: str) -> QuantumCircuit:
    """The circuit of an OpenQASM 2 or 3 program.

    Raises:
        Unreadable: Qiskit does not accept it.
    """
    if len(text) > LONGEST_TEXT:
        raise unreadable(f"The program is longer than {LONGEST_TEXT:,} characters.")
    if _NOTHING.match(text):
        raise unreadable("The program is empty.", 1, 1)
    version = version_of(text)
    if version == 2:
        return openqasm2.read(text)
    if version == 3:
        return openqasm3.read(text)
    line = text.count("\n", 0, text.index("OPENQASM")) + 1
    raise unreadable(f"There is no OpenQASM {version} here: 2 and 3 are read.", line, 1)


def check(text: str) -> CheckReport:
    """What Qiskit says of a program."""
    try:
        circuit = read(text)
    except Unreadable as error:
        return CheckReport(error.diagnostics)
    return CheckReport(
        (),
        stats(circuit),
        tuple(sorted(parameter.name for parameter in circuit.parameters)),
        measures=measures(circuit),
    )
