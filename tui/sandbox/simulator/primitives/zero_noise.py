"""Extrapolation to zero noise: noise amplified by folding gates, and fits of IBM's own package.

A gate U becomes U (U^-1 U)^n, which does the same with 2n + 1 times the noise (Giurgica-Tiron et al.,
arXiv:2005.10921). Folding and fits are those of `qiskit_mitigation`, by which IBM's client extrapolates.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from qiskit.circuit import QuantumCircuit

from tui.sandbox.simulator.base.values import JobFailure

Floats = NDArray[np.float64]

_FOLDING = {"gate_folding": "random", "gate_folding_front": "front", "gate_folding_back": "back"}
_DEFAULT_FACTORS = (1.0, 3.0, 5.0)
_DEFAULT_EXTRAPOLATORS = ("exponential", "linear")


@dataclass(frozen=True)
class ZeroNoise:
    """How to extrapolate.

    Attributes:
        factors: By how much the noise is amplified, each at least 1.
        extrapolators: Models in the order in which they are tried.
        evaluated: Noise factors at which every model is evaluated.
        amplifier: "gate_folding", or with "_front" or "_back" where gates are folded first.
    """

    factors: tuple[float, ...]
    extrapolators: tuple[str, ...]
    evaluated: tuple[float, ...]
    amplifier: str


@dataclass(frozen=True)
class Extrapolation:
    """Values at zero noise, in arrays of the pub's shape.

    Attributes:
        values: The values at zero noise.
        stds: Their standard errors.
        models: The chosen model of each.
        fits: Every model at every evaluated factor: shape `(*shape, models, factors)`.
        fit_stds: Standard errors of the fits.
    """

    values: Floats
    stds: Floats
    models: NDArray[np.str_]
    fits: Floats
    fit_stds: Floats


def read_zero_noise(params: Mapping[str, Any], options: Mapping[str, Any]) -> ZeroNoise | None:
    """Read the options of zero-noise extrapolation.

    Returns:
        None when it is not asked for, by `zne_mitigation` or by resilience level 2.

    Raises:
        JobFailure: Factors or extrapolators make no sense.
    """
    resilience = options.get("resilience") or {}
    asked = resilience.get("zne_mitigation")
    if not (params.get("resilience_level") == 2 if asked is None else asked):
        return None
    zne = resilience.get("zne") or {}
    factors = _numbers(zne.get("noise_factors") or _DEFAULT_FACTORS, 1, "noise_factors")
    extrapolators = zne.get("extrapolator") or _DEFAULT_EXTRAPOLATORS
    extrapolators = (extrapolators,) if isinstance(extrapolators, str) else tuple(map(str, extrapolators))
    _check(factors, extrapolators)
    evaluated = zne.get("extrapolated_noise_factors") or "auto"
    if evaluated == "auto":
        evaluated = (0.0, *factors)
    return ZeroNoise(
        factors,
        extrapolators,
        _numbers(evaluated, 0, "extrapolated_noise_factors"),
        str(zne.get("amplifier") or "gate_folding"),
    )


def fold_gates(
    circuit: QuantumCircuit, factor: float, amplifier: str, generator: np.random.Generator
) -> QuantumCircuit:
    """Amplify the noise of the gates on two qubits; those in blocks of control flow stay as they are.

    Args:
        circuit: A circuit of the device.
        factor: By how much, at least 1; by fractions some gates are folded once more than others.
        amplifier: Which gates those are, see `ZeroNoise`.
        generator: Chooses them at random.
    """
    from qiskit_mitigation.zne import GateFoldingPass

    method = _FOLDING.get(amplifier, "random")
    folded: QuantumCircuit = GateFoldingPass(factor, method, generator)(circuit)
    return folded


def extrapolate(evs: Floats, stds: Floats, terms: Sequence[str], settings: ZeroNoise) -> Extrapolation:
    """Extrapolate values to zero noise.

    Args:
        evs: Expectation values of shape `(factors, *shape)`.
        stds: Their standard errors.
        terms: For each value its Pauli, whose range bounds it; "" without bounds.
        settings: How to extrapolate.
    """
    # The public way of the package takes samples of its own programs; this is the step that takes values.
    from qiskit_mitigation.zne.extrapolation import _process_extrapolated_expectation_values

    shape = evs.shape[1:]
    columns = zip(evs.reshape(len(evs), -1).T, stds.reshape(len(stds), -1).T, terms, strict=True)
    fitted = [
        _process_extrapolated_expectation_values(
            values, errors, term, settings.factors, settings.extrapolators, settings.evaluated
        )
        for values, errors, term in columns
    ]
    values, errors, models, fits, fit_stds = zip(*fitted, strict=True)
    inner = (len(settings.extrapolators), len(settings.evaluated))
    return Extrapolation(
        np.array(values).reshape(shape),
        np.array(errors).reshape(shape),
        np.array(models).reshape(shape),
        np.array(fits).reshape(*shape, *inner),
        np.array(fit_stds).reshape(*shape, *inner),
    )


def _numbers(given: Any, low: float, name: str) -> tuple[float, ...]:
    if not isinstance(given, list | tuple) or not given:
        raise JobFailure(f"{name} must be a list of numbers.")
    if not all(isinstance(value, int | float) and low <= value < float("inf") for value in given):
        raise JobFailure(f"{name} must be numbers of at least {low}.")
    return tuple(map(float, given))


def _check(factors: Sequence[float], extrapolators: Sequence[str]) -> None:
    from qiskit_mitigation.zne.extrapolation import _REQUIRED_NOISE_FACTORS

    known = {name: count for name, count in _REQUIRED_NOISE_FACTORS.items() if name != "custom"}
    for name in extrapolators:
        if name not in known:
            raise JobFailure(f"There is no extrapolator {name!r}. Known: {', '.join(known)}.")
        if len(set(factors)) < known[name]:
            raise JobFailure(f"The extrapolator {name} needs at least {known[name]} different noise factors.")
