"""Programs in the other version of OpenQASM: the same circuit, or refused in words."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from qiskit.quantum_info import Operator

from tui.compiler.qiskit.circuit_summary import NotPossible
from tui.compiler.qiskit.language.conversion import convert
from tui.compiler.qiskit.parser import read
from tui.domain.openqasm import version_of
from tui.openqasm.analysis.standard import QELIB1, STDGATES, Signature
from tui.openqasm.examples import Example, examples
from tui.openqasm.formatter import as_converted

HEAD3 = 'OPENQASM 3.0; include "stdgates.inc"; qubit[2] q; bit[2] c; '
CONVERTIBLE = [one for one in examples() if "input " not in one.text and "if (" not in one.text]


def unitary(program: str) -> Operator:
    return Operator(read(program).remove_final_measurements(inplace=False))


def every_gate(head: str, gates: Mapping[str, Signature]) -> str:
    """A program that applies each gate once; u0 takes whole numbers alone."""
    lines = [head]
    for name, (parameters, qubits) in gates.items():
        angles = ", ".join("2" if name == "u0" else f"0.{place}" for place, _ in enumerate(parameters, 1))
        operands = ", ".join(f"q[{place}]" for place, _ in enumerate(qubits))
        lines.append(f"{name}({angles}) {operands};" if parameters else f"{name} {operands};")
    return "\n".join(lines)


@pytest.mark.parametrize("example", CONVERTIBLE, ids=lambda example: example.name)
@pytest.mark.parametrize("version", [2, 3])
def test_converted_example_is_the_same_circuit(example: Example, version: int) -> None:
    converted = as_converted(example.text, convert(example.text, version))
    assert version_of(converted) == version
    assert unitary(converted).equiv(unitary(example.text))
    assert converted.startswith(example.text.partition("\n")[0]), "the comments at the beginning stay"


@pytest.mark.parametrize(
    "program",
    [
        every_gate('OPENQASM 2.0; include "qelib1.inc"; qreg q[5];', QELIB1),
        every_gate('OPENQASM 3.0; include "stdgates.inc"; qubit[5] q;', STDGATES),
        'OPENQASM 2.0; include "qelib1.inc"; qreg q[2]; creg c[2]; if (c == 2) x q[0]; measure q -> c;',
        HEAD3 + "if (c == 1) { x q[0]; } gate g(a) x { rx(a/2) x; } g(pi) q[0]; reset q; pow(2) @ s q[1];",
    ],
    ids=["qelib1.inc", "stdgates.inc", "condition in 2", "gates of its own"],
)
def test_program_comes_back_from_the_other_version(program: str) -> None:
    version = version_of(program)
    other = convert(program, 5 - version)
    assert version_of(other) == 5 - version
    names = [[one.name for one in read(text).data] for text in (program, other, convert(other, version))]
    for first, *rest in zip(*names, strict=True):
        # c4x is Qiskit's mcx, which becomes a gate of the program.
        assert all(name.startswith(first) for name in rest)


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        (HEAD3 + "if (c[0]) { x q[0]; }", "OpenQASM 2 only supports register-equality conditions"),
        (HEAD3 + "for int i in [0:1] { x q[0]; }", "OpenQASM 2 has no loops"),
        (HEAD3 + "delay[100ns] q[0];", "OpenQASM 2 has no delays"),
        ('OPENQASM 3.0; include "stdgates.inc"; input float a; qubit q; rx(a) q;', "no inputs such as a"),
        ('OPENQASM 3.0; include "stdgates.inc"; x $0;', "no hardware qubits"),
    ],
)
def test_what_openqasm_2_lacks_is_refused(program: str, reason: str) -> None:
    with pytest.raises(NotPossible, match=reason.replace("$", r"\$")):
        convert(program, 2)
