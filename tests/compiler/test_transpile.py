"""Transpiling in the real worker, for three recorded devices: right, ISA, and re-readable."""

from __future__ import annotations

import math
import re
from collections import Counter

import pytest
from qiskit import QuantumCircuit
from qiskit.quantum_info import Pauli, Statevector
from qiskit_aer import AerSimulator

from tests.compiler.devices import DEVICES, QUBITS, device
from tui.common.errors import ErrorKind, QdeckError
from tui.compiler.client import Compiler
from tui.compiler.messages import TargetData, Transpile
from tui.compiler.qiskit import transpile as module
from tui.compiler.qiskit.circuit_summary import NotPossible
from tui.compiler.qiskit.parser import read
from tui.domain.circuits import Candidate, TranspileOptions
from tui.domain.cloud_transpiler import CloudOptions
from tui.openqasm.examples import Example, examples
from tui.qiskit_common.target import build_target

pytestmark = pytest.mark.asyncio(loop_scope="package")

BELL = next(example.text for example in examples() if example.name == "bell")
SHOTS = 2_000


def ideal(circuit: QuantumCircuit) -> Counter[str]:
    """Counts of a run without noise; registers apart by blanks, the last one first."""
    plain = circuit.decompose(gates_to_decompose=["ecr", "mark", "diffuse"], reps=3)
    result = AerSimulator(method="statevector", seed_simulator=7).run(plain, shots=SHOTS).result()
    return Counter(result.get_counts())


def check_isa(candidate: Candidate, name: str) -> QuantumCircuit:
    """The circuit of a candidate, every instruction of which the device must know."""
    data = device(name)
    target = build_target(data.name, data.configuration, data.properties)
    circuit = read(candidate.qasm)
    todo = [circuit]
    while todo:
        for instruction in todo.pop().data:
            if instruction.is_control_flow():
                todo.extend(instruction.operation.blocks)
            elif instruction.name != "barrier" and circuit.num_qubits:
                assert instruction.name in target.operation_names
    for instruction in circuit.data:
        if instruction.name != "barrier" and not instruction.is_control_flow():
            places = tuple(circuit.find_bit(qubit).index for qubit in instruction.qubits)
            assert target.instruction_supported(instruction.name, places), (instruction.name, places)
    return circuit


@pytest.mark.parametrize("name", DEVICES)
@pytest.mark.parametrize("example", examples(), ids=lambda example: example.name)
async def test_transpile_every_example_for_every_device(warm: Compiler, example: Example, name: str) -> None:
    report = await warm.check(example.text)
    assert report.ok, report.diagnostics
    assert report.stats is not None
    candidate = await warm.transpile(example.text, device(name), TranspileOptions(2, seed=3))
    isa = check_isa(candidate, name)
    assert candidate.before == report.stats
    assert candidate.measures is report.measures
    assert candidate.width == candidate.after.qubits == QUBITS[name]
    assert len(set(candidate.layout)) == len(set(candidate.final_layout)) == report.stats.qubits
    assert candidate.estimated_success is not None and 0.2 < candidate.estimated_success < 1
    assert candidate.duration_us is not None and 0 < candidate.duration_us < 100
    assert candidate.estimated_success_idle is not None and candidate.idle_us is not None
    assert 0 < candidate.estimated_success_idle <= candidate.estimated_success and not candidate.at_most
    assert candidate.stages is not None
    assert candidate.stages.total == pytest.approx(-math.log(candidate.estimated_success), abs=1e-9)
    assert set(candidate.final_layout) <= {*candidate.used, *candidate.layout} and candidate.flags == ()
    assert {register.name for register in isa.cregs} == {
        register.name for register in read(example.text).cregs
    }
    assert "$" in candidate.qasm and "qubit[" not in candidate.qasm
    assert candidate.where == "local" and candidate.backend == f"ibm_{name}"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("x-gate", {"1": 1.0}),
        ("bell", {"00": 0.5, "11": 0.5}),
        ("bell-v2", {"00": 0.5, "11": 0.5}),
        ("ghz", {"00000": 0.5, "11111": 0.5}),
        ("grover", {"101": 0.945}),
        ("qft4", {"0000": 0.25, "0100": 0.25, "1000": 0.25, "1100": 0.25}),
        ("bernstein-vazirani", {"1011": 1.0}),
    ],
)
async def test_transpiled_examples_give_what_their_comments_say(
    warm: Compiler, name: str, expected: dict[str, float]
) -> None:
    text = next(example.text for example in examples() if example.name == name)
    isa = await warm.transpile(text, device("peekskill"), TranspileOptions(3, seed=1))
    for circuit in (read(text), read(isa.qasm)):
        counts = ideal(circuit)
        for bits, share in expected.items():
            assert counts[bits] / SHOTS == pytest.approx(share, abs=0.05)


async def test_transpiled_teleportation_delivers_the_state(warm: Compiler) -> None:
    text = next(example.text for example in examples() if example.name == "teleportation")
    isa = await warm.transpile(text, device("cusco"), TranspileOptions(1, seed=1))
    counts = ideal(read(isa.qasm))
    assert isa.qasm.count("if (") == 2
    delivered = sum(count for bits, count in counts.items() if bits.split()[0] == "1")
    assert delivered / SHOTS == pytest.approx(0.75, abs=0.05)


@pytest.mark.parametrize("level", range(4))
async def test_transpile_is_repeatable_with_a_seed(warm: Compiler, level: int) -> None:
    text = next(example.text for example in examples() if example.name == "qft4")
    options = TranspileOptions(level, seed=11)
    first, second = [await warm.transpile(text, device("peekskill"), options) for _ in range(2)]
    assert first.qasm == second.qasm and first.options == options
    assert first.after.two_qubit_gates >= 8


async def test_layout_of_observables_follows_the_qubits_through_routing(warm: Compiler) -> None:
    """Four qubits, all coupled, on a heavy-hex device: routing moves them."""
    text = 'OPENQASM 3.0; include "stdgates.inc"; qubit[4] q; bit[4] c; x q[2];' + "".join(
        f"cz q[{a}], q[{b}];" for a in range(4) for b in range(a)
    )
    done = await warm.transpile(text, device("peekskill"), TranspileOptions(1, seed=5))
    assert done.layout != done.final_layout
    laid_out = done.lay_out("IZII")
    assert laid_out[done.width - 1 - done.final_layout[2]] == "Z" and laid_out.count("Z") == 1
    measured = await warm.transpile(text + "c = measure q;", device("peekskill"), TranspileOptions(1, seed=5))
    place = re.search(r"c\[2\] = measure \$(\d+);", measured.qasm)
    assert place is not None and int(place[1]) == measured.final_layout[2]
    assert ideal(read(measured.qasm)) == {"0100": SHOTS}


async def test_transpile_keeps_physical_qubits_where_they_are(warm: Compiler) -> None:
    text = 'OPENQASM 3.0; include "stdgates.inc"; bit[2] c; h $12; cx $12, $13; c[0] = measure $12;'
    for level in range(4):
        done = await warm.transpile(text, device("peekskill"), TranspileOptions(level, seed=2))
        assert set(re.findall(r"\$\d+", done.qasm)) == {"$12", "$13"}
        assert done.layout[12] == 12


async def test_transpile_keeps_single_bits_and_parameters(warm: Compiler) -> None:
    text = (
        'OPENQASM 3.0; include "stdgates.inc"; input float[64] theta; qubit q; bit flag;'
        "rx(theta) q; flag = measure q;"
    )
    done = await warm.transpile(text, device("fez"), TranspileOptions(1, seed=2))
    again = read(done.qasm)
    assert [register.name for register in again.cregs] == ["flag"]
    assert [parameter.name for parameter in again.parameters] == ["theta"]
    assert done.parameters == ("theta",) and not any("theta" in warning for warning in done.warnings)


async def test_large_transpiled_circuit_has_a_summary_of_its_layers(warm: Compiler) -> None:
    text = 'OPENQASM 3.0; include "stdgates.inc"; qubit[2] q;' + "cx q[0], q[1]; h q[0];" * 700
    done = await warm.transpile(text, device("fez"), TranspileOptions(0, seed=2))
    made = await warm.diagram(done.qasm, done.layout)
    assert done.after.size > 5_000 and not made.symbols and len(made.summary) == 40
    assert sum(count for layer in made.summary for _, count in layer.gates) == done.after.size


async def test_diagram_leaves_idle_qubits_out(warm: Compiler) -> None:
    text = 'OPENQASM 3.0; include "stdgates.inc"; qubit[9] q;' + "h q[0]; cx q[0], q[4];" * 20
    made = await warm.diagram(text)
    assert [(wire.name, wire.qubit) for wire in made.wires] == [("q[0]", 0), ("q[4]", 4)]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (BELL.replace("[2]", "[28]"), "The circuit needs 28 qubits; ibm_peekskill has 27."),
        (BELL.replace("h q[0];", "foo q[0];"), "Line 8: There is no gate foo."),
        ("OPENQASM 2.0;\nopaque magic a;\nqreg q[1];\nmagic q[0];", "Qiskit cannot do this"),
        ("", "The program is empty."),
    ],
)
async def test_transpile_refuses_in_words(warm: Compiler, text: str, says: str) -> None:
    with pytest.raises(QdeckError) as refused:
        await warm.transpile(text, device("peekskill"), TranspileOptions(1))
    assert refused.value.kind is ErrorKind.CIRCUIT
    assert says in refused.value.message and "\n" not in refused.value.message


async def test_review_measures_a_cloud_circuit_like_our_own(warm: Compiler) -> None:
    own = await warm.transpile(BELL, device("fez"), TranspileOptions(3, seed=4))
    rest = [qubit for qubit in range(156) if qubit not in own.layout]
    layouts = ((*own.layout, *rest), (*own.final_layout, *rest))
    asked = TranspileOptions(3, cloud=True)
    cloud = await warm.review(BELL, own.qasm, device("fez"), asked, layouts, 4.5)
    assert cloud.where == "cloud" and cloud.seconds == 4.5 and cloud.options == asked
    assert (cloud.layout, cloud.final_layout) == (own.layout, own.final_layout)
    assert cloud.estimated_success == pytest.approx(own.estimated_success)
    assert cloud.duration_us == pytest.approx(own.duration_us)
    assert cloud.after.operations == own.after.operations and cloud.qasm == own.qasm
    assert cloud.width == 156


async def test_review_knows_fractional_gates_only_when_they_were_asked_for(
    warm: Compiler,
) -> None:
    source = 'OPENQASM 3.0; include "stdgates.inc"; qubit[1] q; bit c; rx(0.3) q[0]; c = measure q[0];'
    isa = 'OPENQASM 3.0; include "stdgates.inc"; bit c; rx(0.3) $4; c = measure $4;'
    layouts = ((4,), (4,))
    asked = TranspileOptions(cloud=True, asked=CloudOptions(fractional_gates=True))
    done = await warm.review(source, isa, device("fez"), asked, layouts, 1.0)
    assert not done.warnings and done.estimated_success is not None and done.after.qubits == 156
    plain = await warm.review(source, isa, device("fez"), TranspileOptions(cloud=True), layouts, 1.0)
    assert any("does not know rx on 4" in warning for warning in plain.warnings)


@pytest.mark.parametrize(
    ("isa", "layouts", "says"),
    [
        ("nonsense", ((0, 1), (0, 1)), "cannot be read"),
        ("OPENQASM 3.0; bit c; c = measure $0;", ((0,), (0, 1)), "none for 2 qubits"),
        ("OPENQASM 3.0; bit c; c = measure $0;", ((0, 1), (7, 999)), "none for 2 qubits"),
        ("OPENQASM 3.0; bit c; c = measure $400;", ((0, 1), (0, 1)), "needs 401 qubits"),
    ],
)
async def test_review_refuses_an_answer_that_is_no_circuit_for_the_device(
    warm: Compiler, isa: str, layouts: tuple[tuple[int, ...], tuple[int, ...]], says: str
) -> None:
    with pytest.raises(QdeckError, match=says):
        await warm.review(BELL, isa, device("fez"), TranspileOptions(cloud=True), layouts, 1.0)


async def test_review_warns_of_a_circuit_outside_the_instruction_set(warm: Compiler) -> None:
    isa = 'OPENQASM 2.0; include "qelib1.inc"; qreg q[156]; creg c[2]; h q[0]; cz q[0],q[1];'
    done = await warm.review(BELL, isa, device("fez"), TranspileOptions(cloud=True), ((0, 1), (0, 1)), 1.0)
    assert any("does not know h on 0" in warning for warning in done.warnings)
    assert done.estimated_success is None


TANGLE = """
OPENQASM 3;
include "stdgates.inc";
qubit[4] q;
ry(0.3) q[0]; ry(0.7) q[1]; ry(1.1) q[2]; ry(1.9) q[3];
cx q[0], q[1]; cx q[0], q[2]; cx q[0], q[3]; cx q[1], q[2]; cx q[1], q[3]; cx q[2], q[3];
rx(0.4) q[0]; rz(0.9) q[1]; rx(1.3) q[2]; rz(0.2) q[3];
cx q[3], q[0]; cx q[2], q[0];
"""


def _expectation(circuit: QuantumCircuit, observable: str) -> float:
    """Of the noise-free state, over the qubits that the circuit uses; the others must have an I."""
    used = sorted({circuit.find_bit(qubit).index for entry in circuit.data for qubit in entry.qubits})
    small = QuantumCircuit(len(used))
    for entry in circuit.data:
        small.append(entry.operation, [used.index(circuit.find_bit(qubit).index) for qubit in entry.qubits])
    letters = observable[::-1]
    assert all(letters[index] == "I" for index in range(circuit.num_qubits) if index not in used)
    return float(
        Statevector(small).expectation_value(Pauli("".join(letters[index] for index in reversed(used)))).real
    )


@pytest.mark.parametrize("level", range(4))
async def test_observable_has_the_same_value_after_layout(warm: Compiler, level: int) -> None:
    source = read(TANGLE)
    candidate = await warm.transpile(TANGLE, device("peekskill"), TranspileOptions(level, seed=5))
    isa = check_isa(candidate, "peekskill")
    for observable in ("ZIII", "IZZI", "XXIZ", "YIXZ"):
        value = _expectation(isa, candidate.lay_out(observable))
        assert value == pytest.approx(_expectation(source, observable), abs=1e-9)


@pytest.mark.parametrize("level", (2, 3))
async def test_transpile_for_an_estimator_avoids_qubits_that_read_out_badly(
    warm: Compiler, level: int
) -> None:
    text = next(example.text for example in examples() if example.name == "bell-state")
    candidate = await warm.transpile(text, device("cusco"), TranspileOptions(level, seed=3))
    assert not candidate.measures and len(candidate.warnings) == 1


async def test_score_warns_an_estimator_of_a_qubit_that_reads_out_badly(warm: Compiler) -> None:
    text = "OPENQASM 3; qubit[1] q; U(0.1, 0, 0) q[0];"
    candidate = await warm.transpile(text, device("cusco"), TranspileOptions(0))
    assert candidate.final_layout == (0,)
    assert any("readout error of 50 %" in warning for warning in candidate.warnings), candidate.warnings


def ghz(width: int, last: str = "") -> str:
    chain = "".join(f"cx q[{qubit}], q[{qubit + 1}];\n" for qubit in range(width - 1))
    head = f'OPENQASM 3.0;\ninclude "stdgates.inc";\nqubit[{width}] q;\nbit[{width}] c;\n'
    return f"{head}h q[0];\n{chain}{last}c = measure q;\n"


@pytest.mark.parametrize(
    ("width", "last", "told"), [(14, "", True), (14, "t q[3];\n", False), (4, "", False)]
)
async def test_wide_clifford_circuit_is_told_which_level_keeps_it(
    warm: Compiler, width: int, last: str, told: bool
) -> None:
    candidate = await warm.transpile(ghz(width, last), device("peekskill"), TranspileOptions(2, 1))
    assert any("Level 1 keeps it Clifford" in warning for warning in candidate.warnings) is told
    kept = await warm.transpile(ghz(width, last), device("peekskill"), TranspileOptions(1, 1))
    assert not any("Clifford" in warning for warning in kept.warnings)


@pytest.mark.parametrize(("most", "why"), [(300, "operations"), (9_000, "characters")])
async def test_transpile_refuses_program_that_grows_beyond_what_is_read_again(
    most: int, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = device("peekskill")
    target = build_target(data.name, data.configuration, data.properties)
    steps = "".join(f"ccx q[{step % 3}], q[{3 + step % 4}], q[{7 + step % 5}];\n" for step in range(40))
    text = f'OPENQASM 3.0;\ninclude "stdgates.inc";\nqubit[12] q;\nbit[12] c;\n{steps}c = measure q;\n'
    monkeypatch.setattr(module, "MOST_OPERATIONS" if why == "operations" else "LONGEST_TEXT", most)
    request = Transpile(text, TargetData(data.name, ""), TranspileOptions(1, 1))
    with pytest.raises(NotPossible, match=rf"has [\d,]+ {why}; qdeck takes at most {most:,}"):
        module.transpile(request, target)
    monkeypatch.undo()
    assert module.transpile(request, target).after.size > 900
