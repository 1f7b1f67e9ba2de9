"""Params of a job of the executor, prepared by IBM's own client code (contract 5.16).

`prepare` of `qiskit_ibm_runtime` makes a quantum program of the PUB; the role is set as its `run` does. What
comes out is what the client would send for the same circuit. Importing this module imports Qiskit.
"""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any, Final

from qiskit import QuantumCircuit
from qiskit.circuit import QuantumRegister
from qiskit.transpiler import Target

from tui.common.errors import ErrorKind, QdeckError
from tui.common.safe_text import plain
from tui.compiler.messages import PreparedProgram, PrepareProgram
from tui.compiler.qiskit.parser import read
from tui.compiler.qiskit.program_work import work_of
from tui.domain.jobs import DEFAULT_SHOTS, Primitive
from tui.domain.primitives import PrimitiveOptions
from tui.qiskit_common.standard_gates import RedefinedGate, with_standard_gates

SCHEMA: Final = "v2.0"


def prepare_program(request: PrepareProgram, target: Target) -> PreparedProgram:
    """Return the params of the job, and the work that they are.

    Args:
        request: the PUB and the options.
        target: the device: its gate lengths time the circuits and the pulses of decoupling.

    Raises:
        Unreadable: Qiskit does not accept the circuit.
        QdeckError: `CIRCUIT` when IBM's client refuses it; `UNAVAILABLE` when the client is not installed.
    """
    try:
        circuit = isa_circuit(read(request.qasm), request.qubits)
    except RedefinedGate as error:
        raise QdeckError(ErrorKind.CIRCUIT, str(error)) from error
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
            program, options = _sampler(request, circuit, backend)
        else:
            program, options = _estimator(request, circuit, backend)
    except (IBMInputValueError, ValueError) as error:
        raise QdeckError(
            ErrorKind.CIRCUIT, f"IBM's client refuses it: {plain(str(error), limit=500)}"
        ) from error
    program._semantic_role = f"{request.primitive}_v2"
    params: Any = QUANTUM_PROGRAM_PARAMS_CONVERTERS[SCHEMA].encoder(program, options)
    text = json.dumps(params.model_dump(mode="json"), separators=(",", ":"))
    return PreparedProgram(text, work_of(program, target))


def _sampler(request: PrepareProgram, circuit: QuantumCircuit, backend: Any) -> tuple[Any, Any]:
    from qiskit_ibm_runtime.executor_sampler.prepare import prepare
    from qiskit_ibm_runtime.options_models import SamplerOptions

    options = SamplerOptions()
    _apply(options, request.options)
    shots = DEFAULT_SHOTS if request.shots is None else request.shots
    made: tuple[Any, Any] = prepare([circuit], options, shots, backend=backend)
    return made


def _estimator(request: PrepareProgram, circuit: QuantumCircuit, backend: Any) -> tuple[Any, Any]:
    from qiskit_ibm_runtime.executor_estimator.prepare import prepare
    from qiskit_ibm_runtime.options_models import EstimatorOptions

    options = EstimatorOptions()
    if request.options.resilience is not None:
        options.resilience_level = request.options.resilience
    _apply(options, request.options)
    pub = (circuit, list(request.observables))
    made: tuple[Any, Any] = prepare([pub], options, request.precision, backend=backend)
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
