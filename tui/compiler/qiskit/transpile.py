"""Transpile a circuit for a backend, or measure what the cloud made of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, Final

from qiskit import QuantumCircuit, generate_preset_pass_manager, qasm3
from qiskit.transpiler import StagedPassManager, Target

from tui.compiler.messages import Review, Transpile
from tui.compiler.qiskit.circuit_stats import stats
from tui.compiler.qiskit.circuit_summary import NotPossible, is_clifford, measures
from tui.compiler.qiskit.parser import LONGEST_TEXT, Unreadable, read
from tui.compiler.qiskit.scoring import score
from tui.compiler.qiskit.search.tket import optimized
from tui.compiler.qiskit.stages import Baseline, baseline, stage_losses
from tui.domain.circuits import Candidate, Maker, TranspileOptions
from tui.qiskit_common.standard_gates import with_own_names
from tui.qiskit_common.traversal import has_feedback

Passes = Callable[[TranspileOptions, tuple[int, ...] | None], StagedPassManager]

MOST_OPERATIONS: Final = 500_000
"""Operations of a transpiled program. It is kept, shown and sent as text, of some 14 characters and 0.3 ms to
read for each (measured): 7 MB and 2.5 minutes. Above `LONGEST_TEXT` it would not be read again at all, and
services, which take requests of 50 MB, have nothing to do with it."""
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
        NotPossible: the circuit does not fit the device, or becomes too large to work with.
        qiskit.exceptions.QiskitError: Qiskit cannot translate it.
    """
    options = request.options
    if options.optimization_level not in (0, 1, 2, 3):
        raise NotPossible(f"There is no optimization level {options.optimization_level}: 0 to 3.")
    source = read_source(request.qasm)
    check_size(source, request.target.name, target)
    started = time.monotonic()
    asked = for_maker(options.maker, source, request.target.name, target)
    isa = compiled(asked, options, partial(preset_passes, target))
    return finished(request, source, isa, target, time.monotonic() - started)


def read_source(qasm: str) -> QuantumCircuit:
    """Read a program that is to be transpiled, its own gates told from the device's.

    Raises:
        Unreadable: Qiskit does not accept it.
    """
    return with_own_names(read(qasm))


def for_maker(maker: Maker, source: QuantumCircuit, name: str, target: Target) -> QuantumCircuit:
    """Return what is laid out: the program, or what another maker has made of it.

    Args:
        maker: who is asked.
        source: the program.
        name: of the device.
        target: the device, with its fractional gates where these are asked for.

    Raises:
        NotPossible: that maker does not take it, or the device has nothing for it.
    """
    if maker is Maker.FRACTIONAL:
        if not getattr(target, "fractional", ()):
            raise NotPossible(f"None on {name}: it has no gates of any angle.")
        if has_feedback(source):
            raise NotPossible("Not beside control flow: devices take one or the other.")
    if maker is not Maker.PYTKET:
        return source
    if fixed_place(source) is not None:
        raise NotPossible("Not for programs that name the device's qubits themselves.")
    return optimized(source)


def compiled(source: QuantumCircuit, options: TranspileOptions, passes: Passes) -> QuantumCircuit:
    """Transpile a circuit, which stays on physical qubits if it uses them.

    Args:
        source: the circuit.
        options: the level and the seed.
        passes: makes the pass manager, of these options and the places where qubits start.

    Returns:
        The ISA circuit, with its layout. That of a circuit without measurements is chosen as if every qubit
        were measured, as an estimator will do.

    Raises:
        NotPossible: it has too many operations.
    """
    place = fixed_place(source)
    if place is None and source.num_qubits and not measures(source):
        place = layouts(_bounded_run(passes(options, None), source.measure_all(inplace=False)))[0]
    return _bounded_run(passes(options, place), source)


def _bounded_run(manager: StagedPassManager, circuit: QuantumCircuit) -> QuantumCircuit:
    """Run passes up to where the circuit has far too many operations: the rest of the way takes minutes."""

    def check(dag: Any, **_: Any) -> None:
        # Later passes take some operations away, seldom half of them.
        if (size := sum(dag.count_ops(recurse=False).values())) > 2 * MOST_OPERATIONS:
            raise _too_large(size, "operations", MOST_OPERATIONS)

    isa: QuantumCircuit = manager.run(circuit, callback=check)
    if (size := len(isa.data)) > MOST_OPERATIONS:
        raise _too_large(size, "operations", MOST_OPERATIONS)
    return isa


def _too_large(size: int, unit: str, most: int) -> NotPossible:
    return NotPossible(
        f"The transpiled program has {size:,} {unit}; qdeck takes at most {most:,}, "
        "which it reads in about 3 minutes.",
        "Use fewer gates: no device keeps a state for so many.",
    )


def fixed_place(source: QuantumCircuit) -> tuple[int, ...] | None:
    """Return the physical qubits of a circuit that uses such itself; `None` for any other."""
    return None if source.layout is None else tuple(range(source.num_qubits))


def finished(
    request: Transpile,
    source: QuantumCircuit,
    isa: QuantumCircuit,
    target: Target,
    seconds: float,
    before: Baseline | None = None,
) -> Candidate:
    """Measure what came of transpiling.

    Args:
        request: the program and the options.
        source: the program as it was read.
        isa: what was made of it, with its layout.
        target: the device.
        seconds: how long that took.
        before: of the program at this level, where it is known already.

    Returns:
        The candidate, with a warning when a wide Clifford circuit is none any more.

    Raises:
        NotPossible: its text is too long.
    """
    qasm = qasm3.dumps(isa)
    if len(qasm) > LONGEST_TEXT:
        raise _too_large(len(qasm), "characters", LONGEST_TEXT)
    candidate = _candidate(request, source, isa, qasm, target, layouts(isa), seconds, before)
    lost = _clifford_lost(source, isa, request, target)
    return replace(candidate, warnings=(*candidate.warnings, lost)) if lost else candidate


def _clifford_lost(source: QuantumCircuit, isa: QuantumCircuit, request: Transpile, target: Target) -> str:
    """Return a sentence when a wide Clifford circuit is none any more, with a level that keeps it one.

    Levels 2 and 3 synthesize pairs of qubits anew by numbers, which makes angles of any size. A simulator of
    stabilizers takes hundreds of qubits, of other circuits some twenty.
    """
    wide = source.num_qubits > WIDEST_BY_MATRIX and request.options.optimization_level > 1
    if not wide or not is_clifford(source) or is_clifford(isa):
        return ""
    lower = replace(request.options, optimization_level=1)
    kept = compiled(source, lower, partial(preset_passes, target))
    if not is_clifford(kept):
        return ""
    before, after = stats(isa).two_qubit_gates, stats(kept).two_qubit_gates
    return (
        f"A Clifford circuit, but level {request.options.optimization_level} gives it other rotations. "
        f"Level 1 keeps it Clifford, with {after} two-qubit gates for {before}: that is quick in the sandbox "
        "at any width; to a device it does not matter."
    )


def preset_passes(
    target: Target, options: TranspileOptions, place: tuple[int, ...] | None
) -> StagedPassManager:
    """Make Qiskit's preset passes; the circuit's qubits start on `place` when it is given."""
    manager: StagedPassManager = generate_preset_pass_manager(
        optimization_level=options.optimization_level,
        target=target,
        seed_transpiler=options.seed,
        initial_layout=None if place is None else list(place),
    )
    return manager


def layouts(isa: QuantumCircuit) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the initial and the final layout: a physical qubit for each of the circuit's own."""
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
    source = read_source(request.source)
    try:
        isa = read(request.isa)
    except Unreadable as error:
        raise NotPossible(f"The transpiled circuit cannot be read: {error}") from error
    check_size(isa, request.target.name, target)
    own = source.num_qubits
    layout, final = (tuple(entries[:own]) for entries in request.layouts)
    for places in (layout, final):
        if len(set(places)) != own or not all(0 <= place < target.num_qubits for place in places):
            name = request.target.name
            raise NotPossible(f"The layout that came with the circuit is none for {own} qubits of {name}.")
    return _candidate(request, source, isa, request.isa, target, (layout, final), request.seconds)


def check_size(circuit: QuantumCircuit, name: str, target: Target) -> None:
    """Make sure that a device has as many qubits as a circuit.

    Raises:
        NotPossible: it has less.
    """
    if circuit.num_qubits > target.num_qubits:
        raise NotPossible(
            f"The circuit needs {circuit.num_qubits} qubits; {name} has {target.num_qubits}.",
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
    before: Baseline | None = None,
) -> Candidate:
    worth = score(isa, target, layouts[1])
    if before is None and worth.success is not None:
        before = baseline(source, request.options.optimization_level, target)
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
        parameters=tuple(parameter.name for parameter in isa.parameters),
    )
