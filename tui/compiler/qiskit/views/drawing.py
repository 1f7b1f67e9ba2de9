"""The drawing of an ISA program: the qubits it uses, each named by its virtual and its physical number."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from typing import Any, Final

from qiskit import QuantumCircuit, QuantumRegister
from qiskit.circuit import Qubit
from qiskit.visualization.circuit.text import EmptyWire, TextDrawing

from tui.compiler.messages import DrawIsa
from tui.compiler.qiskit.circuit_summary import MOST_DRAWN, NotPossible, operations
from tui.compiler.qiskit.parser import read
from tui.compiler.qiskit.views.timeline import statement_lines
from tui.domain.views.drawing import CircuitDrawing, DrawnOperation

_UNFOLDED: Final = -1


def draw_isa(request: DrawIsa) -> CircuitDrawing:
    """Draw an ISA program in one piece, as wide as it is.

    Returns:
        The drawing; wires are `3 → 15` for virtual qubit 3 that begins on qubit 15, `15` where none does.

    Raises:
        Unreadable: it is no program.
        NotPossible: it is too large to be read as a drawing.
    """
    circuit = read(request.isa)
    size = sum(1 for _ in operations(circuit))
    if size > MOST_DRAWN:
        raise NotPossible(f"The circuit has {size:,} operations: up to {MOST_DRAWN:,} are drawn.")
    if not circuit.data:
        return CircuitDrawing("")
    virtual = {physical: number for number, physical in enumerate(request.layout)}
    used = sorted({circuit.find_bit(qubit).index for entry in circuit.data for qubit in entry.qubits})
    names = {qubit: f"{virtual[qubit]} → {qubit}" if qubit in virtual else str(qubit) for qubit in used}
    shown = _renamed(circuit, names)
    drawing = shown.draw("text", fold=_UNFOLDED)
    text = str(drawing)
    lines = statement_lines(request.isa)
    physical = dict(zip(shown.qubits, names, strict=True))
    places = _places(drawing, physical, shown.data, lines) if len(lines) == len(shown.data) else ()
    return CircuitDrawing(text, _rows(text, names), places)


def _renamed(circuit: QuantumCircuit, names: Mapping[int, str]) -> QuantumCircuit:
    """Return a circuit over the qubits in use, each a register of that name."""
    registers = {qubit: QuantumRegister(1, name) for qubit, name in names.items()}
    wires = {circuit.qubits[qubit]: register[0] for qubit, register in registers.items()}
    shown = QuantumCircuit(*registers.values(), circuit.clbits, *circuit.cregs)
    for entry in circuit.data:
        shown.append(entry.operation, [wires[qubit] for qubit in entry.qubits], entry.clbits, copy=False)
    return shown


def _rows(text: str, names: Mapping[int, str]) -> tuple[tuple[int, int], ...]:
    """Return each qubit with the line of its wire."""
    heads = {line.partition(":")[0].strip(): row for row, line in enumerate(text.split("\n")) if ":" in line}
    return tuple((qubit, heads[name]) for qubit, name in names.items() if name in heads)


def _places(
    drawing: TextDrawing, physical: Mapping[Qubit, int], data: Sequence[Any], lines: Sequence[int]
) -> tuple[DrawnOperation, ...]:
    """Return where each operation is drawn: Qiskit's drawer puts layers of equal width side by side.

    Args:
        drawing: as Qiskit makes it.
        physical: qubit of the device by qubit of the drawing.
        data: the instructions that are drawn.
        lines: of the program, by operation.
    """
    layers = drawing.build_layers()
    if len(layers) != 1 + len(drawing.nodes):
        return ()
    # The drawer gives operations new numbers; on each wire they keep their order.
    waiting: dict[Qubit, deque[int]] = defaultdict(deque)
    for line, entry in zip(lines, data, strict=True):
        for qubit in entry.qubits:
            waiting[qubit].append(line)
    found, left = [], 0
    for place, layer in enumerate(layers):
        filled = EmptyWire.fillup_layer(layer, len(drawing.qubits))
        TextDrawing.normalize_width(filled)
        cells = filled[0].length
        for node in drawing.nodes[place - 1] if place else ():
            at = {waiting[qubit].popleft() for qubit in node.qargs}
            qubits = tuple(physical[qubit] for qubit in node.qargs)
            found += [DrawnOperation(line, left, cells, qubits) for line in at]
        left += cells
    return tuple(found)
