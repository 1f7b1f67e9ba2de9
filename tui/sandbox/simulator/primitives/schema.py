"""Which members the params of a job may have, and of what kind; plain checks without Qiskit.

Source: IBM's OpenAPI 0.45.3 (`oneOf` per program, `additionalProperties: false`) for the params with
`pubs`; the params of the older generation with `circuits` as its clients sent them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Check = Callable[[Any, str], str | None]


def number(low: float | None = None, high: float | None = None, above: float | None = None) -> Check:
    """A number with bounds (`above` is exclusive); a boolean is not one."""

    def check(value: Any, path: str) -> str | None:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return f"{path} must be a number"
        return _bounds(value, path, low, high, above)

    return check


def integer(low: int | None = None, high: int | None = None) -> Check:
    """A whole number with inclusive bounds."""

    def check(value: Any, path: str) -> str | None:
        if isinstance(value, bool) or not isinstance(value, int):
            return f"{path} must be an integer"
        return _bounds(value, path, low, high, None)

    return check


def boolean(value: Any, path: str) -> str | None:
    """True or false."""
    return None if isinstance(value, bool) else f"{path} must be a boolean"


def anything(value: Any, path: str) -> str | None:
    """Any value."""
    return None


def array(value: Any, path: str) -> str | None:
    """A JSON array."""
    return None if isinstance(value, list) else f"{path} must be an array"


def mapping(value: Any, path: str) -> str | None:
    """A JSON object with any members."""
    return None if isinstance(value, Mapping) else f"{path} must be an object"


def one_of(*allowed: Any) -> Check:
    """One of some values."""

    def check(value: Any, path: str) -> str | None:
        if any(value == item and type(value) is type(item) for item in allowed):
            return None
        return f"{path} must be one of {', '.join(map(str, allowed))}"

    return check


def nullable(check: Check) -> Check:
    """The same, or null."""
    return lambda value, path: None if value is None else check(value, path)


def either(first: Check, *others: Check) -> Check:
    """Any of several kinds; the complaint is that of the first."""

    def check(value: Any, path: str) -> str | None:
        complaint = first(value, path)
        if complaint is None or any(other(value, path) is None for other in others):
            return None
        return complaint

    return check


def closed(members: Mapping[str, Check]) -> Check:
    """An object with these members, all optional, and no others."""

    def check(value: Any, path: str) -> str | None:
        if not isinstance(value, Mapping):
            return f"{path} must be an object"
        for name, item in value.items():
            if name not in members:
                return f"{path} must NOT have additional properties ({name!r} is not known)"
            if complaint := members[name](item, f"{path}.{name}"):
                return complaint
        return None

    return check


def _bounds(
    value: float, path: str, low: float | None, high: float | None, above: float | None
) -> str | None:
    if low is not None and value < low:
        return f"{path} must be >= {low}"
    if high is not None and value > high:
        return f"{path} must be <= {high}"
    if above is not None and value <= above:
        return f"{path} must be > {above}"
    return None


_COUNT_OR_AUTO = either(integer(1), one_of("auto"))
_DECOUPLING = closed(
    {
        "enable": boolean,
        "sequence_type": one_of("XX", "XpXm", "XY4"),
        "extra_slack_distribution": one_of("middle", "edges"),
        "scheduling_method": one_of("alap", "asap"),
        "skip_reset_qubits": boolean,
    }
)
_TWIRLING = closed(
    {
        "enable_gates": nullable(boolean),
        "enable_measure": nullable(boolean),
        "num_randomizations": _COUNT_OR_AUTO,
        "shots_per_randomization": _COUNT_OR_AUTO,
        "strategy": one_of("active", "active-circuit", "active-accum", "all"),
    }
)
_SIMULATOR = closed(
    {
        "noise_model": anything,
        "seed_simulator": nullable(integer()),
        "coupling_map": anything,
        "basis_gates": nullable(array),
    }
)
_ZNE = closed(
    {
        "amplifier": one_of("gate_folding", "gate_folding_front", "gate_folding_back", "pea"),
        "noise_factors": array,
        "extrapolator": anything,
        "extrapolated_noise_factors": either(array, one_of("auto")),
    }
)
_RESILIENCE = closed(
    {
        "measure_mitigation": nullable(boolean),
        "measure_noise_learning": closed(
            {"num_randomizations": integer(1), "shots_per_randomization": _COUNT_OR_AUTO}
        ),
        "zne_mitigation": nullable(boolean),
        "zne": _ZNE,
        "pec_mitigation": nullable(boolean),
        "pec": closed(
            {"max_overhead": nullable(number(above=0)), "noise_gain": either(number(0), one_of("auto"))}
        ),
        "layer_noise_learning": closed(
            {
                "max_layers_to_learn": nullable(integer(0)),
                "shots_per_randomization": integer(1),
                "num_randomizations": integer(1),
                "layer_pair_depths": array,
            }
        ),
        "layer_noise_model": anything,
    }
)
_EXECUTION = {"init_qubits": boolean, "rep_delay": nullable(number(0))}
_MEAS_TYPE = one_of("classified", "kerneled", "avg_kerneled")
_SAMPLER_OPTIONS = closed(
    {
        "default_shots": nullable(integer(1)),
        "dynamical_decoupling": _DECOUPLING,
        "execution": closed({**_EXECUTION, "meas_type": _MEAS_TYPE}),
        "twirling": _TWIRLING,
        "simulator": nullable(_SIMULATOR),
        "experimental": nullable(mapping),
    }
)
_ESTIMATOR_OPTIONS = closed(
    {
        "default_precision": number(above=0),
        "default_shots": nullable(integer(1)),
        "seed_estimator": nullable(integer(0)),
        "dynamical_decoupling": _DECOUPLING,
        "resilience": _RESILIENCE,
        "execution": closed(_EXECUTION),
        "twirling": _TWIRLING,
        "simulator": nullable(_SIMULATOR),
        "experimental": nullable(mapping),
    }
)
_V2 = {"pubs": array, "support_qiskit": boolean, "version": one_of(2)}
PUBS_PARAMS: Mapping[str, Check] = {
    "sampler": closed({**_V2, "options": _SAMPLER_OPTIONS, "shots": nullable(integer(1))}),
    "estimator": closed(
        {
            **_V2,
            "options": _ESTIMATOR_OPTIONS,
            "resilience_level": integer(0, 2),
            "precision": nullable(number(above=0)),
        }
    ),
}
_V1 = {
    "circuits": either(array, lambda value, path: None if isinstance(value, str) else path, mapping),
    "circuit_indices": array,
    "parameters": nullable(array),
    "parameter_ids": nullable(array),
    "parameter_values": nullable(array),
    "transpilation_settings": nullable(mapping),
    "resilience_settings": nullable(mapping),
    "run_options": nullable(mapping),
    "skip_transpilation": boolean,
    "support_qiskit": boolean,
    "version": one_of(1),
}
CIRCUITS_PARAMS: Mapping[str, Check] = {
    "sampler": closed(_V1),
    "estimator": closed({**_V1, "observables": anything, "observable_indices": array}),
}
