"""What may be typed into the submit form, and what the run would cost: pure functions, errors in words."""

from __future__ import annotations

import math

from tui.compiler.estimate import DEFAULT_REP_DELAY_US, OVERHEAD_SECONDS, qpu_seconds
from tui.domain.circuits import Candidate
from tui.domain.submissions import DEFAULT_PRECISION, DEFAULT_SHOTS, MAX_TAG_LENGTH, MAX_TAGS, Primitive

MAX_SHOTS = 100_000
"""The most shots the service takes for one PUB."""
MAX_OBSERVABLES = 100
"""A line of text holds no more with any sense."""
FORMULA = f"IBM: {OVERHEAD_SECONDS:.0f} s + ({DEFAULT_REP_DELAY_US:.0f} µs + shot) × shots"
"""What `estimated_seconds` computes, for the screen."""


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


def estimated_seconds(candidate: Candidate, shots: int) -> float:
    """QPU seconds of `shots` shots, by `tui.compiler.estimate`; a shot of unknown length counts with its
    pause alone."""
    return qpu_seconds(candidate.duration_us or 0.0, shots)


def estimator_shots(precision: float) -> int:
    """Shots the estimator takes for one basis: 1 / precision², as the service does."""
    return math.ceil(1 / precision**2)


def shots_of(primitive: Primitive, shots: int, precision: float) -> int:
    """Shots that the estimate counts with."""
    return shots if primitive is Primitive.SAMPLER else estimator_shots(precision)
