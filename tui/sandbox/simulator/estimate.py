"""Estimates of how long a job takes to simulate, made before it is submitted, and why one is refused."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping
from typing import Any

from qiskit.circuit import QuantumCircuit

from tui.sandbox.simulator.base.values import JobFailure, SimulationEstimate, TooLarge
from tui.sandbox.simulator.circuits.qubit_reduction import reduce_qubits
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
    """Estimate a job with `pubs` from short trials of its circuits on this machine.

    Of the parameter sets and bases of a pub the first stands for all.

    Args:
        program_id: "sampler" or "estimator".
        params: The validated params of the job.
        device: Name of the device.

    Returns:
        The estimate; without seconds for params of another form, or where the job fails for another reason,
        which the job itself will tell.
    """
    started = time.process_time()
    parts = {"sampler": _sampler_parts, "estimator": _estimator_parts}
    if program_id not in parts or "pubs" not in params:
        return SimulationEstimate(None)
    seconds, methods, processors = 0.0, [], 1
    try:
        accounting = JobAccounting(device, params.get("options") or {})
        read = list(parts[program_id](params, device, accounting))
        seconds += time.process_time() - started
        for circuit, shots, times in read:
            waiting = with_idle_delays(circuit, accounting.data)
            run, spent = estimate_run(reduce_qubits(waiting), device, shots)
            seconds += spent.wall * times
            methods.append(run.method.name)
            processors = max(processors, spent.processors)
    except TooLarge as refused:
        return SimulationEstimate(refused.seconds, refusal=refused.reason)
    except JobFailure:
        return SimulationEstimate(None)
    return SimulationEstimate(seconds, tuple(dict.fromkeys(methods)), processors)


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
