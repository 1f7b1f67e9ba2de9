"""The timeline of an ISA program: its schedule, each operation with its line of the text."""

from __future__ import annotations

from typing import Final

from qiskit.transpiler import Target

from tui.compiler.messages import TimelineOf
from tui.compiler.qiskit.calibration import calibration
from tui.compiler.qiskit.circuit_summary import NotPossible
from tui.compiler.qiskit.parser import read
from tui.compiler.qiskit.schedule import UnknownLength, schedule
from tui.domain.views.timeline import CircuitTimeline, TimelineOperation

MOST_OPERATIONS: Final = 50_000
_DECLARATIONS: Final = frozenset(
    ["OPENQASM", "include", "bit", "qubit", "creg", "qreg", "input", "output", "int", "uint", "bool", "float"]
)


def timeline(request: TimelineOf, target: Target) -> CircuitTimeline:
    """Schedule an ISA program as late as possible.

    Raises:
        Unreadable: it is no program.
        NotPossible: the device does not tell how long an operation takes, or there are too many.
    """
    circuit = read(request.isa)
    if len(circuit.data) > MOST_OPERATIONS:
        raise NotPossible(
            f"The circuit has {len(circuit.data):,} operations: the timeline shows up to {MOST_OPERATIONS:,}."
        )
    try:
        made = schedule(circuit, calibration(target))
    except UnknownLength as error:
        raise NotPossible(f"The device does not tell how long {error} takes.") from error
    lines = statement_lines(request.isa)
    known = len(lines) == len(circuit.data)
    operations = [
        TimelineOperation(
            slot.name,
            slot.qubits,
            max(0.0, made.seconds - slot.begin) * 1e6,
            slot.seconds * 1e6,
            lines[slot.place] if known else 0,
        )
        for slot in reversed(made.slots)
    ]
    operations.sort(key=lambda one: one.start_us)
    waits = made.idle()
    return CircuitTimeline(
        made.seconds * 1e6,
        tuple(operations),
        tuple((qubit, waits[qubit] * 1e6) for qubit in sorted(waits)),
    )


def statement_lines(text: str) -> list[int]:
    """Return the number of each line of a program as Qiskit writes it that holds an instruction, from 1.

    Definitions of gates and declarations are left out. A program with blocks, or written in another way, has
    another number of lines than of instructions.
    """
    found: list[int] = []
    inside_gate = False
    for number, row in enumerate(text.split("\n"), 1):
        words = row.strip()
        first = words.partition(" ")[0].partition("[")[0]
        if inside_gate:
            inside_gate = words != "}"
        elif first == "gate":
            inside_gate = not words.endswith("}")
        elif words and not words.startswith("//") and first not in _DECLARATIONS:
            found.append(number)
    return found
