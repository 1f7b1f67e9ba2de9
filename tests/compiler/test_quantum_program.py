"""Submissions prepared as quantum programs, beside what IBM's own client sends for the same circuit."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tui.common.errors import QdeckError
from tui.compiler.messages import PrepareProgram, ProgramPub
from tui.domain.jobs import Primitive
from tui.domain.primitives import Decoupling, PrimitiveOptions, nested_options
from tui.domain.pubs.observables import parse_observable
from tui.domain.pubs.sweep_text import parse_values, sweep_of
from tui.ibm.codec.params import read_options

pytest.importorskip("qiskit_ibm_runtime")

OPTIONS = [
    PrimitiveOptions(),
    PrimitiveOptions(twirl_measures=True),
    PrimitiveOptions(twirl_gates=True, twirl_measures=True),
    PrimitiveOptions(decoupling=Decoupling.XY4),
    PrimitiveOptions(twirl_gates=True, decoupling=Decoupling.XX),
]


@pytest.fixture(scope="module")
def peekskill() -> Any:
    from qiskit_ibm_runtime.fake_provider import FakePeekskill

    return FakePeekskill()


@pytest.fixture(scope="module")
def bell(peekskill: Any) -> Any:
    """A Bell pair transpiled for the device, measured."""
    from qiskit import QuantumCircuit, transpile

    circuit = QuantumCircuit(2, 2)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.measure([0, 1], [0, 1])
    return transpile(circuit, peekskill, optimization_level=2, seed_transpiler=3)


def sent_by_client(peekskill: Any, primitive: Primitive, pub: Any, options: PrimitiveOptions) -> Any:
    """Params that the client's `run` posts, caught right before the request."""
    from qiskit_ibm_runtime.executor.executor import Executor
    from qiskit_ibm_runtime.executor_estimator import Estimator
    from qiskit_ibm_runtime.executor_sampler import Sampler

    caught: list[Any] = []

    class Service:
        is_local = False

        def _run(self, **given: Any) -> None:
            caught.append(given["inputs"])

    made: Any = Sampler(peekskill) if primitive is Primitive.SAMPLER else Estimator(peekskill)
    if options.resilience is not None:
        made.options.resilience_level = options.resilience
    if options.twirl_gates is not None:
        made.options.twirling.enable_gates = options.twirl_gates
    if options.twirl_measures is not None:
        made.options.twirling.enable_measure = options.twirl_measures
    if options.decoupling:
        made.options.dynamical_decoupling.enable = True
        made.options.dynamical_decoupling.sequence_type = options.decoupling.value
    backend = made._backend
    backend._instance = None
    made._service = Service()
    original = Executor.__init__

    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        original(self, peekskill, kwargs.get("options", args[1] if len(args) > 1 else None))
        self._service = Service()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Executor, "__init__", init)
        made.run(pub if isinstance(pub, list) else [pub])
    (inputs,) = caught
    return inputs


def decoded(params: Any) -> Any:
    """Program and options as the service decodes them, in comparable form."""
    from ibm_quantum_schemas.executor.version_2_0 import ParamsModel

    model: Any = ParamsModel.model_validate(params)
    program = model.quantum_program
    circuits = program.circuits.to_python()
    items = [
        {
            "kind": item.item_type,
            "shape": item.shape,
            "chunk": item.chunk_size,
            "samplex": numberless(str(item.samplex.to_samplex())) if item.item_type == "samplex" else "",
            "arguments": {
                numberless(name): value.to_numpy().tolist() if hasattr(value, "to_numpy") else value
                for name, value in (
                    item.samplex_arguments.items()
                    if item.item_type == "samplex"
                    else [("circuit", item.circuit_arguments)]
                )
            },
        }
        for item in program.items
    ]
    facts = program.model_dump(mode="json", exclude={"circuits", "items", "passthrough_data"})
    return circuits, items, facts, model.options.model_dump(), plain(program.passthrough_data)


def numberless(text: str) -> str:
    """The text in one line, without the numbers of bases, which samplomatic counts on in a process."""
    return re.sub(r"basis\d++", "basis", " ".join(text.split()))


def plain(data: Any) -> Any:
    if hasattr(data, "to_numpy"):
        return data.to_numpy().tolist()
    if isinstance(data, dict):
        return {name: plain(value) for name, value in data.items()}
    return [plain(value) for value in data] if isinstance(data, list) else data


def same_circuit(ours: Any, theirs: Any) -> bool:
    """The same operations on the same qubits and bits: names of registers of qubits do not count."""
    rows = []
    for circuit in (ours, theirs):
        rows.append(
            [
                (
                    one.operation.name,
                    [str(parameter) for parameter in one.operation.params],
                    [circuit.find_bit(qubit).index for qubit in one.qubits],
                    [circuit.find_bit(bit).index for bit in one.clbits],
                )
                for one in circuit.data
            ]
        )
    return bool(
        rows[0] == rows[1]
        and ours.num_qubits == theirs.num_qubits
        and [(one.name, len(one)) for one in ours.cregs] == [(one.name, len(one)) for one in theirs.cregs]
    )


def prepared(
    peekskill: Any, primitive: Primitive, circuit: Any, options: PrimitiveOptions, **more: Any
) -> Any:
    from qiskit import qasm3

    from tui.compiler.qiskit.quantum_program import prepare_program

    request = PrepareProgram(
        primitive,
        (ProgramPub(qasm3.dumps(circuit), more.get("sweep"), more.get("observables", ())),),
        peekskill.num_qubits,
        more.get("shots"),
        more.get("precision"),
        options,
    )
    return json.loads(prepare_program(request, peekskill.target).params)


@pytest.mark.parametrize("options", OPTIONS, ids=lambda options: options.words or "default")
def test_sampler_program_equals_the_clients(peekskill: Any, bell: Any, options: PrimitiveOptions) -> None:
    ours = decoded(prepared(peekskill, Primitive.SAMPLER, bell, options))
    theirs = decoded(sent_by_client(peekskill, Primitive.SAMPLER, bell, options))
    assert ours[1:] == theirs[1:]
    assert ours[2]["semantic_role"] == "sampler_v2"
    assert all(same_circuit(*pair) for pair in zip(ours[0], theirs[0], strict=True))


@pytest.mark.parametrize("resilience", [None, 0, 1, 2])
def test_estimator_program_equals_the_clients(peekskill: Any, bell: Any, resilience: int | None) -> None:
    circuit = bell.remove_final_measurements(inplace=False)
    circuit._layout = bell._layout
    letters = ["I"] * peekskill.num_qubits
    for qubit in bell.layout.final_index_layout():
        letters[-1 - qubit] = "Z"
    observable = "".join(letters)
    options = PrimitiveOptions(resilience=resilience)
    ours = decoded(
        prepared(peekskill, Primitive.ESTIMATOR, circuit, options, observables=(observable,), precision=None)
    )
    theirs = decoded(sent_by_client(peekskill, Primitive.ESTIMATOR, (circuit, [observable]), options))
    assert ours[1:] == theirs[1:]
    assert ours[2]["semantic_role"] == "estimator_v2"
    if resilience != 2:
        # Which gates of a circuit are folded is drawn by chance.
        assert all(same_circuit(*pair) for pair in zip(ours[0], theirs[0], strict=True))


SWEEPS = [
    ([("theta", "0:2pi:5"), ("phi", "0.3")], False),
    ([("theta", "0:2pi:3"), ("phi", "0, pi/2")], False),
    ([("theta", "0:pi:4"), ("phi", "1, 2, 3, 4")], True),
    ([("phi", "0.1"), ("theta", "pi/3")], False),
]


@pytest.fixture(scope="module")
def rotated(peekskill: Any) -> Any:
    """Two parameters, whose order in the circuit is not that of their names; transpiled unbound."""
    from qiskit import QuantumCircuit, transpile
    from qiskit.circuit import Parameter

    theta, phi = Parameter("theta"), Parameter("phi")
    circuit = QuantumCircuit(2, 2)
    circuit.ry(theta, 0)
    circuit.cx(0, 1)
    circuit.rx(phi / 2 + theta, 1)
    circuit.measure([0, 1], [0, 1])
    return transpile(circuit, peekskill, optimization_level=2, seed_transpiler=3)


def by_parameter(circuit: Any, texts: list[tuple[str, str]], *, zipped: bool) -> dict[Any, Any]:
    """The same values as a user of IBM's client gives them: arrays that broadcast, by parameter."""
    import numpy as np

    read = {name: np.array(parse_values(text)) for name, text in texts}
    several = [name for name, values in read.items() if len(values) > 1]
    given: dict[Any, Any] = {}
    for parameter in circuit.parameters:
        values = read[parameter.name]
        if parameter.name not in several:
            given[(parameter,)] = values.reshape((1,) * (1 if zipped else len(several)) + (1,))
            if not several:
                given[(parameter,)] = values
        elif zipped:
            given[(parameter,)] = values[:, None]
        else:
            axes = [1] * len(several)
            axes[several.index(parameter.name)] = len(values)
            given[(parameter,)] = values.reshape((*axes, 1))
    shape = np.broadcast_shapes(*(array.shape[:-1] for array in given.values()))
    return {key: np.broadcast_to(array, (*shape, 1)) for key, array in given.items()}


def swept(texts: list[tuple[str, str]], *, zipped: bool) -> Any:
    return sweep_of(texts, ["phi", "theta"], zipped=zipped)


@pytest.mark.parametrize("options", [OPTIONS[0], OPTIONS[2], OPTIONS[3]], ids=lambda o: o.words or "default")
@pytest.mark.parametrize(("texts", "zipped"), SWEEPS)
def test_sampler_sweep_equals_the_clients(
    peekskill: Any,
    rotated: Any,
    texts: list[tuple[str, str]],
    zipped: bool,
    options: PrimitiveOptions,
) -> None:
    sweep = swept(texts, zipped=zipped)
    ours = decoded(prepared(peekskill, Primitive.SAMPLER, rotated, options, sweep=sweep))
    pub = (rotated, by_parameter(rotated, texts, zipped=zipped))
    theirs = decoded(sent_by_client(peekskill, Primitive.SAMPLER, pub, options))
    assert ours[1:] == theirs[1:]
    assert len(ours[1]) == 1, "one PUB, one item"


@pytest.mark.parametrize("resilience", [None, 0])
@pytest.mark.parametrize(("texts", "zipped"), SWEEPS)
@pytest.mark.parametrize("labels", [("ZZ",), ("0.5*XX - 0.25*ZI", "YY", "IZ + ZI")])
def test_estimator_sweep_equals_the_clients(
    peekskill: Any,
    rotated: Any,
    texts: list[tuple[str, str]],
    zipped: bool,
    labels: tuple[str, ...],
    resilience: int | None,
) -> None:
    from qiskit.quantum_info import SparsePauliOp

    circuit = rotated.remove_final_measurements(inplace=False)
    circuit._layout = rotated._layout
    sweep = swept(texts, zipped=zipped)
    layout, width = rotated.layout.final_index_layout(), peekskill.num_qubits
    read = [parse_observable(label) for label in labels]
    given: Any = [SparsePauliOp.from_list(list(one.terms)).apply_layout(layout, width) for one in read]
    if len(given) == 1 and sweep.shape:
        (given,) = given
    for _ in sweep.shape if isinstance(given, list) else ():
        given = [[one] for one in given]
    options = PrimitiveOptions(resilience=resilience)
    laid_out = tuple(one.laid_out(layout, width).text for one in read)
    ours = decoded(
        prepared(peekskill, Primitive.ESTIMATOR, circuit, options, sweep=sweep, observables=laid_out)
    )
    pub = (circuit, given, by_parameter(circuit, texts, zipped=zipped))
    theirs = decoded(sent_by_client(peekskill, Primitive.ESTIMATOR, pub, options))
    assert ours[1:] == theirs[1:]


def test_several_pubs_equal_the_clients(peekskill: Any, bell: Any, rotated: Any) -> None:
    from qiskit import qasm3

    from tui.compiler.qiskit.quantum_program import prepare_program

    texts = SWEEPS[0][0]
    pubs = (
        ProgramPub(qasm3.dumps(bell)),
        ProgramPub(qasm3.dumps(rotated), swept(texts, zipped=False)),
    )
    request = PrepareProgram(Primitive.SAMPLER, pubs, 27, 1000, None, PrimitiveOptions())
    ours = decoded(json.loads(prepare_program(request, peekskill.target).params))
    theirs = decoded(
        sent_by_client(
            peekskill,
            Primitive.SAMPLER,
            [(bell, None, 1000), (rotated, by_parameter(rotated, texts, zipped=False), 1000)],
            PrimitiveOptions(),
        )
    )
    assert ours[1:] == theirs[1:]
    assert all(same_circuit(*pair) for pair in zip(ours[0], theirs[0], strict=True))


def test_parameter_without_value_is_refused(peekskill: Any, rotated: Any) -> None:
    sweep = sweep_of([("theta", "1")], ["theta"])
    with pytest.raises(QdeckError, match="free parameters without values: phi"):
        prepared(peekskill, Primitive.SAMPLER, rotated, PrimitiveOptions(), sweep=sweep)


def test_work_counts_the_sets_of_a_sweep(peekskill: Any, rotated: Any) -> None:
    from qiskit import qasm3

    from tui.compiler.qiskit.quantum_program import prepare_program

    pub = ProgramPub(qasm3.dumps(rotated), swept(SWEEPS[1][0], zipped=False))
    request = PrepareProgram(Primitive.SAMPLER, (pub,), 27, 1000, None, PrimitiveOptions())
    assert prepare_program(request, peekskill.target).work.executions == 6_000


def test_gate_with_the_name_of_another_is_refused(peekskill: Any) -> None:
    from tui.compiler.qiskit.quantum_program import prepare_program

    text = (
        'OPENQASM 3.0; include "stdgates.inc"; gate ecr a, b { x a; } bit[1] c;\n'
        "ecr $0, $1; c[0] = measure $0;"
    )
    request = PrepareProgram(Primitive.SAMPLER, (ProgramPub(text),), 27, None, None, PrimitiveOptions())
    with pytest.raises(QdeckError, match="own gate ecr"):
        prepare_program(request, peekskill.target)


def test_what_the_client_refuses_is_said(peekskill: Any) -> None:
    from tui.compiler.qiskit.quantum_program import prepare_program

    text = (
        'OPENQASM 3.0; include "stdgates.inc"; bit[2] c;\n'
        "sx $0; c[0] = measure $0; if (c[0] == 1) { x $1; } c[1] = measure $1;"
    )
    options = PrimitiveOptions(decoupling=Decoupling.XX)
    request = PrepareProgram(Primitive.SAMPLER, (ProgramPub(text),), 27, None, None, options)
    with pytest.raises(QdeckError, match="dynamic circuits"):
        prepare_program(request, peekskill.target)


def test_work_counts_executions_control_instructions_and_time(peekskill: Any) -> None:
    from tui.compiler.qiskit.quantum_program import prepare_program

    first, second = next(iter(peekskill.target["ecr"]))
    text = (
        'OPENQASM 3.0; include "stdgates.inc"; \n'
        "gate rzx(t) a, b { h b; cx a, b; rz(t) b; cx a, b; h b; } bit[2] c;\n"
        "gate ecr a, b { rzx(pi/4) a, b; x a; rzx(-pi/4) a, b; }\n"
        f"sx ${first}; rz(0.5) ${first}; ecr ${first}, ${second};\n"
        f"c[0] = measure ${first}; c[1] = measure ${second};"
    )
    request = PrepareProgram(Primitive.SAMPLER, (ProgramPub(text),), 27, 1000, None, PrimitiveOptions())
    work = prepare_program(request, peekskill.target).work
    assert (work.executions, work.rz, work.sx, work.two_qubit_gates) == (1000, 1, 1, 1)
    # init 50, sx 2, rz 1, ecr 5, measure 10
    assert work.control_instructions == 68
    assert work.circuit_seconds is not None
    measured = peekskill.target["measure"][(0,)].duration
    assert work.circuit_seconds > 1000 * measured


def test_work_counts_randomizations_and_pulses_of_decoupling(peekskill: Any, bell: Any) -> None:
    from qiskit import qasm3

    from tui.compiler.qiskit.quantum_program import prepare_program

    def work(options: PrimitiveOptions) -> Any:
        request = PrepareProgram(Primitive.SAMPLER, (ProgramPub(qasm3.dumps(bell)),), 27, 4096, None, options)
        return prepare_program(request, peekskill.target).work

    once, twirled = work(PrimitiveOptions()), work(PrimitiveOptions(twirl_gates=True, twirl_measures=True))
    assert once.executions == 4096 <= twirled.executions
    assert twirled.control_instructions > 10 * once.control_instructions
    decoupled = work(PrimitiveOptions(decoupling=Decoupling.XY4))
    assert decoupled.rz > once.rz


@pytest.mark.parametrize("resilience", [0, 1, 2])
def test_work_counts_folded_gates_and_all_circuits_as_the_service_does(
    peekskill: Any, bell: Any, resilience: int
) -> None:
    from qiskit import qasm3

    from tui.compiler.qiskit.quantum_program import prepare_program
    from tui.sandbox.simulator.executor.limits import ControlInstructions
    from tui.sandbox.simulator.executor.program import read_program

    options = PrimitiveOptions(resilience=resilience, decoupling=Decoupling.XX)
    text = "\n".join(line for line in qasm3.dumps(bell).splitlines() if "measure" not in line)
    pub = ProgramPub(text, observables=("I" * 25 + "ZZ", "I" * 25 + "XX"))
    request = PrepareProgram(Primitive.ESTIMATOR, (pub,), 27, None, None, options)
    prepared = prepare_program(request, peekskill.target)
    program = read_program(json.loads(prepared.params))
    counted = ControlInstructions(27)
    for item in program.items:
        counted.add(item.circuit, item.size)
    work = prepared.work
    assert work.control_instructions == counted._counts.max()
    assert work.executions == sum(item.size * program.shots for item in program.items)
    if resilience == 2:
        plain = prepare_program(
            PrepareProgram(Primitive.ESTIMATOR, (pub,), 27, None, None, PrimitiveOptions(resilience=0)),
            peekskill.target,
        ).work
        assert work.two_qubit_gates > plain.two_qubit_gates and work.executions > 2 * plain.executions


@pytest.mark.parametrize("primitive", list(Primitive))
@pytest.mark.parametrize(
    "options", [*OPTIONS, PrimitiveOptions(resilience=2), PrimitiveOptions(resilience=0)]
)
def test_options_that_are_kept_are_those_that_the_client_submitted(
    peekskill: Any, bell: Any, primitive: Primitive, options: PrimitiveOptions
) -> None:
    from qiskit_ibm_runtime.options_models import EstimatorOptions, SamplerOptions

    estimator = primitive is Primitive.ESTIMATOR
    if options.resilience is not None and not estimator:
        pytest.skip("The sampler has no resilience level.")
    observable = "I" * (peekskill.num_qubits - 1) + "Z"
    given = {"observables": (observable,), "precision": 0.05} if estimator else {"shots": 100}
    circuit = bell.remove_final_measurements(inplace=False) if estimator else bell
    params = prepared(peekskill, primitive, circuit, options, **given)
    submitted = params["quantum_program"]["passthrough_data"]["post_processor"]["options"]
    kept = read_options(json.dumps(params).encode())
    assert len(json.dumps(kept)) < 1000
    nested = nested_options(kept)
    assert nested.pop("precision", None) == (0.05 if estimator else None)
    nested.pop("default_shots", None)
    again = (EstimatorOptions if estimator else SamplerOptions)(**nested).model_dump(mode="json")
    if estimator:
        # What the level of resilience means is worked out when it is submitted.
        assert again["resilience_level"] == submitted["resilience_level"]
    for group in ("twirling", "dynamical_decoupling", "execution", *(["resilience"] if estimator else [])):
        for name, value in submitted[group].items():
            assert again[group][name] == value, (group, name)
