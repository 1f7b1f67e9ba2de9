"""A circuit made ready for a simulator: bound, on its used qubits alone; and the outcomes it gives."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from qiskit import ClassicalRegister, QuantumCircuit, transpile
from qiskit.circuit import ControlFlowOp
from qiskit.circuit.library import get_standard_gate_name_mapping
from qiskit_aer import AerSimulator

from tui.compiler.qiskit.circuit_summary import NotPossible, measures
from tui.compiler.qiskit.parser import read
from tui.domain.statistics.distributions import Distribution
from tui.qiskit_common.traversal import IDLE, on_qubits, used_qubits, walk

MOST_CHARACTERS: Final = 1_000_000
"""Length of a program that is simulated: reading a longer one alone takes many seconds."""
LONGEST_SECONDS: Final = 20.0
"""Time that a simulation may take by its own estimate; beyond that it is refused at once."""
AMPLITUDE_SECONDS: Final = 2.5e-9
"""Time of one amplitude in one gate, on one processor."""
_STEP_SECONDS: Final = 2e-6
"""Time of a gate on few qubits, in each shot."""
_CONTROL_FLOW: Final = ("if_else", "for_loop", "while_loop", "switch_case")
_JUMPS: Final = ("break_loop", "continue_loop")


@dataclass(frozen=True, slots=True)
class SimulatedCircuit:
    """A circuit on its used qubits.

    Attributes:
        circuit: without the others.
        qubits: number of each qubit in the circuit that was asked for.
        measured: False where all qubits were measured because the circuit measures nothing.
    """

    circuit: QuantumCircuit
    qubits: tuple[int, ...]
    measured: bool

    @property
    def registers(self) -> tuple[tuple[str, int], ...]:
        """Names and sizes of the classical registers, in order."""
        return tuple((register.name, register.size) for register in self.circuit.cregs)

    @property
    def static(self) -> bool:
        """True when nothing happens after a qubit is measured and no bit is measured twice."""
        read_qubits: set[Any] = set()
        written: set[Any] = set()
        for entry in self.circuit.data:
            if entry.name == "barrier":
                continue
            if isinstance(entry.operation, ControlFlowOp) or entry.name in ("reset", "store"):
                return False
            if read_qubits.intersection(entry.qubits):
                return False
            if entry.name == "measure":
                if written.intersection(entry.clbits):
                    return False
                read_qubits.update(entry.qubits)
                written.update(entry.clbits)
        return True

    @property
    def size(self) -> int:
        """Number of operations, those in blocks once each."""
        return sum(1 for entry, _ in walk(self.circuit) if entry.name != "barrier")

    def distribution(
        self, outcomes: Mapping[int, float], method: str, *, rest: float = 0.0, shots: int | None = None
    ) -> Distribution:
        """Return a distribution from probabilities by number, whose bit `i` is clbit `i` of the circuit."""
        bits = sum(size for _, size in self.registers)
        shares = {format(number, f"0{bits}b"): share for number, share in outcomes.items()}
        return Distribution(
            shares, self.registers, len(self.qubits), method, shots, rest, measured=self.measured
        )


def simulated_circuit(qasm: str, values: Iterable[tuple[str, float]]) -> SimulatedCircuit:
    """Read a program, bind its parameters and leave out the qubits without operations.

    Args:
        qasm: the program.
        values: of its parameters by name; others than it has are ignored.

    Raises:
        Unreadable: it is no program.
        NotPossible: it is too long, a parameter has no value, or there are no operations.
    """
    return measured_circuit(bound(read_program(qasm), dict(values)))


def read_program(qasm: str) -> QuantumCircuit:
    """Read a program.

    Raises:
        Unreadable: it is no program.
        NotPossible: it is too long.
    """
    if len(qasm) > MOST_CHARACTERS:
        raise NotPossible(
            f"The program is too large to be simulated here: it has more than {MOST_CHARACTERS:,} characters."
        )
    return read(qasm)


def measured_circuit(circuit: QuantumCircuit) -> SimulatedCircuit:
    """Return a circuit on its used qubits, which are all measured where it measures nothing.

    Raises:
        NotPossible: there are no operations.
    """
    used = used_qubits(circuit)
    if not used:
        raise NotPossible("The circuit has no operations: there is nothing to simulate.")
    reduced = on_qubits(circuit, used)
    measured = measures(reduced)
    if not measured:
        reduced.add_register(ClassicalRegister(len(used), "q_all" if reduced.cregs else "q_bits"))
        reduced.measure(range(len(used)), range(len(reduced.clbits) - len(used), len(reduced.clbits)))
    return SimulatedCircuit(reduced, tuple(used), measured)


def bound(circuit: QuantumCircuit, values: Mapping[str, float]) -> QuantumCircuit:
    """Return the circuit with values for its parameters; others than it has are ignored.

    Raises:
        NotPossible: a parameter has none.
    """
    missing = [parameter.name for parameter in circuit.parameters if parameter.name not in values]
    if missing:
        names = ", ".join(missing[:4])
        raise NotPossible(f"The circuit has parameters without a value here: {names}.")
    if not circuit.parameters:
        return circuit
    return circuit.assign_parameters(
        {parameter: values[parameter.name] for parameter in circuit.parameters}, inplace=False
    )


def in_basis(circuit: QuantumCircuit, simulator: AerSimulator) -> QuantumCircuit:
    """Return the circuit in gates that a simulator knows, the program's own written out."""
    known = simulator.configuration().basis_gates
    passed = ("measure", "reset", *_CONTROL_FLOW, *_JUMPS, *IDLE)
    if all(entry.name in known or entry.name in passed for entry, _ in walk(circuit)):
        return circuit
    # Qiskit's transpiler takes its own gates alone for a basis; the simulator knows others, too.
    standard = get_standard_gate_name_mapping()
    known = [*(name for name in known if name in standard), *_CONTROL_FLOW]
    return transpile(circuit, basis_gates=known, optimization_level=0)


def seconds_of(circuit: SimulatedCircuit, *, runs: int = 1, factor: int = 1) -> float:
    """Estimate the time of a state vector simulation.

    Args:
        circuit: what is simulated.
        runs: how often the whole circuit is run.
        factor: qubits of the state for each of the circuit, 2 for a density matrix.
    """
    amplitudes: float = 2.0 ** (factor * len(circuit.qubits))
    return runs * circuit.size * (_STEP_SECONDS + amplitudes * AMPLITUDE_SECONDS)


def sample(
    circuits: Sequence[QuantumCircuit], simulator: AerSimulator, shots: int, seed: int, clbits: int
) -> list[dict[int, float]]:
    """Return shares of the shots of each circuit by number, whose bit `i` is clbit `i`.

    Raises:
        NotPossible: the simulator cannot run a circuit.
    """
    mask = (1 << clbits) - 1
    shares: list[dict[int, float]] = []
    for data in run(circuits, simulator, shots, seed):
        found = data.get("counts", {})
        total = sum(found.values()) or 1
        shares.append({int(key, 16) & mask: times / total for key, times in found.items()})
    return shares


def run(
    circuits: Sequence[QuantumCircuit], simulator: AerSimulator, shots: int, seed: int
) -> list[dict[str, Any]]:
    """Return the data of simulations. Made ready once for all of them, noise takes a quarter of the time.

    Raises:
        NotPossible: the simulator cannot run a circuit.
    """
    result = simulator.run(list(circuits), shots=shots, seed_simulator=seed).result()
    if not result.success:
        raise NotPossible(f"The simulator cannot run the circuit: {result.status}"[:300])
    return [result.data(place) for place in range(len(circuits))]
