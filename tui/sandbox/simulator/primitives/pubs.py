"""What sampler and estimator have in common: the circuit of a pub, checked and bound."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from qiskit.circuit import QuantumCircuit

from tui.sandbox.simulator.base.calibration import target
from tui.sandbox.simulator.circuits.isa import check_bound_angles, check_isa
from tui.sandbox.simulator.circuits.loader import Loaded, load_circuit
from tui.sandbox.simulator.primitives.accounting import JobAccounting
from tui.sandbox.simulator.primitives.bindings import Values, bind, parameter_values


@dataclass(frozen=True)
class Pub:
    """A circuit that fits the device, and its parameter values, of shape `(*shape, parameters)`."""

    loaded: Loaded
    values: Values

    @property
    def circuit(self) -> QuantumCircuit:
        """The circuit, unbound."""
        return self.loaded.circuit

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the parameter sets."""
        return tuple(self.values.shape[:-1])

    def bound(self, circuit: QuantumCircuit, index: tuple[int, ...]) -> QuantumCircuit:
        """`circuit` (this pub's or one made from it) with the values at `index` of `shape`.

        Raises `JobFailure` for an angle that the device cannot play.
        """
        names = [parameter.name for parameter in self.circuit.parameters]
        done = bind(circuit, names, self.values[index].tolist())
        if names:
            check_bound_angles(done)
        return done


def pub(circuit: Any, values: Any, device: str, ledger: JobAccounting) -> Pub:
    """Read and check a pub's circuit and values. Raises `JobFailure`."""
    loaded = load_circuit(circuit)
    check_isa(loaded.circuit, target(device), device)
    made = Pub(loaded, parameter_values(loaded.circuit, values))
    ledger.show(loaded.circuit)
    return made


def size(shape: tuple[int, ...]) -> int:
    """How many items an array of that shape has."""
    return int(np.prod(shape, dtype=int))
