"""Handlers of the cloud transpiler, which really runs Qiskit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from starlette.responses import Response

from tui.sandbox.base.errors import ApiError
from tui.sandbox.base.http import json_object, json_response, parse_bool
from tui.sandbox.core import devices
from tui.sandbox.server.job_views import qiskit_version
from tui.sandbox.server.routing import Call
from tui.sandbox.simulator.base.values import TranspileRequest

_AI = ("true", "false", "auto")
_LAYOUT_MODES = ("keep", "optimize", "improve")
_PREFERENCES = ("n_cnots", "n_gates", "cnot_layers", "layers", "noise")


async def get_health(_call: Call) -> Response:
    """GET /health: 200."""
    return json_response({"message": "Health OK"})


async def get_version(_call: Call) -> Response:
    """GET /version: 200 with the versions of Qiskit and of the service."""
    return json_response({"qiskit": qiskit_version(), "qiskit_ibm_transpiler_service": "0.9.0"})


async def list_backends(_call: Call) -> Response:
    """GET /backends: 200 with the names of the devices."""
    return json_response(list(devices.DEVICES))


async def submit(call: Call) -> Response:
    """POST /transpile: start a transpilation; 200 with the id of its task.

    Options come in the query, or, as in the walkthrough, in the body.

    Raises:
        ApiError: 400 no JSON object; 422 for a member or an option that is wrong; 404 unknown backend.
    """
    body = await json_object(call.request)
    request = parse_request(call.request.query_params, body)
    if request.device is not None and request.device not in devices.DEVICES:
        raise ApiError(404, 404, f"Backend {request.device} not found")
    if request.device is not None:
        request = replace(request, device=call.service.device(request.device).key)
    return json_response({"task_id": call.service.transpilations.submit(request)})


async def get_task(call: Call) -> Response:
    """GET /transpile/{task_id}: 200 with the task.

    Its state is PENDING until the end; then SUCCESS with one result per circuit, or FAILURE with a `detail`.

    Raises:
        ApiError: 404 unknown task.
    """
    task_id = call.path("task_id")
    task = call.service.transpilations.get(task_id)
    if task is None:
        raise ApiError(404, 404, f"Task {task_id} not found")
    if not task.done():
        return json_response({"task_id": task_id, "state": "PENDING", "result": None})
    failure = None if task.cancelled() else task.exception()
    if task.cancelled() or failure is not None:
        detail = str(failure or "The task was dropped.")
        return json_response({"task_id": task_id, "state": "FAILURE", "result": None, "detail": detail})
    result = [
        {
            "qasm": circuit.qasm,
            "qpy": circuit.qpy,
            "layout": {"initial": list(circuit.initial), "final": list(circuit.final)},
        }
        for circuit in task.result()
    ]
    return json_response({"task_id": task_id, "state": "SUCCESS", "result": result})


def parse_request(query: Mapping[str, str], body: Mapping[str, Any]) -> TranspileRequest:
    """Validate a request; an option of the query wins over the same one of the body.

    Raises:
        ApiError: 422 with a message for the user.
    """

    def option(name: str) -> Any:
        return query[name] if name in query else body.get(name)

    circuits = body.get("qasm_circuits")
    qasm = [circuits] if isinstance(circuits, str) else (circuits or [])
    if not isinstance(qasm, list) or not all(isinstance(circuit, str) for circuit in qasm):
        raise _invalid("qasm_circuits must be a string or an array of strings")
    qpy = body.get("qpy_circuits")
    if qpy is not None and not isinstance(qpy, str):
        raise _invalid("qpy_circuits must be a string")
    if not qasm and not qpy:
        raise _invalid("one of qasm_circuits and qpy_circuits is required")
    coupling = body.get("backend_coupling_map")
    device = option("backend")
    if coupling is None and not device:
        raise _invalid("one of backend and backend_coupling_map is required")
    options = body.get("qiskit_transpile_options") or {}
    if not isinstance(options, dict):
        raise _invalid("qiskit_transpile_options must be an object")
    _check_ai_options(option("ai_layout_mode"), body.get("optimization_preferences"))
    return TranspileRequest(
        qasm=qasm,
        qpy=qpy,
        device=None if coupling is not None else str(device),
        coupling_map=None if coupling is None else _coupling_map(coupling),
        optimization_level=_level(option("optimization_level")),
        ai=_ai(option("ai"), option("use_ai")),
        use_fractional_gates=bool(parse_bool(option("use_fractional_gates"), False)),
        options=options,
    )


def _level(value: Any) -> int:
    if value is None:
        return 3
    try:
        level = int(value)
    except (TypeError, ValueError):
        raise _invalid("optimization_level must be an integer") from None
    if not 0 <= level <= 3:
        raise _invalid("optimization_level must be 0, 1, 2 or 3")
    return level


def _ai(value: Any, use_ai: Any) -> str:
    """`ai` and its old name `use_ai`; without either the service decides, for plain Qiskit."""
    if value is not None:
        word = str(value).lower()
        if word not in _AI:
            raise _invalid(f"ai must be one of {', '.join(_AI)}")
        return word
    return "auto" if use_ai is None else str(bool(parse_bool(use_ai, False))).lower()


def _check_ai_options(layout_mode: Any, preferences: Any) -> None:
    """Validate the options of the AI passes, too, although these do not run here."""
    if layout_mode is not None and str(layout_mode).lower() not in _LAYOUT_MODES:
        raise _invalid(f"ai_layout_mode must be one of {', '.join(_LAYOUT_MODES)}")
    given = [preferences] if isinstance(preferences, str) else (preferences or [])
    if not isinstance(given, list) or not all(one in _PREFERENCES for one in given):
        raise _invalid(f"optimization_preferences must be some of {', '.join(_PREFERENCES)}")


def _coupling_map(value: Any) -> list[tuple[int, int]]:
    if not isinstance(value, list) or not all(
        isinstance(pair, list) and len(pair) == 2 and all(isinstance(qubit, int) for qubit in pair)
        for pair in value
    ):
        raise _invalid("backend_coupling_map must be an array of pairs of integers")
    return [(pair[0], pair[1]) for pair in value]


def _invalid(message: str) -> ApiError:
    return ApiError(422, 422, message)
