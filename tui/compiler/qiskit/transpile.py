"""Transpile a circuit for a backend, or measure what the cloud made of it."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Final

from qiskit import QuantumCircuit, generate_preset_pass_manager, qasm3
from qiskit.transpiler import Target

from tui.compiler.qiskit.circuit_summary import draw_if_small, measures, stats
from tui.compiler.qiskit.diagnostics import NotPossible, Unreadable
from tui.compiler.qiskit.parser import read
from tui.compiler.qiskit.scoring import score
from tui.domain.circuits import Candidate, TranspileOptions

DRAWING_WIDTH: Final = 100


def transpile(name: str, text: str, target: Target, options: TranspileOptions) -> Candidate:
    """Transpile `text` with Qiskit's preset pass manager of the level asked for.

    A program that uses physical qubits (`$3`) stays on them. The layout of a circuit without measurements
    is chosen as if every qubit were measured, as an estimator will do.

    Raises:
        Unreadable: Qiskit does not accept the program.
        NotPossible: the circuit does not fit the device.
        qiskit.exceptions.QiskitError: Qiskit cannot translate it.
    """
    if options.optimization_level not in (0, 1, 2, 3):
        raise NotPossible(f"There is no optimization level {options.optimization_level}: 0 to 3.")
    source = read(text)
    _fits(source, name, target)
    started = time.monotonic()
    place = None if source.layout is None else tuple(range(source.num_qubits))
    if place is None and source.num_qubits and not measures(source):
        place = _layout(_run(source.measure_all(inplace=False), target, options, None))[0]
    isa = _run(source, target, options, place)
    seconds = time.monotonic() - started
    return _candidate(name, source, isa, qasm3.dumps(isa), target, options, _layout(isa), seconds)


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


def review(
    name: str,
    source_text: str,
    isa_text: str,
    target: Target,
    options: TranspileOptions,
    layouts: tuple[tuple[int, ...], tuple[int, ...]],
    seconds: float,
) -> Candidate:
    """Measure the circuit that the cloud made of `source_text`.

    Args:
        layouts: initial and final layout; entry `i` is the physical qubit of virtual qubit `i`, the
            circuit's own qubits first (contract section 2.3).

    Raises:
        Unreadable: the source is not accepted.
        NotPossible: the answer of the cloud is not a circuit for this device.
    """
    source = read(source_text)
    try:
        isa = read(isa_text)
    except Unreadable as error:
        raise NotPossible(f"The transpiled circuit cannot be read: {error}") from error
    _fits(isa, name, target)
    own = source.num_qubits
    layout, final = (tuple(entries[:own]) for entries in layouts)
    for places in (layout, final):
        if len(set(places)) != own or not all(0 <= place < target.num_qubits for place in places):
            raise NotPossible(f"The layout that came with the circuit is none for {own} qubits of {name}.")
    return _candidate(name, source, isa, isa_text, target, options, (layout, final), seconds)


def _fits(circuit: QuantumCircuit, name: str, target: Target) -> None:
    if circuit.num_qubits > target.num_qubits:
        raise NotPossible(
            f"The circuit needs {circuit.num_qubits} qubits; {name} has {target.num_qubits}.",
            "Choose a larger backend.",
        )


def _candidate(
    name: str,
    source: QuantumCircuit,
    isa: QuantumCircuit,
    qasm: str,
    target: Target,
    options: TranspileOptions,
    layouts: tuple[tuple[int, ...], tuple[int, ...]],
    seconds: float,
) -> Candidate:
    worth = score(isa, target, layouts[1])
    return Candidate(
        backend=name,
        qasm=qasm,
        options=options,
        before=stats(source),
        # A text names only the device's qubits it uses.
        after=replace(stats(isa), qubits=target.num_qubits),
        layout=layouts[0],
        final_layout=layouts[1],
        width=target.num_qubits,
        seconds=seconds,
        where="cloud" if options.cloud else "local",
        measures=measures(isa),
        estimated_success=worth.success,
        duration_us=worth.duration_us,
        warnings=worth.warnings,
        drawing=draw_if_small(isa, DRAWING_WIDTH),
    )
