"""Runs one job, from its params to its outcome; every failure becomes a reason in words."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping
from typing import Any

from tui.sandbox.core.devices import DEVICES, MOCKS, DeviceDataMissing, UnknownDevice, device_name
from tui.sandbox.simulator.base.calibration import target
from tui.sandbox.simulator.base.values import JobFailure, RunOutcome
from tui.sandbox.simulator.executor.job import run_program
from tui.sandbox.simulator.primitives.accounting import JobAccounting
from tui.sandbox.simulator.primitives.estimator_job import run_estimator, run_estimator_v1
from tui.sandbox.simulator.primitives.sampler import run_sampler, run_sampler_v1
from tui.sandbox.simulator.primitives.validation import validate_params

Program = Callable[[Mapping[str, Any], str, int, JobAccounting], dict[str, Any]]

_WITH_PUBS: Mapping[str, Program] = {
    "sampler": run_sampler,
    "estimator": run_estimator,
    "executor": run_program,
}
_WITH_CIRCUITS: Mapping[str, Program] = {"sampler": run_sampler_v1, "estimator": run_estimator_v1}
_BELL = (
    'OPENQASM 3.0; include "stdgates.inc"; bit[2] c; sx $0; rz(0.1) $0; sx $1;'
    " c[0] = measure $0; c[1] = measure $1;"
)


def warm() -> None:
    """Import what jobs need, build all targets and run a small job, so that the first one starts at once."""
    for device in DEVICES:
        target(device)
    run("sampler", {"pubs": [[_BELL, None, 16]]}, DEVICES[0], 0)


def run(program_id: str, params: Mapping[str, Any], device: str, seed: int | None) -> RunOutcome:
    """Run a job to its end.

    Args:
        program_id: "sampler", "estimator" or "executor".
        params: The params of the job, not yet validated.
        device: Key of the device.
        seed: The same seed gives the same result; None takes the one in the options, else a random one.

    Returns:
        How the job ended; a failure has its reason, IBM's code and, where there is one, the way out.
    """
    error = validate_params(program_id, params)
    if error is not None:
        return RunOutcome(
            "Failed", reason=f"Request validation of body failed, because: {error}", reason_code=1208
        )
    programs = _WITH_CIRCUITS if "circuits" in params else _WITH_PUBS
    accounting: JobAccounting | None = None
    try:
        if device_name(device) in MOCKS and program_id != "executor":
            raise JobFailure(
                f"Dry runs are for executor jobs, not for {program_id!r} jobs.",
                solution="Use the primitives that send quantum programs, or the backend itself.",
            )
        accounting = JobAccounting(device, _options(program_id, params))
        body = programs[program_id](params, device, _seed(params, seed), accounting)
    except JobFailure as failure:
        return _failed(failure, accounting)
    except UnknownDevice as error:
        return _failed(JobFailure(str(error), 1007), accounting)
    except DeviceDataMissing as error:
        return _failed(JobFailure(str(error), 1009), accounting)
    except MemoryError:
        return _failed(JobFailure("The simulation needs more memory than there is."), accounting)
    return RunOutcome(
        "Completed",
        result=json.dumps(body, separators=(",", ":")),
        qpu_seconds=accounting.qpu_seconds,
        execution_ns=accounting.execution_ns,
        transpiled=accounting.transpiled,
        logs=accounting.logs,
        circuits=accounting.circuits,
        shots=accounting.shots.pop() if len(accounting.shots) == 1 else None,
    )


def _options(program_id: str, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """The options of a job in the form of the primitives; those of an executor are for the execution."""
    options = params.get("options") or {}
    return {"execution": options} if program_id == "executor" else options


def _seed(params: Mapping[str, Any], seed: int | None) -> int:
    """The caller's seed, else the one in the options, else a random one."""
    options = params.get("options") or {}
    asked = (options.get("simulator") or {}).get("seed_simulator", options.get("seed_estimator"))
    for choice in (seed, asked, (params.get("run_options") or {}).get("seed_simulator")):
        if choice is not None:
            return abs(int(choice))
    return secrets.randbits(31)


def _failed(failure: JobFailure, accounting: JobAccounting | None) -> RunOutcome:
    return RunOutcome(
        "Failed",
        reason=failure.reason,
        reason_code=failure.code,
        reason_solution=failure.solution,
        logs=(accounting.logs if accounting is not None else "") + failure.reason + "\n",
    )
