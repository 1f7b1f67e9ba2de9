"""Which stage of compiling costs a circuit how much of its estimated success."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from qiskit import QuantumCircuit, generate_preset_pass_manager
from qiskit.transpiler import Target

from tui.compiler.qiskit.calibration import calibration
from tui.compiler.qiskit.circuit_stats import Sizes
from tui.compiler.qiskit.schedule import turns
from tui.compiler.qiskit.scoring import Score
from tui.domain.circuits import StageLosses
from tui.qiskit_common.target import ANGLE_BOUNDS

_FRAME_CHANGES: Final = frozenset({"id", "rz", "p", "u1", "z", "s", "sdg", "t", "tdg"})
"""One-qubit gates that a device does by counting differently: they cost nothing."""
_NO_GATES: Final = frozenset({"barrier", "delay", "measure", "reset", "store", "break_loop", "continue_loop"})


@dataclass(frozen=True, slots=True)
class Baseline:
    """Loss of a program before it has a place on the device, in nats, all gates at the median error.

    Attributes:
        synthesis: after high-level synthesis: each gate on one or two qubits as one gate of the device.
        basis: after translation to the device's gates and optimization, every qubit coupled with every other.
    """

    synthesis: float
    basis: float


def baseline(source: QuantumCircuit, level: int, target: Target) -> Baseline:
    """Measure a program without a layout, to be compared with all its candidates of a level.

    Args:
        source: the program.
        level: optimization level, 0 to 3.
        target: the device.

    Raises:
        qiskit.exceptions.QiskitError: Qiskit cannot translate the program.
    """
    known = calibration(target)
    one, pair = known.typical_loss(1), known.typical_loss(2)
    synthesis = generate_preset_pass_manager(0, target=target, seed_transpiler=0).init
    synthesized = source if synthesis is None else synthesis.run(source)
    uncoupled = generate_preset_pass_manager(level, target=_uncoupled(source, target), seed_transpiler=0)
    translated = uncoupled.run(source)
    return Baseline(_loss(synthesized, one, pair, Sizes()), _loss(translated, one, pair, Sizes()))


def stage_losses(before: Baseline, score: Score) -> StageLosses | None:
    """Attribute the loss of a candidate to the stages; they sum to -ln of its success.

    Args:
        before: of its program, at its level.
        score: its own. A dead gate counts with `calibration.MOST_LOSS`.

    Returns:
        The losses in nats; `None` when the success is not known.
    """
    if score.gate_loss is None or score.readout_loss is None:
        return None
    return StageLosses(
        synthesis=before.synthesis,
        basis=before.basis - before.synthesis,
        routing=score.gate_loss - before.basis,
        readout=score.readout_loss,
    )


def _uncoupled(source: QuantumCircuit, target: Target) -> Target:
    """Return a target with the device's instructions, each on all qubits."""
    free = Target(num_qubits=max(1, source.num_qubits), dt=target.dt)
    for name in target.operation_names:
        bounds = ANGLE_BOUNDS.get(name)
        free.add_instruction(target.operation_from_name(name), name=name, angle_bounds=bounds)
    return free


def _loss(circuit: QuantumCircuit, one: float, pair: float, sizes: Sizes) -> float:
    loss = 0.0
    for instruction in circuit.data:
        if instruction.is_control_flow():
            blocks = instruction.operation.blocks
            worst = max((_loss(block, one, pair, sizes) for block in blocks), default=0.0)
            loss += worst * turns(instruction)
        elif instruction.name not in _NO_GATES:
            loss += _gate_loss(instruction, one, pair, sizes)
    return loss


def _gate_loss(instruction: Any, one: float, pair: float, sizes: Sizes) -> float:
    if len(instruction.qubits) == 1:
        return 0.0 if instruction.name in _FRAME_CHANGES else one
    return sizes.pairs(instruction) * pair
