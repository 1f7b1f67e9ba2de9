"""The estimator as a job: its options, and its results body."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from tui.sandbox.simulator.primitives import results as encode
from tui.sandbox.simulator.primitives.accounting import JobAccounting
from tui.sandbox.simulator.primitives.estimator import RANDOMIZATIONS, Estimates, Settings, estimate
from tui.sandbox.simulator.primitives.observables import observables
from tui.sandbox.simulator.primitives.pubs import pub

DEFAULT_PRECISION = 0.015625


def run_estimator(params: Mapping[str, Any], device: str, seed: int, ledger: JobAccounting) -> dict[str, Any]:
    """The results body of an estimator job with `pubs`. Raises `JobFailure`."""
    options = params.get("options") or {}
    mitigated = _mitigated(params, options)
    _note_ignored(params, options, ledger)
    generator = np.random.default_rng(seed)
    made = []
    for given in params["pubs"]:
        circuit, wanted, values, precision = (*given, None, None)[:4]
        precision = precision or _default_precision(params, options)
        made.append((pub(circuit, values, device, ledger), observables(wanted), precision))
    results: list[tuple[Estimates, dict[str, Any]]] = []
    for one, wanted, precision in made:
        settings = _settings(precision, mitigated, options)
        estimates = estimate(one, wanted, device, settings, int(generator.integers(2**31)), ledger)
        metadata: dict[str, Any] = {
            "shots": settings.shots,
            "target_precision": precision,
            "circuit_metadata": one.circuit.metadata or {},
            "resilience": {},
        }
        if settings.mitigated:
            metadata["num_randomizations"] = settings.blocks
        results.append((estimates, metadata))
    if not params.get("support_qiskit"):
        return {"results": [_plain(*result) for result in results], "metadata": {"version": 2}}
    return encode.typed(
        "PrimitiveResult",
        {
            "pub_results": [_typed(*result) for result in results],
            "metadata": _metadata(options, mitigated),
        },
    )


def _settings(precision: float, mitigated: bool, options: Mapping[str, Any]) -> Settings:
    """ceil(1 / precision**2) shots, with twirled readout rounded up to equal blocks, one a randomization."""
    # The nudge keeps 1/0.1**2, which is a hair over 100, at 100 shots.
    shots = math.ceil(1 / precision**2 - 1e-9)
    if not mitigated:
        return Settings(shots, mitigated=False, blocks=1)
    twirling = options.get("twirling") or {}
    blocks = twirling.get("num_randomizations", "auto")
    blocks = RANDOMIZATIONS if blocks == "auto" else blocks
    each = twirling.get("shots_per_randomization", "auto")
    each = max(math.ceil(shots / blocks), 1 if each == "auto" else each)
    return Settings(blocks * each, mitigated=True, blocks=blocks)


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


def _note_ignored(params: Mapping[str, Any], options: Mapping[str, Any], ledger: JobAccounting) -> None:
    resilience = options.get("resilience") or {}
    if resilience.get("zne_mitigation") or params.get("resilience_level") == 2:
        ledger.note("Zero-noise extrapolation is not simulated: the values are not extrapolated.")
    if resilience.get("pec_mitigation"):
        ledger.note("Probabilistic error cancellation is not simulated: the values are not corrected by it.")
    if (options.get("dynamical_decoupling") or {}).get("enable"):
        ledger.note("Dynamical decoupling has no effect here: qubits that wait are simulated without noise.")
    if (options.get("twirling") or {}).get("enable_gates"):
        ledger.note("Twirling of gates is not simulated.")


def _metadata(options: Mapping[str, Any], mitigated: bool) -> dict[str, Any]:
    """What was done, not what was asked for."""
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
            "zne_mitigation": False,
            "pec_mitigation": False,
        },
        "version": 2,
    }


def _plain(estimates: Estimates, metadata: dict[str, Any]) -> dict[str, Any]:
    return {
        "data": {
            "evs": estimates.evs.tolist(),
            "stds": estimates.stds.tolist(),
            "ensemble_standard_error": estimates.ensemble.tolist(),
        },
        "metadata": metadata,
    }


def _typed(estimates: Estimates, metadata: dict[str, Any]) -> dict[str, Any]:
    fields = {
        "evs": encode.ndarray(estimates.evs),
        "stds": encode.ndarray(estimates.stds),
        "ensemble_standard_error": encode.ndarray(estimates.ensemble),
    }
    data = encode.data_bin(fields, estimates.evs.shape)
    return encode.typed("PubResult", {"data": data, "metadata": metadata})
