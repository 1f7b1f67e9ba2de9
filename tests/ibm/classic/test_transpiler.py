from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from tests.ibm.mock_network import KEY, InstantClock, Network, classic_routes, fixture, response, service
from tui.common.errors import ErrorKind, QdeckError
from tui.domain.accounts import Channel
from tui.domain.circuits import CloudCircuit, TranspileOptions
from tui.domain.cloud_transpiler import Ai, CloudOptions, LayoutMode, Preference
from tui.ibm.api.service import QuantumService

TASK = fixture("gen1_transpile_submit")["responses"][0]["body"]["task_id"]
QASM = 'OPENQASM 3;\n// a comment\ninclude "stdgates.inc";'


def ready(*states: Any, clock: InstantClock | None = None) -> tuple[Network, QuantumService]:
    """A classic service whose task is in these states, one a poll, the last one for ever."""
    network = classic_routes(Network())
    network.on("POST", "/transpile", response("gen1_transpile_submit"))
    polls = iter(states)
    last: list[Any] = []

    def answer(_: httpx.Request) -> httpx.Response:
        last[:] = [next(polls, last[0] if last else None)]
        return last[0] if isinstance(last[0], httpx.Response) else httpx.Response(200, json=last[0])

    network.on("GET", f"/transpile/{TASK}", answer)
    return network, service(network, clock, Channel.CLASSIC)


PENDING = fixture("gen1_transpile_result")["responses"][0]["body"]
SUCCESS = fixture("gen1_transpile_result")["responses"][1]["body"]
FAILURE = fixture("gen1_transpile_result")["responses"][2]["body"]


async def refused(made: QuantumService) -> QdeckError:
    with pytest.raises(QdeckError) as caught:
        await made.cloud_transpile(QASM, "ibm_brisbane", TranspileOptions())
    return caught.value


async def test_transpile_request_follows_reference() -> None:
    network, made = ready(SUCCESS)
    made_of_it = await made.cloud_transpile(QASM, "ibm_brisbane", TranspileOptions(3, cloud=True))
    assert made_of_it.qasm.startswith("OPENQASM 3.0;")
    assert (made_of_it.initial, made_of_it.final) == ((0, 1), (0, 1))
    asked = network.sent[0]
    assert dict(asked.url.params) == {"backend": "ibm_brisbane", "optimization_level": "3", "ai": "auto"}
    assert json.loads(asked.content) == {"qasm_circuits": [QASM]}, "line breaks stay: a comment ends with one"
    assert asked.headers["authorization"] == f"Bearer {KEY}"


async def test_transpile_options_in_query_and_body() -> None:
    network, made = ready(SUCCESS)
    asked = CloudOptions(
        ai=Ai.ON,
        layout_mode=LayoutMode.KEEP,
        preferences=(Preference.NOISE, Preference.N_CNOTS),
        fractional_gates=True,
        coupling_map=((0, 1), (1, 2)),
        qiskit_options=(("layout_method", '"sabre"'), ("initial_layout", "[2, 1]")),
    )
    await made.cloud_transpile(QASM, "b", TranspileOptions(1, seed=7, cloud=True, asked=asked))
    sent = network.sent[0]
    assert dict(sent.url.params) == {
        "backend": "b",
        "optimization_level": "1",
        "ai": "true",
        "ai_layout_mode": "keep",
        "use_fractional_gates": "true",
    }
    assert json.loads(sent.content) == {
        "qasm_circuits": [QASM],
        "qiskit_transpile_options": {
            "layout_method": "sabre",
            "initial_layout": [2, 1],
            "seed_transpiler": 7,
        },
        "backend_coupling_map": [[0, 1], [1, 2]],
        "optimization_preferences": ["noise", "n_cnots"],
    }


async def test_qpy_circuit_is_returned_undecoded() -> None:
    layout = {"initial": [1, 0], "final": [0, 1]}
    _, made = ready({"state": "SUCCESS", "result": [{"qasm": None, "qpy": "UUlTS0lU", "layout": layout}]})
    done = await made.cloud_transpile(QASM, "b", TranspileOptions(cloud=True))
    assert done == CloudCircuit("", "UUlTS0lU", (1, 0), (0, 1))


@pytest.mark.parametrize(
    "service_", ["routing", "clifford", "linear_functions", "permutations", "pauli_network"]
)
async def test_recorded_responses_of_ai_passes(service_: str) -> None:
    """They have the shape of a transpilation as far as they are one: routing moves qubits and has a layout;
    the others answer pieces of a circuit, which nothing can be run from."""
    for recorded in fixture(f"gen1_{service_}_result")["responses"]:
        if recorded["status"] != 200 or recorded["body"]["state"] != "SUCCESS":
            continue
        _, made = ready(recorded["body"])
        if service_ == "routing":
            done = await made.cloud_transpile(QASM, "b", TranspileOptions(cloud=True))
            assert (done.qasm or done.qpy) and len(done.initial) == len(done.final) > 1
        else:
            error = await refused(made)
            assert (error.kind, "layout" in error.message) == (ErrorKind.PROTOCOL, True)


async def test_poll_continues_on_unknown_state_and_missing_result() -> None:
    clock = InstantClock()
    lagging = {"state": "SUCCESS", "result": None}
    _, made = ready(PENDING, {"state": "STARTED"}, lagging, SUCCESS, clock=clock)
    await made.cloud_transpile(QASM, "b", TranspileOptions())
    assert clock.slept == [1.0, 1.0, 1.0]


async def test_polls_slow_down_and_time_out() -> None:
    clock = InstantClock()
    _, made = ready(PENDING, clock=clock)
    error = await refused(made)
    assert error.kind is ErrorKind.TIMEOUT
    assert clock.slept[:60] == [1.0] * 60
    assert set(clock.slept[60:]) == {5.0}
    assert 290 <= sum(clock.slept) <= 300


@pytest.mark.parametrize(
    ("result", "words"),
    [
        (None, "could not"),
        ("AI transpiler is not installed", "AI transpiler is not installed"),
        ([{"detail": "too many qubits"}], "too many qubits"),
        ({"error": "\x1b[31mno"}, "␛[31mno"),
        ([], "could not"),
        ({"a": {"b": 1}}, "could not"),
    ],
)
async def test_failed_task_message_from_result(result: Any, words: str) -> None:
    _, made = ready(FAILURE | {"result": result})
    error = await refused(made)
    assert error.kind is ErrorKind.CIRCUIT
    assert words in error.message


async def test_failed_task_message_from_detail() -> None:
    _, made = ready(FAILURE | {"result": None, "detail": "AI passes are not available"})
    assert "AI passes are not available" in (await refused(made)).message


@pytest.mark.parametrize(
    ("index", "kind", "words"),
    [
        (1, ErrorKind.INVALID, "less than or equal to 3"),
        (2, ErrorKind.EXPIRED, "Invalid authentication"),
        (3, ErrorKind.NOT_FOUND, "ibm_nowhere"),
    ],
)
async def test_transpile_errors_from_recorded_refusals(index: int, kind: ErrorKind, words: str) -> None:
    network, made = ready(SUCCESS)
    network.on("POST", "/transpile", response("gen1_transpile_submit", index))
    error = await refused(made)
    assert error.kind is kind
    assert words in error.message


@pytest.mark.parametrize(
    "result",
    [
        [],
        [{"qasm": None, "qpy": None, "layout": {"initial": [0], "final": [0]}}],
        [{"qasm": "OPENQASM 3;"}],
        [{"qasm": "OPENQASM 3;", "layout": {"initial": [0]}}],
        "text",
        7,
    ],
)
async def test_result_without_circuit_is_a_protocol_error(result: Any) -> None:
    _, made = ready({"state": "SUCCESS", "result": result})
    error = await refused(made)
    assert error.kind is ErrorKind.PROTOCOL
    assert "GET /transpile/{task_id}" in error.message


async def test_submit_is_sent_once_and_poll_is_repeated() -> None:
    network, made = ready(httpx.Response(503), httpx.Response(502), SUCCESS)
    await made.cloud_transpile(QASM, "b", TranspileOptions())
    network.on("POST", "/transpile", httpx.Response(503))
    before = network.count("POST", "/transpile")
    assert (await refused(made)).kind is ErrorKind.SERVER
    assert network.count("POST", "/transpile") == before + 1
