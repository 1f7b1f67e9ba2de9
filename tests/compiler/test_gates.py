"""What a gate is made of, and what becomes of it on a device, with error and duration."""

from __future__ import annotations

from statistics import median

import pytest
from qiskit.transpiler import Target

from tests.support.devices import recorded_data
from tui.compiler.messages import DescribeGate
from tui.compiler.qiskit.circuit_summary import NotPossible
from tui.compiler.qiskit.language.gates import describe_gate
from tui.qiskit_common.target import build_target

HEAD = 'OPENQASM 3.0; include "stdgates.inc"; gate pair(theta) x, y { rx(theta) x; cx x, y; } qubit[3] q; '


@pytest.fixture(scope="module")
def fez() -> Target:
    data = recorded_data("ibm_fez")
    return build_target(data.name, data.configuration, data.properties)


def test_gate_becomes_the_devices_gates_with_the_medians_of_their_errors(fez: Target) -> None:
    facts = describe_gate(DescribeGate(f"{HEAD} cx q[0], q[1];", (), ("a", "b")), fez)
    assert facts.becomes == (
        "rz(pi/2) b;", "sx b;", "rz(pi/2) b;", "cz a, b;", "rz(pi/2) b;", "sx b;", "rz(pi/2) b;",
    )  # fmt: skip
    assert facts.two_qubit_gates == 1 and not facts.native and facts.coupled
    errors = {
        name: median(one.error for one in fez[name].values() if one.error < 1) for name in ("cz", "sx", "rz")
    }
    kept = (1 - errors["cz"]) * (1 - errors["sx"]) ** 2 * (1 - errors["rz"]) ** 4
    assert facts.error == pytest.approx(1 - kept)
    durations = {name: median(one.duration for one in fez[name].values()) for name in ("cz", "sx")}
    assert facts.duration_s == pytest.approx(durations["cz"] + 2 * durations["sx"])
    assert [row[-2:] for row in facts.matrix[2:]] == [("0", "1"), ("1", "0")]


def test_gate_on_hardware_qubits_has_their_figures(fez: Target) -> None:
    here = next(iter(fez["cz"]))
    facts = describe_gate(DescribeGate(f"{HEAD} cz q[0], q[1];", (), ("a", "b"), qubits=here), fez)
    assert facts.native and facts.error == pytest.approx(fez["cz"][here].error)
    apart = describe_gate(DescribeGate(f"{HEAD} cz q[0], q[1];", (), ("a", "b"), qubits=(0, 100)), fez)
    assert not apart.coupled and apart.error is None


def test_parameters_stand_as_symbols(fez: Target) -> None:
    facts = describe_gate(DescribeGate(f"{HEAD} cp(0.1) q[0], q[1];", ("lambda",), ("a", "b")), fez)
    assert facts.symbolic
    assert facts.definition[:3] == ("p(lambda/2) a;", "cx a, b;", "p(-lambda/2) b;")
    assert "rz(lambda/2) a;" in facts.becomes


def test_gate_of_the_program_is_described_too(fez: Target) -> None:
    facts = describe_gate(DescribeGate(f"{HEAD} pair(pi/2) q[2], q[0];", ("theta",), ("x", "y")), fez)
    assert facts.definition[-1] == "cx x, y;"
    assert facts.becomes and facts.two_qubit_gates == 1


def test_gate_without_a_device_has_definition_and_matrix() -> None:
    facts = describe_gate(DescribeGate(f"{HEAD} s q[0];", (), ("a",)), None)
    assert facts.definition == ("p(pi/2) a;",) and facts.matrix == (("1", "0"), ("0", "i"))
    assert not facts.becomes and facts.error is None
    with pytest.raises(NotPossible):
        describe_gate(DescribeGate(f"{HEAD} reset q[0];", (), ("a",)), None)
