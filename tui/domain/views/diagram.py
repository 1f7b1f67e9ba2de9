"""A circuit as a diagram: a row a qubit, its operations in columns, each with its line of the text."""

from __future__ import annotations

from tui.common.values import Value


class Wire(Value, frozen=True):
    """A row of the diagram.

    Attributes:
        name: of the qubit: `q[2]`; of a physical one `$15`, or `3→15` where virtual qubit 3 begins on it.
        register: it is of; empty: none.
        qubit: its number in the circuit; of a physical qubit, on the device.
    """

    name: str
    register: str = ""
    qubit: int = 0


class Symbol(Value, frozen=True):
    """An operation in the diagram.

    Attributes:
        column: from 0; operations of one column can run at the same time.
        rows: of its qubits, ascending; where a block begins or ends, of all its qubits.
        labels: what stands on each of them.
        line: of the text, from 1; 0 where it is not known.
        joined: a line is drawn from the first row to the last.
    """

    column: int
    rows: tuple[int, ...]
    labels: tuple[str, ...]
    line: int = 0
    joined: bool = True


class LayerSummary(Value, frozen=True):
    """Some columns of a large circuit in one line.

    Attributes:
        first, last: columns, from 0.
        gates: number of each kind of operation, the most frequent first.
        line: of the text, of the first operation; 0 where it is not known.
    """

    first: int
    last: int
    gates: tuple[tuple[str, int], ...]
    line: int = 0


class CircuitDiagram(Value, frozen=True):
    """The operations of a circuit in rows and columns.

    Attributes:
        wires: the qubits that are used, in order.
        columns: number of them.
        symbols: by column; empty for a circuit that has only a summary.
        summary: of a circuit that is too large to be drawn.
    """

    wires: tuple[Wire, ...]
    columns: int
    symbols: tuple[Symbol, ...]
    summary: tuple[LayerSummary, ...] = ()

    def qubits_of(self, symbol: Symbol) -> tuple[int, ...]:
        """Return the numbers of an operation's qubits, ascending."""
        return tuple(self.wires[row].qubit for row in symbol.rows)
