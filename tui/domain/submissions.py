"""Submissions: what the user asks a backend to run."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from tui.common.errors import ErrorKind, QdeckError
from tui.domain.circuits import Transpilation

DEFAULT_SHOTS = 4096
"""The service's own default for the sampler (contract 5.6)."""
DEFAULT_PRECISION = 0.015625
"""The service's own default for the estimator: 1/64, which is 4096 shots."""
MAX_TAGS = 8
MAX_TAG_LENGTH = 86
OWN_TAG = re.compile(r"qdeck-[0-9a-f]{12}")
"""The tags qdeck gives its submissions; the user never sees them."""
MAX_SECONDS = 10_800
"""The most QPU seconds the service lets a job run: three hours."""


class LogLevel(StrEnum):
    """From which weight on a job's log is written."""

    CRITICAL = "critical"
    ERROR = "error"
    WARNING = "warning"
    INFO = "info"
    DEBUG = "debug"


class Primitive(StrEnum):
    """The two programs of IBM's primitives."""

    SAMPLER = "sampler"
    ESTIMATOR = "estimator"


@dataclass(frozen=True, slots=True)
class Submission:
    """One job to be created: one PUB of one primitive.

    Attributes:
        primitive: sampler or estimator.
        backend: the backend's name.
        qasm: the ISA circuit: OpenQASM 3 with physical qubits `$n`, or OpenQASM 2 over the device's qubits.
        shots: shots of the sampler's PUB; `None`: the service's default.
        observables: Pauli strings of the estimator, already laid out to the ISA circuit's width,
            leftmost letter = highest qubit.
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


class WaitState(StrEnum):
    """How far a submission is that has not become a job yet."""

    WAITING = "waiting"
    """In line; nothing was sent."""
    SENDING = "sending"
    UNCONFIRMED = "unconfirmed"
    """Sent, and being looked for: the job may exist."""
    NOT_CREATED = "not created"
    """The service said twice that there is no such job; it is sent again only when the user says so."""


@dataclass(frozen=True, slots=True)
class WaitingSubmission:
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
