"""Distances between measured distributions, each with the bound below which it is shot noise."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Final, NamedTuple, TypeVar

from tui.common.values import Value

CHANCE: Final = 0.01
"""One in so many pairs from the same distribution is farther apart than the bound."""
_Z: Final = 2.3263478740408408
"""Quantile of the normal distribution for it, one-sided."""
_SUMMED: Final = 64
"""Trials up to which a mean is summed up outcome by outcome; the formulas above it are within 1 %."""
_PAIRED: Final = 48
"""Most frequent outcomes whose dependence counts; that of rarer ones is too weak."""

K = TypeVar("K", bound=Hashable)


class Comparison(Value, frozen=True):
    """Two distributions over the same bit strings.

    Attributes:
        total_variation: half the sum of |p - q|, 0 (the same) to 1 (nothing in common).
        total_variation_bound: 1 of 100 pairs from one distribution is farther apart by shot noise.
        fidelity: Hellinger fidelity, (sum of sqrt(p q))², 1 (the same) to 0.
        fidelity_bound: 1 of 100 pairs from one distribution is below it by shot noise.
    """

    total_variation: float
    total_variation_bound: float
    fidelity: float
    fidelity_bound: float

    @property
    def differs(self) -> bool:
        """True where either distance is more than shot noise explains."""
        return self.total_variation > self.total_variation_bound or self.fidelity < self.fidelity_bound


def total_variation(first: Mapping[K, float], second: Mapping[K, float]) -> float:
    """Return the total variation distance of two distributions, 0 to 1.

    Args:
        first, second: counts or probabilities by outcome; each is divided by its sum.
    """
    one, other = _total(first), _total(second)
    differences = (abs(first.get(key, 0) / one - value / other) for key, value in second.items())
    alone = (value / one for key, value in first.items() if key not in second)
    return min(1.0, 0.5 * (math.fsum(differences) + math.fsum(map(abs, alone))))


def hellinger_fidelity(first: Mapping[K, float], second: Mapping[K, float]) -> float:
    """Return the Hellinger fidelity, as `qiskit.quantum_info.hellinger_fidelity`; negative shares count as 0.

    Args:
        first, second: counts or probabilities by outcome; each is divided by its sum.
    """
    one, other = _total(first), _total(second)
    overlap = (
        math.sqrt(max(0.0, first[key] / one) * max(0.0, value / other))
        for key, value in second.items()
        if key in first
    )
    return min(1.0, math.fsum(overlap) ** 2)


def compare_samples(first: Mapping[K, int], second: Mapping[K, int]) -> Comparison:
    """Compare two samples.

    The bounds are those of a permutation test: given how often each outcome is seen in both together, each
    shot is as likely from either. The mean of |X - E X| is de Moivre's; the quantile of the sum that of a
    gamma distribution of the same mean and variance (Wilson and Hilferty, 1931).

    Args:
        first, second: counts by outcome, of any numbers of shots.
    """
    one, other = round(_total(first)), round(_total(second))
    together = {key: first.get(key, 0) + second.get(key, 0) for key in (first.keys() | second.keys())}
    known: dict[int, tuple[_Moments, _Moments]] = {}
    shares: list[_Term] = []
    for times in together.values():
        if times not in known:
            known[times] = _moments_of_two(times, one, other)
        shares.append(_Term(times / (one + other), *known[times]))
    return _comparison(first, second, shares)


def compare_with_exact(counts: Mapping[K, int], probabilities: Mapping[K, float]) -> Comparison:
    """Compare a sample with a distribution that is known exactly.

    Args:
        counts: of the sample.
        probabilities: by outcome; they are divided by their sum.
    """
    shots, total = round(_total(counts)), _total(probabilities)
    known: dict[float, tuple[_Moments, _Moments]] = {}
    shares: list[_Term] = []
    for value in probabilities.values():
        share = min(1.0, max(0.0, value / total))
        # Many outcomes of a circuit have the same probability, but for roundings.
        rounded = float(f"{share:.9g}")
        if rounded not in known:
            known[rounded] = _moments_of_one(rounded, shots)
        shares.append(_Term(share, *known[rounded]))
    return _comparison(counts, probabilities, shares)


class _Moments(NamedTuple):
    """Mean and variance of what an outcome adds to a distance."""

    mean: float
    variance: float


class _Term(NamedTuple):
    """An outcome: its probability, and what it adds to sum |p - q| and to sum (sqrt p - sqrt q)²."""

    share: float
    absolute: _Moments
    root: _Moments


def _total(distribution: Mapping[K, float]) -> float:
    return math.fsum(distribution.values()) or 1.0


def _comparison(first: Mapping[K, float], second: Mapping[K, float], terms: list[_Term]) -> Comparison:
    frequent = sorted(terms, key=lambda term: -term.share)[:_PAIRED]
    absolute = _quantile((term.absolute for term in terms), _dependence(frequent, _of_absolute))
    root = _quantile((term.root for term in terms), _dependence(frequent, _of_root))
    return Comparison(
        total_variation(first, second),
        min(1.0, absolute / 2),
        hellinger_fidelity(first, second),
        max(0.0, 1 - root / 2) ** 2,
    )


def _quantile(moments: Iterable[_Moments], covariance: float) -> float:
    """Return what the sum exceeds in `CHANCE` of all cases."""
    mean = variance = 0.0
    for one in moments:
        mean += one.mean
        variance += one.variance
    variance += covariance
    if mean <= 0 or variance <= 0:
        return mean
    spread = variance / (9 * mean * mean)
    return float(mean * max(0.0, 1 - spread + _Z * math.sqrt(spread)) ** 3)


def _dependence(frequent: list[_Term], of: Callable[[float, _Term, _Term], float]) -> float:
    """Return the covariances of all pairs: what one outcome has more, the others have less."""
    total = 0.0
    for one, other in itertools.combinations(frequent, 2):
        odds = (one.share / (1 - one.share) if one.share < 1 else 0.0) * (
            other.share / (1 - other.share) if other.share < 1 else 0.0
        )
        total += 2 * of(-math.sqrt(min(1.0, odds)), one, other)
    return total


def _of_absolute(correlation: float, one: _Term, other: _Term) -> float:
    """Covariance of |x| and |y|, both normal; their standard deviations are sqrt(pi / 2) times the means."""
    bend = math.sqrt(1 - correlation**2) + correlation * math.asin(correlation) - 1
    return bend * one.absolute.mean * other.absolute.mean


def _of_root(correlation: float, one: _Term, other: _Term) -> float:
    return 2 * correlation**2 * one.root.mean * other.root.mean


def _moments_of_two(times: int, one: int, other: int) -> tuple[_Moments, _Moments]:
    """Of an outcome that two samples show so often together, which is of either by chance."""
    share = one / (one + other)
    # Drawn without putting back: an outcome that all shots show is shared exactly.
    left = (one + other - times) / max(1, one + other - 1)
    scale = 1 / one + 1 / other
    if times <= _SUMMED:
        chances = [
            math.comb(times, seen) * share**seen * (1 - share) ** (times - seen) for seen in range(times + 1)
        ]
        absolute = [abs(seen / one - (times - seen) / other) for seen in range(times + 1)]
        root = [(math.sqrt(seen / one) - math.sqrt((times - seen) / other)) ** 2 for seen in range(times + 1)]
        return _scaled(_moments(chances, absolute), math.sqrt(left)), _scaled(_moments(chances, root), left)
    variance = times * share * (1 - share) * left
    mean = _mean_deviation(times, share) * math.sqrt(left)
    near = variance * scale * scale / (4 * times / (one + other))
    return (
        _Moments(mean * scale, max(0.0, variance - mean * mean) * scale * scale),
        _Moments(near, 2 * near * near),
    )


def _moments_of_one(share: float, shots: int) -> tuple[_Moments, _Moments]:
    """Of an outcome of this probability, seen in so many shots."""
    expected = share * shots
    if shots <= 0 or share <= 0 or share >= 1:
        return _Moments(0.0, 0.0), _Moments(0.0, 0.0)
    if expected <= _SUMMED:
        most = min(shots, math.ceil(expected + 12 * math.sqrt(expected) + 12))
        chances = [_binomial(shots, seen, share) for seen in range(most + 1)]
        absolute = [abs(seen / shots - share) for seen in range(most + 1)]
        root = [(math.sqrt(seen / shots) - math.sqrt(share)) ** 2 for seen in range(most + 1)]
        return _moments(chances, absolute), _moments(chances, root)
    mean = _mean_deviation(shots, share) / shots
    near = (1 - share) / (4 * shots)
    variance = share * (1 - share) / shots
    return _Moments(mean, max(0.0, variance - mean * mean)), _Moments(near, 2 * near * near)


def _moments(chances: list[float], values: list[float]) -> _Moments:
    mean = math.fsum(map(_product, chances, values))
    square = math.fsum(chance * value * value for chance, value in zip(chances, values, strict=True))
    return _Moments(mean, max(0.0, square - mean * mean))


def _product(chance: float, value: float) -> float:
    return chance * value


def _scaled(moments: _Moments, by: float) -> _Moments:
    return _Moments(moments.mean * by, moments.variance * by * by)


def _mean_deviation(trials: int, share: float) -> float:
    """Return the mean of |X - E X| of a binomial distribution: 2 v (1 - p) P(X = v), v = floor(n p) + 1.

    Source: de Moivre; P. Diaconis and S. Zabell, Statistical Science 6, 284 (1991).
    """
    above = math.floor(trials * share) + 1
    return 2 * above * (1 - share) * _binomial(trials, above, share) if above <= trials else 0.0


def _binomial(trials: int, seen: int, share: float) -> float:
    ways = math.lgamma(trials + 1) - math.lgamma(seen + 1) - math.lgamma(trials - seen + 1)
    return math.exp(ways + seen * math.log(share) + (trials - seen) * math.log1p(-share))
