"""Shot noise of counts and of shares, and how far two values are apart in units of their errors."""

from __future__ import annotations

import math

NOTABLE_Z = 3.0
"""Standard errors from which on a difference of two values is no chance: 1 in 370 is farther by chance."""


def count_error(times: int, shots: int) -> float:
    """Return the standard error of a count: sqrt(n (1 - n / N)), binomial; 0 for none and for all shots.

    Args:
        times: n, how often the outcome was seen.
        shots: N, of how many.
    """
    return math.sqrt(max(0.0, times * (1 - times / shots))) if shots > 0 else 0.0


def share_error(times: int, shots: int) -> float:
    """Return the standard error of a share of the shots, 0 to 1: sqrt(p (1 - p) / N)."""
    return count_error(times, shots) / shots if shots > 0 else 0.0


def share_interval(times: float, shots: float, z: float = 1.0) -> tuple[float, float]:
    """Return the interval of probabilities that fit a count: Wilson's score interval.

    Unlike the standard error it is no point at 0 and at all shots. Source: E. B. Wilson, J. Am. Stat. Assoc.
    22, 209 (1927); `scipy.stats.binomtest(n, N).proportion_ci(method="wilson")` is the same.

    Args:
        times: how often the outcome was seen.
        shots: of how many.
        z: standard errors on either side; 1 holds the true probability in 68 of 100 cases.

    Returns:
        Lower and upper end, 0 to 1; all of it for no shots.
    """
    if shots <= 0:
        return 0.0, 1.0
    share = times / shots
    scale = 1 + z * z / shots
    middle = (share + z * z / (2 * shots)) / scale
    half = z / scale * math.sqrt(share * (1 - share) / shots + z * z / (4 * shots * shots))
    # At the ends the sum is off by a rounding.
    return (0.0 if times <= 0 else max(0.0, middle - half)), (
        1.0 if times >= shots else min(1.0, middle + half)
    )


def z_score(
    first: float, first_error: float | None, second: float, second_error: float | None
) -> float | None:
    """Return the difference of two independent values in units of its standard error.

    Args:
        first, second: the values.
        first_error, second_error: their standard errors; `None`: not told, 0: exact.

    Returns:
        (first - second) / sqrt(first_error² + second_error²); `None` where no error is told or a number is
        not finite; infinite for different exact values.
    """
    errors = [error for error in (first_error, second_error) if error is not None]
    difference = first - second
    if not errors or not math.isfinite(difference) or not all(map(math.isfinite, errors)):
        return None
    error = math.hypot(*errors)
    if error == 0:
        return 0.0 if difference == 0 else math.copysign(math.inf, difference)
    return difference / error


def share_z_score(first: int, first_shots: int, second: int, second_shots: int) -> float | None:
    """Return the z-score of two shares under the hypothesis that both are the same (pooled).

    Args:
        first, second: how often each sample shows the outcome.
        first_shots, second_shots: sizes of the samples.

    Returns:
        0 where neither or all shots of both show it; `None` without shots.
    """
    if first_shots <= 0 or second_shots <= 0:
        return None
    pooled = (first + second) / (first_shots + second_shots)
    error = math.sqrt(pooled * (1 - pooled) * (1 / first_shots + 1 / second_shots))
    return (first / first_shots - second / second_shots) / error if error else 0.0


def chance_of(z: float) -> float:
    """Return the probability that chance alone makes a z-score at least so far from 0 (two-sided, normal)."""
    return math.erfc(abs(z) / math.sqrt(2))
