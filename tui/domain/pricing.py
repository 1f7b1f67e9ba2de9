"""Prices of a job before a submit: IBM's formula, its correction by own jobs, and the service's limits."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Final

from tui.common.errors import ErrorKind, QdeckError
from tui.common.values import Value
from tui.domain.accounts import Usage
from tui.domain.circuits import DEFAULT_REP_DELAY_US, OVERHEAD_SECONDS, Candidate, qpu_seconds
from tui.domain.jobs import DEFAULT_PRECISION, DEFAULT_SHOTS, Primitive
from tui.domain.submissions import Submission

WITHIN: Final = 0.2
"""Relative error up to which an estimate counts as right."""
NEWEST: Final = 200
"""Own jobs that an estimate is learned from, at most."""
_NOISE: Final = 0.2
_NOISE_WEIGHT: Final = 4.0
_PRIOR_RATIO: Final = 0.3
_PRIOR_SLOPE: Final = 0.4
_OUTLIER: Final = 2.0
"""Deviations from which on a job counts less."""
_ROUNDS: Final = 5
_LIMITS: Final = (
    ("executions", 10_000_000, "The job has {} executions"),
    ("control_instructions", 26_800_000, "The job gives a qubit {} control instructions"),
    ("rz", 30_000_000, "A circuit has {} rz gates"),
    ("sx", 20_000_000, "A circuit has {} sx gates"),
    ("two_qubit_gates", 5_000_000, "A circuit has {} two-qubit gates"),
)
"""Attribute, most of it, and a sentence: contract section 5.16."""


class ProgramWork(Value, frozen=True):
    """Work that a prepared program gives to a device, after folding and decoupling.

    Attributes:
        executions: circuits with each set of arguments, times shots, of the whole job.
        circuit_seconds: time of all executions without pauses between shots; `None` where a gate length is
            not known.
        control_instructions: of the qubit that gets most in the whole job.
        rz, sx, two_qubit_gates: of the circuit that has most.
    """

    executions: int
    circuit_seconds: float | None
    control_instructions: int
    rz: int
    sx: int
    two_qubit_gates: int

    def check_limits(self) -> None:
        """Refuse what the service would refuse.

        Raises:
            QdeckError: `INVALID`, with the figure and the limit.
        """
        for name, most, sentence in _LIMITS:
            count = getattr(self, name)
            if count > most:
                raise QdeckError(
                    ErrorKind.INVALID,
                    f"{sentence.format(f'{count:,}')}; the service's limit is {most:,}.",
                    "Ask for fewer shots, a lower precision or fewer gates, or split the job.",
                )

    def seconds(self, rep_delay_us: float) -> float:
        """Return the QPU seconds by IBM's published formula, as `tui.domain.circuits.qpu_seconds`.

        Args:
            rep_delay_us: the device's own pause between two shots, in microseconds.
        """
        return OVERHEAD_SECONDS + self.executions * rep_delay_us * 1e-6 + (self.circuit_seconds or 0.0)


def unprepared_seconds(candidates: Sequence[Candidate], submission: Submission) -> float:
    """Return the QPU seconds by IBM's formula of a job that is not prepared here, as far as is known.

    Args:
        candidates: the circuit of each PUB; a shot of unknown duration counts with its rep delay alone.
        submission: how often they are run. Each group of observables that is measured together counts anew on
            the service; here all count as one.

    Returns:
        Seconds, with the overhead of one job.
    """
    if submission.primitive is Primitive.ESTIMATOR:
        shots = math.ceil(1 / (submission.precision or DEFAULT_PRECISION) ** 2)
    else:
        shots = submission.shots or DEFAULT_SHOTS
    seconds = OVERHEAD_SECONDS
    for candidate, pub in zip(candidates, submission.pubs, strict=True):
        sets = 1 if pub.sweep is None else pub.sweep.sets
        pause = DEFAULT_REP_DELAY_US if candidate.rep_delay_us is None else candidate.rep_delay_us
        alone = qpu_seconds(candidate.duration_us or 0.0, shots, circuits=sets, rep_delay_us=pause)
        seconds += alone - OVERHEAD_SECONDS
    return seconds


class PricedJob(Value, frozen=True):
    """An own job that was billed: seconds by the formula when it was submitted, and seconds charged."""

    formula: float
    billed: float


class Correction(Value, frozen=True):
    """Corrected estimate of one job.

    Attributes:
        seconds: most likely QPU seconds.
        low, high: about two of three jobs lie between.
        jobs: own jobs it is learned from.
        past_error: median relative error of the formula for those jobs; `None` without jobs.
    """

    seconds: float
    low: float
    high: float
    jobs: int
    past_error: float | None

    @property
    def spread(self) -> float:
        """Half of the interval as a part of the estimate."""
        return (self.high - self.low) / 2 / self.seconds


class DryRun(Value, frozen=True):
    """Answer of the service to a dry run (contract 5.16): nothing was measured, and nothing is charged.

    Attributes:
        job_id: the job on the backend's twin.
        seconds: QPU seconds that the run itself would be charged; `None`: not told.
        durations: lengths of the scheduled circuits in `dt`, without repetitions; empty: not told.
        dt: length of a `dt` in seconds; `None` where the backend does not say.
    """

    job_id: str
    seconds: float | None
    durations: tuple[int, ...] = ()
    dt: float | None = None


class Price(Value, frozen=True):
    """QPU seconds of a job before its submit, in up to three ways.

    Attributes:
        formula: by IBM's published formula; `None` where it cannot be worked out.
        own: the formula corrected by own jobs; `None` without such jobs.
        dry_run: as the service says; `None` where it was not asked.
    """

    formula: float | None
    own: Correction | None = None
    dry_run: DryRun | None = None

    @property
    def seconds(self) -> float | None:
        """QPU seconds to count with: of the dry run, else by own jobs, else by the formula, if any."""
        if self.dry_run is not None and self.dry_run.seconds is not None:
            return self.dry_run.seconds
        return self.own.seconds if self.own is not None else self.formula

    def exceeds(self, usage: Usage | None, limit: float | None = None) -> bool:
        """Return whether the run takes more than the instance has left, as far as both are known.

        Args:
            usage: of the instance; `None`: not known.
            limit: QPU seconds after which the service ends the job; `None`: no such limit.
        """
        if usage is None or usage.limit_reached:
            return usage is not None
        seconds, left = self.at_most(limit), usage.remaining_seconds
        return seconds is not None and left is not None and seconds > left

    def at_most(self, limit: float | None) -> float | None:
        """Return the QPU seconds to count with where the service ends the job after `limit` seconds."""
        seconds = self.seconds
        return seconds if seconds is None or limit is None else min(seconds, limit)


def corrected(formula: float, own: Sequence[PricedJob]) -> Correction:
    """Correct the formula by own jobs of the same backend and program.

    A robust Bayesian line: log(billed / formula) = a + b * overhead / formula, since a device's own
    overhead weighs more in short jobs. While jobs are few, the priors (a and b near 0) hold it at the
    formula; jobs far from the line count less (Huber weights).

    Args:
        formula: seconds by the formula.
        own: billed jobs, newest first; the newest 200 count.
    """
    usable = [job for job in own[:NEWEST] if job.formula > 0 and job.billed > 0]
    points = [(OVERHEAD_SECONDS / job.formula, math.log(job.billed / job.formula)) for job in usable]
    line = _fit(points)
    at = OVERHEAD_SECONDS / formula
    middle, deviation = line.at(at)
    errors = [abs(job.formula / job.billed - 1) for job in usable]
    return Correction(
        formula * math.exp(middle),
        formula * math.exp(middle - deviation),
        formula * math.exp(middle + deviation),
        len(usable),
        _median(errors) if errors else None,
    )


class _Line(Value, frozen=True):
    """Posterior of intercept and slope, with the entries of their covariance, and the noise of a job."""

    intercept: float = 0.0
    slope: float = 0.0
    noise: float = _NOISE
    covariance: tuple[float, float, float] = (_PRIOR_RATIO**2, 0.0, _PRIOR_SLOPE**2)

    def at(self, place: float) -> tuple[float, float]:
        """Return expected value and standard deviation of a job at this place."""
        first, both, second = self.covariance
        variance = self.noise**2 + first + 2 * both * place + second * place**2
        return self.intercept + self.slope * place, math.sqrt(variance)


def _fit(points: Sequence[tuple[float, float]]) -> _Line:
    line = _Line()
    if not points:
        return line
    weights = [1.0] * len(points)
    for _ in range(_ROUNDS):
        line = _posterior(points, weights, line.noise)
        misses = [abs(y - line.intercept - line.slope * x) for x, y in points]
        robust = 1.4826 * _median(misses)
        squares = robust**2 * len(points) + _NOISE**2 * _NOISE_WEIGHT
        noise = math.sqrt(squares / (len(points) + _NOISE_WEIGHT))
        weights = [min(1.0, _OUTLIER * noise / miss) if miss else 1.0 for miss in misses]
        line = _Line(line.intercept, line.slope, noise, line.covariance)
    return line


def _posterior(points: Sequence[tuple[float, float]], weights: Iterable[float], noise: float) -> _Line:
    a, b, c = _PRIOR_RATIO**-2, 0.0, _PRIOR_SLOPE**-2
    u = v = 0.0
    for (x, y), weight in zip(points, weights, strict=True):
        w = weight / noise**2
        a, b, c = a + w, b + w * x, c + w * x * x
        u, v = u + w * y, v + w * x * y
    size = a * c - b * b
    return _Line((c * u - b * v) / size, (a * v - b * u) / size, noise, (c / size, -b / size, a / size))


def _median(values: Iterable[float]) -> float:
    ordered = sorted(values)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def total_price(prices: Sequence[Price], limit: float | None = None) -> Price:
    """Return the price of several jobs together, each with its overhead; of one that of the job.

    Args:
        prices: of the jobs, of one backend and program, without dry runs.
        limit: QPU seconds after which the service ends each job; `None`: no such limit.

    Returns:
        The sums of both ways, each unknown where it is not known of a job. The ends of the interval are the
        sums of the ends: the correction may be off in the same direction for all jobs.
    """
    if len(prices) == 1:
        return prices[0]
    formulas = [price.formula for price in prices if price.formula is not None]
    own = [price.own for price in prices if price.own is not None]
    return Price(
        _summed(formulas, limit) if len(formulas) == len(prices) else None,
        _together(own, limit) if own and len(own) == len(prices) else None,
    )


def _together(own: Sequence[Correction], limit: float | None) -> Correction:
    return Correction(
        _summed((one.seconds for one in own), limit),
        _summed((one.low for one in own), limit),
        _summed((one.high for one in own), limit),
        own[0].jobs,
        own[0].past_error,
    )


def _summed(seconds: Iterable[float], limit: float | None) -> float:
    return math.fsum(min(one, math.inf if limit is None else limit) for one in seconds)
