"""What the gates of OpenQASM and of its included files mean: a sentence and a matrix each.

A state is named with the first qubit at the left. Matrices are those of Qiskit: a test holds them to it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

from tui.openqasm.analysis.declarations import SymbolKind
from tui.openqasm.analysis.standard import BUILT_IN_2, BUILT_IN_3, QELIB1, STDGATES, Signature
from tui.openqasm.analysis.symbols import SymbolTable


class GateMeaning(NamedTuple):
    """What a gate does.

    Attributes:
        summary: a sentence.
        matrix: rows of expressions, of what is done to the last qubits; empty for a gate that is told by what
            it is made of.
        controls: so many qubits before them have to be 1.
    """

    summary: str
    matrix: tuple[tuple[str, ...], ...]
    controls: int = 0


# name | controls | summary | matrix: rows with ";" between, entries with blanks
_TABLE: Final = """
id|0|Does nothing.|1 0; 0 1
x|0|Flips the qubit: 0 becomes 1, 1 becomes 0.|0 1; 1 0
y|0|Half a turn about the Y axis: flips bit and phase.|0 -i; i 0
z|0|Turns the sign of 1.|1 0; 0 -1
h|0|Hadamard: makes an equal mix of 0 and 1 of either.|1/√2 1/√2; 1/√2 -1/√2
s|0|A quarter turn about the Z axis: the square root of z.|1 0; 0 i
sdg|0|Undoes s.|1 0; 0 -i
t|0|An eighth of a turn about the Z axis: the square root of s.|1 0; 0 exp(iπ/4)
tdg|0|Undoes t.|1 0; 0 exp(-iπ/4)
sx|0|The square root of x.|(1+i)/2 (1-i)/2; (1-i)/2 (1+i)/2
sxdg|0|Undoes sx.|(1-i)/2 (1+i)/2; (1+i)/2 (1-i)/2
p phase u1|0|Turns the phase of 1 by λ.|1 0; 0 exp(iλ)
u0|0|Waits as long as γ gates take; does nothing.|1 0; 0 1
rx|0|Turns by θ about the X axis.|cos(θ/2) -i·sin(θ/2); -i·sin(θ/2) cos(θ/2)
ry|0|Turns by θ about the Y axis.|cos(θ/2) -sin(θ/2); sin(θ/2) cos(θ/2)
rz|0|Turns by λ about the Z axis.|exp(-iλ/2) 0; 0 exp(iλ/2)
u2|0|From a pole to the equator: u3 with θ = π/2.|1/√2 -exp(iλ)/√2; exp(iφ)/√2 exp(i(φ+λ))/√2
u3 u U|0|Any gate on one qubit.|cos(θ/2) -exp(iλ)·sin(θ/2); exp(iφ)·sin(θ/2) exp(i(φ+λ))·cos(θ/2)
gphase|0|Turns the phase of the whole state by γ, which shows only under control.|exp(iγ)
cx CX|1|Flips b where a is 1: makes entanglement.|0 1; 1 0
cy|1|y on b where a is 1.|0 -i; i 0
cz|1|Turns the sign where both are 1.|1 0; 0 -1
ch|1|h on b where a is 1.|1/√2 1/√2; 1/√2 -1/√2
csx|1|sx on b where a is 1.|(1+i)/2 (1-i)/2; (1-i)/2 (1+i)/2
cp cphase cu1|1|Turns the phase by λ where both are 1.|1 0; 0 exp(iλ)
crx|1|rx on b where a is 1.|cos(θ/2) -i·sin(θ/2); -i·sin(θ/2) cos(θ/2)
cry|1|ry on b where a is 1.|cos(θ/2) -sin(θ/2); sin(θ/2) cos(θ/2)
crz|1|rz on b where a is 1.|exp(-iθ/2) 0; 0 exp(iθ/2)
cu3|1|u3 on b where a is 1.|cos(θ/2) -exp(iλ)·sin(θ/2); exp(iφ)·sin(θ/2) exp(i(φ+λ))·cos(θ/2)
cu|1|u3 on b, and a phase of γ, where a is 1.|exp(iγ)·cos(θ/2) -exp(i(γ+λ))·sin(θ/2); \
exp(i(γ+φ))·sin(θ/2) exp(i(γ+φ+λ))·cos(θ/2)
swap|0|Exchanges two qubits.|1 0 0 0; 0 0 1 0; 0 1 0 0; 0 0 0 1
rxx|0|Turns by θ about XX: couples two qubits.|cos(θ/2) 0 0 -i·sin(θ/2); 0 cos(θ/2) -i·sin(θ/2) 0; \
0 -i·sin(θ/2) cos(θ/2) 0; -i·sin(θ/2) 0 0 cos(θ/2)
rzz|0|Turns the phase by -θ/2 where two qubits agree, by θ/2 where they differ.|\
exp(-iθ/2) 0 0 0; 0 exp(iθ/2) 0 0; 0 0 exp(iθ/2) 0; 0 0 0 exp(-iθ/2)
ccx|2|Toffoli: flips c where a and b are 1.|0 1; 1 0
cswap|1|Fredkin: exchanges b and c where a is 1.|1 0 0 0; 0 0 1 0; 0 1 0 0; 0 0 0 1
c3x|3|Flips d where a, b and c are 1.|0 1; 1 0
c3sqrtx|3|sx on d where a, b and c are 1.|(1+i)/2 (1-i)/2; (1-i)/2 (1+i)/2
c4x|4|Flips e where a, b, c and d are 1.|0 1; 1 0
rccx|0|Like ccx but for the phases of some states, with half of its gates.|
rc3x|0|Like c3x but for the phases of some states, with fewer gates.|
"""
_STATEMENT: Final = re.compile(r"[^;{}]*+")
_PHYSICAL: Final = re.compile(r"\$(\d{1,6})(?!\d)")
_HEADS: Final = ('OPENQASM 2.0;\ninclude "qelib1.inc";\n', 'OPENQASM 3.0;\ninclude "stdgates.inc";\n')
_GREEK: Final = {"theta": "θ", "phi": "φ", "lambda": "λ", "gamma": "γ"}


def _meanings() -> dict[str, GateMeaning]:
    found: dict[str, GateMeaning] = {}
    for entry in _TABLE.strip().split("\n"):
        names, controls, summary, matrix = entry.split("|")
        rows = tuple(tuple(row.split()) for row in matrix.split(";") if row.strip())
        found |= dict.fromkeys(names.split(), GateMeaning(summary, rows, int(controls)))
    return found


MEANINGS: Final[Mapping[str, GateMeaning]] = _meanings()


def signature_of(gate: str) -> Signature | None:
    """Return the signature of a gate of either version, with the names of OpenQASM 3 where that has it.

    Returns:
        The signature; `None` for a name that no included file has.
    """
    files = (STDGATES, QELIB1, BUILT_IN_3, BUILT_IN_2)
    return next((file[gate] for file in files if gate in file), None)


def greek(name: str) -> str:
    """Return the letter that stands in matrices for a parameter's name."""
    return _GREEK.get(name, name)


class GateAtCursor(NamedTuple):
    """A gate that is named in a program.

    Attributes:
        name: its name.
        signature: names of its parameters and qubits.
        line: where the program declares it, from 1; 0: it comes with an included file.
        qubits: numbers of the physical qubits that it is applied to there; empty: none.
        program: one that applies it last, for Qiskit.
    """

    name: str
    signature: Signature
    line: int = 0
    qubits: tuple[int, ...] = ()
    program: str = ""


def gate_at(table: SymbolTable, offset: int) -> GateAtCursor | None:
    """Return the gate whose name touches an offset of a program; `None` where there is none."""
    place = table.word(offset)
    if place is None:
        return None
    name = table.bare[slice(*place)]
    found = gate_called(table, name, place[0])
    if found is None:
        return None
    statement = _STATEMENT.match(table.bare, place[1])
    numbers = tuple(map(int, _PHYSICAL.findall(statement[0]))) if statement is not None else ()
    return found._replace(qubits=numbers if len(numbers) == len(found.signature.qubits) else ())


def gate_called(table: SymbolTable, name: str, offset: int) -> GateAtCursor | None:
    """Return a gate by its name, as it is known at an offset of a program; `None` where it is not."""
    symbol = table.resolve(name, offset, later=True)
    if symbol is None:
        known = signature_of(name) if table.signature(name, offset) or name in MEANINGS else None
        return GateAtCursor(name, known, program=_program(name, known, "")) if known is not None else None
    if symbol.kind is not SymbolKind.GATE:
        return None
    signature = Signature(symbol.parameters, symbol.operands)
    line = table.location(symbol.start)[0] + 1
    return GateAtCursor(name, signature, line, program=_program(name, signature, _gates_of(table)))


def _gates_of(table: SymbolTable) -> str:
    """The program without all but its included files and definitions of gates."""
    heads = {one.statement[0] for one in table.symbols if one.kind is SymbolKind.GATE}
    blocks = [scope for scope in table.scopes if scope.kind == "gate" and scope.head in heads]
    includes = "".join(f'include "{name}";\n' for name in table.includes)
    bodies = "".join(f"{table.bare[scope.head : scope.end]}\n" for scope in blocks)
    return f"OPENQASM {table.version}.0;\n{includes}{bodies}"


def _program(name: str, signature: Signature, head: str) -> str:
    """A program that applies a gate last, with numbers for its parameters."""
    if not head:
        in_3 = name in STDGATES or name in BUILT_IN_3
        head = _HEADS[in_3]
    old = head.startswith("OPENQASM 2")
    width = max(1, len(signature.qubits))
    angles = ", ".join("1" for _ in signature.parameters)
    operands = ", ".join(f"q[{place}]" for place in range(len(signature.qubits)))
    register = f"qreg q[{width}];" if old else f"qubit[{width}] q;"
    return f"{head}{register}\n{name}{angles and f'({angles})'} {operands};\n"
