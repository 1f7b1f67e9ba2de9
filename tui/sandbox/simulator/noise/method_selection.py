"""Choice of the simulation method for a circuit, and refusal of circuits that would take too long."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from qiskit.circuit import QuantumCircuit

from tui.qiskit_common.traversal import has_feedback, walk
from tui.sandbox.simulator.base.values import MOST_SECONDS, TooLarge, duration
from tui.sandbox.simulator.circuits.qubit_reduction import ReducedCircuit
from tui.sandbox.simulator.noise import noise_model as noise
from tui.sandbox.simulator.noise import trials
from tui.sandbox.simulator.noise.clifford import clifford_form
from tui.sandbox.simulator.noise.pauli_transfer import measures_last
from tui.sandbox.simulator.noise.trials import Seconds
from tui.sandbox.simulator.rotations.pulled_circuit import pull_circuit
from tui.sandbox.simulator.rotations.reduction import needed_rotations, reduce_rotations
from tui.sandbox.simulator.rotations.trajectories import PROCESSORS, draw_trajectories

Name = Literal[
    "density_matrix", "statevector", "stabilizer", "matrix_product_state", "stim", "pauli_rotations"
]

CLIFFORD = ("stabilizer", "stim")

_DENSITY_QUBITS = 10
_DYNAMIC_QUBITS = 8
_DYNAMIC_STATE_QUBITS = 22
_STATE_QUBITS = 24
# Above this, choosing the fastest method is worth a trial.
_SOON = 2.0
# Exact noise is worth this much waiting; above it a faster method with twirled noise is taken.
_WORTH = 15.0
# Generous for two cores of 2024: what these call fast needs no trial.
_OPERATION_SECONDS = 5e-5
_ELEMENT_SECONDS = 5e-9
_SHOT_OPERATION_SECONDS = 5e-6
_AMPLITUDE_SECONDS = 4e-9
_STIM_OPERATION_SECONDS = 5e-9
# Reading alone takes seconds from here on, and no method is faster than this for an operation.
_MOST_OPERATIONS = 200_000
_FASTEST_OPERATION = 2e-6
_GIVEN_UP_SECONDS = 3600.0


@dataclass(frozen=True)
class Method:
    """A method of Aer, stim, or state vectors of Pauli rotations.

    `exact` noise is not Pauli-twirled. `sampled_noise` is drawn for every shot before the simulation, which
    takes that nothing depends on an outcome; else Aer's noise model is used.
    """

    name: Name
    exact: bool
    sampled_noise: bool = False


@dataclass(frozen=True)
class PlannedRun:
    """A bound circuit on the qubits it uses, their physical numbers, and how to simulate it."""

    circuit: QuantumCircuit
    qubits: tuple[int, ...]
    method: Method


def choose_run(reduced: ReducedCircuit, device: str, shots: int) -> PlannedRun:
    """Choose the best method for a bound circuit and write the circuit for it.

    Raises:
        TooLarge: The simulation would take longer than a minute by any method.
    """
    return _Choice(reduced, device, shots, measured=False).best()[0]


def choose_runs(circuits: Sequence[ReducedCircuit], device: str, shots: int) -> list[PlannedRun]:
    """Choose for circuits that differ in their angles alone, as randomizations of one circuit do.

    What takes long is weighed for all of them together, and tried with one of them.

    Raises:
        TooLarge: The simulation of all of them would take longer than a minute by any method.
    """
    clifford = [clifford_form(reduced.circuit) is not None for reduced in circuits]
    methods: dict[bool, Method] = {}
    runs = []
    for reduced, kind in zip(circuits, clifford, strict=True):
        choice = _Choice(reduced, device, shots, measured=False, times=clifford.count(kind))
        run = choice.best()[0] if kind not in methods else choice.written(methods[kind])
        methods[kind] = run.method
        runs.append(run)
    return runs


def estimate_run(
    reduced: ReducedCircuit, device: str, shots: int, times: int = 1
) -> tuple[PlannedRun, Seconds]:
    """Choose as `choose_runs` does, and estimate how long a run takes from trials on this machine.

    Args:
        reduced: The circuit.
        device: Name of the device.
        shots: Shots of every run.
        times: How many circuits like it are run.

    Returns:
        The run, and the seconds of one; `Seconds.wall_of` says those of all of them.

    Raises:
        TooLarge: The simulation of all of them would take longer than a minute by any method.
    """
    return _Choice(reduced, device, shots, measured=True, times=times).best()


class _Choice:
    """The choice for one circuit, of which there are `times`.

    `measured`: estimate by trials also what is soon done anyway.
    """

    def __init__(
        self, reduced: ReducedCircuit, device: str, shots: int, *, measured: bool, times: int = 1
    ) -> None:
        self._times = times
        self._circuit, self._qubits = reduced.circuit, reduced.qubits
        self._device, self._shots, self._measured = device, shots, measured
        self._width = reduced.circuit.num_qubits
        self._operations = sum(1 for _ in walk(reduced.circuit))
        self._feedback = has_feedback(reduced.circuit)

    def best(self) -> tuple[PlannedRun, Seconds]:
        """The best method and its seconds. Raises `TooLarge` when even that takes too long."""
        exact = self._exact()
        if exact is not None and exact[1].wall_of(self._times) <= _WORTH:
            return exact
        choices = [exact] if exact is not None else []
        if (clifford := clifford_form(self._circuit)) is not None:
            choices.append(self._clifford(clifford))
        elif self._operations > _MOST_OPERATIONS:
            seconds = self._shots * self._operations * _FASTEST_OPERATION
            self._refuse_if_long(Seconds(seconds, PROCESSORS))
        else:
            choices += self._shot_by_shot() if self._feedback else self._trajectories()
        fastest = min(choices, key=lambda choice: choice[1].wall_of(self._times))
        self._refuse_if_long(fastest[1])
        return fastest

    def written(self, method: Method) -> PlannedRun:
        """Write the circuit for a method that was chosen for one like it."""
        if method.sampled_noise and method.name not in CLIFFORD:
            return self._drawn(method.name)
        circuit = clifford_form(self._circuit) if method.name in CLIFFORD else self._circuit
        if method.name == "stim" and circuit is not None:
            return PlannedRun(circuit, self._qubits, method)
        return self._relaxed(method, circuit)

    def _exact(self) -> tuple[PlannedRun, Seconds] | None:
        """Simulate amplitude damping as it is, where few qubits allow it."""
        if self._width <= _DENSITY_QUBITS and not self._feedback and measures_last(self._circuit):
            run = self._relaxed(Method("density_matrix", exact=True))
            rough = self._operations * (_OPERATION_SECONDS + _ELEMENT_SECONDS * 4.0**self._width)
            if rough * self._times <= _WORTH and not self._measured:
                return run, Seconds(rough)
            return run, trials.density_seconds(run.circuit, self._device, self._qubits)
        if self._width <= _DYNAMIC_QUBITS:
            run = self._relaxed(Method("statevector", exact=True))
            return run, self._by_shots(run)
        return None

    def _clifford(self, circuit: QuantumCircuit) -> tuple[PlannedRun, Seconds]:
        if self._feedback:
            run = self._relaxed(Method("stabilizer", exact=False), circuit)
            return run, self._by_shots(run)
        run = PlannedRun(circuit, self._qubits, Method("stim", exact=False, sampled_noise=True))
        rough = Seconds(_STIM_OPERATION_SECONDS * self._shots * self._operations)
        if rough.wall * self._times <= _SOON and not self._measured:
            return run, rough
        return run, trials.stim_seconds(circuit, self._device, self._qubits, self._shots)

    def _trajectories(self) -> list[tuple[PlannedRun, Seconds]]:
        """Draw the errors first: state vectors of the rotations, or matrix product states."""
        started = time.process_time()
        pulled = pull_circuit(self._circuit, self._device, self._qubits)
        if pulled is None:
            return self._shot_by_shot()
        needed = needed_rotations(pulled)
        few = reduce_rotations(needed, pulled)
        trajectories = draw_trajectories(pulled, needed, self._shots, np.random.default_rng(0))
        preparing = time.process_time() - started
        choices = []
        if few is not None and few.qubits <= _STATE_QUBITS:
            states = trials.rotations_seconds(few, len(trajectories.flips))
            choices.append((self._drawn("pauli_rotations"), states.after(preparing)))
        limit = min((choice[1].wall for choice in choices), default=_GIVEN_UP_SECONDS)
        if limit * self._times > _SOON:
            products = trials.products_seconds(self._circuit, pulled, trajectories, limit)
            choices.append((self._drawn("matrix_product_state"), products.after(preparing)))
        return choices

    def _shot_by_shot(self) -> list[tuple[PlannedRun, Seconds]]:
        """Draw the errors while the circuit runs, as outcomes decide what comes next."""
        names: list[Name] = ["matrix_product_state"]
        if self._width <= _DYNAMIC_STATE_QUBITS:
            names.append("statevector")
        runs = [self._relaxed(Method(name, exact=False)) for name in names]
        return [(run, self._by_shots(run)) for run in runs]

    def _by_shots(self, run: PlannedRun) -> Seconds:
        rough = (
            self._shots * self._operations * (_SHOT_OPERATION_SECONDS + _AMPLITUDE_SECONDS * 2.0**self._width)
        )
        if rough * self._times <= _SOON and not self._measured:
            return Seconds(rough)
        method = run.method
        return trials.shots_seconds(
            run.circuit, method.name, self._device, self._qubits, self._shots, exact=method.exact
        )

    def _relaxed(self, method: Method, circuit: QuantumCircuit | None = None) -> PlannedRun:
        written = self._circuit if circuit is None else circuit
        # Waiting is long enough for its twirl to differ; a stabilizer simulation can do no better.
        exact = method.name != "stabilizer"
        relaxed = noise.with_relaxation(written, self._device, self._qubits, exact)
        return PlannedRun(relaxed, self._qubits, method)

    def _drawn(self, name: Name) -> PlannedRun:
        return PlannedRun(self._circuit, self._qubits, Method(name, exact=False, sampled_noise=True))

    def _refuse_if_long(self, seconds: Seconds) -> None:
        wall = seconds.wall_of(self._times)
        if wall <= MOST_SECONDS:
            return
        # Where a trial was given up, the seconds are its limit: no estimate, but they are not enough.
        taking = duration(wall) if seconds.known else "more than an hour"
        again = f" in each of {self._times} executions" if self._times > 1 else ""
        raise TooLarge(
            f"The circuit is too large to simulate: it uses {self._width} qubits and"
            f" {self._operations} instructions, which with noise and {self._shots} shots{again} would take"
            f" {taking}; the sandbox stops at a minute.",
            wall,
        )
