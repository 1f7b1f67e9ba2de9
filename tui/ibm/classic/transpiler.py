"""The cloud transpiler of the classic service: submit, then poll (contract section 2)."""

from __future__ import annotations

import msgspec

from tui.domain.circuits import TranspileOptions
from tui.domain.clock import Clock
from tui.domain.errors import ErrorKind, QdeckError
from tui.domain.secret import Secret
from tui.domain.text import plain
from tui.ibm.decode import decode
from tui.ibm.http import Call, Http, Safety, Value, path

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


async def transpile(
    http: Http, clock: Clock, base: str, token: Secret, qasm: str, backend: str, options: TranspileOptions
) -> tuple[str, tuple[int, ...], tuple[int, ...]]:
    """The ISA circuit as OpenQASM, its initial and its final layout (`QuantumService.cloud_transpile`).

    Args:
        http, clock: how to ask and how to wait.
        base: the transpiler's base URL.
        token: the API token, which this host takes as a bearer (contract 2).
        qasm, backend, options: what to transpile, for what, and how.
    """
    headers: dict[str, Value] = {"Authorization": Secret(f"Bearer {token.reveal()}"), "X-Caller": _CALLER}
    where = "POST /transpile"
    query = (
        ("backend", backend),
        ("optimization_level", str(options.optimization_level)),
        ("ai", "true" if options.use_ai else "false"),
    )
    submit = Call(
        "POST",
        f"{base}/transpile",
        where,
        Safety.CHANGES,
        headers=headers,
        query=query,
        body={"qasm_circuits": [qasm]},
    )
    task = decode((await http.send(submit)).body, _Task, where).task_id
    where = "GET /transpile/{task_id}"
    poll = Call("GET", f"{base}{path('transpile', task)}", where, headers=headers)
    started = clock.monotonic()
    polls = 0
    while True:
        state = decode((await http.send(poll)).body, _State, where)
        word = state.state.upper()
        if word in {"FAILURE", "FAILED"}:
            raise _failed(state.result)
        # SUCCESS may come a moment before its result does.
        if word == "SUCCESS" and bytes(state.result) != b"null":
            return _circuit(state.result, where)
        polls += 1
        wait = _QUICK if polls <= _QUICK_POLLS else _SLOW
        if clock.monotonic() - started + wait > LIMIT:
            raise QdeckError(
                ErrorKind.TIMEOUT,
                f"The cloud transpiler was not done after {LIMIT:.0f} s: {plain(state.state, limit=40)}.",
                "Transpile locally, or try a lower level.",
            )
        await clock.sleep(wait)


def _circuit(result: msgspec.Raw, where: str) -> tuple[str, tuple[int, ...], tuple[int, ...]]:
    body = bytes(result)
    first = (
        decode(body, list[_Circuit], where)
        if body.lstrip().startswith(b"[")
        else [decode(body, _Circuit, where)]
    )
    if not first:
        raise QdeckError(ErrorKind.PROTOCOL, f"The answer to {where} holds no circuit in `result`.")
    circuit = first[0]
    if not circuit.qasm:
        what = "the circuit as QPY only, which is not read" if circuit.qpy else "no circuit"
        raise QdeckError(ErrorKind.PROTOCOL, f"The answer to {where} holds {what}.", "Transpile locally.")
    if circuit.layout is None:
        raise QdeckError(ErrorKind.PROTOCOL, f"The answer to {where} holds no `result[0].layout`.")
    return circuit.qasm, tuple(circuit.layout.initial), tuple(circuit.layout.final)


def _failed(result: msgspec.Raw) -> QdeckError:
    """The error of a failed task; what `result` holds then is not specified, so any text in it is told."""
    told: object = msgspec.json.decode(result)
    while isinstance(told, list) and told:
        told = told[0]
    if isinstance(told, dict):
        told = next((told[key] for key in ("detail", "error", "message", "reason") if told.get(key)), None)
    reason = plain(told.strip(), limit=1000) if isinstance(told, str) else ""
    return QdeckError(
        ErrorKind.CIRCUIT,
        f"The cloud transpiler could not: {reason}" if reason else "The cloud transpiler could not do it.",
        "Check the circuit, or transpile locally.",
    )
