"""Estimates before a submit beside two hidden billings: the share within 20 %, formula and corrected.

    python -m tests.bench.price [SEED] [ACCOUNTS]

Sizes of jobs are drawn: 100 to 20,000 executions with gate twirling and parameter sets, pauses of the device,
circuits of 1 to 60 us. An estimate uses the jobs of the same account and backend that came before it. The
priors of the model were set beforehand, not tuned on any seed.

The first billing is that of `tui.sandbox.core.billing`: an overhead and a bias of the device, and log-normal
noise; that bills have an overhead and a factor was known when the model's form was chosen. The second was
written after the model, against it: time is added for each circuit that is loaded, which the formula does
not count; the noise has heavy tails (Student's t with 3 degrees of freedom); and the bias drifts from job to
job, by 0.5 % on average. Its constants were set once, before the first run, and are not those of any device.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from random import Random
from typing import NamedTuple

from tui.domain.pricing import WITHIN, PricedJob, ProgramWork, corrected
from tui.sandbox.core.billing import Billing
from tui.sandbox.core.devices import DEVICES, device
from tui.sandbox.db.models import Job
from tui.sandbox.simulator.base.values import RunOutcome

COUNTS = (0, 1, 3, 5, 10, 20, 30, 60)
_OVERHEAD = 2.0
_LOADING = (0.004, 0.02)
"""Seconds a circuit, between which those of a device lie."""
_BIAS = (0.8, 1.25)
_DRIFT = 0.005
_TAILS = 0.1


class DrawnJob(NamedTuple):
    """A job of an account, in the order of its jobs."""

    name: str
    backend: str
    number: int
    circuits: int
    formula: float


Bill = Callable[[DrawnJob], float]


def sandbox_bill(seed: int, _backend: str) -> Bill:
    """Return the sandbox's billing of an account."""
    billing = Billing(f"account-{seed}")

    def bill(drawn: DrawnJob) -> float:
        ran = round((drawn.formula - _OVERHEAD) * 1e9)
        job = Job(drawn.name, "platform", "executor", drawn.backend, datetime(2026, 1, 1, tzinfo=UTC))
        return billing.charge(job, RunOutcome("Completed", qpu_seconds=drawn.formula, execution_ns=ran))

    return bill


def drifting_bill(seed: int, backend: str) -> Bill:
    """Return a billing with time for each circuit, heavy tails, and a bias that drifts."""
    fixed = Random(f"drifting:{backend}")
    loading, bias = fixed.uniform(*_LOADING), fixed.uniform(*_BIAS)
    direction = fixed.choice((-1, 1))
    random = Random(f"drifting:{seed}:{backend}")

    def bill(drawn: DrawnJob) -> float:
        drift = math.exp(direction * _DRIFT * drawn.number + random.gauss(0.0, _DRIFT))
        tails = random.gauss(0.0, 1.0) / math.sqrt(random.gammavariate(1.5, 2.0) / 3)
        return bias * drift * (drawn.formula + loading * drawn.circuits) * math.exp(_TAILS * tails)

    return bill


BILLINGS: dict[str, Callable[[int, str], Bill]] = {
    "sandbox: overhead and bias of the device, log-normal noise": sandbox_bill,
    "drifting: time a circuit, heavy tails, bias that drifts": drifting_bill,
}


def priced_jobs(
    seed: int, backend: str, count: int, billing: Callable[[int, str], Bill] = sandbox_bill
) -> list[PricedJob]:
    """Return jobs of an account on a backend with their bills, oldest first."""
    random, bill = Random(f"{seed}:{backend}"), billing(seed, backend)
    pause_us = device(backend).configuration()["default_rep_delay"]
    jobs = []
    for number in range(count):
        executions = round(10 ** random.uniform(2, 4.3))
        work = ProgramWork(executions, executions * random.uniform(1e-6, 60e-6), 0, 0, 0, 0)
        # Chance of its own, so that the sizes are the same whatever the billing: 1 to 200 circuits.
        circuits = min(executions, round(10 ** Random(f"{seed}:{backend}:{number}").uniform(0, 2.3)))
        drawn = DrawnJob(f"{seed}-{number}", backend, number, circuits, work.seconds(pause_us))
        jobs.append(PricedJob(drawn.formula, bill(drawn)))
    return jobs


def right(estimate: float, billed: float) -> bool:
    """Return whether an estimate is within the aim of the bill."""
    return abs(estimate / billed - 1) <= WITHIN


def shares(
    seed: int,
    accounts: int,
    count: int,
    backend: str,
    billing: Callable[[int, str], Bill] = sandbox_bill,
) -> tuple[float, float, float]:
    """Return the shares right of the formula and of the corrected one, and of bills in the interval."""
    formula = better = inside = 0
    for account in range(seed, seed + accounts):
        *own, job = priced_jobs(account, backend, count + 1, billing)
        price = corrected(job.formula, own[::-1])
        formula += right(job.formula, job.billed)
        better += right(price.seconds, job.billed)
        inside += price.low <= job.billed <= price.high
    return formula / accounts, better / accounts, inside / accounts


def main(seed: int = 5000, accounts: int = 2000) -> None:
    """Print a line a number of own jobs, for each billing: the mean, then each backend by itself."""
    for title, billing in BILLINGS.items():
        print(title)
        print("own jobs  formula  corrected  in interval   corrected by backend")
        for count in COUNTS:
            each = [shares(seed, accounts, count, backend, billing) for backend in DEVICES]
            mean = [sum(column) / len(each) for column in zip(*each, strict=True)]
            names = "  ".join(f"{name} {row[1]:.1%}" for name, row in zip(DEVICES, each, strict=True))
            print(f"{count:8}  {mean[0]:7.1%}  {mean[1]:9.1%}  {mean[2]:11.1%}   {names}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
