"""The cloud transpiler of the classic service: submit, then poll (contract section 2)."""

from __future__ import annotations

import msgspec

from tui.common.errors import ErrorKind, QdeckError
from tui.common.safe_text import Secret, plain
from tui.common.timing import Clock
from tui.domain.circuits import CloudCircuit, TranspileOptions
from tui.domain.cloud_transpiler import LayoutMode, qiskit_arguments
from tui.ibm.codec.decoding import decode
from tui.ibm.transport.client import HttpClient
from tui.ibm.transport.request import Idempotency, Query, Request, Value

_QUICK_POLLS = 60
_QUICK = 1.0
_SLOW = 5.0
LIMIT = 300.0
"""Seconds after which the transpiler is not waited for any more (as IBM's client 0.10 did)."""
_CALLER = "qdeck"


class _Task(msgspec.Struct, frozen=True):
    task_id: str


class _Layout(msgspec.Struct, frozen=True):
    initial: list[int]
    final: list[int]


class _Circuit(msgspec.Struct, frozen=True):
    qasm: str | None = None
    qpy: str | None = None
    layout: _Layout | None = None


class _State(msgspec.Struct, frozen=True):
    state: str
    result: msgspec.Raw = msgspec.Raw(b"null")
    detail: msgspec.Raw = msgspec.Raw(b"null")


async def transpile(
    http: HttpClient,
    clock: Clock,
    base: str,
    token: Secret,
    qasm: str,
    backend: str,
    options: TranspileOptions,
) -> CloudCircuit:
    """Submit one circuit and poll until it is transpiled (`QuantumService.cloud_transpile`).

    It goes out as OpenQASM, as the user wrote it; `qpy_circuits` is for clients whose circuits are Qiskit's.

    Args:
        http: sends the requests.
        clock: waits between them.
        base: the transpiler's base URL.
        token: the API token, which this host takes as a bearer (contract 2).
        qasm: the circuit as OpenQASM text.
        backend: for which backend.
        options: how.

    Returns:
        The circuit as OpenQASM or base64 of QPY, and its initial and final layout.

    Raises:
        QdeckError: `CIRCUIT` when the service could not, `TIMEOUT` after `LIMIT` seconds.
    """
    headers: dict[str, Value] = {"Authorization": Secret(f"Bearer {token.reveal()}"), "X-Caller": _CALLER}
    submit = Request(
        base,
        "POST /transpile",
        idempotency=Idempotency.CHANGES,
        headers=headers,
        query=_query(backend, options),
        body={"qasm_circuits": [qasm], **_refined(options)},
    )
    task = (await http.send(submit)).decode(_Task).task_id
    poll = Request(base, "GET /transpile/{task_id}", (task,), headers=headers)
    started = clock.monotonic()
    polls = 0
    while True:
        state = (await http.send(poll)).decode(_State)
        word = state.state.upper()
        if word in {"FAILURE", "FAILED"}:
            raise _failed(state.result, state.detail)
        # SUCCESS may come a moment before its result does.
        if word == "SUCCESS" and bytes(state.result) != b"null":
            return _circuit(state.result, poll.where)
        polls += 1
        wait = _QUICK if polls <= _QUICK_POLLS else _SLOW
        if clock.monotonic() - started + wait > LIMIT:
            message = (
                f"The cloud transpiler was not done after {LIMIT:.0f} s: {plain(state.state, limit=40)}."
            )
            advice = "Transpile locally, or try a lower level."
            raise QdeckError(ErrorKind.TIMEOUT, message, advice)
        await clock.sleep(wait)


def _query(backend: str, options: TranspileOptions) -> Query:
    """Return the options that go into the query.

    Those with their default are left out, but for level and `ai`, for which the sources give several defaults
    (contract 2.2).
    """
    asked = options.asked
    query = [
        ("backend", backend),
        ("optimization_level", str(options.optimization_level)),
        ("ai", asked.ai.value),
    ]
    if asked.layout_mode is not LayoutMode.OPTIMIZE:
        query.append(("ai_layout_mode", asked.layout_mode.value))
    if asked.fractional_gates:
        query.append(("use_fractional_gates", "true"))
    return tuple(query)


def _refined(options: TranspileOptions) -> dict[str, object]:
    """Return the options that go into the body, where there are any."""
    asked = options.asked
    arguments = qiskit_arguments(asked.qiskit_options)
    if options.seed is not None:
        arguments["seed_transpiler"] = options.seed
    body: dict[str, object] = {
        "qiskit_transpile_options": arguments,
        "backend_coupling_map": [list(pair) for pair in asked.coupling_map],
        "optimization_preferences": [preference.value for preference in asked.preferences],
    }
    return {name: value for name, value in body.items() if value}


def _circuit(result: msgspec.Raw, where: str) -> CloudCircuit:
    body = bytes(result)
    first = (
        decode(body, list[_Circuit], where)
        if body.lstrip().startswith(b"[")
        else [decode(body, _Circuit, where)]
    )
    if not first:
        raise QdeckError(ErrorKind.PROTOCOL, f"The answer to {where} holds no circuit in `result`.")
    circuit = first[0]
    if not circuit.qasm and not circuit.qpy:
        raise QdeckError(ErrorKind.PROTOCOL, f"The answer to {where} holds no circuit.", "Transpile locally.")
    if circuit.layout is None:
        raise QdeckError(ErrorKind.PROTOCOL, f"The answer to {where} holds no `result[0].layout`.")
    return CloudCircuit(
        circuit.qasm or "", circuit.qpy or "", tuple(circuit.layout.initial), tuple(circuit.layout.final)
    )


def _failed(*details: msgspec.Raw) -> QdeckError:
    """Return the error of a failed task; its details are not specified: the first text in them is shown."""
    reason = next((text for raw in details if (text := _text(raw))), "")
    message = (
        f"The cloud transpiler could not: {reason}" if reason else "The cloud transpiler could not do it."
    )
    advice = "Check the circuit, or transpile locally."
    return QdeckError(ErrorKind.CIRCUIT, message, advice)


def _text(raw: msgspec.Raw) -> str:
    value: object = msgspec.json.decode(raw)
    while isinstance(value, list) and value:
        value = value[0]
    if isinstance(value, dict):
        value = next((value[key] for key in ("detail", "error", "message", "reason") if value.get(key)), None)
    return plain(value.strip(), limit=1000) if isinstance(value, str) else ""
