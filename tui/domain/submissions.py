"""Submissions: what is asked of the service until it is a job."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from tui.common.errors import ErrorKind, QdeckError
from tui.common.values import Value
from tui.domain.circuits import Prediction, Transpilation
from tui.domain.jobs import SLURM_PREFIX, LogLevel, Primitive
from tui.domain.primitives import JobProgram, PrimitiveOptions
from tui.domain.pubs.inputs import Pub, decode_inputs
from tui.domain.pubs.sweeps import Sweep

MAX_TAGS = 8
MAX_TAG_LENGTH = 86
OWN_TAG = re.compile(r"qdeck-[0-9a-f]{12}")
"""The tags qdeck gives its submissions; the user never sees them."""
MAX_SECONDS = 10_800
"""The most QPU seconds the service lets a job run: three hours."""
_WORTH_SAYING = 2.0
"""Seconds of a simulation from which on they are told."""


class SimulationEstimate(Value, frozen=True):
    """How long the sandbox takes for a job, before it is submitted.

    Attributes:
        seconds: of this machine when it does nothing else; `None` when not known.
        refusal: why the job would fail as too large; empty when it would not.
        trouble: why there is no estimate; empty when there is one, or the job itself will tell.
    """

    seconds: float | None = None
    refusal: str = ""
    trouble: str = ""

    @property
    def words(self) -> str:
        """A sentence on the time, where it is worth one; else empty."""
        if self.trouble:
            return f"The time of the simulation could not be estimated: {self.trouble}"
        if self.seconds is not None and self.seconds >= _WORTH_SAYING:
            return f"The simulation takes about {self.seconds:.0f} s."
        return ""


@dataclass(frozen=True, slots=True)
class Submission:
    """One job to be created: PUBs of one primitive, of which the first stands in the fields.

    Attributes:
        primitive: sampler or estimator.
        backend: the backend's name.
        qasm: the ISA circuit: OpenQASM 3 with physical qubits `$n`, or OpenQASM 2 over the device's qubits.
        shots: shots of the sampler's PUB; `None`: the service's default.
        observables: of the estimator, each a sum of Pauli strings as text, already laid out to the ISA
            circuit's width, leftmost letter = highest qubit.
        precision: target precision of the estimator; `None`: the service's default.
        session_id: run in this session or batch; empty: alone.
        tags: at most 8, each at most 86 characters.
        name: what the user calls the circuit.
        source: the OpenQASM the user wrote, before transpiling.
        observable_labels: the observables as the user wrote them, over the circuit's own qubits.
        max_seconds: QPU seconds after which the service ends the job, 1 to `MAX_SECONDS`; `None`: the
            service's default.
        private: the service tells nobody the inputs, and the result once; then it deletes it.
        log_level: how much the job's log tells; `None`: the service's default.
        transpilation: how `source` became `qasm`, where that was done here.
        program: how it is submitted; `None`: the default of the service and the settings.
        options: error suppression and mitigation.
        params: the program's params as JSON, once it is prepared; empty for the service's own primitives.
        formula_seconds: QPU seconds by IBM's published formula, once it is prepared; `None` where not known.
        parameters: free parameters of the ISA circuit, in Qiskit's order.
        sweep: their values; `None` for a circuit without parameters, and once it is prepared.
        further: the PUBs after the first; none once it is prepared.
        inputs: as of the job, once it is prepared.
        prediction: success estimated for the first circuit, where its transpilation is kept elsewhere.
    """

    primitive: Primitive
    backend: str
    qasm: str
    shots: int | None = None
    observables: tuple[str, ...] = ()
    precision: float | None = None
    session_id: str = ""
    tags: tuple[str, ...] = ()
    name: str = ""
    source: str = ""
    observable_labels: tuple[str, ...] = ()
    max_seconds: int | None = None
    private: bool = False
    log_level: LogLevel | None = None
    transpilation: Transpilation | None = None
    program: JobProgram | None = None
    options: PrimitiveOptions = field(default_factory=PrimitiveOptions)
    params: str = field(default="", repr=False)
    formula_seconds: float | None = None
    parameters: tuple[str, ...] = ()
    sweep: Sweep | None = None
    further: tuple[Pub, ...] = ()
    inputs: str = field(default="", repr=False)
    prediction: Prediction | None = None

    @property
    def predicted(self) -> Prediction | None:
        """Success estimated for the first circuit; `None` where it was not transpiled here."""
        return self.prediction if self.transpilation is None else self.transpilation.prediction

    @property
    def circuits(self) -> int:
        """Number of PUBs, also once it is prepared."""
        return len(decode_inputs(self.inputs)) or 1 + len(self.further)

    @property
    def pubs(self) -> tuple[Pub, ...]:
        """All PUBs, as far as it is not prepared yet."""
        first = Pub(
            self.qasm,
            self.parameters,
            self.sweep,
            self.observables,
            self.name,
            self.source,
            self.observable_labels,
            self.transpilation,
        )
        return (first, *self.further)

    @property
    def fractional_gates(self) -> bool:
        """True when a circuit may have gates of any angle: devices tell their lengths only where asked."""
        return any(call in pub.qasm for pub in self.pubs for call in ("rzz(", "rx("))

    @property
    def runs_executor(self) -> bool:
        """True when it is prepared as a program of the executor."""
        return bool(self.params) and self.program is not JobProgram.LEGACY


def separate(submission: Submission) -> tuple[Submission, ...]:
    """Return a submission of its own for each PUB.

    Args:
        submission: of one PUB or more, not prepared.
    """
    return tuple(
        replace(
            submission,
            qasm=pub.qasm,
            parameters=pub.parameters,
            sweep=pub.sweep,
            observables=pub.observables,
            name=pub.name,
            source=pub.source,
            observable_labels=pub.observable_labels,
            transpilation=pub.transpilation,
            formula_seconds=None,
            further=(),
        )
        for pub in submission.pubs
    )


class WaitState(StrEnum):
    """How far a submission is that has not become a job yet."""

    WAITING = "waiting"
    """In line; nothing was sent."""
    SENDING = "sending"
    UNCONFIRMED = "unconfirmed"
    """Sent, and being looked for: the job may exist."""
    NOT_CREATED = "not created"
    """The service said twice that there is no such job; it is sent again only when the user says so."""


class WaitingSubmission(Value, frozen=True):
    """A submission that has not become a job yet.

    Attributes:
        tag: its own tag, by which it is named to the services.
        submission: what was asked for, without its program texts.
        place: from 1 in line; 0 when it is not in line.
        due: when it goes out (UTC), as far as that is known; `None` while it waits for something else.
        why: what it waits for, in a few words, plain text.
        elsewhere: another running qdeck has it in its hands: it is shown, not changed, here.
    """

    tag: str
    submission: Submission
    state: WaitState
    created: datetime
    place: int = 0
    due: datetime | None = None
    why: str = ""
    elsewhere: bool = False


def slurm_tag(environ: Mapping[str, str]) -> str:
    """Return the tag of jobs that are submitted inside a job of Slurm; empty outside of one."""
    number = environ.get("SLURM_JOB_ID", "").strip()
    return f"{SLURM_PREFIX}{number}" if number.isascii() and number.isdigit() and len(number) <= 20 else ""


def with_tag(submission: Submission, tag: str) -> Submission:
    """Return the submission with one more tag, where it has not got it.

    Args:
        tag: empty: none.

    Raises:
        QdeckError: `INVALID`: with it there are too many.
    """
    if not tag or tag in submission.tags:
        return submission
    tags = (*submission.tags, tag)
    check_tags(tags, room_for_own=True)
    return replace(submission, tags=tags)


def check_tags(tags: tuple[str, ...], *, room_for_own: bool) -> None:
    """Refuse tags that the service would refuse, and those that are reserved.

    Args:
        room_for_own: whether an own tag is added to them.

    Raises:
        QdeckError: `INVALID`.
    """
    most = MAX_TAGS - 1 if room_for_own else MAX_TAGS
    if len(tags) > most:
        why = " (the service takes 8; qdeck needs one to find the job by)" if room_for_own else ""
        raise QdeckError(ErrorKind.INVALID, f"{len(tags)} tags are too many: at most {most}{why}.")
    for tag in tags:
        if len(tag) > MAX_TAG_LENGTH:
            raise QdeckError(
                ErrorKind.INVALID, f"The tag {tag[:20]}… is longer than {MAX_TAG_LENGTH} characters."
            )
        if OWN_TAG.fullmatch(tag):
            raise QdeckError(ErrorKind.INVALID, f"Tags like {tag} are kept for qdeck's own use.")
