"""Meanings of gates: each of both included files has one, and its matrix is Qiskit's."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np
import pytest
from qiskit.circuit import Gate
from qiskit.quantum_info import Operator

from tui.compiler.qiskit.parser import read
from tui.openqasm.analysis.standard import BUILT_IN_2, BUILT_IN_3, QELIB1, STDGATES, Signature
from tui.openqasm.gates import MEANINGS, greek, signature_of

ANGLES = (0.3, 1.1, -2.5, 0.7)
GATES = [
    *((3, name, signature) for name, signature in {**STDGATES, **BUILT_IN_3}.items() if name != "gphase"),
    *((2, name, signature) for name, signature in {**QELIB1, **BUILT_IN_2}.items()),
]


def gate_of(version: int, name: str, signature: Signature) -> Gate:
    angles = "2" if name == "u0" else ", ".join(map(str, ANGLES[: len(signature.parameters)]))
    operands = ", ".join(f"q[{place}]" for place in range(len(signature.qubits)))
    width = len(signature.qubits)
    head = 'OPENQASM 3.0; include "stdgates.inc"; qubit' if version == 3 else ""
    head = f"{head}[{width}] q; " if head else f'OPENQASM 2.0; include "qelib1.inc"; qreg q[{width}]; '
    (instruction,) = read(f"{head}{name}{f'({angles})' if angles else ''} {operands};").data
    return instruction.operation


def value(expression: str, letters: Mapping[str, float]) -> complex:
    """The number that an entry of a matrix means."""
    text = expression.replace("·", "*").replace("√2", "sqrt(2)").replace("π", "pi")
    text = re.sub(r"(?<![a-z])i(?=[(λφθγp])", "1j*", text)
    text = re.sub(r"(?<![a-z0-9])i(?![a-z])", "1j", text)
    names = {"exp": np.exp, "sin": np.sin, "cos": np.cos, "sqrt": np.sqrt, "pi": np.pi}
    return complex(eval(text, {"__builtins__": {}}, {**names, **letters}))


@pytest.mark.parametrize(("version", "name", "signature"), GATES, ids=lambda one: str(one)[:12])
def test_matrix_of_a_gate_is_qiskits(version: int, name: str, signature: Signature) -> None:
    gate = gate_of(version, name, signature)
    meaning = MEANINGS[name]
    assert meaning.summary.endswith(".") and len(meaning.summary) <= 90
    shown = signature_of(name)
    assert shown is not None and len(shown.parameters) == len(signature.parameters)
    if not meaning.matrix:
        assert name in ("rccx", "rc3x")
        return
    letters = dict(zip(map(greek, shown.parameters), ANGLES, strict=False))
    inner = np.array([[value(entry, letters) for entry in row] for row in meaning.matrix])
    expected = np.eye(2**gate.num_qubits, dtype=complex)
    expected[-len(inner) :, -len(inner) :] = inner
    assert len(inner) == 2 ** (gate.num_qubits - meaning.controls)
    np.testing.assert_allclose(Operator(gate).reverse_qargs().data, expected, atol=1e-12)


def test_every_gate_that_is_known_has_a_meaning() -> None:
    assert set(MEANINGS) == set(STDGATES) | set(QELIB1) | set(BUILT_IN_2) | set(BUILT_IN_3)
