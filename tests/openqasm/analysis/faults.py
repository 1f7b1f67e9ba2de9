"""Planted faults, one a program, with the place and words that every analysis is held to."""

from __future__ import annotations

from typing import Final, NamedTuple

V3: Final = 'OPENQASM 3.0;\ninclude "stdgates.inc";\nqubit[3] q;\nbit[3] c;\n'
V2: Final = 'OPENQASM 2.0;\ninclude "qelib1.inc";\nqreg q[3];\ncreg c[3];\n'


class Fault(NamedTuple):
    """A program with one fault: its line and column, words of the message, what is suggested."""

    name: str
    text: str
    line: int
    column: int
    says: str
    suggestion: str = ""


FAULTS: Final = (
    Fault("missing semicolon", V3 + "h q[0]\ncx q[0], q[1];\n", 5, 7, "';' is missing", ";"),
    Fault("unknown gate", V3 + "h q[0];\ncxx q[0], q[1];\n", 6, 1, "Did you mean `cx`?", "cx"),
    Fault("wrong arity", V3 + "cx q[0];\n", 5, 1, "cx acts on 2 qubits, not on 1: cx a, b."),
    Fault("undeclared qubit", V3 + "h r[0];\n", 5, 3, "There is no r: it is not declared.", "q"),
    Fault(
        "index out of range", V3 + "h q[3];\n", 5, 5, "q[3] does not exist: q has the qubits q[0] to q[2]."
    ),
    Fault(
        "missing include", "OPENQASM 3.0;\nqubit q;\nh q;\n", 1, 14, 'include "stdgates.inc"; is missing here'
    ),
    Fault(
        "unclosed brace", V3 + "if (c[0]) {\n  x q[0];\nh q[1];\n", 6, 10, "a '}' is missing after this line"
    ),
    Fault("name taken", V3 + "bit q;\n", 5, 5, "The name q is taken: it is declared on line 3."),
    Fault("duplicate qubit", V3 + "cx q[0], q[0];\n", 5, 4, "cx uses q[0] twice."),
    Fault("wrong type", V3 + 'rx("fast") q[0];\n', 5, 4, "a number is needed"),
    Fault("gate on bits", V3 + "h c[0];\n", 5, 3, "c is a register of bits: a gate acts on qubits."),
    Fault(
        "wrong bit width", V3 + "bit[2] d;\nd = measure q;\n", 6, 1, "3 qubits cannot be measured into 2 bits"
    ),
    Fault("OpenQASM 2 in 3", V3 + 'include "qelib1.inc";\n', 5, 9, "belongs to OpenQASM 2", '"stdgates.inc"'),
    Fault("OpenQASM 3 in 2", V2 + "qubit[2] r;\n", 5, 1, "`qubit` is OpenQASM 3"),
    Fault(
        "quote of a typesetter",
        "OPENQASM 3.0;\ninclude “stdgates.inc”;\nqubit q;\nh q;\n",
        2,
        9,
        'write "',
        '"',
    ),
    Fault("bad version", "OPENQASM 4.0;\nqubit q;\n", 1, 10, "There is no OpenQASM 4.0: write OPENQASM 3.0;"),
    Fault("undefined parameter", V3 + "rx(theta) q[0];\n", 5, 4, "There is no theta: it is not declared."),
    Fault("measured into a qubit", V3 + "q[0] = measure q[1];\n", 5, 1, "a measurement goes into bits"),
    Fault(
        "unterminated string", 'OPENQASM 3.0;\ninclude "stdgates.inc;\nqubit q;\nh q;\n', 2, 9, "does not end"
    ),
    Fault("unclosed parenthesis", V3 + "rx(pi q[0];\nh q[0];\n", 5, 3, "This '(' is not closed."),
    Fault("misspelt type", "OPENQASM 3.0;\nqbit[2] q;\n", 2, 1, "Did you mean `qubit`?", "qubit"),
)
"""Faults that the tests of each analysis go through."""
