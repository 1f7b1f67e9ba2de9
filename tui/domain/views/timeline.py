"""What runs when on which qubit of a device, scheduled as late as possible."""

from __future__ import annotations

from tui.common.values import Value


class TimelineOperation(Value, frozen=True):
    """An operation in time, of microseconds from the beginning of the shot.

    Attributes:
        name: of the instruction; one of control flow stands for its whole block.
        qubits: of the device.
        line: of the ISA program, from 1; 0 where it is not known.
    """

    name: str
    qubits: tuple[int, ...]
    start_us: float
    length_us: float
    line: int = 0


class CircuitTimeline(Value, frozen=True):
    """A circuit in time.

    Attributes:
        length_us: of one shot, in microseconds.
        operations: in order of their beginning, those without length included.
        idle_us: for each used qubit the microseconds that it waits, in order of the qubits.
    """

    length_us: float
    operations: tuple[TimelineOperation, ...]
    idle_us: tuple[tuple[int, float], ...]

    @property
    def qubits(self) -> tuple[int, ...]:
        """The device's qubits that are used, ascending."""
        return tuple(qubit for qubit, _ in self.idle_us)

    @property
    def couplers(self) -> frozenset[tuple[int, int]]:
        """Pairs of qubits that share a gate, the smaller number first."""
        pairs = (one.qubits for one in self.operations if len(one.qubits) == 2)
        return frozenset((min(pair), max(pair)) for pair in pairs)

    def of_line(self, line: int) -> TimelineOperation | None:
        """Return the operation that stands in a line of the ISA program."""
        return next((one for one in self.operations if one.line == line), None)
