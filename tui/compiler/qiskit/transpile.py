"""Transpile a circuit for a backend, or measure what the cloud made of it."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Final

from qiskit import QuantumCircuit, generate_preset_pass_manager, qasm3
from qiskit.transpiler import Target

from tui.compiler.messages import Review, Transpile
from tui.compiler.qiskit.circuit_stats import stats
from tui.compiler.qiskit.circuit_summary import NotPossible, draw_if_small, is_clifford, measures
from tui.compiler.qiskit.parser import Unreadable, read
from tui.compiler.qiskit.scoring import score
from tui.compiler.qiskit.stages import baseline, stage_losses
from tui.domain.circuits import Candidate, TranspileOptions

DRAWING_WIDTH: Final = 100
WIDEST_BY_MATRIX: Final = 10
"""Qubits up to which the sandbox simulates any circuit by its density matrix."""


def transpile(request: Transpile, target: Target) -> Candidate:
    """Transpile a program with Qiskit's preset pass manager of the level asked for.

    A program that uses physical qubits (`$3`) stays on them. The layout of a circuit without measurements
    is chosen as if every qubit were measured, as an estimator will do.

    Args:
        request: the program and the options.
        target: the device.

    Returns:
        The candidate, whose `seconds` are those of the pass manager alone.

    Raises:
        Unreadable: Qiskit does not accept the program.
        NotPossible: the circuit does not fit the device.
        qiskit.exceptions.QiskitError: Qiskit cannot translate it.
    """
    options = request.options
    if options.optimization_level not in (0, 1, 2, 3):
        raise NotPossible(f"There is no optimization level {options.optimization_level}: 0 to 3.")
    source = read(request.qasm)
    _fits(source, request, target)
    started = time.monotonic()
    place = None if source.layout is None else tuple(range(source.num_qubits))
    if place is None and source.num_qubits and not measures(source):
        place = _layout(_run(source.measure_all(inplace=False), target, options, None))[0]
    isa = _run(source, target, options, place)
    seconds = time.monotonic() - started
    candidate = _candidate(request, source, isa, qasm3.dumps(isa), target, _layout(isa), seconds)
    lost = _clifford_lost(source, isa, request, target, place)
    return replace(candidate, warnings=(*candidate.warnings, lost)) if lost else candidate


def _clifford_lost(
    source: QuantumCircuit,
    isa: QuantumCircuit,
    request: Transpile,
    target: Target,
    place: tuple[int, ...] | None,
) -> str:
    """Return a sentence when a wide Clifford circuit is none any more, with a level that keeps it one.

    Levels 2 and 3 synthesize pairs of qubits anew by numbers, which makes angles of any size. A simulator of
    stabilizers takes hundreds of qubits, of other circuits some twenty.
    """
    wide = source.num_qubits > WIDEST_BY_MATRIX and request.options.optimization_level > 1
    if not wide or not is_clifford(source) or is_clifford(isa):
        return ""
    lower = replace(request.options, optimization_level=1)
    kept = _run(source, target, lower, place)
    if not is_clifford(kept):
        return ""
    before, after = stats(isa).two_qubit_gates, stats(kept).two_qubit_gates
    return (
        f"A Clifford circuit, but level {request.options.optimization_level} gives it other rotations. "
        f"Level 1 keeps it Clifford, with {after} two-qubit gates for {before}: that is quick in the sandbox "
        "at any width; to a device it does not matter."
    )


def _run(
    circuit: QuantumCircuit, target: Target, options: TranspileOptions, place: tuple[int, ...] | None
) -> QuantumCircuit:
    """Run the preset passes, with the circuit's qubits starting on `place` when it is given."""
    manager = generate_preset_pass_manager(
        optimization_level=options.optimization_level,
        target=target,
        seed_transpiler=options.seed,
        initial_layout=None if place is None else list(place),
    )
    isa: QuantumCircuit = manager.run(circuit)
    return isa


def _layout(isa: QuantumCircuit) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The initial and the final layout: a physical qubit for each of the circuit's own."""
    if isa.layout is None:
        same = tuple(range(isa.num_qubits))
        return same, same
    return (
        tuple(isa.layout.initial_index_layout(filter_ancillas=True)),
        tuple(isa.layout.final_index_layout(filter_ancillas=True)),
    )


def review(request: Review, target: Target) -> Candidate:
    """Measure the circuit that the cloud made of a program.

    Args:
        request: both programs, and where the cloud has placed the qubits.
        target: the device.

    Raises:
        Unreadable: the source is not accepted.
        NotPossible: the answer of the cloud is not a circuit for this device.
    """
    source = read(request.source)
    try:
        isa = read(request.isa)
    except Unreadable as error:
        raise NotPossible(f"The transpiled circuit cannot be read: {error}") from error
    _fits(isa, request, target)
    own = source.num_qubits
    layout, final = (tuple(entries[:own]) for entries in request.layouts)
    for places in (layout, final):
        if len(set(places)) != own or not all(0 <= place < target.num_qubits for place in places):
            name = request.target.name
            raise NotPossible(f"The layout that came with the circuit is none for {own} qubits of {name}.")
    return _candidate(request, source, isa, request.isa, target, (layout, final), request.seconds)


def _fits(circuit: QuantumCircuit, request: Transpile | Review, target: Target) -> None:
    if circuit.num_qubits > target.num_qubits:
        raise NotPossible(
            f"The circuit needs {circuit.num_qubits} qubits; {request.target.name} has {target.num_qubits}.",
            "Choose a larger backend.",
        )


def _candidate(
    request: Transpile | Review,
    source: QuantumCircuit,
    isa: QuantumCircuit,
    qasm: str,
    target: Target,
    layouts: tuple[tuple[int, ...], tuple[int, ...]],
    seconds: float,
) -> Candidate:
    worth = score(isa, target, layouts[1])
    before = (
        baseline(source, request.options.optimization_level, target) if worth.success is not None else None
    )
    return Candidate(
        backend=request.target.name,
        qasm=qasm,
        options=request.options,
        before=stats(source),
        # A text names only the device's qubits it uses.
        after=replace(stats(isa), qubits=target.num_qubits),
        layout=layouts[0],
        final_layout=layouts[1],
        width=target.num_qubits,
        seconds=seconds,
        where="cloud" if request.options.cloud else "local",
        measures=measures(isa),
        estimated_success=worth.success,
        estimated_success_idle=worth.success_idle,
        duration_us=worth.duration_us,
        idle_us=worth.idle_us,
        at_most=worth.at_most,
        used=worth.used,
        stages=None if before is None else stage_losses(before, worth),
        flags=worth.flags,
        warnings=worth.warnings,
        drawing=draw_if_small(isa, DRAWING_WIDTH),
        parameters=tuple(parameter.name for parameter in isa.parameters),
    )
