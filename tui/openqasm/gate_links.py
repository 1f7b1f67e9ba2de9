"""A gate of an ISA program, the qubits of the device that it is on, and the lines it may have come from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tui.openqasm.analysis.qubits import QubitUse


@dataclass(frozen=True, slots=True)
class LinkedGate:
    """A gate, or qubits without one.

    Attributes:
        line: of the ISA program, from 1; 0: no gate.
        qubits: of the device.
        source_lines: lines of the original on the same qubits, ascending.
    """

    line: int
    qubits: tuple[int, ...]
    source_lines: tuple[int, ...] = ()


NO_GATE = LinkedGate(0, ())


class GateLinks:
    """Finds a gate by its line of the ISA program, by a qubit, or by a line of the original.

    Which gate of the original a gate came from, Qiskit does not tell: linked are the lines that name the same
    qubits, by the layout at the start or at the end.

    Args:
        isa: the program as it runs.
        source: the program it was made from; empty: not known.
        layouts: physical qubit by virtual qubit, at the start and at the end; empty: not known.
    """

    def __init__(self, isa: str, source: str = "", layouts: Sequence[tuple[int, ...]] = ()) -> None:
        self._isa, self._source = QubitUse(isa), QubitUse(source)
        self._layouts = tuple(layouts)

    def of_line(self, line: int, qubits: tuple[int, ...] = ()) -> LinkedGate:
        """Return the gate of a line of the ISA program.

        Args:
            line: its number, from 1.
            qubits: of the gate, where they are known; else those that the line names.

        Returns:
            The gate; `NO_GATE` for a line without one.
        """
        found = qubits or self._isa.of_line(line)
        return self._linked(line, found) if found else NO_GATE

    def of_qubit(self, qubit: int, before: LinkedGate = NO_GATE) -> LinkedGate:
        """Return a gate on a qubit of the device: the one before if it is on it, else the first.

        Args:
            qubit: its number.
            before: the gate that was looked at.
        """
        lines = self._isa.lines_on((qubit,))
        return self._linked(before.line if before.line in lines else next(iter(lines), 0), (qubit,))

    def of_source_line(self, line: int) -> LinkedGate:
        """Return the first gate on the qubits of a line of the original, from 1; `NO_GATE`: none is known."""
        virtual = self._source.of_line(line)
        layout = next(iter(self._layouts), ())
        if not virtual or max(virtual) >= len(layout):
            return NO_GATE
        physical = tuple(layout[qubit] for qubit in virtual)
        lines = self._isa.lines_on(physical) or self._isa.lines_on(physical[:1])
        return self._linked(next(iter(lines), 0), physical)

    def _linked(self, line: int, qubits: tuple[int, ...]) -> LinkedGate:
        virtual = {
            number for layout in self._layouts for number, physical in enumerate(layout) if physical in qubits
        }
        return LinkedGate(line, qubits, self._source.lines_on(virtual))
