"""Estimates before a submit beside what the sandbox bills: the share within 20 %, formula and corrected.

    python -m tests.bench.price [SEED] [ACCOUNTS]

Sizes of jobs are drawn: 100 to 20,000 executions with gate twirling and parameter sets, pauses of the device,
circuits of 1 to 60 us. Bills are those of `tui.sandbox.core.billing`. An estimate uses the jobs of the same
account and backend that came before it. The priors of the model were set beforehand, not tuned on any
seed; that bills have an overhead and a factor was known when its form was chosen.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from random import Random

from tui.domain.pricing import WITHIN, PricedJob, ProgramWork, corrected
from tui.sandbox.core.billing import Billing
from tui.sandbox.core.devices import DEVICES, device
from tui.sandbox.db.models import Job
from tui.sandbox.simulator.base.values import RunOutcome

COUNTS = (0, 1, 3, 5, 10, 20, 30, 60)


def priced_jobs(seed: int, backend: str, count: int) -> list[PricedJob]:
    """Return jobs of an account on a backend with their bills, oldest first."""
    random, billing = Random(f"{seed}:{backend}"), Billing(f"account-{seed}")
    pause_us = device(backend).configuration()["default_rep_delay"]
    jobs = []
    for number in range(count):
        executions = round(10 ** random.uniform(2, 4.3))
        work = ProgramWork(executions, executions * random.uniform(1e-6, 60e-6), 0, 0, 0, 0)
        formula = work.seconds(pause_us)
        ran = round((formula - 2.0) * 1e9)
        job = Job(f"{seed}-{number}", "platform", "executor", backend, datetime(2026, 1, 1, tzinfo=UTC))
        outcome = RunOutcome("Completed", qpu_seconds=formula, execution_ns=ran)
        jobs.append(PricedJob(formula, billing.charge(job, outcome)))
    return jobs


def right(estimate: float, billed: float) -> bool:
    """Return whether an estimate is within the aim of the bill."""
    return abs(estimate / billed - 1) <= WITHIN


def shares(seed: int, accounts: int, count: int, backend: str) -> tuple[float, float, float]:
    """Return the shares right of the formula and of the corrected one, and of bills in the interval."""
    formula = better = inside = 0
    for account in range(seed, seed + accounts):
        *own, job = priced_jobs(account, backend, count + 1)
        price = corrected(job.formula, own[::-1])
        formula += right(job.formula, job.billed)
        better += right(price.seconds, job.billed)
        inside += price.low <= job.billed <= price.high
    return formula / accounts, better / accounts, inside / accounts


def main(seed: int = 5000, accounts: int = 2000) -> None:
    """Print a line a number of own jobs: mean over the backends, then each backend's corrected share."""
    print("own jobs  formula  corrected  in interval   corrected by backend")
    for count in COUNTS:
        each = [shares(seed, accounts, count, backend) for backend in DEVICES]
        mean = [sum(column) / len(each) for column in zip(*each, strict=True)]
        names = "  ".join(f"{name} {row[1]:.1%}" for name, row in zip(DEVICES, each, strict=True))
        print(f"{count:8}  {mean[0]:7.1%}  {mean[1]:9.1%}  {mean[2]:11.1%}   {names}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
