"""Params of a job of the executor, prepared by IBM's own client code (contract 5.16).

`prepare` of `qiskit_ibm_runtime` makes a quantum program of the PUBs; the role is set as its `run` does. What
comes out is what the client would send for the same circuit. Importing this module imports Qiskit.
"""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from qiskit import QuantumCircuit
from qiskit.circuit import QuantumRegister
from qiskit.transpiler import Target

from tui.common.errors import ErrorKind, QdeckError
from tui.common.safe_text import plain
from tui.compiler.messages import PreparedProgram, PrepareProgram, ProgramPub
from tui.compiler.qiskit.parser import read
from tui.compiler.qiskit.program_work import work_of
from tui.domain.jobs import DEFAULT_SHOTS, Primitive
from tui.domain.primitives import PrimitiveOptions
from tui.domain.pubs.observables import parse_observable
from tui.domain.pubs.sweeps import Sweep
from tui.qiskit_common.standard_gates import RedefinedGate, with_standard_gates

SCHEMA: Final = "v2.0"


def prepare_program(request: PrepareProgram, target: Target) -> PreparedProgram:
    """Return the params of the job, and the work that they are.

    Args:
        request: the PUBs and the options.
        target: the device: its gate lengths time the circuits and the pulses of decoupling.

    Raises:
        Unreadable: Qiskit does not accept the circuit.
        QdeckError: `CIRCUIT` when IBM's client refuses it, or a parameter has no value; `UNAVAILABLE` when
            the client is not installed.
    """
    pubs = [_coerced(pub, request) for pub in request.pubs]
    if request.options.twirls_gates:
        _refuse_fractional([pub[0] for pub in pubs], target)
    backend = None if not request.options.decoupling else SimpleNamespace(target=target)
    try:
        from qiskit_ibm_runtime.exceptions import IBMInputValueError
        from qiskit_ibm_runtime.quantum_program.params_converters import QUANTUM_PROGRAM_PARAMS_CONVERTERS
    except ImportError as error:
        raise QdeckError(
            ErrorKind.UNAVAILABLE,
            f"IBM's client, which prepares the job, cannot be loaded: {plain(str(error))}.",
            "Install qdeck with the extra `local`, or submit the service's own primitive (legacy).",
        ) from error
    try:
        if request.primitive is Primitive.SAMPLER:
            program, options = _sampler(request, pubs, backend)
        else:
            program, options = _estimator(request, pubs, backend)
    except (IBMInputValueError, ValueError) as error:
        raise QdeckError(
            ErrorKind.CIRCUIT, f"IBM's client refuses it: {plain(str(error), limit=500)}"
        ) from error
    program._semantic_role = f"{request.primitive}_v2"
    params: Any = QUANTUM_PROGRAM_PARAMS_CONVERTERS[SCHEMA].encoder(program, options)
    text = json.dumps(params.model_dump(mode="json"), separators=(",", ":"))
    return PreparedProgram(text, work_of(program, target))


def _refuse_fractional(circuits: list[QuantumCircuit], target: Target) -> None:
    """Refuse to twirl gates of any angle.

    Raises:
        QdeckError: `CIRCUIT`.
    """
    names = sorted(
        {name for one in circuits for name in one.count_ops()} & set(getattr(target, "fractional", ()))
    )
    if names:
        raise QdeckError(
            ErrorKind.CIRCUIT,
            f"Gates are twirled, but the circuit has fractional ones ({', '.join(names)}), which cannot be.",
            "Take a candidate without them, or leave gate twirling out.",
        )


def _coerced(pub: ProgramPub, request: PrepareProgram) -> tuple[Any, ...]:
    """Return a PUB as the client takes it: the circuit, its observables, values of its parameters."""
    try:
        circuit = isa_circuit(read(pub.qasm), request.qubits)
    except RedefinedGate as error:
        raise QdeckError(ErrorKind.CIRCUIT, str(error)) from error
    names = [parameter.name for parameter in circuit.parameters]
    given = pub.sweep.names if pub.sweep is not None else ()
    if missing := [name for name in names if name not in given]:
        raise QdeckError(
            ErrorKind.CIRCUIT,
            f"The circuit has free parameters without values: {plain(', '.join(missing), limit=200)}.",
            "Give each a value, a list or a range.",
        )
    values = () if pub.sweep is None or not names else (bindings(pub.sweep, names),)
    if request.primitive is Primitive.SAMPLER:
        return (circuit, *values)
    axes = len(values[0].shape) - 1 if values else 0
    return (circuit, _observables(pub.observables, axes), *values)


def bindings(sweep: Sweep, names: list[str]) -> NDArray[np.float64]:
    """Return the values of parameters as an array of shape `(*sweep.shape, len(names))`."""
    columns = {column.name: column for column in sweep.columns}
    array = np.empty((*sweep.shape, len(names)))
    for place, name in enumerate(names):
        column = columns[name]
        along = [1] * len(sweep.shape)
        if column.axis is not None:
            along[column.axis] = len(column.values)
        array[..., place] = np.array(column.values).reshape(along)
    return array


def _observables(texts: tuple[str, ...], axes: int) -> Any:
    """Return observables for a PUB whose sweep has so many axes: one alone, or several before the sweep."""
    observables: list[Any] = [dict(parse_observable(text).terms) for text in texts]
    if not axes:
        return observables
    if len(observables) == 1:
        return observables[0]
    for _ in range(axes):
        observables = [[one] for one in observables]
    return observables


def _sampler(request: PrepareProgram, pubs: list[tuple[Any, ...]], backend: Any) -> tuple[Any, Any]:
    from qiskit_ibm_runtime.executor_sampler.prepare import prepare
    from qiskit_ibm_runtime.options_models import SamplerOptions

    options = SamplerOptions()
    _apply(options, request.options)
    shots = DEFAULT_SHOTS if request.shots is None else request.shots
    made: tuple[Any, Any] = prepare(pubs, options, shots, backend=backend)
    return made


def _estimator(request: PrepareProgram, pubs: list[tuple[Any, ...]], backend: Any) -> tuple[Any, Any]:
    from qiskit_ibm_runtime.executor_estimator.prepare import prepare
    from qiskit_ibm_runtime.options_models import EstimatorOptions

    options = EstimatorOptions()
    if request.options.resilience is not None:
        options.resilience_level = request.options.resilience
    _apply(options, request.options)
    made: tuple[Any, Any] = prepare(pubs, options, request.precision, backend=backend)
    return made


def _apply(options: Any, chosen: PrimitiveOptions) -> None:
    """Set what was chosen; the rest stays as IBM's client has it."""
    if chosen.twirl_gates is not None:
        options.twirling.enable_gates = chosen.twirl_gates
    if chosen.twirl_measures is not None:
        options.twirling.enable_measure = chosen.twirl_measures
    if chosen.decoupling:
        options.dynamical_decoupling.enable = True
        options.dynamical_decoupling.sequence_type = chosen.decoupling.value


def isa_circuit(circuit: QuantumCircuit, qubits: int) -> QuantumCircuit:
    """Return a transpiled circuit that was read from text as Qiskit's transpiler had it.

    Text defines the device's gates that OpenQASM does not know (`ecr`): they become Qiskit's own again. The
    circuit gets as many qubits as the device has.

    Args:
        circuit: qubit i is the device's qubit i.
        qubits: of the device.

    Raises:
        RedefinedGate: a gate does something else under the name of one of Qiskit's.
    """
    wide = QuantumCircuit(QuantumRegister(max(qubits, circuit.num_qubits), "q"))
    wide.add_bits(circuit.clbits)
    for register in circuit.cregs:
        wide.add_register(register)
    wide.global_phase, wide.metadata = circuit.global_phase, circuit.metadata
    for variable in circuit.iter_declared_vars():
        wide.add_uninitialized_var(variable)
    for instruction in with_standard_gates(circuit).data:
        places = [wide.qubits[circuit.find_bit(qubit).index] for qubit in instruction.qubits]
        wide.append(instruction.operation, places, instruction.clbits)
    return wide
