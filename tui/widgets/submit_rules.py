"""What may be typed into the submit form, and what the run would cost: pure functions, errors in words."""

from __future__ import annotations

import math
from dataclasses import dataclass

from tui.domain.circuits import Candidate
from tui.domain.submissions import DEFAULT_PRECISION, DEFAULT_SHOTS, MAX_TAG_LENGTH, MAX_TAGS, Primitive

MAX_SHOTS = 100_000
"""The most shots the service takes for one PUB."""
MAX_OBSERVABLES = 100
"""A line of text holds no more with any sense."""
OVERHEAD_SECONDS = 2.0
REPETITION_DELAY_US = 250.0
FORMULA = "2 s + (250 µs + shot) × shots, by IBM's estimate"
"""What `qpu_seconds` computes, for the screen."""


def parse_shots(text: str) -> int:
    """The number of shots.

    Raises:
        ValueError: it is not a whole number from 1 to `MAX_SHOTS`.
    """
    typed = text.strip().replace("_", "").replace(" ", "")
    if not typed:
        return DEFAULT_SHOTS
    if not (typed.isascii() and typed.isdigit()) or not 1 <= int(typed[:12]) <= MAX_SHOTS:
        raise ValueError(f"Shots: a whole number from 1 to {MAX_SHOTS}.")
    return int(typed)


def parse_precision(text: str) -> float:
    """The target precision of the estimator.

    Raises:
        ValueError: it is not a number above 0 and below 1.
    """
    typed = text.strip()
    if not typed:
        return DEFAULT_PRECISION
    try:
        value = float(typed)
    except ValueError:
        value = math.nan
    if not 0 < value < 1:
        raise ValueError("Precision: a number above 0 and below 1, for example 0.015625.")
    return value


def parse_tags(text: str) -> tuple[str, ...]:
    """The tags, without repetitions.

    Raises:
        ValueError: there are more than `MAX_TAGS`, or one is longer than `MAX_TAG_LENGTH`.
    """
    tags = tuple(dict.fromkeys(tag for part in text.split(",") if (tag := part.strip())))
    if len(tags) > MAX_TAGS:
        raise ValueError(f"Tags: at most {MAX_TAGS}, these are {len(tags)}.")
    for tag in tags:
        if len(tag) > MAX_TAG_LENGTH:
            raise ValueError(f"Tags: at most {MAX_TAG_LENGTH} characters each, one has {len(tag)}.")
    return tags


def parse_observables(text: str, candidate: Candidate) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The observables as typed (upper case), and laid out over the device's qubits.

    Raises:
        ValueError: there is none, too many, or one does not fit the circuit.
    """
    labels = tuple(label.upper() for part in text.split(",") if (label := part.strip()))
    if not labels:
        example = "Z" * len(candidate.final_layout)
        shown = example if len(example) <= 12 else "one letter a qubit"
        raise ValueError(f"Observables: Pauli strings with commas between, for example {shown}.")
    if len(labels) > MAX_OBSERVABLES:
        raise ValueError(f"Observables: at most {MAX_OBSERVABLES}, these are {len(labels)}.")
    return labels, tuple(candidate.lay_out(label) for label in labels)


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a run would take: QPU seconds, and whether the shot's length was known."""

    seconds: float
    duration_known: bool


def qpu_seconds(candidate: Candidate, shots: int) -> Estimate:
    """QPU seconds of `shots` shots: 2 s + (rep_delay 250 µs + the shot's duration) x shots.

    Source: IBM Quantum documentation, "Estimate job run time": an overhead of about 2 s, the default
    repetition delay of 250 µs, the circuit's scheduled duration. A circuit whose duration is not known counts
    with its delay alone.
    """
    shot = REPETITION_DELAY_US + (candidate.duration_us or 0.0)
    return Estimate(OVERHEAD_SECONDS + shot * shots / 1e6, candidate.duration_us is not None)


def estimator_shots(precision: float) -> int:
    """Shots the estimator takes for one basis: 1 / precision², as the service does."""
    return math.ceil(1 / precision**2)


def shots_of(primitive: Primitive, shots: int, precision: float) -> int:
    """Shots that the estimate counts with."""
    return shots if primitive is Primitive.SAMPLER else estimator_shots(precision)
