"""Validation of the params of a job: the answer of the service at once, before any queue.

Names, kinds and bounds only; circuits are read when the job runs. Plain checks without Qiskit, which the
sandbox's server does not import (IBM's own models, `ibm-quantum-schemas`, import it, and word errors as
pydantic does, not as the service). Source: IBM's OpenAPI 0.45.3 (`oneOf` per program,
`additionalProperties: false`) for the params with `pubs`; the params of the first version with `circuits`
as its clients sent them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

Check = Callable[[Any, str], str | None]
"""Takes a value and its path in the body; returns what is wrong with it, None when nothing is."""

PROGRAMS = ("sampler", "estimator", "executor")

_NOT_HERE = {
    "noise-learner": "learn noise with NoiseLearnerV3, which sends an executor job",
    "calibrate": "the devices here are recorded, and their calibration does not change",
}


def validate_params(program_id: str, params: Mapping[str, Any]) -> str | None:
    """Validate the params of a job.

    Returns:
        What is wrong with them, in the words of the service behind "Request validation of body failed,
        because:" (code 1208); None when they will do.
    """
    if program_id in _NOT_HERE:
        return f"body.program_id {program_id!r} is not run in the sandbox: {_NOT_HERE[program_id]}"
    if program_id not in PROGRAMS:
        return f"body.program_id must be one of {', '.join(PROGRAMS)} in the sandbox, not {program_id!r}"
    if not isinstance(params, Mapping):
        return "body.params must be an object"
    if program_id == "executor":
        return _EXECUTOR(params, "body.params") or _missing(params, _EXECUTOR_MEMBERS)
    if "circuits" in params:
        return _CIRCUITS_PARAMS[program_id](params, "body.params") or _circuits(program_id, params)
    if "pubs" not in params:
        return "body.params must have required property 'pubs'"
    error = _PUBS_PARAMS[program_id](params, "body.params")
    if error is not None:
        return error
    if not params["pubs"]:
        return "body.params.pubs must NOT have fewer than 1 items"
    check = _sampler_pub if program_id == "sampler" else _estimator_pub
    errors = (check(pub, f"body.params.pubs[{index}]") for index, pub in enumerate(params["pubs"]))
    return next(filter(None, errors), None)


def number(low: float | None = None, high: float | None = None, above: float | None = None) -> Check:
    """Make the check of a number with bounds (`above` is exclusive); a boolean is not one."""
    return _bounded((int, float), "a number", low, high, above)


def integer(low: int | None = None, high: int | None = None) -> Check:
    """Make the check of an integer with inclusive bounds; a boolean is not one."""
    return _bounded(int, "an integer", low, high, None)


def one_of(*allowed: Any) -> Check:
    """Make the check of one of some values."""

    def check(value: Any, path: str) -> str | None:
        if any(value == item and type(value) is type(item) for item in allowed):
            return None
        return f"{path} must be one of {', '.join(map(str, allowed))}"

    return check


def nullable(check: Check) -> Check:
    """Make the check that also accepts null."""
    return lambda value, path: None if value is None else check(value, path)


def either(first: Check, *others: Check) -> Check:
    """Make the check that accepts what any of several accepts; the error is that of the first."""

    def check(value: Any, path: str) -> str | None:
        error = first(value, path)
        return None if any(other(value, path) is None for other in others) else error

    return check


def closed(members: Mapping[str, Check]) -> Check:
    """Make the check of an object with these members, all optional, and no others."""

    def check(value: Any, path: str) -> str | None:
        if not isinstance(value, Mapping):
            return f"{path} must be an object"
        for name, item in value.items():
            if name not in members:
                return f"{path} must NOT have additional properties ({name!r} is not known)"
            if error := members[name](item, f"{path}.{name}"):
                return error
        return None

    return check


def _of_type(kind: Any, name: str) -> Check:
    return lambda value, path: None if isinstance(value, kind) else f"{path} must be {name}"


def _bounded(kind: Any, name: str, low: float | None, high: float | None, above: float | None) -> Check:
    def check(value: Any, path: str) -> str | None:
        if isinstance(value, bool) or not isinstance(value, kind):
            return f"{path} must be {name}"
        if low is not None and value < low:
            return f"{path} must be >= {low}"
        if high is not None and value > high:
            return f"{path} must be <= {high}"
        if above is not None and value <= above:
            return f"{path} must be > {above}"
        return None

    return check


_ANYTHING = _of_type(object, "anything")
_BOOLEAN = _of_type(bool, "a boolean")
_ARRAY = _of_type(list, "an array")
_OBJECT = _of_type(Mapping, "an object")
_COUNT_OR_AUTO = either(integer(1), one_of("auto"))
_DECOUPLING = closed(
    {
        "enable": _BOOLEAN,
        "sequence_type": one_of("XX", "XpXm", "XY4"),
        "extra_slack_distribution": one_of("middle", "edges"),
        "scheduling_method": one_of("alap", "asap"),
        "skip_reset_qubits": _BOOLEAN,
    }
)
_TWIRLING = closed(
    {
        "enable_gates": nullable(_BOOLEAN),
        "enable_measure": nullable(_BOOLEAN),
        "num_randomizations": _COUNT_OR_AUTO,
        "shots_per_randomization": _COUNT_OR_AUTO,
        "strategy": one_of("active", "active-circuit", "active-accum", "all"),
    }
)
_SIMULATOR = closed(
    {
        "noise_model": _ANYTHING,
        "seed_simulator": nullable(integer()),
        "coupling_map": _ANYTHING,
        "basis_gates": nullable(_ARRAY),
    }
)
_ZNE = closed(
    {
        "amplifier": one_of("gate_folding", "gate_folding_front", "gate_folding_back", "pea"),
        "noise_factors": _ARRAY,
        "extrapolator": _ANYTHING,
        "extrapolated_noise_factors": either(_ARRAY, one_of("auto")),
    }
)
_RESILIENCE = closed(
    {
        "measure_mitigation": nullable(_BOOLEAN),
        "measure_noise_learning": closed(
            {"num_randomizations": integer(1), "shots_per_randomization": _COUNT_OR_AUTO}
        ),
        "zne_mitigation": nullable(_BOOLEAN),
        "zne": _ZNE,
        "pec_mitigation": nullable(_BOOLEAN),
        "pec": closed(
            {"max_overhead": nullable(number(above=0)), "noise_gain": either(number(0), one_of("auto"))}
        ),
        "layer_noise_learning": closed(
            {
                "max_layers_to_learn": nullable(integer(0)),
                "shots_per_randomization": integer(1),
                "num_randomizations": integer(1),
                "layer_pair_depths": _ARRAY,
            }
        ),
        "layer_noise_model": _ANYTHING,
    }
)
_EXECUTION = {"init_qubits": _BOOLEAN, "rep_delay": nullable(number(0))}
_MEAS_TYPE = one_of("classified", "kerneled", "avg_kerneled")
_SAMPLER_OPTIONS = closed(
    {
        "default_shots": nullable(integer(1)),
        "dynamical_decoupling": _DECOUPLING,
        "execution": closed({**_EXECUTION, "meas_type": _MEAS_TYPE}),
        "twirling": _TWIRLING,
        "simulator": nullable(_SIMULATOR),
        "experimental": nullable(_OBJECT),
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
        "experimental": nullable(_OBJECT),
    }
)
_V2 = {"pubs": _ARRAY, "support_qiskit": _BOOLEAN, "version": one_of(2)}
_PUBS_PARAMS: Mapping[str, Check] = {
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
_EXECUTOR_MEMBERS = {
    "schema_version": one_of("v0.1", "v0.2", "v1.0", "v1.1", "v2.0"),
    "quantum_program": _OBJECT,
    "options": _OBJECT,
}
_EXECUTOR = closed(_EXECUTOR_MEMBERS)
_V1 = {
    "circuits": either(_ARRAY, _of_type(str, "a string"), _OBJECT),
    "circuit_indices": _ARRAY,
    "parameters": nullable(_ARRAY),
    "parameter_ids": nullable(_ARRAY),
    "parameter_values": nullable(_ARRAY),
    "transpilation_settings": nullable(_OBJECT),
    "resilience_settings": nullable(_OBJECT),
    "run_options": nullable(_OBJECT),
    "skip_transpilation": _BOOLEAN,
    "support_qiskit": _BOOLEAN,
    "version": one_of(1),
}
_CIRCUITS_PARAMS: Mapping[str, Check] = {
    "sampler": closed(_V1),
    "estimator": closed({**_V1, "observables": _ANYTHING, "observable_indices": _ARRAY}),
}


def _missing(params: Mapping[str, Any], names: Iterable[str]) -> str | None:
    name = next((name for name in names if name not in params), None)
    return None if name is None else f"body.params must have required property {name!r}"


def _circuits(program_id: str, params: Mapping[str, Any]) -> str | None:
    circuits = params["circuits"]
    if circuits in ("", []):
        return "body.params.circuits must NOT be empty"
    for index, circuit in enumerate(circuits if isinstance(circuits, list) else [circuits]):
        if error := _circuit(circuit, f"body.params.circuits[{index}]"):
            return error
    if program_id == "estimator" and not params.get("observables"):
        return "body.params must have required property 'observables'"
    shots = (params.get("run_options") or {}).get("shots")
    return None if shots is None else integer(1)(shots, "body.params.run_options.shots")


def _circuit(value: Any, path: str) -> str | None:
    if isinstance(value, str) and value.strip():
        return None
    if isinstance(value, Mapping) and value.get("__type__") == "QuantumCircuit":
        return None if isinstance(value.get("__value__"), str) else f"{path}.__value__ must be a string"
    return f"{path} must be an OpenQASM program or a QuantumCircuit"


def _values(value: Any, path: str) -> str | None:
    if value is None or isinstance(value, list | Mapping):
        return None
    return f"{path} must be an object, an array or null"


def _observables(value: Any, path: str) -> str | None:
    if isinstance(value, str | list | Mapping) and value:
        return None
    return f"{path} must be an observable or an array of observables"


_SAMPLER_PUB = (_circuit, _values, nullable(integer(1)))
_ESTIMATOR_PUB = (_circuit, _observables, _values, nullable(number(above=0)))


def _sampler_pub(pub: Any, path: str) -> str | None:
    if not isinstance(pub, list):
        return _circuit(pub, path)
    if not 1 <= len(pub) <= 3:
        return f"{path} must have 1 to 3 items: circuit, parameter values, shots"
    return _pub_items(pub, path, _SAMPLER_PUB)


def _estimator_pub(pub: Any, path: str) -> str | None:
    if not isinstance(pub, list) or not 2 <= len(pub) <= 4:
        return f"{path} must have 2 to 4 items: circuit, observables, parameter values, precision"
    return _pub_items(pub, path, _ESTIMATOR_PUB)


def _pub_items(pub: list[Any], path: str, checks: tuple[Check, ...]) -> str | None:
    items = enumerate(zip(checks, pub, strict=False))
    return next(filter(None, (check(item, f"{path}[{index}]") for index, (check, item) in items)), None)
