"""Python that reads a job, repeats it, or runs its circuit, with IBM's client (qiskit-ibm-runtime)."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from pprint import pformat
from typing import Final

from tui.common.errors import ErrorKind, QdeckError
from tui.common.safe_text import plain
from tui.domain.circuits import Transpilation
from tui.domain.jobs import DEFAULT_PRECISION, DEFAULT_SHOTS, Job, Primitive
from tui.domain.openqasm import version_of
from tui.domain.primitives import nested_options
from tui.domain.pubs.inputs import PubInputs
from tui.domain.pubs.observables import parse_observable
from tui.domain.pubs.sweeps import Sweep

_EXECUTOR: Final = "executor"
_SANDBOX: Final = """\
# SANDBOX: this job was simulated. To reach the sandbox, run `qdeck sandbox --json`, and from its first line
# set QISKIT_IBM_TOKEN (api_key), QISKIT_IBM_URL (url + "/experimental/api/v1") and IAM_URL (url); and
# QISKIT_FUNCTIONS_EXPERIMENTAL=1.
"""
_READ: Final = """
print(job.job_id(), job.status())
result = job.result()
for number, pub in enumerate(result, 1):
    for name, data in pub.data.items():
        # Counts of a register, over all places of a sweep (bit 0 is rightmost); else values.
        print(number, name, data.get_counts() if hasattr(data, "get_counts") else data)
"""
_READ_PLAIN: Final = """
print(job.job_id(), job.status())
result = job.result()
if isinstance(result, dict):
    # The plain form, in which qdeck asks the service's own primitives for results.
    for number, pub in enumerate(result["results"], 1):
        for name, data in pub["data"].items():
            samples = data.get("samples") if isinstance(data, dict) else None
            print(number, name, Counter(map(str, samples)) if samples else data)
else:
    for number, pub in enumerate(result, 1):
        for name, data in pub.data.items():
            print(number, name, data.get_counts() if hasattr(data, "get_counts") else data)
"""
_REPEAT_PROGRAM: Final = """
# The very program and options that were submitted, as the service keeps them.
inputs = job.inputs
backend = service.backend({backend})
job = Executor(backend, options=inputs["options"]).run(inputs["quantum_program"])
"""
_REPEAT_PUBS: Final = """

def pub_of(pub):
    \"\"\"Return a PUB as it was submitted, its circuit read where it was sent as OpenQASM.\"\"\"
    circuit, *rest = pub if isinstance(pub, (list, tuple)) else [pub]
    if isinstance(circuit, str):
        loads = QuantumCircuit.from_qasm_str if "OPENQASM 2" in circuit else qasm3.loads
        circuit = loads(circuit)
    wide = QuantumCircuit(QuantumRegister(backend.num_qubits, "q"), circuit.clbits, *circuit.cregs)
    return (wide.compose(circuit, range(circuit.num_qubits), circuit.clbits), *rest)


# The very PUBs that were submitted, as the service keeps them.
inputs = job.inputs
backend = service.backend({backend})
primitive = {primitive}(mode=backend, options=inputs.get("options") or {{}})
job = primitive.run([pub_of(pub) for pub in inputs["pubs"]])
"""
_WIDE: Final = """

def on_device(circuit):
    \"\"\"Widen a transpiled circuit to the device; its qubit i is the device's. Gates become Qiskit's.\"\"\"
    wide = QuantumCircuit(QuantumRegister(backend.num_qubits, "q"), circuit.clbits, *circuit.cregs)
    standard = get_standard_gate_name_mapping()
    for item in circuit.data:
        operation, own = item.operation, standard.get(item.operation.name)
        if own is not None and not isinstance(operation, own.base_class):
            # OpenQASM has to define what Qiskit knows, as ecr.
            operation = own.base_class(*operation.params)
        wide.append(operation, [circuit.find_bit(qubit).index for qubit in item.qubits], item.clbits)
    return wide

"""


class SnippetForm(StrEnum):
    """Kinds of snippets."""

    FETCH = "fetch"
    """Reads the job and its result from the service."""
    REPEAT = "repeat"
    """Runs the very inputs again that the service keeps of the job."""
    CIRCUIT = "circuit"
    """Runs the circuit again; needs nothing of the job, so it works with any account that has the backend."""


def snippet(
    job: Job,
    form: SnippetForm,
    circuits: Sequence[str] = (),
    inputs: Sequence[PubInputs] = (),
    transpilation: Transpilation | None = None,
) -> str:
    """Write Python for IBM's client about a job.

    The account is the one that was saved with the client, or that of the environment: no token is in it.

    Args:
        job: the job.
        form: what the program does.
        circuits: of `CIRCUIT`, the circuits as submitted, one a PUB.
        inputs: of each PUB; none for a single PUB without parameters.
        transpilation: how the only circuit was made here; of several, `inputs` has it.

    Returns:
        The program, ending in a line feed.

    Raises:
        QdeckError: `CONFLICT`: there is no such program for this job; why.
    """
    classic = job.service.endswith("classic")
    if classic and form is not SnippetForm.CIRCUIT:
        raise QdeckError(
            ErrorKind.CONFLICT,
            "IBM's client of today does not speak to the classic service, so it cannot read this job.",
            "Form `circuit` runs its circuit on the platform.",
        )
    executor = job.program == _EXECUTOR
    # The service keeps a program of the executor whole, whatever it stands for.
    repeatable = job.primitive in set(Primitive) or (form is SnippetForm.REPEAT and executor)
    if form is not SnippetForm.FETCH and not repeatable:
        raise QdeckError(ErrorKind.CONFLICT, f"A job of {plain(job.program, limit=60)} is not repeated.")
    if form is SnippetForm.CIRCUIT:
        return _circuit_program(job, circuits, inputs, transpilation)
    if form is SnippetForm.REPEAT and job.private:
        raise QdeckError(
            ErrorKind.CONFLICT,
            "The service does not tell the inputs of a private job, so they cannot be repeated from there.",
            "Form `circuit` has the circuit in it.",
        )
    plain_form = form is SnippetForm.FETCH and not executor
    counter = "from collections import Counter\n\n" if plain_form else ""
    lines = [_head(job) + counter, "from qiskit_ibm_runtime import "]
    if form is SnippetForm.FETCH:
        lines[-1] += "QiskitRuntimeService\n"
    elif executor:
        lines[-1] += "Executor, QiskitRuntimeService\n"
    else:
        lines[-1] = "from qiskit import QuantumCircuit, QuantumRegister, qasm3\n" + lines[-1]
        lines[-1] += f"QiskitRuntimeService, {_legacy(job)}\n"
    lines += [_service(job), f"job = service.job({job.id!r})\n"]
    if form is SnippetForm.REPEAT:
        repeated = _REPEAT_PROGRAM if executor else _REPEAT_PUBS
        lines.append(repeated.format(backend=repr(job.backend), primitive=_legacy(job)))
    return "".join([*lines, _READ_PLAIN if plain_form else _READ])


def python_text(text: str) -> str:
    """Write a text as a Python literal that is readable and safe to run.

    Returns:
        A triple-quoted literal in which line feeds stay line feeds, and every other character that cannot be
        seen is escaped.
    """
    parts = []
    for place, character in enumerate(text):
        following = text[place + 1 : place + 2]
        if character == '"':
            # One alone ends nothing; the last of the text would.
            parts.append('\\"' if following in ('"', "") else '"')
        elif character == "\n" or (character.isprintable() and character != "\\"):
            parts.append(character)
        else:
            parts.append(repr(character)[1:-1])
    return f'"""\\\n{"".join(parts)}"""'


def _legacy(job: Job) -> str:
    return "EstimatorV2" if job.primitive == Primitive.ESTIMATOR else "SamplerV2"


def _head(job: Job) -> str:
    # The words of others stand in a comment: nothing in them may end it.
    name = f" {plain(job.name, limit=60)}:" if job.name else ""
    told = f"#{name} job {plain(job.id, limit=80)}, {plain(job.primitive, limit=40)} on "
    told += f"{plain(job.backend, limit=60)}, created {job.created:%Y-%m-%d %H:%M:%S} UTC.\n"
    return told + (_SANDBOX if job.service.startswith("sandbox") else "")


def _service(job: Job) -> str:
    given = f'channel="ibm_quantum_platform", instance={job.instance!r}' if _has_crn(job) else ""
    return (
        "\n# The account saved by QiskitRuntimeService.save_account(), or that of QISKIT_IBM_TOKEN.\n"
        f"service = QiskitRuntimeService({given})\n"
    )


def _has_crn(job: Job) -> bool:
    return job.instance.startswith("crn:")


def _circuit_program(
    job: Job,
    circuits: Sequence[str],
    inputs: Sequence[PubInputs],
    transpilation: Transpilation | None,
) -> str:
    if not any(circuits):
        raise QdeckError(ErrorKind.CONFLICT, "No circuit of this job is known here.")
    estimator = job.primitive == Primitive.ESTIMATOR
    known = tuple(inputs) or (PubInputs(observables=job.observables, transpilation=transpilation),)
    if len(known) != len(circuits):
        # Circuits of a job from elsewhere: neither parameters nor observables are told.
        known = tuple(PubInputs() for _ in circuits)
    if estimator and not all(one.observables and one.transpilation is not None for one in known):
        raise QdeckError(
            ErrorKind.CONFLICT,
            "The observables of this job, or the qubits they are on, are not known here.",
            "Form `repeat` takes them from the service.",
        )
    kind = "Estimator" if estimator else "Sampler"
    imports = ["import numpy as np\n"] if any(one.sweep is not None for one in known) else []
    imports.append("from qiskit import QuantumCircuit, QuantumRegister, qasm3\n")
    imports.append("from qiskit.circuit.library import get_standard_gate_name_mapping\n")
    if estimator:
        imports.append("from qiskit.quantum_info import SparsePauliOp\n")
    imports.append("from qiskit_ibm_runtime import QiskitRuntimeService\n")
    imports.append(f"from qiskit_ibm_runtime.executor_{kind.lower()} import {kind}\n")
    written = [_head(job), *imports, _service(job), f"backend = service.backend({job.backend!r})\n", _WIDE]
    for number, (circuit, of) in enumerate(zip(circuits, known, strict=True), 1):
        written.append(_pub(number, circuit, of, estimator=estimator))
    pubs = ", ".join(f"pub_{number}" for number in range(1, len(circuits) + 1))
    options = _options(job, estimator=estimator)
    if estimator:
        known_options = nested_options(job.options)
        default = known_options.get("default_precision", DEFAULT_PRECISION)
        asked = f"precision={known_options.get('precision', default)!r}"
    else:
        asked = f"shots={job.shots or DEFAULT_SHOTS}"
    told = (
        "The options of the job."
        if options
        else "The options of IBM's client: those of the job are not known."
    )
    note = f"\n# {told}\noptions = {pformat(options, width=100, sort_dicts=False)}\n"
    run = f"job = {kind}(mode=backend, options=options).run([{pubs}], {asked})\n"
    return "".join([*written, note, run, _READ])


def _options(job: Job, *, estimator: bool) -> dict[str, object]:
    """Return the job's options as IBM's client of today takes them; what it may not know is left out."""
    names = ["dynamical_decoupling", "twirling", *(["resilience_level"] if estimator else [])]
    if job.program == _EXECUTOR:
        names += ["execution", "max_execution_time", "experimental", *(["resilience"] if estimator else [])]
    known = nested_options(job.options)
    return {name: known[name] for name in names if name in known}


def _pub(number: int, circuit: str, inputs: PubInputs, *, estimator: bool) -> str:
    loads = "qasm3.loads" if version_of(circuit) > 2 else "QuantumCircuit.from_qasm_str"
    lines = [f"\n# PUB {number}: the circuit as it was submitted.\n"]
    lines.append(f"circuit_{number} = on_device({loads}({python_text(circuit)}))\n")
    members = [f"circuit_{number}"]
    if estimator:
        lines.append(_observables(number, inputs))
        members.append(f"observables_{number}")
    if inputs.sweep is not None:
        lines.append(_values(number, inputs.sweep))
        members.append(f"values_{number}")
    lines.append(f"pub_{number} = ({', '.join(members)}{',' if len(members) == 1 else ''})\n")
    return "".join(lines)


def _observables(number: int, inputs: PubInputs) -> str:
    """Sums of Pauli strings over the circuit's own qubits, laid out; a sweep gets its axes behind them."""
    layout = list(inputs.transpilation.final_layout) if inputs.transpilation is not None else []
    written = []
    for text in inputs.observables:
        terms = list(parse_observable(text).terms)
        written.append(
            f"    SparsePauliOp.from_list({terms!r}).apply_layout({layout}, backend.num_qubits),\n"
        )
    listed = f"observables_{number} = [\n{''.join(written)}]\n"
    axes = len(inputs.sweep.shape) if inputs.sweep is not None else 0
    if len(inputs.observables) == 1:
        return listed + f"observables_{number} = observables_{number}[0]\n"
    for _ in range(axes):
        listed += f"observables_{number} = [[one] for one in observables_{number}]\n"
    return listed


def _values(number: int, sweep: Sweep) -> str:
    """Values of parameters by name: arrays of the sweep's shape."""
    lines = []
    for column in sweep.columns:
        along = [1] * len(sweep.shape)
        if column.axis is not None:
            along[column.axis] = len(column.values)
        array = f"np.array({list(column.values)!r}).reshape({tuple(along)!r})"
        lines.append(f"    {column.name!r}: np.broadcast_to({array}, {sweep.shape!r}),\n")
    return f"values_{number} = {{\n{''.join(lines)}}}\n"
