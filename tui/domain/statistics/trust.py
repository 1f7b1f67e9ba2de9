"""How far predictions of past jobs came true: estimated success and simulated fidelity beside what came."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from datetime import datetime

from tui.common.values import Value
from tui.domain.results import PubResult
from tui.domain.statistics.distances import hellinger_fidelity
from tui.domain.statistics.predictions import Foretold, compare_with


class MeasuredFidelity(Value, frozen=True):
    """How near the counts of a job came to their ideal, as it is kept with the job.

    Attributes:
        fidelity: Hellinger fidelity of the counts with the ideal distribution, 0 to 1.
        bound: shot noise alone is below it in 1 of 100 runs.
        foretold: Hellinger fidelity of the noisy simulation with the ideal one; `None`: not simulated.
    """

    fidelity: float
    bound: float
    foretold: float | None = None


def measured_fidelity(pub: PubResult, foretold: Foretold) -> MeasuredFidelity | None:
    """Return how near the counts of a PUB came to their ideal.

    Returns:
        `None` for a PUB of several registers or places, and where the ideal is not known in whole: nothing
        that an estimated success of the whole circuit can be held against.
    """
    if len(pub.counts) != 1 or pub.counts[0].index or foretold.ideal is None:
        return None
    found = compare_with(pub.counts[0], foretold.ideal)
    if found is None:
        return None
    noisy = foretold.noisy
    model = None if noisy is None else hellinger_fidelity(noisy.probabilities, foretold.ideal.probabilities)
    return MeasuredFidelity(found.fidelity, found.fidelity_bound, model)


class PastPrediction(Value, frozen=True):
    """A past job, what was predicted of it and what it gave.

    Attributes:
        success: estimated when it was submitted, with waiting where that is known; `None`: not estimated.
        measured: how near its counts came to their ideal.
    """

    job_id: str
    name: str
    created: datetime
    success: float | None
    measured: MeasuredFidelity


class TrustSummary(Value, frozen=True):
    """Past predictions in a few figures, all medians over those jobs that have both figures.

    Attributes:
        jobs: how many there are.
        success, got_of_success: estimated success, and the fidelity that came of the same jobs.
        foretold, got_of_foretold: fidelity of the noisy simulation, and that which came of the same jobs.
        off: how far the simulation was from what came, without sign.
        most_off: the largest of those.
    """

    jobs: int
    success: float | None = None
    got_of_success: float | None = None
    foretold: float | None = None
    got_of_foretold: float | None = None
    off: float | None = None
    most_off: float | None = None


def trust_summary(past: Sequence[PastPrediction]) -> TrustSummary:
    """Return past predictions in a few figures."""
    estimated = [(one.success, one.measured.fidelity) for one in past if one.success is not None]
    simulated = [
        (one.measured.foretold, one.measured.fidelity) for one in past if one.measured.foretold is not None
    ]
    apart = [abs(near - got) for near, got in simulated]
    return TrustSummary(
        len(past),
        *_medians(estimated),
        *_medians(simulated),
        statistics.median(apart) if apart else None,
        max(apart, default=None),
    )


def _medians(pairs: Sequence[tuple[float, float]]) -> tuple[float | None, float | None]:
    if not pairs:
        return None, None
    return statistics.median(one for one, _ in pairs), statistics.median(other for _, other in pairs)
