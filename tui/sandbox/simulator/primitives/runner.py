"""One job, from its params to its outcome; every failure becomes a reason in words."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping
from typing import Any

from tui.sandbox.core.devices import DEVICES, DeviceDataMissing, UnknownDevice
from tui.sandbox.simulator.base.calibration import target
from tui.sandbox.simulator.base.values import JobFailure, RunOutcome
from tui.sandbox.simulator.primitives import sampler
from tui.sandbox.simulator.primitives import v1 as first_generation
from tui.sandbox.simulator.primitives.accounting import JobAccounting
from tui.sandbox.simulator.primitives.estimator_job import run_estimator
from tui.sandbox.simulator.primitives.validation import validate_params

Program = Callable[[Mapping[str, Any], str, int, JobAccounting], dict[str, Any]]

_WITH_PUBS: Mapping[str, Program] = {"sampler": sampler.run_sampler, "estimator": run_estimator}
_WITH_CIRCUITS: Mapping[str, Program] = {
    "sampler": first_generation.run_sampler,
    "estimator": first_generation.run_estimator,
}
_BELL = (
    'OPENQASM 3.0; include "stdgates.inc"; bit[2] c; sx $0; rz(0.1) $0; sx $1;'
    " c[0] = measure $0; c[1] = measure $1;"
)


def warm() -> None:
    """Import what a job needs and run a small one, so that the first real job finds all in place."""
    for device in DEVICES:
        target(device)
    run("sampler", {"pubs": [[_BELL, None, 16]]}, DEVICES[0], 0)


def run(program_id: str, params: Mapping[str, Any], device: str, seed: int | None) -> RunOutcome:
    """Run a job to its end."""
    complaint = validate_params(program_id, params)
    if complaint is not None:
        return RunOutcome("Failed", reason=complaint, reason_code=1208)
    programs = _WITH_CIRCUITS if "circuits" in params else _WITH_PUBS
    ledger: JobAccounting | None = None
    try:
        ledger = JobAccounting(device, params.get("options") or {})
        body = programs[program_id](params, device, _seed(params, seed), ledger)
    except JobFailure as failure:
        return _failed(failure, ledger)
    except UnknownDevice as error:
        return _failed(JobFailure(str(error), 1007), ledger)
    except DeviceDataMissing as error:
        return _failed(JobFailure(str(error), 1009), ledger)
    except MemoryError:
        return _failed(JobFailure("The simulation needs more memory than there is."), ledger)
    return RunOutcome(
        "Completed",
        result=json.dumps(body, separators=(",", ":")),
        qpu_seconds=ledger.qpu_seconds,
        execution_ns=ledger.execution_ns,
        transpiled=ledger.transpiled,
        logs=ledger.logs,
        circuits=ledger.circuits,
        shots=ledger.shots.pop() if len(ledger.shots) == 1 else None,
    )


def _seed(params: Mapping[str, Any], seed: int | None) -> int:
    """The caller's seed, else the one in the options, else chance."""
    options = params.get("options") or {}
    asked = (options.get("simulator") or {}).get("seed_simulator", options.get("seed_estimator"))
    for choice in (seed, asked, (params.get("run_options") or {}).get("seed_simulator")):
        if choice is not None:
            return abs(int(choice))
    return secrets.randbits(31)


def _failed(failure: JobFailure, ledger: JobAccounting | None) -> RunOutcome:
    return RunOutcome(
        "Failed",
        reason=failure.reason,
        reason_code=failure.code,
        reason_solution=failure.solution,
        logs=(ledger.logs if ledger is not None else "") + failure.reason + "\n",
    )
