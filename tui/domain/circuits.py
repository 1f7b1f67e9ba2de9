"""Circuits as the user writes them, what a check says of them, and what transpiling makes of them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from enum import StrEnum

from tui.common.safe_text import plain
from tui.common.values import Value
from tui.domain.cloud_transpiler import NOTHING_ASKED, CloudOptions
from tui.domain.pubs.observables import parse_observable

DEFAULT_LEVEL = 2
"""Qiskit's own default. Levels 0 and 1 may put a circuit on qubits 0 and 1, however bad they are."""
OVERHEAD_SECONDS = 2.0
DEFAULT_REP_DELAY_US = 250.0
"""Pause between two shots, in microseconds, of most devices."""
_SPOILS_MORE = ("missing", "not closed", "does not end", "is not a character", "closes nothing")


class CircuitStats(Value, frozen=True):
    """Size of a circuit. Depth counts every operation but barriers; `size` the operations (no barriers)."""

    qubits: int
    clbits: int
    size: int
    depth: int
    two_qubit_gates: int
    two_qubit_depth: int
    operations: Mapping[str, int] = {}  # msgspec makes a new one each time
    """Times each operation occurs, by name."""


class Diagnostic(Value, frozen=True):
    """One thing wrong with a text, or worth knowing.

    Attributes:
        line, column: counted from 1; 0 when the place is not known.
        message: what is wrong, in sentences.
        length: characters from there on that it is about; 0: the word that stands there.
        suggestion: what was probably meant instead of them; empty when that is not known.
        warning: the program is read nevertheless.
    """

    line: int
    column: int
    message: str
    length: int = 0
    suggestion: str = ""
    warning: bool = False

    @property
    def spoils_more(self) -> bool:
        """True when what follows may be misread: a `;`, a bracket or an end is missing."""
        return any(words in self.message for words in _SPOILS_MORE)


class Analysis(Value, frozen=True):
    """What the fast analysis says of a program: Qiskit has the last word.

    Attributes:
        diagnostics: errors and warnings, by their place.
        by: who analysed: "qdeck", or "qdk and qdeck".
    """

    diagnostics: tuple[Diagnostic, ...]
    by: str = "qdeck"

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        """Those of the diagnostics that are errors."""
        return tuple(one for one in self.diagnostics if not one.warning)

    @property
    def warnings(self) -> tuple[Diagnostic, ...]:
        """Those of the diagnostics that are none."""
        return tuple(one for one in self.diagnostics if one.warning)


class CheckReport(Value, frozen=True):
    """What Qiskit says of a program: errors, or none and the circuit's size."""

    diagnostics: tuple[Diagnostic, ...]
    stats: CircuitStats | None = None
    parameters: tuple[str, ...] = ()
    measures: bool = False
    """Whether the circuit measures anything: a sampler needs it."""

    @property
    def ok(self) -> bool:
        """True when Qiskit accepts the program."""
        return not self.diagnostics


class Maker(StrEnum):
    """What makes a candidate."""

    QISKIT = "qiskit"
    FRACTIONAL = "fractional"
    """Qiskit with the fractional gates of the device: `rx` and `rzz` of any angle."""
    PYTKET = "pytket"
    """TKET optimizes the program, then Qiskit lays it out."""
    CLOUD = "cloud"
    AI = "ai"
    """Qiskit with IBM's AI passes, run here."""

    @property
    def word(self) -> str:
        """In a few cells; Qiskit as it is runs here."""
        return {"qiskit": "local", "fractional": "fract.", "ai": "AI"}.get(self, self.value)


OTHER_MAKERS = frozenset(Maker) - {Maker.QISKIT}
"""Those that a search asks beside Qiskit as it is."""


class TranspileOptions(Value, frozen=True):
    """How to transpile. `seed` fixes layout and routing; the cloud's AI passes may ignore it.

    Attributes:
        optimization_level: 0 to 3.
        cloud: on the service instead of here.
        asked: what the service is asked besides; nothing for a local run.
        maker: of a local run: with what the circuit is made.

    Raises:
        ValueError: what cannot be meant, in words for the user.
    """

    optimization_level: int = DEFAULT_LEVEL
    seed: int | None = None
    cloud: bool = False
    asked: CloudOptions = NOTHING_ASKED
    maker: Maker = Maker.QISKIT

    def __post_init__(self) -> None:
        if not self.cloud and self.asked != NOTHING_ASKED:
            raise ValueError("Options of the cloud transpiler mean nothing for transpiling here.")
        if self.seed is not None and any(name == "seed_transpiler" for name, _ in self.asked.qiskit_options):
            raise ValueError("The seed is given twice: in its own field and as seed_transpiler.")

    @property
    def fractional_gates(self) -> bool:
        """True when the circuit may use the fractional gates of the device."""
        return self.maker is Maker.FRACTIONAL or self.asked.fractional_gates

    @property
    def made_by(self) -> Maker:
        """The maker, the service included."""
        return Maker.CLOUD if self.cloud else self.maker


class StageLosses(Value, frozen=True):
    """What each stage of compiling costs a circuit, in nats: they sum to -ln of its estimated success.

    Below 0 is a gain: a stage that optimizes, or qubits better than the device's median.

    Attributes:
        synthesis: two-qubit gates and others of the program itself, each as one gate of median error.
        basis: added by the device's own gates, if every qubit were coupled with every other.
        routing: added by swaps, and by the qubits and couplers that were chosen.
        readout: measurements.
    """

    synthesis: float
    basis: float
    routing: float
    readout: float

    @property
    def total(self) -> float:
        """Sum of the stages, in nats."""
        return self.synthesis + self.basis + self.routing + self.readout

    def shares(self) -> dict[str, float]:
        """Return the share of the success that each stage costs, 0 to 1, negative for a gain."""
        stages = {name: getattr(self, name) for name in ("synthesis", "basis", "routing", "readout")}
        return {name: -math.expm1(-loss) for name, loss in stages.items()}


class CloudCircuit(Value, frozen=True):
    """What the cloud transpiler made of a circuit.

    Attributes:
        qasm: the ISA circuit as OpenQASM; empty when it came as QPY alone.
        qpy: the same as base64 of QPY; empty when it came as OpenQASM alone.
        initial, final: physical qubit at the start and at the end by virtual qubit, the circuit's own first,
            one entry a qubit of the device.
    """

    qasm: str
    qpy: str
    initial: tuple[int, ...]
    final: tuple[int, ...]


class Prediction(Value, frozen=True):
    """Success that was estimated for a circuit when it was submitted: a rank, not a promise.

    Attributes:
        success: product of (1 - error) over gates and measurements; `None` without calibration.
        success_idle: the same with the decay of waiting qubits; `None` where T1, T2 or lengths are not known.
        calibrated: moment (UTC) of the calibration by which it was estimated; `None` where not told.
    """

    success: float | None = None
    success_idle: float | None = None
    calibrated: datetime | None = None


class Transpilation(Value, frozen=True):
    """How a circuit was transpiled: what is kept of a `Candidate`, without its texts.

    Attributes:
        before, after: sizes of the original and of the ISA circuit, without their operations by name.
        layout, final_layout: physical qubit at the start and at the end, by virtual qubit of the circuit.
        where: "local" or "cloud".
        seconds: how long it took.
        estimated_success: product of (1 - error) over gates and measurements; `None` without calibration.
        at: when (UTC).
        estimated_success_idle: the same with the decay of waiting qubits, where T1 or T2 are known.
        calibrated: moment (UTC) of the calibration it was chosen by; `None` where not told.
    """

    backend: str
    options: TranspileOptions
    before: CircuitStats
    after: CircuitStats
    layout: tuple[int, ...] = ()
    final_layout: tuple[int, ...] = ()
    where: str = ""
    seconds: float = 0.0
    estimated_success: float | None = None
    at: datetime | None = None
    estimated_success_idle: float | None = None
    calibrated: datetime | None = None

    @property
    def prediction(self) -> Prediction:
        """Success estimated by this calibration."""
        return Prediction(self.estimated_success, self.estimated_success_idle, self.calibrated)

    def predicted(self, prediction: Prediction | None) -> Transpilation:
        """Return it with the estimates made for one job; `None`: for this job none were kept."""
        if prediction is None:
            return self
        return replace(
            self,
            estimated_success=prediction.success,
            estimated_success_idle=prediction.success_idle,
            calibrated=prediction.calibrated,
        )


class Candidate(Value, frozen=True):
    """One transpiled circuit.

    Attributes:
        qasm: the ISA circuit, OpenQASM 3 with physical qubits `$n` (or OpenQASM 2 from the cloud).
        before, after: sizes of the original and of the ISA circuit.
        layout: physical qubit at the start, by virtual qubit of the circuit.
        final_layout: physical qubit at the end, by virtual qubit of the circuit.
        width: qubits of the device: the width observables are laid out to.
        seconds: how long transpiling took.
        where: "local" or "cloud".
        estimated_success: product of (1 - error) over gates and measurements; `None` without calibration.
        estimated_success_idle: the same with the decay of waiting qubits, where T1 or T2 are known.
        duration_us: scheduled length of one shot in microseconds, where gate lengths are known.
        idle_us: microseconds that qubits wait in one shot, summed over the qubits.
        at_most: True when a loop whose turns the run decides counts once: success is "at most" this.
        used: the device's qubits that have operations, ascending.
        stages: which stage of compiling costs how much of the success.
        flags: couplers and qubits that are dead or reported faulty, as "coupler 8-11 is dead".
        remapped: placed without regard to the direction of gates or without bad couplers, unlike by Qiskit
            with this level and seed alone.
        rep_delay_us: the device's own pause between two shots, in microseconds; `None` where not told.
        at: when it was transpiled (UTC), as far as that was noted.
        calibrated: moment (UTC) of the calibration it was made by; `None` where not told.
        parameters: free parameters of the ISA circuit, in Qiskit's order; some of the source may be gone.
    """

    backend: str
    qasm: str
    options: TranspileOptions
    before: CircuitStats
    after: CircuitStats
    layout: tuple[int, ...]
    final_layout: tuple[int, ...]
    width: int
    seconds: float
    where: str
    measures: bool = True
    estimated_success: float | None = None
    estimated_success_idle: float | None = None
    duration_us: float | None = None
    idle_us: float | None = None
    at_most: bool = False
    used: tuple[int, ...] = ()
    stages: StageLosses | None = None
    flags: tuple[str, ...] = ()
    remapped: bool = False
    rep_delay_us: float | None = None
    warnings: tuple[str, ...] = ()
    at: datetime | None = None
    calibrated: datetime | None = None
    parameters: tuple[str, ...] = ()

    @property
    def transpilation(self) -> Transpilation:
        """The part of the candidate that is kept with a job."""
        return Transpilation(
            backend=self.backend,
            options=self.options,
            before=replace(self.before, operations={}),
            after=replace(self.after, operations={}),
            layout=self.layout,
            final_layout=self.final_layout,
            where=self.where,
            seconds=self.seconds,
            estimated_success=self.estimated_success,
            at=self.at,
            estimated_success_idle=self.estimated_success_idle,
            calibrated=self.calibrated,
        )

    def lay_out(self, text: str) -> str:
        """Return an observable over the device's qubits, as text.

        Args:
            text: a sum of Pauli strings over the circuit's own qubits, leftmost letter = highest qubit.

        Raises:
            ValueError: it is none, or over another number of qubits than the circuit.
        """
        observable = parse_observable(text)
        if observable.qubits != len(self.final_layout):
            raise ValueError(
                f"'{plain(observable.text, limit=60)}' has {observable.qubits} letters but the circuit has "
                f"{len(self.final_layout)} qubits: one letter a qubit, leftmost = highest qubit."
            )
        return observable.laid_out(self.final_layout, self.width).text


def qpu_seconds(
    duration_us: float, shots: int, *, circuits: int = 1, rep_delay_us: float = DEFAULT_REP_DELAY_US
) -> float:
    """Estimate the QPU seconds of a job before it is submitted.

    Overhead of the job (about 2 s) + (rep_delay + circuit length) x number of executions, by IBM's guide
    "Workload usage" (https://quantum.cloud.ibm.com/docs/guides/estimate-job-run-time). Twirling and error
    mitigation run more circuits than were submitted; the estimate does not know.

    Args:
        duration_us: length of one shot of a circuit, in microseconds.
        shots: shots of each circuit.
        circuits: how many circuits are run (for an estimator, one for each set of observables that can be
            measured together).
        rep_delay_us: pause between two shots, in microseconds.

    Returns:
        Seconds.
    """
    return OVERHEAD_SECONDS + (rep_delay_us + duration_us) * 1e-6 * shots * circuits
