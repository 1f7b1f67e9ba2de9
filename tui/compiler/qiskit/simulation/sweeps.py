"""Distributions of a circuit over a sweep of its parameters: the program is read, the noise made, once."""

from __future__ import annotations

from qiskit.transpiler import Target

from tui.compiler.messages import SimulateSweep
from tui.compiler.qiskit.simulation.circuits import bound, measured_circuit, read_program
from tui.compiler.qiskit.simulation.ideal import ideal_distribution
from tui.compiler.qiskit.simulation.noisy import NoisyCircuit
from tui.domain.statistics.distributions import Distribution


def simulate_sweep(request: SimulateSweep, target: Target | None = None) -> tuple[Distribution, ...]:
    """Simulate a circuit with each set of values of its parameters.

    Args:
        request: with the program and the sets.
        target: the device whose noise is in it; `None`: no noise.

    Returns:
        A distribution a set, in order.

    Raises:
        Unreadable: it is no program.
        NotPossible: it is too wide or too deep, or too many sets, which the message says.
    """
    circuit = read_program(request.qasm)
    runs = max(request.of, len(request.sets))
    if target is not None:
        noisy = NoisyCircuit(measured_circuit(circuit), target, runs=runs)
        return noisy.distributions(list(map(dict, request.sets)), request.shots, request.seed)
    return tuple(
        ideal_distribution(
            measured_circuit(bound(circuit, dict(values))), request.shots, request.seed, runs=runs
        )
        for values in request.sets
    )
