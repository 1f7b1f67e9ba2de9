"""A circuit drawn as text, with the places of its operations."""

from __future__ import annotations

from tui.common.values import Value


class DrawnOperation(Value, frozen=True):
    """Place of an operation in a drawing.

    Attributes:
        line: of the ISA program, from 1.
        left: first cell.
        cells: its width, with the wire beside it.
        qubits: of the device.
    """

    line: int
    left: int
    cells: int
    qubits: tuple[int, ...]


class CircuitDrawing(Value, frozen=True):
    """A circuit drawn as text.

    Attributes:
        text: empty for a circuit without operations.
        rows: for each wire its qubit of the device, and its line of the text, from 0.
        operations: places of the operations; none where a line does not stand for one operation.
    """

    text: str
    rows: tuple[tuple[int, int], ...] = ()
    operations: tuple[DrawnOperation, ...] = ()
