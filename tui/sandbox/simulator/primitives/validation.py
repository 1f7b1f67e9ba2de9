"""Whether the params of a job are well formed; what the service answers at once, before any queue."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tui.sandbox.simulator.primitives.schema import CIRCUITS_PARAMS, PUBS_PARAMS, integer, number

PROGRAMS = ("sampler", "estimator")

_PREFIX = "Request validation of body failed, because: "


def validate_params(program_id: str, params: Mapping[str, Any]) -> str | None:
    """The message of a 400 (code 1208), complete with IBM's prefix, or None when the params will do.

    Looks at names, kinds and bounds only; circuits are read when the job runs.
    """
    complaint = _complaint(program_id, params)
    return None if complaint is None else _PREFIX + complaint


def _complaint(program_id: str, params: Mapping[str, Any]) -> str | None:
    if program_id not in PROGRAMS:
        return f"body.program_id must be one of {', '.join(PROGRAMS)} in the sandbox, not {program_id!r}"
    if not isinstance(params, Mapping):
        return "body.params must be an object"
    if "circuits" in params:
        return CIRCUITS_PARAMS[program_id](params, "body.params") or _circuits(program_id, params)
    if "pubs" not in params:
        return "body.params must have required property 'pubs'"
    complaint = PUBS_PARAMS[program_id](params, "body.params")
    if complaint is not None:
        return complaint
    if not params["pubs"]:
        return "body.params.pubs must NOT have fewer than 1 items"
    check = _sampler_pub if program_id == "sampler" else _estimator_pub
    for index, pub in enumerate(params["pubs"]):
        if complaint := check(pub, f"body.params.pubs[{index}]"):
            return complaint
    return None


def _circuits(program_id: str, params: Mapping[str, Any]) -> str | None:
    circuits = params["circuits"]
    if circuits in ("", []):
        return "body.params.circuits must NOT be empty"
    for index, circuit in enumerate(circuits if isinstance(circuits, list) else [circuits]):
        if complaint := _circuit(circuit, f"body.params.circuits[{index}]"):
            return complaint
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


def _sampler_pub(pub: Any, path: str) -> str | None:
    if not isinstance(pub, list):
        return _circuit(pub, path)
    if not 1 <= len(pub) <= 3:
        return f"{path} must have 1 to 3 items: circuit, parameter values, shots"
    complaint = _circuit(pub[0], f"{path}[0]")
    if complaint is None and len(pub) > 1:
        complaint = _values(pub[1], f"{path}[1]")
    if complaint is None and len(pub) > 2 and pub[2] is not None:
        complaint = integer(1)(pub[2], f"{path}[2]")
    return complaint


def _estimator_pub(pub: Any, path: str) -> str | None:
    if not isinstance(pub, list) or not 2 <= len(pub) <= 4:
        return f"{path} must have 2 to 4 items: circuit, observables, parameter values, precision"
    complaint = _circuit(pub[0], f"{path}[0]")
    if complaint is None and not (isinstance(pub[1], str | list | Mapping) and pub[1]):
        complaint = f"{path}[1] must be an observable or an array of observables"
    if complaint is None and len(pub) > 2:
        complaint = _values(pub[2], f"{path}[2]")
    if complaint is None and len(pub) > 3 and pub[3] is not None:
        complaint = number(above=0)(pub[3], f"{path}[3]")
    return complaint
