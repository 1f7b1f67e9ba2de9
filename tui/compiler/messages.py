"""Requests to a Qiskit worker and its replies, as JSON."""

from __future__ import annotations

from typing import Final

import msgspec

from tui.domain.circuits import Candidate, Maker, TranspileOptions
from tui.domain.export.pictures import Picture
from tui.domain.jobs import Primitive
from tui.domain.pricing import ProgramWork
from tui.domain.primitives import PrimitiveOptions
from tui.domain.pubs.sweeps import Sweep
from tui.domain.search import Trial


class TargetData(msgspec.Struct, frozen=True):
    """A backend to transpile for.

    `configuration` and `properties` are the service's JSON. They are some 2 MB, so they are left out
    (`None`) until the worker says that it does not have the target of this `key`, a hash of them.
    `fractional`: with the fractional gates.
    """

    name: str
    key: str
    fractional: bool = False
    configuration: bytes | None = None
    properties: bytes | None = None


class Check(msgspec.Struct, frozen=True, tag="check"):
    """Read a program and say what is wrong with it. Result: `CheckReport`."""

    qasm: str


class Convert(msgspec.Struct, frozen=True, tag="convert"):
    """Write a program in OpenQASM 2 or 3. Result: `str`."""

    qasm: str
    version: int


class DiagramOf(msgspec.Struct, frozen=True, tag="diagram-of"):
    """Lay out the operations of a program. Result: `CircuitDiagram`.

    `layout`: of an ISA program, physical qubit by virtual qubit.
    """

    qasm: str
    layout: tuple[int, ...] = ()


class DescribeGate(msgspec.Struct, frozen=True, tag="describe-gate"):
    """Describe the gate that a program applies last. Result: `GateFacts`, or `None` as of `Transpile`.

    `parameters`, `operands`: names of the gate's own. `qubits`: physical ones it is applied to; empty: any.
    """

    program: str
    parameters: tuple[str, ...]
    operands: tuple[str, ...]
    target: TargetData | None = None
    qubits: tuple[int, ...] = ()


class GateFacts(msgspec.Struct, frozen=True):
    """What a gate is made of, and what becomes of it on a device.

    Attributes:
        definition: its gates, each a statement; empty: it is made of nothing else.
        matrix: rows of numbers as text, of a gate without parameters on few qubits; empty: not known.
        symbolic: parameters stand as symbols in what follows; else they have the values of the program.
        native: the device has the gate itself.
        becomes: the device's gates, each a statement; empty: not known.
        two_qubit_gates: of these.
        error: of all of them together; `None`: not known.
        duration_s: seconds from the first to the end of the last; `None`: not known.
        coupled: each acts on qubits that the device couples.
    """

    definition: tuple[str, ...] = ()
    matrix: tuple[tuple[str, ...], ...] = ()
    symbolic: bool = True
    native: bool = False
    becomes: tuple[str, ...] = ()
    two_qubit_gates: int = 0
    error: float | None = None
    duration_s: float | None = None
    coupled: bool = True


class DecodeQpy(msgspec.Struct, frozen=True, tag="decode-qpy"):
    """Turn QPY (base64, mostly zlib-packed) into OpenQASM 3. Result: `tuple[str, ...]`.

    Attributes:
        whole: refuse what cannot be given back in full.
    """

    payload: str
    whole: bool = False


class EstimatorValues(msgspec.Struct, frozen=True, tag="estimator-values"):
    """Work out the values of an estimator's result of the executor. Result: tuples of `ExpectationValue`."""

    body: bytes


class ProgramPub(msgspec.Struct, frozen=True):
    """One PUB of a program: the ISA circuit, values of its parameters, laid-out observables as text."""

    qasm: str
    sweep: Sweep | None = None
    observables: tuple[str, ...] = ()


class PrepareProgram(msgspec.Struct, frozen=True, tag="prepare-program"):
    """Prepare a job of the executor. Result: `PreparedProgram`, or `None` when the target is asked for.

    `qubits`: of the device. `target`: times the circuits, and the pulses of decoupling.
    """

    primitive: Primitive
    pubs: tuple[ProgramPub, ...]
    qubits: int
    shots: int | None
    precision: float | None
    options: PrimitiveOptions
    target: TargetData | None = None


class PreparedProgram(msgspec.Struct, frozen=True):
    """Params of a job as JSON, and the work that they are."""

    params: str
    work: ProgramWork


class Transpile(msgspec.Struct, frozen=True, tag="transpile"):
    """Transpile for a target. Result: `Candidate`, or `None` when the worker has not got the target."""

    qasm: str
    target: TargetData
    options: TranspileOptions


class Review(msgspec.Struct, frozen=True, tag="review"):
    """Measure what another compiler made of a circuit. Result: as of `Transpile`.

    `layouts`: initial and final layout; entry `i` is the physical qubit of virtual qubit `i`, the circuit's
    own qubits first (contract section 2.3).
    """

    source: str
    isa: str
    target: TargetData
    options: TranspileOptions
    layouts: tuple[tuple[int, ...], tuple[int, ...]]
    seconds: float


class RunTrial(msgspec.Struct, frozen=True, tag="run-trial"):
    """Make one circuit of a search. Result: `Trial`, or `None` when the worker has not got the target."""

    qasm: str
    target: TargetData
    level: int
    seed: int
    maker: Maker = Maker.QISKIT


class MakeCandidate(msgspec.Struct, frozen=True, tag="make-candidate"):
    """Make the circuit of a trial, in full. Result: `Finished`, or `None` as of `RunTrial`."""

    qasm: str
    target: TargetData
    level: int
    seed: int
    maker: Maker = Maker.QISKIT


class Finished(msgspec.Struct, frozen=True):
    """A trial with the circuit that came of it."""

    trial: Trial
    candidate: Candidate


class TimelineOf(msgspec.Struct, frozen=True, tag="timeline-of"):
    """Schedule an ISA program. Result: `CircuitTimeline`, or `None` as of `RunTrial`."""

    isa: str
    target: TargetData


class SimulateIdeal(msgspec.Struct, frozen=True, tag="simulate-ideal"):
    """Simulate a program without noise. Result: `Distribution`.

    `values`: of its parameters. `shots`, `seed`: of a circuit that is too wide for exact probabilities.
    """

    qasm: str
    values: tuple[tuple[str, float], ...] = ()
    shots: int = 4096
    seed: int = 1


class SimulateNoisy(msgspec.Struct, frozen=True, tag="simulate-noisy"):
    """Simulate an ISA program with the device's noise. Result: `Distribution`, or `None` as of `RunTrial`."""

    isa: str
    target: TargetData
    values: tuple[tuple[str, float], ...] = ()
    shots: int = 4096
    seed: int = 1


Sets = tuple[tuple[tuple[str, float], ...], ...]
"""Sets of values of parameters: names and values of each."""


class SimulateSweep(msgspec.Struct, frozen=True, tag="simulate-sweep"):
    """Simulate a program with each of some sets of values. Result: distributions, or as of `RunTrial`.

    `target`: with this device's noise; `None`: without noise. `of`: sets in all, of which these are some:
    there is to be time for all of them. `shots`, `seed`: as of `SimulateIdeal`, `SimulateNoisy`.
    """

    qasm: str
    sets: Sets
    target: TargetData | None = None
    of: int = 1
    shots: int = 4096
    seed: int = 1


class SimulateValues(msgspec.Struct, frozen=True, tag="simulate-values"):
    """Work out expectation values of a program's state. Result: `ForetoldValues`, or as of `RunTrial`.

    `observables`: over the program's qubits, as text. `sets`, `target`, `of`: as of `SimulateSweep`.
    """

    qasm: str
    observables: tuple[str, ...]
    sets: Sets
    target: TargetData | None = None
    of: int = 1
    shots: int = 1000
    seed: int = 1


class Plot(msgspec.Struct, frozen=True, tag="plot"):
    """Draw a picture with Matplotlib. Result: `bytes`. `form`: `svg` or `png`."""

    picture: Picture
    form: str


class EncodeQpy(msgspec.Struct, frozen=True, tag="encode-qpy"):
    """Turn OpenQASM programs into Qiskit's binary form. Result: `bytes`. `names`: of the circuits."""

    programs: tuple[str, ...]
    names: tuple[str, ...]


class Version(msgspec.Struct, frozen=True, tag="version"):
    """Ask for the version of Qiskit, once the worker is warm. Result: `str`."""


Request = (
    Check
    | Convert
    | DescribeGate
    | DiagramOf
    | DecodeQpy
    | EstimatorValues
    | PrepareProgram
    | Transpile
    | Review
    | RunTrial
    | MakeCandidate
    | TimelineOf
    | SimulateIdeal
    | SimulateNoisy
    | SimulateSweep
    | SimulateValues
    | Plot
    | EncodeQpy
    | Version
)


class Done(msgspec.Struct, frozen=True, tag="done"):
    """The result, of the type that the request names."""

    result: msgspec.Raw


class Failed(msgspec.Struct, frozen=True, tag="failed"):
    """The parts of a `QdeckError`, `kind` by its value."""

    kind: str
    message: str
    advice: str = ""


REQUEST_DECODER: Final[msgspec.json.Decoder[Request]] = msgspec.json.Decoder(Request)
REPLY_DECODER: Final[msgspec.json.Decoder[Done | Failed]] = msgspec.json.Decoder(Done | Failed)
