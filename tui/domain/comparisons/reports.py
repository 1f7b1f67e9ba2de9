"""Results side by side, each against the first: counts with distances and z-scores, values with z-scores."""

from __future__ import annotations

import heapq
import math
from collections.abc import Mapping, Sequence
from typing import Final

from tui.common.safe_text import plain
from tui.common.values import Value
from tui.domain.circuits import Candidate
from tui.domain.comparisons.differences import CircuitDiff, Fact, Made, circuit_diffs, facts_of
from tui.domain.results import ExpectationValue, JobResult, PubResult
from tui.domain.statistics.distances import Comparison, compare_samples, compare_with_exact
from tui.domain.statistics.errors import share_z_score, z_score

MOST_SIDES: Final = 12
MOST_ROWS: Final = 40
"""Bit strings of a table; the others are put together in the distances alone."""
MOST_TABLES: Final = 400
"""Registers and places that are compared."""

_DIGITS: Final = 9

Place = tuple[int, str, tuple[int, ...]]
"""Number of a PUB from 1, register, and place in the PUB's shape."""


Parameters = tuple[tuple[str, float], ...]
"""Names and values of parameters."""


class Outcomes(Value, frozen=True):
    """What one side has of a register at a place.

    Attributes:
        weights: times seen, or probabilities where `shots` is `None`, by bit string.
        shots: of the counts; `None` for probabilities that are exact.
        parameters: names and values at the place; nothing where they are not known.
    """

    weights: Mapping[str, float]
    shots: int | None = None
    parameters: Parameters = ()

    def share(self, bits: str) -> float:
        """Return the share of a bit string, 0 to 1."""
        return self.weights.get(bits, 0) / (self.shots or 1)


class Row(Value, frozen=True):
    """A bit string on all sides.

    Attributes:
        shares: of the shots by side; `None` where the side has no counts here.
        z: of each side against the first, `None` for the first and where there is none.
    """

    bits: str
    shares: tuple[float | None, ...]
    z: tuple[float | None, ...]


class CountsReport(Value, frozen=True):
    """A register at a place, on all sides.

    Attributes:
        pub: number of the PUB, from 1.
        parameters: names and values at this place.
        rows: the most frequent bit strings, over all sides.
        outcomes: number of all different ones.
        shots: by side; `None` where the probabilities are exact, or the side has no counts here.
        distances: of each side from the first; `None` for the first and where there is none.
    """

    pub: int
    register: str
    index: tuple[int, ...]
    parameters: Parameters
    rows: tuple[Row, ...]
    outcomes: int
    shots: tuple[int | None, ...]
    distances: tuple[Comparison | None, ...]


class ValueReport(Value, frozen=True):
    """A value on all sides.

    Attributes:
        values: with their standard errors by side; `None` where the side has none here.
        z: of each side against the first, `None` for the first and where there is none.
    """

    pub: int
    observable: str
    index: tuple[int, ...]
    parameters: Parameters
    values: tuple[tuple[float, float | None] | None, ...]
    z: tuple[float | None, ...]


class Report(Value, frozen=True):
    """Everything about some sides; each is held against the first.

    Attributes:
        sides: their names.
        facts: what is known of how each was made, in order; those that differ say so.
        counts, values: what came out.
        circuits: of the sides after the first, how their circuits differ from the first's.
        notes: what could not be compared, and why.
    """

    sides: tuple[str, ...]
    facts: tuple[Fact, ...] = ()
    counts: tuple[CountsReport, ...] = ()
    values: tuple[ValueReport, ...] = ()
    circuits: tuple[CircuitDiff, ...] = ()
    notes: tuple[str, ...] = ()


def candidates_report(candidates: Sequence[Candidate]) -> Report:
    """Compare candidates of a circuit, each with the first: how each was made, and their programs as diffs.

    Args:
        candidates: two at least, the first one first.
    """
    made = [Made(transpilation=one.transpilation, circuits=(one.qasm,)) for one in candidates]
    names = [f"{number}: {_candidate_name(one)}" for number, one in enumerate(candidates, 1)]
    return Report(tuple(names), facts_of(made), circuits=circuit_diffs(made))


def _candidate_name(candidate: Candidate) -> str:
    options = candidate.options
    seed = "" if options.seed is None else f" seed {options.seed}"
    return f"{plain(candidate.backend, limit=24)} level {options.optimization_level}{seed}"


def outcomes_of(result: JobResult) -> dict[Place, Outcomes]:
    """Return the counts of a result by place; those of quasi-distributions are left out."""
    return {
        (number, counts.register, counts.index): Outcomes(
            counts.counts, counts.shots, pub.parameters_at(counts.index)
        )
        for number, pub in enumerate(result.pubs, 1)
        for counts in pub.counts
    }


def compare_counts(
    sides: Sequence[Mapping[Place, Outcomes]], most: int = MOST_ROWS
) -> tuple[CountsReport, ...]:
    """Compare the counts of all sides, place by place, each against the first.

    Places that the first side has not are left out. A register is found by its name; where the other side has
    but one of the PUB and it is called otherwise, that one is taken. Where the values of parameters are known
    on both sides, the place is that of the same values.

    Args:
        sides: what each has.
        most: bit strings in a table.
    """
    lists = [_by_pub(side) for side in sides]
    return tuple(
        _counts_report(place, [_partner(side, place, of.parameters) for side in lists], most)
        for place, of in list(sides[0].items())[:MOST_TABLES]
    )


def compare_values(results: Sequence[JobResult | None]) -> tuple[ValueReport, ...]:
    """Compare the values of all sides, each against the first; they are matched by PUB and order.

    Args:
        results: of each side; `None`: it has none.
    """
    first = results[0]
    reports: list[ValueReport] = []
    for number, pub in enumerate(first.pubs if first is not None else (), 1):
        others = [_Values(_pub(result, number)) for result in results]
        for order, value in enumerate(pub.values):
            given = pub.parameters_at(value.index)
            found = [other.like(value, given, order) for other in others]
            z = [None if place == 0 else _value_z(found[0], of) for place, of in enumerate(found)]
            reports.append(
                ValueReport(
                    number,
                    value.observable,
                    value.index,
                    given,
                    tuple(found),
                    tuple(z),
                )
            )
            if len(reports) >= MOST_TABLES:
                return tuple(reports)
    return tuple(reports)


def _pub(result: JobResult | None, number: int) -> PubResult | None:
    return None if result is None or number > len(result.pubs) else result.pubs[number - 1]


def _value_z(first: tuple[float, float | None] | None, of: tuple[float, float | None] | None) -> float | None:
    return None if first is None or of is None else z_score(*of, *first)


Measured = tuple[float, float | None]
"""A value and its standard error."""


class _Values:
    """The values of a PUB by order, and by observable and values of parameters where these are known."""

    def __init__(self, pub: PubResult | None) -> None:
        values = pub.values if pub is not None else ()
        self._in_order: list[Measured] = [(value.value, value.std) for value in values]
        self._known: dict[tuple[str, Parameters], Measured] = {}
        if pub is not None and pub.sweep is not None:
            for value in values:
                self._known[value.observable, pub.parameters_at(value.index)] = value.value, value.std

    def like(self, value: ExpectationValue, parameters: Parameters, order: int) -> Measured | None:
        """Return the value at the same values of parameters; where they are not known, of the same order."""
        if parameters and self._known:
            return self._known.get((value.observable, parameters))
        return self._in_order[order] if order < len(self._in_order) else None


def _by_pub(side: Mapping[Place, Outcomes]) -> dict[tuple[int, str], list[tuple[Place, Outcomes]]]:
    """What a side has by PUB and register."""
    found: dict[tuple[int, str], list[tuple[Place, Outcomes]]] = {}
    for place, of in side.items():
        found.setdefault(place[:2], []).append((place, of))
    return found


def _partner(
    side: Mapping[tuple[int, str], list[tuple[Place, Outcomes]]], place: Place, parameters: Parameters
) -> Outcomes | None:
    pub, register, index = place
    registers = [name for number, name in side if number == pub]
    if register not in registers and len(registers) == 1:
        register = registers[0]
    there = side.get((pub, register), [])
    if parameters and there and there[0][1].parameters:
        return next((of for _, of in there if of.parameters == parameters), None)
    return next((of for at, of in there if at[2] == index), None)


def _counts_report(place: Place, found: Sequence[Outcomes | None], most: int) -> CountsReport:
    first = found[0]
    assert first is not None
    widths = {len(next(iter(of.weights), "")) for of in found if of is not None}
    # Strings of another width are other outcomes: no distance means anything.
    fitting = [of if of is None or len(widths) == 1 else None for of in found]
    fitting[0] = first
    largest: dict[str, float] = {}
    for of in fitting:
        for bits in of.weights if of is not None else ():
            largest[bits] = max(largest.get(bits, 0.0), of.share(bits) if of is not None else 0.0)
    shown = heapq.nsmallest(most, largest, key=lambda bits: (-largest[bits], bits))
    rows = [
        Row(
            bits,
            tuple(None if of is None else of.share(bits) for of in fitting),
            tuple(_row_z(bits, first, of) if at else None for at, of in enumerate(fitting)),
        )
        for bits in shown
    ]
    return CountsReport(
        *place,
        first.parameters,
        tuple(rows),
        len(largest),
        tuple(None if of is None else of.shots for of in fitting),
        tuple(_distance(first, of) if at else None for at, of in enumerate(fitting)),
    )


def _row_z(bits: str, first: Outcomes, of: Outcomes | None) -> float | None:
    if of is None:
        return None
    if first.shots is not None and of.shots is not None:
        seen, shown = int(of.weights.get(bits, 0)), int(first.weights.get(bits, 0))
        return share_z_score(seen, of.shots, shown, first.shots)
    if first.shots is None and of.shots is None:
        return None
    exact, sample = (first, of) if first.shots is None else (of, first)
    # What a simulation is off by its roundings is no certainty.
    shots, probability = sample.shots or 1, round(exact.share(bits), _DIGITS)
    error = math.sqrt(max(0.0, probability * (1 - probability)) / shots)
    z = z_score(sample.share(bits), error, probability, 0.0)
    return z if z is None or sample is of else -z


def _distance(first: Outcomes, of: Outcomes | None) -> Comparison | None:
    if of is None or not first.weights or not of.weights:
        return None
    if first.shots is not None and of.shots is not None:
        return compare_samples(_integers(first.weights), _integers(of.weights))
    if first.shots is None and of.shots is None:
        return None
    exact, sample = (first, of) if first.shots is None else (of, first)
    return compare_with_exact(_integers(sample.weights), exact.weights)


def _integers(weights: Mapping[str, float]) -> dict[str, int]:
    return {bits: int(times) for bits, times in weights.items()}
