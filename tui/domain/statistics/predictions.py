"""Expectation values and sweeps that a simulator foretells, and how far what was measured is from them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from tui.common.values import Value
from tui.domain.results import Counts, ExpectationValue, PubResult
from tui.domain.statistics.distances import Comparison, compare_samples, compare_with_exact
from tui.domain.statistics.distributions import Distribution
from tui.domain.statistics.errors import z_score

_UNMITIGATED = "no mitigation"
"""Beginning of the method of a value that was measured and not mitigated."""


class ForetoldValues(Value, frozen=True):
    """Expectation values of a PUB, simulated.

    Attributes:
        values: of each observable the sets of values in C order: as a PUB's result has them. With noise:
            where the readout errors are divided out, as TREX does.
        read: with noise: as they are read out, `values` times the product of 1 - P(1|0) - P(0|1) over the
            qubits of each Pauli string (readout twirled or both errors alike: E. van den Berg, Z. K. Minev,
            K. Temme, Phys. Rev. A 105, 032620, 2022); empty without noise.
        errors: standard errors of a simulation by trajectories, like `values`; empty: there are none.
        qubits: number of qubits that were simulated.
        method: of the simulator, in words.
        waiting: with the decay of waiting qubits.
    """

    values: tuple[float, ...]
    read: tuple[float, ...] = ()
    errors: tuple[float, ...] = ()
    qubits: int = 0
    method: str = ""
    waiting: bool = False

    def value_for(self, got: ExpectationValue, place: int, *, mitigated: bool = True) -> float | None:
        """Return what is foretold of a value that was measured.

        Args:
            got: the value; its method says whether its readout errors were divided out.
            place: its index among the values of its PUB.
            mitigated: whether they were where it does not say.

        Returns:
            The value; `None` where there is none for this place.
        """
        if place >= len(self.values):
            return None
        divided = not got.method.startswith(_UNMITIGATED) if got.method else mitigated
        return self.values[place] if divided or not self.read else self.read[place]

    def joined(self, more: ForetoldValues, observables: int) -> ForetoldValues:
        """Return them with those of further sets of values, which go after these of each observable.

        Args:
            more: of the same observables and circuit.
            observables: how many there are.
        """
        pairs = ((self.values, more.values), (self.read, more.read), (self.errors, more.errors))
        values, read, errors = (_interleaved(mine, other, observables) for mine, other in pairs)
        return ForetoldValues(values, read, errors, self.qubits, self.method, self.waiting)


def _interleaved(one: tuple[float, ...], two: tuple[float, ...], count: int) -> tuple[float, ...]:
    first, second = len(one) // count, len(two) // count
    return tuple(
        value
        for at in range(count)
        for part, size in ((one, first), (two, second))
        for value in part[at * size : (at + 1) * size]
    )


class Foretold(Value, frozen=True):
    """Predictions of a PUB's result, as far as there are any; each with a sentence where there is none.

    Attributes:
        ideal, noisy: of counts, without noise and with that of the device.
        ideal_note, noisy_note: why there is none, or that it is on its way; empty where it was not asked for.
        ideal_values, noisy_values: of an estimator's PUB.
        ideal_places, noisy_places: distances of the counts of a sweep, in their order.
    """

    ideal: Distribution | None = None
    noisy: Distribution | None = None
    ideal_note: str = ""
    noisy_note: str = ""
    ideal_values: ForetoldValues | None = None
    noisy_values: ForetoldValues | None = None
    ideal_places: tuple[Comparison | None, ...] = ()
    noisy_places: tuple[Comparison | None, ...] = ()

    def of_register(self, counts: Counts) -> Foretold:
        """Return what is foretold of the register of some counts: of one of another size nothing is."""
        ideal, noisy = (_of(one, counts) for one in (self.ideal, self.noisy))
        return Foretold(ideal, noisy, self.ideal_note, self.noisy_note)


def _of(whole: Distribution | None, counts: Counts) -> Distribution | None:
    if whole is None:
        return None
    together = " ".join(name for name, _ in reversed(whole.registers))
    of = whole if counts.register == together else whole.of_register(counts.register)
    fits = of is not None and sum(size for _, size in of.registers) == counts.num_bits
    return of if fits else None


NOTHING_FORETOLD = Foretold()


class ValueComparison(Value, frozen=True):
    """A value that was measured beside what was foretold of it.

    Attributes:
        ideal, noisy: without noise, and with that of the device; `None` where it was not simulated.
        ideal_z, noisy_z: how many standard errors what was measured is from it, `z_score`; `None` where no
            error is told.
    """

    ideal: float | None
    noisy: float | None
    ideal_z: float | None
    noisy_z: float | None


def compare_value(
    got: ExpectationValue,
    place: int,
    ideal: ForetoldValues | None,
    noisy: ForetoldValues | None,
    *,
    mitigated: bool = True,
) -> ValueComparison:
    """Hold a value against its predictions.

    Args:
        got: the value.
        place: its index among the values of its PUB.
        ideal, noisy: of the PUB.
        mitigated: as of `ForetoldValues.value_for`.
    """
    exact = None if ideal is None else ideal.value_for(got, place, mitigated=mitigated)
    near = None if noisy is None else noisy.value_for(got, place, mitigated=mitigated)
    spread = noisy.errors[place] if noisy is not None and place < len(noisy.errors) else 0.0
    return ValueComparison(
        exact,
        near,
        None if exact is None or got.std is None else z_score(got.value, got.std, exact, 0.0),
        None if near is None or got.std is None else z_score(got.value, got.std, near, spread),
    )


def value_comparisons(pub: PubResult, foretold: Foretold) -> list[ValueComparison]:
    """Return each value of a PUB beside what was foretold of it; nothing where nothing was."""
    if foretold.ideal_values is None and foretold.noisy_values is None:
        return []
    return [
        compare_value(value, place, foretold.ideal_values, foretold.noisy_values)
        for place, value in enumerate(pub.values)
    ]


def rms_difference(got: Sequence[ExpectationValue], foretold: Sequence[float | None]) -> float | None:
    """Return the root of the mean squared difference of values from what was foretold of each.

    Returns:
        `None` where nothing was, or a value is not finite.
    """
    squares = [(one.value - near) ** 2 for one, near in zip(got, foretold, strict=True) if near is not None]
    mean = math.fsum(squares) / len(squares) if squares and all(map(math.isfinite, squares)) else math.nan
    return math.sqrt(mean) if math.isfinite(mean) else None


def compare_with(counts: Counts, foretold: Distribution | None) -> Comparison | None:
    """Hold counts against a distribution over all registers of their circuit.

    Returns:
        Their distance; `None` without counts, and where the distribution is cut or of other bits.
    """
    if foretold is None or not counts.counts or counts.summary is not None:
        return None
    # Registers that were counted together are named by all of them, with blanks between their bits.
    together = " ".join(name for name, _ in reversed(foretold.registers))
    of = foretold if counts.register == together else foretold.of_register(counts.register)
    if of is None or not of.whole or sum(size for _, size in of.registers) != counts.num_bits:
        return None
    return compared({bits.replace(" ", ""): times for bits, times in counts.counts.items()}, of)


def compared(counts: Mapping[str, int], foretold: Distribution) -> Comparison:
    """Hold counts against a distribution over the same bits, exact or sampled."""
    if foretold.shots is None:
        return compare_with_exact(counts, foretold.probabilities)
    return compare_samples(counts, foretold.counts)
