"""Estimator jobs, second and first version: their options and results bodies."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from tui.sandbox.simulator.base.values import JobFailure
from tui.sandbox.simulator.primitives import results
from tui.sandbox.simulator.primitives.accounting import JobAccounting
from tui.sandbox.simulator.primitives.estimator import (
    RANDOMIZATIONS,
    Estimates,
    EstimatorSettings,
    estimate_pub,
)
from tui.sandbox.simulator.primitives.observables import Observables, Terms, read_observables
from tui.sandbox.simulator.primitives.pubs import Pub, choose_v1, read_pub, read_v1_pubs, repeat_v1
from tui.sandbox.simulator.primitives.sampler import v1_shots
from tui.sandbox.simulator.primitives.zero_noise import ZeroNoise, extrapolate, fold_gates, read_zero_noise

DEFAULT_PRECISION = 0.015625


def run_estimator(
    params: Mapping[str, Any], device: str, seed: int, accounting: JobAccounting
) -> dict[str, Any]:
    """Run an estimator job with `pubs`.

    Args:
        params: The validated params of the job.
        device: Name of the device.
        seed: The same seed gives the same values.
        accounting: The account of the job.

    Returns:
        The results body: typed with `support_qiskit`, else nested lists of numbers.

    Raises:
        JobFailure: The job cannot be done.
    """
    options = params.get("options") or {}
    mitigated, zero_noise = _mitigated(params, options), read_zero_noise(params, options)
    _log_ignored(options, zero_noise, accounting)
    generator = np.random.default_rng(seed)
    pubs: list[tuple[Pub, Observables, float]] = []
    for given in params["pubs"]:
        circuit, observables, values, precision = (*given, None, None)[:4]
        precision = precision or _default_precision(params, options)
        pub = read_pub(circuit, values, device, accounting)
        pubs.append((pub, read_observables(observables), precision))
    estimated: list[tuple[Estimates, dict[str, Any]]] = []
    for pub, observables, precision in pubs:
        settings = _settings(precision, mitigated, options)
        metadata: dict[str, Any] = {
            "shots": settings.shots,
            "target_precision": precision,
            "circuit_metadata": pub.circuit.metadata or {},
        }
        if settings.mitigated:
            metadata["num_randomizations"] = settings.blocks
        if zero_noise is None:
            estimates, models = estimate_pub(pub, observables, device, settings, generator, accounting), None
        else:
            estimates, models = _extrapolated(
                pub, observables, device, settings, zero_noise, generator, accounting
            )
        metadata["resilience"] = {} if models is None else {"zne": {"extrapolator": models}}
        estimated.append((estimates, metadata))
    if not params.get("support_qiskit"):
        return {"results": [_plain(*result) for result in estimated], "metadata": {"version": 2}}
    return results.primitive_result(
        [_typed(*result) for result in estimated], _metadata(options, mitigated, zero_noise)
    )


def run_estimator_v1(
    params: Mapping[str, Any], device: str, seed: int, accounting: JobAccounting
) -> dict[str, Any]:
    """Run an estimator job of the first version, with `circuits`.

    Returns:
        `{"values": [...], "metadata": [{"variance", "shots"}]}`, one of each for every circuit.

    Raises:
        JobFailure: The job cannot be done.
    """
    shots = v1_shots(params)
    pubs = read_v1_pubs(params, device, accounting)
    observables = choose_v1(params["observables"], params.get("observable_indices"), "observable")
    observables = repeat_v1(observables, len(pubs), "observables")
    level = (params.get("resilience_settings") or {}).get("level")
    settings = EstimatorSettings(shots, mitigated=level is None or int(level) >= 1, blocks=1)
    generator = np.random.default_rng(seed)
    values, metadata = [], []
    for pub, given in zip(pubs, observables, strict=True):
        observable = read_observables(given)
        if observable.shape:
            raise JobFailure("Give one observable for each circuit.")
        estimates = estimate_pub(pub, observable, device, settings, generator, accounting)
        values.append(float(estimates.evs))
        metadata.append({"variance": float(estimates.ensemble) ** 2 * shots, "shots": shots})
    return {"values": values, "metadata": metadata}


def _extrapolated(
    pub: Pub,
    observables: Observables,
    device: str,
    settings: EstimatorSettings,
    zero_noise: ZeroNoise,
    generator: np.random.Generator,
    accounting: JobAccounting,
) -> tuple[Estimates, Any]:
    """Estimate at every noise factor, and extrapolate.

    Returns:
        The estimates at zero noise, and the chosen models nested like the values.
    """
    scaled = []
    for factor in zero_noise.factors:
        folded = fold_gates(pub.circuit, factor, zero_noise.amplifier, generator)
        amplified = replace(pub, loaded=replace(pub.loaded, circuit=folded))
        scaled.append(estimate_pub(amplified, observables, device, settings, generator, accounting))
    evs, stds, ensemble = (
        np.stack([getattr(estimates, name) for estimates in scaled]) for name in ("evs", "stds", "ensemble")
    )
    places = np.arange(len(observables.items)).reshape(observables.shape)
    terms = [_only_pauli(observables.items[item]) for item in np.broadcast_to(places, evs.shape[1:]).flat]
    found = extrapolate(evs, stds, terms, zero_noise)
    arrays = {
        "evs_noise_factors": np.moveaxis(evs, 0, -1),
        "stds_noise_factors": np.moveaxis(stds, 0, -1),
        "ensemble_stds_noise_factors": np.moveaxis(ensemble, 0, -1),
        "evs_extrapolated": found.fits,
        "stds_extrapolated": found.fit_stds,
    }
    of_all_shots = extrapolate(evs, ensemble, terms, zero_noise).stds
    return Estimates(found.values, found.stds, of_all_shots, arrays), found.models.tolist()


def _only_pauli(terms: Terms) -> str:
    """The Pauli that an observable is; empty for a sum or a multiple, which has other bounds than 1."""
    return next(iter(terms)) if list(terms.values()) == [1] else ""


def _settings(precision: float, mitigated: bool, options: Mapping[str, Any]) -> EstimatorSettings:
    """ceil(1 / precision**2) shots, with twirled readout rounded up to equal blocks, one a randomization."""
    # The nudge keeps 1/0.1**2, which is a hair over 100, at 100 shots.
    shots = math.ceil(1 / precision**2 - 1e-9)
    if not mitigated:
        return EstimatorSettings(shots, mitigated=False, blocks=1)
    twirling = options.get("twirling") or {}
    blocks = twirling.get("num_randomizations", "auto")
    blocks = RANDOMIZATIONS if blocks == "auto" else blocks
    each = twirling.get("shots_per_randomization", "auto")
    each = max(math.ceil(shots / blocks), 1 if each == "auto" else each)
    return EstimatorSettings(blocks * each, mitigated=True, blocks=blocks)


def _default_precision(params: Mapping[str, Any], options: Mapping[str, Any]) -> float:
    if params.get("precision"):
        return float(params["precision"])
    if options.get("default_shots"):
        return float(1 / math.sqrt(options["default_shots"]))
    return float(options.get("default_precision") or DEFAULT_PRECISION)


def _mitigated(params: Mapping[str, Any], options: Mapping[str, Any]) -> bool:
    asked = (options.get("resilience") or {}).get("measure_mitigation")
    if asked is not None:
        return bool(asked)
    return int(params.get("resilience_level", 1)) >= 1


def _log_ignored(options: Mapping[str, Any], zero_noise: ZeroNoise | None, accounting: JobAccounting) -> None:
    resilience = options.get("resilience") or {}
    if zero_noise is not None and zero_noise.amplifier == "pea":
        accounting.log("The amplifier pea is not simulated: the noise is amplified by folding gates.")
    if resilience.get("pec_mitigation"):
        accounting.log(
            "Probabilistic error cancellation is not simulated: the values are not corrected by it."
        )
    accounting.log_without_effect(options)


def _metadata(options: Mapping[str, Any], mitigated: bool, zero_noise: ZeroNoise | None) -> dict[str, Any]:
    """The options in effect, which are not all that were asked for."""
    twirling = options.get("twirling") or {}
    return {
        "dynamical_decoupling": {
            "enable": False,
            "sequence_type": "XX",
            "extra_slack_distribution": "middle",
            "scheduling_method": "alap",
        },
        "twirling": {
            "enable_gates": False,
            "enable_measure": mitigated,
            "num_randomizations": twirling.get("num_randomizations", "auto"),
            "shots_per_randomization": twirling.get("shots_per_randomization", "auto"),
            "interleave_randomizations": True,
            "strategy": twirling.get("strategy", "active-accum"),
        },
        "resilience": {
            "measure_mitigation": mitigated,
            "zne_mitigation": zero_noise is not None,
            "pec_mitigation": False,
            **({} if zero_noise is None else {"zne": _zero_noise(zero_noise)}),
        },
        "version": 2,
    }


def _zero_noise(settings: ZeroNoise) -> dict[str, Any]:
    return {
        "noise_factors": list(settings.factors),
        "extrapolator": list(settings.extrapolators),
        "extrapolated_noise_factors": list(settings.evaluated),
        "amplifier": "gate_folding" if settings.amplifier == "pea" else settings.amplifier,
    }


def _plain(estimates: Estimates, metadata: dict[str, Any]) -> dict[str, Any]:
    return {"data": {name: a.tolist() for name, a in estimates.arrays().items()}, "metadata": metadata}


def _typed(estimates: Estimates, metadata: dict[str, Any]) -> dict[str, Any]:
    fields = {name: results.ndarray(array) for name, array in estimates.arrays().items()}
    return results.pub_result("PubResult", fields, estimates.evs.shape, metadata)
