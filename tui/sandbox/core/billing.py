"""Billing of executor jobs: what they are charged for is not what the published formula says.

Like a real QPU, a device has an overhead of its own, a bias and a spread that no client is told: one that
estimates prices has to learn them from the jobs it has seen billed. Nothing here is shared with a client.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from tui.sandbox.db.models import Job
from tui.sandbox.simulator.base.values import RunOutcome


@dataclass(frozen=True, slots=True)
class _Rate:
    """The rate of a device: charge = bias * (overhead in seconds + time of the circuits in seconds)."""

    overhead: float
    bias: float


_RATES = {"peekskill": _Rate(2.4, 1.13), "cusco": _Rate(1.7, 0.86), "fez": _Rate(2.7, 1.22)}
# Standard deviation of the logarithm of the factor between two runs of one job.
_SPREAD = 0.14


class Billing:
    """Charges for jobs.

    Args:
        seed: with the id of a job it decides the job's factor.
    """

    def __init__(self, seed: str) -> None:
        self._seed = seed

    def charge(self, job: Job, outcome: RunOutcome) -> float:
        """Return the QPU seconds to charge for a job that has run.

        A dry run is told the median of what the job would be charged. Jobs that failed, and those of the
        programs before the executor, are charged as the engine says.
        """
        if job.program_id != "executor" or outcome.status != "Completed":
            return outcome.qpu_seconds
        prefix, _, name = job.backend.partition("_")
        rate = _RATES[name]
        median = rate.bias * (rate.overhead + outcome.execution_ns / 1e9)
        factor = 1.0 if prefix == "mock" else Random(f"{self._seed}:{job.id}").lognormvariate(0.0, _SPREAD)
        return round(median * factor, 3)
