"""The engine's processes: warm, exact, cancellable, replaced when they die, ended with the engine."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from tests.sandbox.simulator.programs import BELL, HEADER, WALKTHROUGH
from tui.sandbox.core.devices import device
from tui.sandbox.simulator.base.values import EngineError, TranspileRequest
from tui.sandbox.simulator.engine import Engine

pytestmark = pytest.mark.asyncio(loop_scope="module")

# A circuit on a whole chip that depends on an outcome, with many shots: minutes for the simulator.
LONG = {
    "pubs": [
        [
            HEADER
            + "bit[127] c; "
            + "".join(f"sx ${qubit}; " for qubit in range(127))
            + "".join(f"c[{qubit}] = measure ${qubit}; " for qubit in range(127))
            + "if (c[0]) { x $1; }",
            None,
            60000,
        ]
    ]
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def engine() -> AsyncIterator[Engine]:
    engine = Engine()
    await engine.start()
    yield engine
    await engine.aclose()


async def process_ends(pid: int) -> bool:
    """Whether a process ends within the deadline; one that only waits to be reaped has ended."""
    for _ in range(200):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return True
        if state == "Z":
            return True
        await asyncio.sleep(0.05)
    return False


@pytest.mark.parametrize("name", ["ibm_peekskill", "ibm_cusco", "ibm_fez"])
async def test_engine_transpiles_and_runs_bell_pair(engine: Engine, name: str) -> None:
    (done,) = await engine.transpile(TranspileRequest(qasm=[BELL], device=name, optimization_level=3))
    outcome = await engine.run("sampler", {"pubs": [[done.qasm, None, 1024]]}, name, seed=5)
    assert outcome.status == "Completed", outcome.reason
    assert outcome.result is not None
    samples = json.loads(outcome.result)["results"][0]["data"]["c"]["samples"]
    assert samples.count("0x0") + samples.count("0x3") > 900
    again = await engine.run("sampler", {"pubs": [[done.qasm, None, 1024]]}, device(name), seed=5)
    assert again.result == outcome.result


async def test_engine_raises_on_transpile_error(engine: Engine) -> None:
    with pytest.raises(EngineError, match="line 1"):
        await engine.transpile(TranspileRequest(qasm=["OPENQASM 3; nonsense $1;"], device="ibm_fez"))


async def test_engine_kills_worker_of_cancelled_job_and_runs_the_next(engine: Engine) -> None:
    assert (await engine.run("sampler", {"pubs": [WALKTHROUGH]}, "ibm_fez")).status == "Completed"
    before = engine.pids[0]
    start = _cpu_seconds(before)
    job = asyncio.create_task(engine.run("sampler", LONG, "ibm_cusco"))
    waiting = asyncio.create_task(engine.run("sampler", {"pubs": [WALKTHROUGH]}, "ibm_fez"))
    # In the middle of the simulation, where the worker notices nothing but a signal.
    await _until(lambda: _cpu_seconds(before) > start + 0.5)
    job.cancel()
    with pytest.raises(asyncio.CancelledError):
        await job
    assert await process_ends(before)
    assert (await waiting).status == "Completed"
    assert before not in engine.pids


async def test_engine_transpiles_while_a_simulation_runs(engine: Engine) -> None:
    job = asyncio.create_task(engine.run("sampler", LONG, "ibm_cusco"))
    done = await engine.transpile(TranspileRequest(qasm=[BELL], device="ibm_fez"))
    assert len(done) == 1
    assert not job.done()
    job.cancel()
    with pytest.raises(asyncio.CancelledError):
        await job


async def test_engine_keeps_running_job_when_queued_one_is_cancelled(engine: Engine) -> None:
    running = asyncio.create_task(engine.run("sampler", {"pubs": [WALKTHROUGH]}, "ibm_fez"))
    waiting = asyncio.create_task(engine.run("sampler", LONG, "ibm_cusco"))
    await asyncio.sleep(0)
    waiting.cancel()
    assert (await running).status == "Completed"


async def test_engine_fails_job_of_killed_worker_and_replaces_it(engine: Engine) -> None:
    job = asyncio.create_task(engine.run("sampler", LONG, "ibm_cusco"))
    await asyncio.sleep(0)
    await engine.start()
    os.kill(engine.pids[0], signal.SIGKILL)
    outcome = await job
    assert outcome.status == "Failed"
    assert "SIGKILL" in str(outcome.reason)
    assert "memory" in str(outcome.reason)
    assert (await engine.run("sampler", {"pubs": [WALKTHROUGH]}, "ibm_fez")).status == "Completed"


async def test_engine_workers_end_when_its_process_is_killed() -> None:
    code = (
        "import asyncio, json, sys\n"
        "from tui.sandbox.simulator.base.values import TranspileRequest\n"
        "from tui.sandbox.simulator.engine import Engine\n"
        "async def main():\n"
        "    engine = Engine(); await engine.start()\n"
        "    params = json.load(sys.stdin)\n"
        "    await engine.run('sampler', {'pubs': [params['pubs'][0][0:1] + [None, 1]]}, 'ibm_cusco')\n"
        "    job = asyncio.create_task(engine.run('sampler', params, 'ibm_cusco'))\n"
        "    await engine.transpile(TranspileRequest(qasm=['OPENQASM 3; qubit q;'], device='ibm_fez'))\n"
        "    print(json.dumps(engine.pids), flush=True)\n"
        "    await job\n"
        "asyncio.run(main())\n"
    )
    owner = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert owner.stdin is not None
    assert owner.stdout is not None
    owner.stdin.write(json.dumps(LONG).encode())
    owner.stdin.close()
    pids = json.loads(await owner.stdout.readline())
    assert len(pids) == 2
    watchers = [child for pid in pids for child in _children(pid)]
    assert len(watchers) == 2
    owner.send_signal(signal.SIGKILL)
    await owner.wait()
    for pid in [*pids, *watchers]:
        assert await process_ends(pid)


async def test_engine_close_ends_both_workers_and_their_watchers() -> None:
    engine = Engine()
    await engine.start()
    await engine.transpile(TranspileRequest(qasm=[BELL], device="ibm_fez"))
    pids = engine.pids
    watchers = [child for pid in pids for child in _children(pid)]
    await engine.aclose()
    assert engine.pids == []
    for pid in [*pids, *watchers]:
        assert await process_ends(pid)
    with pytest.raises(EngineError, match="closed"):
        await engine.transpile(TranspileRequest(qasm=[BELL], device="ibm_fez"))


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110 - another process's progress has no event to wait for
            await asyncio.sleep(0.02)


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def test_transpilation_beyond_its_time_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.sandbox.simulator.engine.TRANSPILE_SECONDS", 0.01)
    engine = Engine()
    try:
        with pytest.raises(EngineError, match=r"took longer than 0\.01 s and was stopped"):
            await engine.transpile(TranspileRequest(qasm=[BELL], device="ibm_peekskill"))
    finally:
        await engine.aclose()
