"""Results: counts of a sampler, expectation values of an estimator, or what came, kept raw."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from enum import StrEnum

from tui.common.values import Value
from tui.domain.pubs.inputs import PubInputs
from tui.domain.pubs.sweeps import Sweep


class Role(StrEnum):
    """What a program of the executor stands for: its `semantic_role` (contract 5.16)."""

    SAMPLER = "sampler"
    ESTIMATOR = "estimator"
    NOISE_LEARNER = "noise-learner"
    NONE = ""
    """A plain program, or a role that is not known here."""

    @classmethod
    def of(cls, text: str) -> Role:
        """Return the role for the service's word; both spellings are read: `sampler_v2`, `sampler-v2`."""
        word, _, version = text.strip().lower().replace("_", "-").rpartition("-")
        if version[:1] != "v" or not version[1:].isdecimal():
            return cls.NONE
        return next((role for role in cls if role == word), cls.NONE)


class CountsSummary(Value, frozen=True):
    """Figures of counts that are too many to be at hand.

    Attributes:
        outcomes: number of different bit strings.
        first: the first ones by value, with their times.
        weights: times that 0, 1, ... ones were seen.
        ones: times that each bit was 1, bit 0 first.
    """

    outcomes: int
    first: Mapping[str, int]
    weights: tuple[int, ...]
    ones: tuple[int, ...]


class Counts(Value, frozen=True):
    """How often each bit string of one classical register was seen.

    `counts` maps bit strings (bit 0 rightmost, `num_bits` characters) to times seen. For a PUB with
    parameter sets, `index` is the place in the PUB's shape; `()` for a scalar PUB.
    """

    register: str
    num_bits: int
    shots: int
    counts: Mapping[str, int]
    index: tuple[int, ...] = ()
    summary: CountsSummary | None = None

    @property
    def outcomes(self) -> int:
        """Number of different bit strings that were seen."""
        return len(self.counts) if self.summary is None else self.summary.outcomes

    def probabilities(self) -> list[tuple[str, float]]:
        """Bit strings with their share of the shots, most frequent first, ties by bit string."""
        total = self.shots or 1
        ordered = sorted(self.counts.items(), key=lambda item: (-item[1], item[0]))
        return [(bits, count / total) for bits, count in ordered]


class QuasiDistribution(Value, frozen=True):
    """A V1 sampler's answer: quasi-probabilities by bit string; may be negative under mitigation."""

    num_bits: int
    shots: int | None
    quasi: Mapping[str, float]


class Estimate(Value, frozen=True):
    """A value before the last step of error mitigation: what was done, the value, its standard error."""

    method: str
    value: float
    std: float | None = None


class ExpectationValue(Value, frozen=True):
    """One expectation value with its standard error (`None` where not told).

    Attributes:
        std: standard error; of twirled circuits that between the randomizations.
        index: place in the PUB's shape.
        ensemble_std: standard error over all shots as one, where it is told beside `std`.
        steps: the value before each step of error mitigation, where the client mitigates.
        method: what the value is, e.g. `TREX`; empty where the service mitigates.
    """

    value: float
    std: float | None = None
    observable: str = ""
    index: tuple[int, ...] = ()
    ensemble_std: float | None = None
    steps: tuple[Estimate, ...] = ()
    method: str = ""


def value_facts(value: ExpectationValue) -> dict[str, object]:
    """Return a value as plain JSON values; its error mitigation is there where the client did it."""
    facts: dict[str, object] = {
        "observable": value.observable,
        "value": value.value,
        "std": value.std,
    }
    if value.index:
        facts["index"] = list(value.index)
    if value.method:
        facts["method"] = value.method
        facts["ensemble_std"] = value.ensemble_std
        facts["steps"] = [
            {"method": step.method, "value": step.value, "std": step.std} for step in value.steps
        ]
    return facts


class PubResult(Value, frozen=True):
    """The result of one PUB: counts per register, a quasi-distribution, or values.

    Attributes:
        name: of the circuit, where the job has several from here.
        sweep: values of the parameters, where they are known.
    """

    counts: tuple[Counts, ...] = ()
    quasi: QuasiDistribution | None = None
    values: tuple[ExpectationValue, ...] = ()
    shots: int | None = None
    name: str = ""
    sweep: Sweep | None = None

    def parameters_at(self, index: Sequence[int]) -> tuple[tuple[str, float], ...]:
        """Return names and values of the parameters of a place.

        Args:
            index: place in the PUB's shape, whose last axes are those of the sweep.
        """
        if self.sweep is None or len(index) < len(self.sweep.shape):
            return ()
        return self.sweep.at(index[len(index) - len(self.sweep.shape) :])


class ExecutionSpan(Value, frozen=True):
    """A time in which the device ran a part of a job.

    Attributes:
        start, stop: UTC.
        parts: PUB (from 0) and how much of it: shots, or elements of its result.
    """

    start: datetime
    stop: datetime
    parts: tuple[tuple[int, int], ...] = ()

    @property
    def seconds(self) -> float:
        """How long it took."""
        return max(0.0, (self.stop - self.start).total_seconds())


class JobResult(Value, frozen=True):
    """The result of a job: one `PubResult` a PUB, in order.

    `raw` is the body as the service sent it; `note` says why nothing could be decoded, when so. `role`: what
    a program of the executor stood for; none for results of other programs. `dry_run`: no qubit was
    measured: there are no PUBs, and the note says what the run would take. `abridged`: its counts are summed
    up, the most frequent outcomes alone are at hand, and `spans` says when it was executed.
    """

    pubs: tuple[PubResult, ...]
    raw: bytes = b""
    note: str = ""
    role: Role = Role.NONE
    dry_run: bool = False
    abridged: bool = False
    spans: tuple[ExecutionSpan, ...] = ()

    @property
    def outcomes(self) -> int:
        """Number of different bit strings that are at hand, over all registers and places."""
        return sum(len(counts.counts) for pub in self.pubs for counts in pub.counts)

    @property
    def readable(self) -> bool:
        """True when anything in it could be decoded."""
        return any(pub.counts or pub.values or pub.quasi is not None for pub in self.pubs)


def pub_facts(pub: PubResult) -> dict[str, object]:
    """Return the result of a PUB as plain JSON values: one entry a register and place of a sweep."""
    facts: dict[str, object] = {"shots": pub.shots}
    if pub.name:
        facts["name"] = pub.name
    if pub.sweep is not None:
        facts["sweep"] = {"shape": list(pub.sweep.shape), "parameters": list(pub.sweep.names)}
    if pub.counts:
        facts["counts"] = [
            {
                "register": counts.register,
                "num_bits": counts.num_bits,
                "shots": counts.shots,
                "index": list(counts.index),
                **_parameters(pub, counts.index),
                "counts": dict(counts.counts),
            }
            for counts in pub.counts
        ]
    if pub.quasi is not None:
        facts["quasi"] = {
            "num_bits": pub.quasi.num_bits,
            "shots": pub.quasi.shots,
            "quasi": dict(pub.quasi.quasi),
        }
    if pub.values:
        facts["values"] = [
            {"index": list(value.index), **_parameters(pub, value.index), **value_facts(value)}
            for value in pub.values
        ]
    return facts


def _parameters(pub: PubResult, index: tuple[int, ...]) -> dict[str, object]:
    return {"parameters": dict(pub.parameters_at(index))} if pub.sweep is not None else {}


def named(result: JobResult, observables: tuple[str, ...], inputs: tuple[PubInputs, ...] = ()) -> JobResult:
    """Return the result with what its PUBs were given: observables, values of parameters, names of circuits.

    Args:
        result: as decoded.
        observables: of the only PUB, where `inputs` does not tell.
        inputs: of each PUB; nothing where they are not known.
    """
    known = inputs or (PubInputs(observables=observables),)
    if len(result.pubs) != len(known):
        return result
    pubs = tuple(_named(pub, of, alone=len(known) == 1) for pub, of in zip(result.pubs, known, strict=True))
    return result if pubs == result.pubs else replace(result, pubs=pubs)


def _named(pub: PubResult, inputs: PubInputs, *, alone: bool) -> PubResult:
    sets = inputs.sweep.sets if inputs.sweep is not None else 1
    values = pub.values
    if values and len(values) == len(inputs.observables) * sets:
        values = tuple(
            replace(value, observable=inputs.observables[place // sets]) for place, value in enumerate(values)
        )
    places = Counter(counts.register for counts in pub.counts)
    fits = len(values) in (0, len(inputs.observables) * sets) and all(n == sets for n in places.values())
    sweep = inputs.sweep if fits else None
    return replace(pub, values=values, name="" if alone else inputs.name, sweep=sweep)


def widened(result: JobResult, num_bits: int) -> JobResult:
    """`result` with the bit strings of its only quasi-distribution `num_bits` characters wide.

    A V1 body holds numbers: how many leading zeros they have is known from the circuit alone.
    """
    quasi = result.pubs[0].quasi if len(result.pubs) == 1 else None
    if quasi is None or quasi.num_bits >= num_bits:
        return result
    wide = {bits.zfill(num_bits): share for bits, share in quasi.quasi.items()}
    pub = replace(result.pubs[0], quasi=replace(quasi, num_bits=num_bits, quasi=wide))
    return replace(result, pubs=(pub,))
