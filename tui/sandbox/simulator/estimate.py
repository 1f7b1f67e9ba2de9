"""Estimates of how long a job takes to simulate, made before it is submitted, and why one is refused."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping
from typing import Any

from qiskit.circuit import QuantumCircuit

from tui.sandbox.simulator.base.values import (
    MOST_SECONDS,
    JobFailure,
    SimulationEstimate,
    TooLarge,
    duration,
)
from tui.sandbox.simulator.circuits.qubit_reduction import reduce_qubits
from tui.sandbox.simulator.executor.estimate import PartSeconds, program_seconds
from tui.sandbox.simulator.noise.idle import with_idle_delays
from tui.sandbox.simulator.noise.method_selection import estimate_run
from tui.sandbox.simulator.primitives.accounting import JobAccounting
from tui.sandbox.simulator.primitives.estimator import without_final_measurements
from tui.sandbox.simulator.primitives.estimator_job import DEFAULT_PRECISION
from tui.sandbox.simulator.primitives.observables import measurement_bases, read_observables
from tui.sandbox.simulator.primitives.pubs import Pub, read_pub
from tui.sandbox.simulator.primitives.sampler import DEFAULT_SHOTS

Part = tuple[QuantumCircuit, int, int]
"""A bound circuit, its shots, and how many circuits like it the job runs."""


def estimate_job(program_id: str, params: Mapping[str, Any], device: str) -> SimulationEstimate:
    """Estimate a job from short trials of its circuits on this machine.

    Of the parameter sets and bases of a pub the first stands for all, of a program some executions do.

    Args:
        program_id: "sampler", "estimator" or "executor".
        params: The validated params of the job.
        device: Name of the device.

    Returns:
        The estimate; without seconds for params of another form, or where the job fails for another reason,
        which the job itself will tell.
    """
    parts = {"sampler": _sampler_parts, "estimator": _estimator_parts}
    seconds, methods, processors = 0.0, [""], 1
    try:
        if program_id == "executor":
            accounting = JobAccounting(device, {"execution": params.get("options") or {}})
            estimates = program_seconds(params, device, accounting)
        elif program_id in parts and "pubs" in params:
            accounting = JobAccounting(device, params.get("options") or {})
            estimates = _pubs_seconds(parts[program_id](params, device, accounting), device, accounting)
        else:
            return SimulationEstimate(None)
        for wall, method, used in estimates:
            seconds += wall
            methods.append(method)
            processors = max(processors, used)
    except TooLarge as refused:
        return SimulationEstimate(refused.seconds + seconds, refusal=refused.reason)
    except JobFailure:
        return SimulationEstimate(None)
    if seconds > MOST_SECONDS:
        return SimulationEstimate(seconds, refusal=_too_long(seconds))
    return SimulationEstimate(seconds, tuple(filter(None, dict.fromkeys(methods))), processors)


def _too_long(seconds: float) -> str:
    return (
        "The job is too large to simulate: all its executions with noise would take"
        f" {duration(seconds)}; the sandbox stops at a minute."
    )


def _pubs_seconds(parts: Iterator[Part], device: str, accounting: JobAccounting) -> Iterator[PartSeconds]:
    started = time.process_time()
    read = list(parts)
    yield time.process_time() - started, "", 1
    for circuit, shots, times in read:
        waiting = with_idle_delays(circuit, accounting.data)
        run, spent = estimate_run(reduce_qubits(waiting), device, shots, times)
        yield spent.wall_of(times), run.method.name, spent.processors


def _sampler_parts(params: Mapping[str, Any], device: str, accounting: JobAccounting) -> Iterator[Part]:
    options = params.get("options") or {}
    default = params.get("shots") or options.get("default_shots") or DEFAULT_SHOTS
    for given in params["pubs"]:
        circuit, values, shots = (*given, None, None)[:3] if isinstance(given, list) else (given, None, None)
        pub = read_pub(circuit, values, device, accounting)
        if math.prod(pub.shape):
            yield _first(pub, pub.circuit), shots or default, math.prod(pub.shape)


def _estimator_parts(params: Mapping[str, Any], device: str, accounting: JobAccounting) -> Iterator[Part]:
    options = params.get("options") or {}
    default = params.get("precision") or options.get("default_precision") or DEFAULT_PRECISION
    for given in params["pubs"]:
        circuit, observables, values, precision = (*given, None, None)[:4]
        pub = read_pub(circuit, values, device, accounting)
        labels = {label for terms in read_observables(observables).items for label in terms}
        bases = len(measurement_bases(labels))
        if math.prod(pub.shape) and bases:
            measured = without_final_measurements(_first(pub, pub.circuit))
            measured.measure_active()
            yield measured, math.ceil(1 / (precision or default) ** 2), bases * math.prod(pub.shape)


def _first(pub: Pub, circuit: QuantumCircuit) -> QuantumCircuit:
    return pub.bind(circuit, (0,) * len(pub.shape))
