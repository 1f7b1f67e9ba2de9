"""Requests to the engine, its answers and its errors."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final, Literal

MOST_SECONDS: Final = 60.0
"""A circuit that would take longer to simulate, or to read, is refused."""
JOB_OVERHEAD_SECONDS: Final = 2.0
"""IBM's published estimate of the QPU time: about this a job, plus for every execution of a circuit the
repetition delay and the duration of the circuit."""


class EngineError(Exception):
    """A request that the engine cannot fulfil; the message is meant for the user."""


class JobFailure(Exception):
    """The reason why a job fails, in words for its user.

    `code` is IBM's error number, `solution` what to do about it.
    """

    def __init__(self, reason: str, code: int = 1002, solution: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.code = code
        self.solution = solution


class TooLarge(JobFailure):
    """A circuit that is not done within `MOST_SECONDS`; `seconds` is what it would take at least."""

    def __init__(self, reason: str, seconds: float) -> None:
        super().__init__(
            reason,
            1002,
            "Use fewer qubits, gates or shots. Circuits of Clifford gates alone (angles that are multiples"
            " of pi/2) can use every qubit of a device; real hardware has no such limit.",
        )
        self.seconds = seconds


def duration(seconds: float) -> str:
    """Return a duration in words, in the unit that suits it."""
    if seconds < 120:
        return f"about {max(seconds, 1):.0f} seconds"
    if seconds < 7200:
        return f"about {seconds / 60:.0f} minutes"
    if seconds < 2 * 86400:
        return f"about {seconds / 3600:.0f} hours"
    return f"about {seconds / 86400:.0f} days" if seconds < 1e9 else "more than a lifetime"


@dataclass(frozen=True)
class RunOutcome:
    """How a job ended.

    `result` is the results body as JSON text, already in the form the params asked for.
    `qpu_seconds` is IBM's published estimate: 2 s a job plus (repetition delay + circuit duration)
    for every shot; `execution_ns` is the second part alone, in nanoseconds. `transpiled` holds the
    circuits as they were run, OpenQASM 3 on one line. `circuits` counts them after broadcasting.
    `shots` is the number a pub got when all pubs got the same, else None.
    """

    status: Literal["Completed", "Failed"]
    result: str | None = None
    reason: str | None = None
    reason_code: int | None = None
    reason_solution: str | None = None
    qpu_seconds: float = 0.0
    execution_ns: int = 0
    transpiled: list[str] = field(default_factory=list)
    logs: str = ""
    circuits: int = 0
    shots: int | None = None


@dataclass(frozen=True)
class SimulationEstimate:
    """How long a job takes to simulate.

    `seconds` is for this machine when it does nothing else; None when it is not known. `methods` are how its
    circuits would be simulated, `processors` on how many at once. `refusal` says why the job would fail as
    too large; empty when it would not.
    """

    seconds: float | None
    methods: tuple[str, ...] = ()
    processors: int = 1
    refusal: str = ""


@dataclass(frozen=True)
class TranspileRequest:
    """Circuits to fit to a device, or to a bare coupling map (which wins when both are given).

    `qpy` is base64 of uncompressed QPY holding all circuits; it is used instead of `qasm` when given.
    `options` are arguments of `qiskit.transpile`; `optimization_level` among them is discarded.
    """

    qasm: list[str] = field(default_factory=list)
    qpy: str | None = None
    device: str | None = None
    coupling_map: list[tuple[int, int]] | None = None
    optimization_level: int = 1
    ai: str = "auto"
    use_fractional_gates: bool = False
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class TranspiledCircuit:
    """One transpiled circuit. `qasm` is on one line: OpenQASM 3 with `$n`, or 2 for OpenQASM 2 input.

    `initial[v]` is the physical qubit of virtual qubit v (the circuit's own first, then ancillas);
    `final[v]` is where it is at the end. Both have one entry for each qubit of the device.
    """

    qasm: str | None
    qpy: str | None
    initial: list[int]
    final: list[int]
