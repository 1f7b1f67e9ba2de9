"""Names that need no declaration: gates of the included files, types, functions, keywords."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple


class Signature(NamedTuple):
    """Names of the parameters and of the qubits of a gate, in order."""

    parameters: tuple[str, ...]
    qubits: tuple[str, ...]


def _signatures(table: str) -> dict[str, Signature]:
    """Read `names(parameters) qubits; ...`: several gates with one signature are separated by blanks."""
    made: dict[str, Signature] = {}
    for entry in table.split(";"):
        names, _, rest = entry.strip().partition("(")
        parameters, _, qubits = rest.partition(")")
        signature = Signature(tuple(parameters.split()), tuple(qubits.split()))
        made |= dict.fromkeys(names.split(), signature)
    return made


STDGATES: Final[Mapping[str, Signature]] = _signatures(
    "x y z h s sdg t tdg sx id() a; p phase u1(lambda) a; rx ry(theta) a; rz(lambda) a; u2(phi lambda) a;"
    "u3(theta phi lambda) a; cx cy cz ch CX swap() a b; cp cphase(lambda) a b; crx cry crz(theta) a b;"
    "cu(theta phi lambda gamma) a b; ccx cswap() a b c"
)
"""Gates of `stdgates.inc` (OpenQASM 3.0, appendix A)."""
QELIB1: Final[Mapping[str, Signature]] = _signatures(
    "x y z h s sdg t tdg sx sxdg id() a; p u1(lambda) a; u0(gamma) a; rx ry(theta) a; rz(phi) a;"
    "u2(phi lambda) a; u3 u(theta phi lambda) a; cx cy cz ch csx swap() a b; crx cry crz cp cu1(lambda) a b;"
    "cu3(theta phi lambda) a b; cu(theta phi lambda gamma) a b; rxx rzz(theta) a b; ccx cswap rccx() a b c;"
    "rc3x c3x c3sqrtx() a b c d; c4x() a b c d e"
)
"""Gates of `qelib1.inc`, as Qiskit has it."""
BUILT_IN_3: Final[Mapping[str, Signature]] = _signatures("U(theta phi lambda) a; gphase(gamma) ")
"""Gates that OpenQASM 3 has without an included file; `gphase` acts on no qubit."""
BUILT_IN_2: Final[Mapping[str, Signature]] = _signatures("U(theta phi lambda) a; CX() a b")
"""Gates that OpenQASM 2 has without an included file."""
HARDWARE_INSTRUCTIONS: Final[Mapping[str, str]] = {
    "measure_2": "a second kind of measurement of some devices. OpenQASM has no word for it: write measure.",
    "measure_reset": (
        "a measurement of some devices that leaves its qubit in state 0."
        " In OpenQASM: c[0] = measure q[0]; reset q[0];"
    ),
    "store": "Qiskit's word for an assignment. In OpenQASM: c[0] = c[1];",
}
"""Instructions of devices that OpenQASM has no statement for, with what each is and what to write."""
INCLUDES: Final[Mapping[str, Mapping[str, Signature]]] = {"stdgates.inc": STDGATES, "qelib1.inc": QELIB1}


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


TYPES: Final = _words("qubit bit int uint float angle bool complex duration stretch array qreg creg")
"""Words that a declaration begins with."""
CONSTANTS: Final = _words("pi π tau τ euler ℇ")
FUNCTIONS_3: Final = _words(
    "arccos arcsin arctan ceiling cos exp floor log mod popcount pow rotl rotr sin sqrt tan real imag"
    " sizeof durationof"
)
FUNCTIONS_2: Final = _words("sin cos tan exp ln sqrt")
MODIFIERS: Final = _words("ctrl negctrl inv pow")
"""Words that change the gate behind the `@` after them."""
KEYWORDS_3: Final = _words(
    "OPENQASM include defcalgrammar def cal defcal gate extern box let break continue if else end return for"
    " while in switch case default pragma input output const readonly mutable barrier measure reset delay nop"
    " gphase inv pow ctrl negctrl void true false durationof im"
)
KEYWORDS_2: Final = _words("OPENQASM include gate opaque barrier measure reset if")


def built_in(version: int) -> Mapping[str, Signature]:
    """Return the gates that a program of OpenQASM 2 or 3 has without an included file."""
    return BUILT_IN_2 if version == 2 else BUILT_IN_3
