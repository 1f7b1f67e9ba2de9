"""Timelines of candidates, from the real worker."""

from __future__ import annotations

from itertools import pairwise

import pytest

from tests.compiler.devices import device
from tui.common.errors import QdeckError
from tui.compiler.client import Compiler
from tui.compiler.qiskit.views.timeline import statement_lines
from tui.domain.circuits import TranspileOptions
from tui.openqasm.examples import examples

pytestmark = pytest.mark.asyncio(loop_scope="package")

TEXTS = {example.name: example.text for example in examples()}


@pytest.mark.parametrize("name", ["peekskill", "cusco", "fez"])
async def test_timeline_has_every_operation_with_its_line(warm: Compiler, name: str) -> None:
    made = await warm.transpile(TEXTS["qft4"], device(name), TranspileOptions(2, 3))
    found = await warm.timeline(made.qasm, device(name))
    lines = made.qasm.split("\n")
    assert len(found.operations) == made.after.size
    for one in found.operations:
        text = lines[one.line - 1]
        assert one.name in text and all(f"${qubit}" in text for qubit in one.qubits)
    assert found.length_us == pytest.approx(made.duration_us)
    assert found.qubits == made.used
    assert sum(idle for _, idle in found.idle_us) == pytest.approx(made.idle_us)
    ends = [one.start_us + one.length_us for one in found.operations]
    assert max(ends) == pytest.approx(found.length_us) and min(one.start_us for one in found.operations) == 0


async def test_timeline_of_a_qubit_has_no_two_operations_at_once(warm: Compiler) -> None:
    made = await warm.transpile(TEXTS["qft4"], device("fez"), TranspileOptions(1, 3))
    found = await warm.timeline(made.qasm, device("fez"))
    for qubit in found.qubits:
        own = sorted((one.start_us, one.length_us) for one in found.operations if qubit in one.qubits)
        for (start, length), (after, _) in pairwise(own):
            assert start + length <= after + 1e-9


async def test_timeline_of_a_circuit_with_branches_has_blocks_without_lines(warm: Compiler) -> None:
    made = await warm.transpile(TEXTS["teleportation"], device("cusco"), TranspileOptions(1, 1))
    found = await warm.timeline(made.qasm, device("cusco"))
    blocks = [one for one in found.operations if one.name == "if_else"]
    assert len(blocks) == 2 and not any(one.line for one in found.operations)


async def test_timeline_without_durations_says_so(warm: Compiler) -> None:
    text = 'OPENQASM 3.0; include "stdgates.inc"; h $0;'
    with pytest.raises(QdeckError, match="does not tell how long h takes"):
        await warm.timeline(text, device("fez"))


async def test_statement_lines_leave_out_declarations_and_gate_definitions() -> None:
    head = 'OPENQASM 3.0;\ninclude "stdgates.inc";\ngate g a {\n  x a;\n}\nbit[2] c;\n'
    text = f"{head}\nx $0;\nc[0] = measure $0;\n"
    assert statement_lines(text) == [8, 9]
