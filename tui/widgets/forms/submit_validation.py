"""What may be typed into the submit form, and what the run would cost: pure functions, errors in words."""

from __future__ import annotations

import math

from tui.common.safe_text import plain
from tui.domain.accounts import Usage
from tui.domain.circuits import DEFAULT_REP_DELAY_US, OVERHEAD_SECONDS, Candidate
from tui.domain.jobs import DEFAULT_PRECISION, DEFAULT_SHOTS
from tui.domain.pricing import Price
from tui.domain.pubs.inputs import MOST_PUBS
from tui.domain.pubs.observables import parse_observables as read_observables
from tui.domain.sessions import Session, SessionMode
from tui.domain.submissions import MAX_SECONDS, MAX_TAG_LENGTH, MAX_TAGS
from tui.widgets.text.format import duration

MAX_SHOTS = 100_000
"""The most shots the service takes for one PUB."""
FREE_PLANS = frozenset({"open", "lite", "free"})
"""Plans whose QPU time costs nothing; every other plan is paid."""


class FieldError(ValueError):
    """A value that cannot be meant; the message is for the user.

    Attributes:
        field: id of the field; empty for none.
    """

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field


def parse_shots(text: str) -> int:
    """Return the number of shots; the default for an empty text.

    Raises:
        ValueError: it is not a whole number from 1 to `MAX_SHOTS`.
    """
    typed = text.strip().replace("_", "").replace(" ", "")
    if not typed:
        return DEFAULT_SHOTS
    if not (typed.isascii() and typed.isdigit()) or not 1 <= int(typed[:12]) <= MAX_SHOTS:
        raise ValueError(f"Shots: a whole number from 1 to {MAX_SHOTS}.")
    return int(typed)


def parse_copies(text: str) -> int:
    """Return how often the circuit is run in the job; 1 for an empty text.

    Raises:
        ValueError: it is not a whole number from 1 to `MOST_PUBS`.
    """
    typed = text.strip()
    if not typed:
        return 1
    if not (typed.isascii() and typed.isdigit()) or not 1 <= int(typed[:12]) <= MOST_PUBS:
        raise ValueError(f"Copies: a whole number from 1 to {MOST_PUBS:,}.")
    return int(typed)


def parse_precision(text: str) -> float:
    """Return the target precision of the estimator; the default for an empty text.

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


def parse_seconds(text: str) -> int | None:
    """Return the QPU seconds after which the service ends the job.

    Returns:
        The limit; `None` for an empty text: the service's own limit.

    Raises:
        ValueError: it is not a whole number from 1 to `MAX_SECONDS`.
    """
    typed = text.strip()
    if not typed:
        return None
    if not (typed.isascii() and typed.isdigit()) or not 1 <= int(typed[:12]) <= MAX_SECONDS:
        raise ValueError(f"QPU limit: whole seconds from 1 to {MAX_SECONDS}, or empty.")
    return int(typed)


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
    """Return the observables, sums of Pauli strings, as they are named and laid out over the device's qubits.

    Raises:
        ValueError: there is none, too many, or one does not fit the circuit.
    """
    if not text.strip():
        example = "Z" * len(candidate.final_layout)
        shown = example if len(example) <= 12 else "one letter a qubit"
        raise ValueError(f"Observables: Pauli strings with commas between, for example {shown}.")
    try:
        labels = tuple(one.text for one in read_observables(text))
        return labels, tuple(candidate.lay_out(label) for label in labels)
    except ValueError as error:
        raise ValueError(f"Observables: {error}") from error


def formula(candidate: Candidate) -> str:
    """Return IBM's formula for the candidate's backend, for the screen."""
    pause = DEFAULT_REP_DELAY_US if candidate.rep_delay_us is None else candidate.rep_delay_us
    return f"Formula: {OVERHEAD_SECONDS:.0f} s + ({pause:.0f} µs + circuit) × executions"


def costs(price: Price, usage: Usage | None, session: Session | None, limit: int | None = None) -> list[str]:
    """Return the reasons to confirm a run first, in sentences.

    Args:
        price: of the run.
        usage: what the instance has left, and its plan; `None` when not known.
        session: where it would run; `None` for no session.
        limit: QPU seconds after which the service ends the job; `None` for no such limit.

    Returns:
        The sentences; empty when no confirmation is needed.
    """
    reasons: list[str] = []
    seconds = price.at_most(limit)
    about = f"about {duration(seconds)} of QPU time" if seconds is not None else "an unknown QPU time"
    if usage is not None and price.exceeds(usage, limit):
        left = usage.remaining_seconds
        if usage.limit_reached or left is None:
            reasons.append(f"The run takes {about}, and the limit of the instance is reached.")
        else:
            reasons.append(f"The run takes {about}; the instance has {duration(left)} left.")
    if session is not None and session.mode is SessionMode.DEDICATED:
        reasons.append("It runs in a dedicated session: all the time that the session is open is charged.")
    plan = plain(usage.plan, limit=40) if usage is not None else ""
    if plan and plan.casefold() not in FREE_PLANS:
        reasons.append(f"The plan of the instance is {plan}: QPU time is paid for. The run takes {about}.")
    return reasons
