"""Transpiling for devices and coupling maps, from and to OpenQASM 2, OpenQASM 3 and QPY."""

from __future__ import annotations

import base64
import io
from typing import Any

import pytest
from qiskit import QuantumCircuit, qpy
from qiskit.quantum_info import Operator

from tests.sandbox.simulator.programs import BELL, WALKTHROUGH, completed, share
from tui.sandbox.simulator.base.calibration import target
from tui.sandbox.simulator.base.values import EngineError, TranspileRequest
from tui.sandbox.simulator.circuits.loader import load_circuit
from tui.sandbox.simulator.primitives.pubs import check_isa
from tui.sandbox.simulator.transpile import transpile_all

QASM2 = 'OPENQASM 2.0; include "qelib1.inc"; qreg q[2]; creg c[2]; h q[0]; cx q[0],q[1]; measure q -> c;'


@pytest.mark.parametrize("device", ["ibm_peekskill", "ibm_cusco", "ibm_fez"])
@pytest.mark.parametrize("level", [0, 3])
def test_transpile_result_passes_isa_check_and_runs(device: str, level: int) -> None:
    programs = [WALKTHROUGH, BELL]
    done = transpile_all(TranspileRequest(qasm=programs, device=device, optimization_level=level))
    assert len(done) == 2
    for circuit in done:
        assert circuit.qasm is not None
        assert "\n" not in circuit.qasm
        assert "$" in circuit.qasm
        check_isa(load_circuit(circuit.qasm).circuit, target(device), device)
        assert sorted(circuit.initial) == sorted(circuit.final) == list(range(target(device).num_qubits))
    if level == 3:
        body = completed("sampler", {"pubs": [[done[1].qasm, None, 1000]]}, device)
        assert share(body, "0x0", "0x3") > 0.9


def test_transpile_layout_has_initial_and_final_qubits() -> None:
    program = 'OPENQASM 3; include "stdgates.inc"; qubit[5] q; x q[0];' + "".join(
        f" cx q[{first}], q[{second}];" for first in range(5) for second in range(5) if first != second
    )
    (done,) = transpile_all(
        TranspileRequest(qasm=[program], device="ibm_peekskill", options={"seed_transpiler": 4})
    )
    assert done.initial[:5] != done.final[:5], "the example should need swaps"
    before = load_circuit(program).circuit
    after = load_circuit(done.qasm).circuit
    used = sorted({after.find_bit(q).index for i in after.data for q in i.qubits} | set(done.initial[:5]))
    small: Any = QuantumCircuit(len(used))
    for instruction in after.data:
        small.append(
            instruction.operation,
            [used.index(after.find_bit(qubit).index) for qubit in instruction.qubits],
        )
    # Qubits that carry nothing start and end at 0, so the whole is compared on the state from 0.
    expected = Operator(before).data[:, 0]
    found = Operator(small).data[:, 0].reshape([2] * len(used))
    wanted = [used.index(qubit) for qubit in done.final[:5]]
    rest = [place for place in range(len(used)) if place not in wanted]
    axes = [len(used) - 1 - place for place in [*reversed(wanted)]]
    state = found.transpose(*(len(used) - 1 - place for place in rest), *axes).reshape(2 ** len(rest), 32)[0]
    assert abs(abs(expected.conj() @ state) - 1) < 1e-6


def test_transpile_answers_openqasm_2_with_openqasm_2() -> None:
    (done,) = transpile_all(TranspileRequest(qasm=[QASM2], device="ibm_peekskill"))
    assert done.qasm is not None
    assert done.qasm.startswith("OPENQASM 2.0;")
    check_isa(load_circuit(done.qasm).circuit, target("ibm_peekskill"), "ibm_peekskill")


def test_transpile_reads_and_writes_qpy() -> None:
    circuits = [load_circuit(WALKTHROUGH).circuit, load_circuit(BELL).circuit]
    buffer = io.BytesIO()
    qpy.dump(circuits, buffer)
    request = TranspileRequest(qpy=base64.b64encode(buffer.getvalue()).decode(), device="ibm_fez")
    done = transpile_all(request)
    assert len(done) == 2
    (back,) = qpy.load(io.BytesIO(base64.b64decode(done[1].qpy or "")))
    assert back.count_ops()["cz"] == 1


def test_transpile_prefers_coupling_map_to_device() -> None:
    request = TranspileRequest(
        qasm=[BELL], device="ibm_fez", coupling_map=[(0, 1), (1, 0), (1, 2), (2, 1)], optimization_level=1
    )
    (done,) = transpile_all(request)
    assert len(done.initial) == 3


def test_transpile_uses_fractional_gates_only_when_asked() -> None:
    program = 'OPENQASM 3; include "stdgates.inc"; qubit[1] q; rx(0.3) q[0];'
    for asked in (True, False):
        (done,) = transpile_all(
            TranspileRequest(qasm=[program], device="ibm_fez", use_fractional_gates=asked)
        )
        assert ("rx(" in str(done.qasm)) is asked


@pytest.mark.parametrize(
    ("request_", "text"),
    [
        (TranspileRequest(qasm=[BELL], device="ibm_nowhere"), "ibm_nowhere"),
        (TranspileRequest(qasm=[BELL]), "backend or a coupling map"),
        (TranspileRequest(device="ibm_fez"), "no circuit"),
        (TranspileRequest(qasm=[BELL], device="ibm_fez", ai="true"), "not available"),
        (TranspileRequest(qasm=[BELL], device="ibm_fez", optimization_level=7), "optimization_level"),
        (TranspileRequest(qasm=[BELL], device="ibm_fez", options={"speed": 9}), "'speed'"),
        (TranspileRequest(qasm=[BELL], device="ibm_fez", options={"layout_method": "no"}), "no"),
        (TranspileRequest(qasm=["OPENQASM 3;\nx q;"], device="ibm_fez"), "line 2"),
        (TranspileRequest(qpy="AAAA", device="ibm_fez"), "QPY"),
    ],
)
def test_transpile_raises_with_reason(request_: TranspileRequest, text: str) -> None:
    with pytest.raises(EngineError, match=text):
        transpile_all(request_)


def test_transpile_discards_optimization_level_of_options() -> None:
    request = TranspileRequest(qasm=[BELL], device="ibm_fez", options={"optimization_level": 99})
    assert transpile_all(request)
