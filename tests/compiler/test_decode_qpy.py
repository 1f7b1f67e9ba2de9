"""Circuits that other programs submitted in Qiskit's binary form, as OpenQASM 3."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import io
import struct
import time
import zlib
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.compiler.devices import device
from tests.support.sandbox import live_account
from tui.common.errors import ErrorKind, QdeckError
from tui.compiler.client import Compiler
from tui.domain.accounts import Channel
from tui.domain.circuits import TranspileOptions
from tui.domain.export.pictures import HistogramPicture
from tui.ibm.factory import make_service
from tui.sandbox.lifecycle.launch import SandboxInfo

qiskit = pytest.importorskip("qiskit")
pytestmark = pytest.mark.asyncio(loop_scope="package")
BELL = 'OPENQASM 3.0; include "stdgates.inc"; qubit[2] q; bit[2] c; h q[0]; cx q[0], q[1]; c = measure q;'


def packed(*circuits: object, version: int | None = None, pack: Callable[[bytes], bytes] = bytes) -> str:
    from qiskit import qpy

    stream = io.BytesIO()
    qpy.dump(list(circuits), stream, version=version)
    return base64.b64encode(pack(stream.getvalue())).decode()


def bell() -> object:
    circuit = qiskit.QuantumCircuit(2)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.measure_all()
    return circuit


@pytest.mark.parametrize("version", [13, 17])
@pytest.mark.parametrize("pack", [bytes, zlib.compress])
async def test_decode_qpy_of_another_program(
    warm: Compiler, version: int, pack: Callable[[bytes], bytes]
) -> None:
    (text,) = await warm.decode_qpy(packed(bell(), version=version, pack=pack))
    assert text.startswith("OPENQASM 3.0;")
    assert "cx q[0], q[1];" in text and "meas[0] = measure q[0];" in text
    assert (await warm.check(text)).ok
    assert any("M→meas0" in one.labels for one in (await warm.diagram(text)).symbols)


async def test_decode_qpy_keeps_physical_qubits(warm: Compiler) -> None:
    from qiskit import qasm3, transpile
    from qiskit.transpiler import CouplingMap

    made = transpile(
        bell(), coupling_map=CouplingMap.from_line(5), initial_layout=[3, 2], basis_gates=["cz", "sx", "rz"]
    )
    (text,) = await warm.decode_qpy(packed(made, pack=zlib.compress))
    assert text == qasm3.dumps(made)
    assert "$3" in text


async def test_decode_qpy_of_several_circuits_and_parameters(warm: Compiler) -> None:
    from qiskit.circuit import Parameter

    turned = qiskit.QuantumCircuit(1, name="turned")
    turned.rz(2 * Parameter("θ") + 1, 0)
    text, other = await warm.decode_qpy(packed(turned, bell()))
    assert "cx q[0], q[1];" in other
    assert (await warm.check(text)).parameters == ("θ",)


def old_version() -> str:
    raw = bytearray(base64.b64decode(packed(bell(), version=13)))
    raw[6] = 12
    return base64.b64encode(bytes(raw)).decode()


def new_version() -> str:
    raw = bytearray(base64.b64decode(packed(bell())))
    raw[6] = 99
    return base64.b64encode(bytes(raw)).decode()


def cut() -> str:
    raw = base64.b64decode(packed(bell()))
    return base64.b64encode(raw[: len(raw) // 2]).decode()


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        (old_version, "could hold code"),
        (new_version, "newer"),
        (cut, "cannot be read"),
        (lambda: "not base64!", "binary form"),
        (lambda: base64.b64encode(b"QISKIT").decode(), "binary form"),
        (lambda: base64.b64encode(zlib.compress(b"else")).decode(), "binary form"),
        (lambda: base64.b64encode(zlib.compress(b"\0" * (70 << 20))).decode(), "MB"),
        (lambda: "", "binary form"),
    ],
)
async def test_decode_qpy_refuses_in_words_and_the_worker_lives_on(
    warm: Compiler, payload: Callable[[], str], said: str
) -> None:
    (pid, *_) = warm.pids or (0,)
    with pytest.raises(QdeckError) as caught:
        await warm.decode_qpy(payload())
    assert caught.value.kind is ErrorKind.CIRCUIT
    assert said in caught.value.message
    await warm.check(BELL)
    assert not pid or pid in warm.pids, "the worker lives on"


def counted(*, inner: bool, millions: int = 16, version: int | None = None) -> bytearray:
    """A circuit with an inner one, of which one byte was changed: many more qubits than there are."""
    circuit, body = qiskit.QuantumCircuit(7, 2), qiskit.QuantumCircuit(5, 1)
    body.x(1)
    circuit.measure(0, 0)
    circuit.if_test((circuit.clbits[0], 1), body, range(5), [0])
    raw = bytearray(base64.b64decode(packed(circuit, version=version)))
    place = raw.index(struct.pack("!II", *((5, 1) if inner else (7, 2))))
    raw[place + 1] = 16 * millions - 1
    return raw


def most_memory(pid: int) -> int:
    """Return the most memory a process has had, in MB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) // 1024


@pytest.mark.parametrize("version", [13, 15, 16, 18])
async def test_decode_qpy_refuses_more_bits_than_any_circuit_has(warm: Compiler, version: int) -> None:
    await warm.version()
    (pid, *_) = warm.pids
    began = time.monotonic()
    with pytest.raises(QdeckError, match="100,000 qubits"):
        await warm.decode_qpy(base64.b64encode(counted(inner=False, version=version)).decode())
    assert time.monotonic() - began < 5 and pid in warm.pids
    assert most_memory(pid) < 1024


@pytest.mark.parametrize("millions", [6, 16])
async def test_decode_qpy_gives_up_on_an_inner_circuit_of_too_many_bits(millions: int) -> None:
    compiler = Compiler()
    await compiler.version()
    (pid,) = compiler.pids
    raw = counted(inner=True, millions=millions)
    asked = asyncio.ensure_future(compiler.decode_qpy(base64.b64encode(raw).decode()))
    most = 0
    while not asked.done():
        await asyncio.wait([asked], timeout=0.1)
        with contextlib.suppress(OSError, StopIteration):
            most = max(most, most_memory(pid))
    error = asked.exception()
    assert isinstance(error, QdeckError) and error.kind is ErrorKind.CIRCUIT
    # Qiskit says itself that it gets no memory for so many, or its process ends.
    assert "gave up on this circuit" in error.message or "cannot be read" in error.message
    assert most < 1024
    assert (await compiler.check(BELL)).ok
    await compiler.aclose()


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
async def test_decode_qpy_of_damaged_bytes_ends_in_circuits_or_a_sentence(
    warm: Compiler, data: st.DataObject
) -> None:
    await warm.version()
    pids = warm.pids
    circuit = qiskit.QuantumCircuit(2, 1, name="damaged")
    circuit.h(0)
    circuit.rz(0.5, 1)
    circuit.measure(0, 0)
    raw = bytearray(base64.b64decode(packed(circuit)))
    del raw[data.draw(st.integers(len(raw) // 2, 2 * len(raw))) :]
    for place, value in data.draw(st.lists(st.tuples(st.integers(0, len(raw) - 1), st.integers(0, 255)))):
        raw[place] = value
    try:
        assert await warm.decode_qpy(base64.b64encode(bytes(raw)).decode())
    except QdeckError as refused:
        assert refused.kind is ErrorKind.CIRCUIT and refused.message.endswith(".")
    assert warm.pids == pids, "the worker lives on"


async def test_decode_qpy_of_a_job_that_ibms_client_would_submit(
    warm: Compiler, live_sandbox: SandboxInfo
) -> None:
    made = await warm.transpile(BELL, device("peekskill"), TranspileOptions(1, 1))
    circuit = qiskit.qasm3.loads(made.qasm)
    coded = {"__type__": "QuantumCircuit", "__value__": packed(circuit, pack=zlib.compress)}
    service = make_service(live_account(live_sandbox, Channel.PLATFORM))
    await service.sign_in()
    async with httpx.AsyncClient() as client:
        form = {"grant_type": "urn:ibm:params:oauth:grant-type:apikey", "apikey": live_sandbox.api_key}
        token = (await client.post(f"{live_sandbox.url}/identity/token", data=form)).json()["access_token"]
        body = {
            "program_id": "sampler",
            "backend": "ibm_peekskill",
            "params": {"pubs": [[coded, None, 50]], "version": 2, "support_qiskit": True},
        }
        headers = {"Authorization": f"Bearer {token}", "Service-CRN": live_sandbox.crn}
        reply = await client.post(f"{live_sandbox.url}/api/v1/jobs", json=body, headers=headers)
    submitted = await service.submitted(reply.json()["id"])
    assert (submitted.job.circuit, submitted.job.shots) == ("", 50)
    (text,) = await warm.decode_qpy(submitted.qpy)
    assert "ecr" in text and (await warm.check(text)).ok
    await service.aclose()


async def test_programs_become_qpy_with_qiskits_own_gates_and_names(warm: Compiler) -> None:
    ecr = """OPENQASM 3.0;
include "stdgates.inc";
gate ecr a, b { s a; sx b; cx a, b; x a; }
bit[1] c;
ecr $3, $1;
c[0] = measure $3;
"""
    file = await warm.encode_qpy((BELL, ecr), ("bell", "echo"))
    bell, echo = qiskit.qpy.load(io.BytesIO(file))
    assert (bell.name, bell.num_qubits, echo.name) == ("bell", 2, "echo")
    first = echo.data[0]
    assert first.operation.base_class is qiskit.circuit.library.ECRGate
    assert [echo.find_bit(qubit).index for qubit in first.qubits] == [3, 1]
    with pytest.raises(QdeckError, match="Line 1"):
        await warm.encode_qpy(("OPENQASM 3.0; nonsense",), ("x",))


async def test_worker_draws_a_picture(warm: Compiler) -> None:
    pytest.importorskip("matplotlib")
    drawn = await warm.plot(HistogramPicture("bell", ("bell",), ({"00": 5, "11": 5},)), "png")
    assert drawn.startswith(b"\x89PNG")


async def test_decode_qpy_of_a_file_leaves_nothing_out(warm: Compiler) -> None:
    """What another program submitted is shown as far as it goes; a file of the user's is taken in full."""
    unsayable = qiskit.QuantumCircuit(2, name="unsayable")
    unsayable.initialize([0.6, 0, 0, 0.8])
    file = packed(bell(), unsayable, bell())
    assert len(await warm.decode_qpy(file)) == 1
    with pytest.raises(QdeckError, match="Circuit 2: OpenQASM 3 cannot say"):
        await warm.read_qpy(base64.b64decode(file))
    many = [bell()] * 201
    assert len(await warm.decode_qpy(packed(*many))) == 200
    with pytest.raises(QdeckError, match="201 circuits"):
        await warm.read_qpy(base64.b64decode(packed(*many)))
    assert len(await warm.read_qpy(base64.b64decode(packed(*many[:3])))) == 3


async def test_sandbox_refuses_a_version_that_could_hold_code() -> None:
    from tui.sandbox.simulator.base.values import JobFailure
    from tui.sandbox.simulator.circuits.loader import load_qpy

    with pytest.raises(JobFailure, match="could hold code"):
        load_qpy(old_version())
    assert len(load_qpy(packed(bell()))) == 1
