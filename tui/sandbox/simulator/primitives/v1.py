"""Sampler and estimator of the first generation: params with `circuits`, quasi-distributions and values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tui.sandbox.simulator.base.values import JobFailure
from tui.sandbox.simulator.primitives import results as encode
from tui.sandbox.simulator.primitives.accounting import JobAccounting
from tui.sandbox.simulator.primitives.estimator import Settings, estimate
from tui.sandbox.simulator.primitives.observables import observables
from tui.sandbox.simulator.primitives.pubs import Pub, pub
from tui.sandbox.simulator.primitives.sampler import draw

DEFAULT_SHOTS = 4000


def run_sampler(params: Mapping[str, Any], device: str, seed: int, ledger: JobAccounting) -> dict[str, Any]:
    """`{"quasi_dists": [{"<decimal>": probability}], "metadata": [...]}`. Raises `JobFailure`.

    A key is the number that all classical bits of the circuit make, the first one least significant.
    The probabilities are frequencies: readout is not mitigated.
    """
    shots = _shots(params)
    made = _pubs(params, device, ledger)
    for _ in made:
        ledger.expect(1, shots)
    if int((params.get("resilience_settings") or {}).get("level") or 0) > 0:
        ledger.note("Readout mitigation is not simulated for this sampler: the frequencies are as read.")
    generator = np.random.default_rng(seed)
    dists = []
    for one in made:
        sampled = draw(one, device, shots, int(generator.integers(2**31)), ledger)
        counts = Counter(encode.integers(sampled.bits))
        dists.append({str(key): counts[key] / shots for key in sorted(counts)})
    return {"quasi_dists": dists, "metadata": [{"shots": shots} for _ in made]}


def run_estimator(params: Mapping[str, Any], device: str, seed: int, ledger: JobAccounting) -> dict[str, Any]:
    """`{"values": [...], "metadata": [{"variance", "shots"}]}`. Raises `JobFailure`."""
    shots = _shots(params)
    made = _pubs(params, device, ledger)
    wanted = params["observables"]
    wanted = wanted if isinstance(wanted, list) else [wanted]
    wanted = _chosen(wanted, params.get("observable_indices"), "observable")
    wanted = _as_many(wanted, len(made), "observables")
    level = (params.get("resilience_settings") or {}).get("level")
    settings = Settings(shots, mitigated=level is None or int(level) >= 1, blocks=1)
    generator = np.random.default_rng(seed)
    values, metadata = [], []
    for one, given in zip(made, wanted, strict=True):
        item = observables(given)
        if item.shape:
            raise JobFailure("Give one observable for each circuit.")
        estimates = estimate(one, item, device, settings, int(generator.integers(2**31)), ledger)
        values.append(float(estimates.evs))
        metadata.append({"variance": float(estimates.ensemble) ** 2 * shots, "shots": shots})
    return {"values": values, "metadata": metadata}


def _shots(params: Mapping[str, Any]) -> int:
    return int((params.get("run_options") or {}).get("shots") or DEFAULT_SHOTS)


def _pubs(params: Mapping[str, Any], device: str, ledger: JobAccounting) -> list[Pub]:
    circuits = params["circuits"]
    circuits = circuits if isinstance(circuits, list) else [circuits]
    circuits = _chosen(circuits, params.get("circuit_indices"), "circuit")
    values = params.get("parameter_values") or [None]
    values = _as_many(values, len(circuits), "parameter value sets")
    made = [pub(circuit, value, device, ledger) for circuit, value in zip(circuits, values, strict=True)]
    if any(one.shape for one in made):
        raise JobFailure("Give one set of parameter values for each circuit.")
    return made


def _chosen(items: Sequence[Any], indices: Any, what: str) -> list[Any]:
    if indices is None:
        return list(items)
    if not all(isinstance(index, int) and 0 <= index < len(items) for index in indices):
        raise JobFailure(f"The {what} indices must be numbers from 0 to {len(items) - 1}.")
    return [items[index] for index in indices]


def _as_many(items: Sequence[Any], count: int, what: str) -> list[Any]:
    if len(items) == 1:
        return list(items) * count
    if len(items) != count:
        raise JobFailure(f"There are {count} circuits but {len(items)} {what}.")
    return list(items)
