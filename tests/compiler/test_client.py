"""Worker processes: killed, cancelled, missing, noisy; none outlives the app."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from textual.app import App

from tests.compiler.devices import device
from tests.support.processes import cpu_ticks, running, until
from tui.common.errors import ErrorKind, QdeckError
from tui.compiler.client import Compiler
from tui.domain.circuits import TranspileOptions

CHECKOUT = Path(__file__).parents[2]
BELL = 'OPENQASM 3.0; include "stdgates.inc"; qubit[2] q; h q[0]; cx q[0], q[1];'
HEAVY = 'OPENQASM 2.0; include "qelib1.inc"; qreg q[120];' + "".join(
    f"cu1(pi/{a - b + 1}) q[{a}], q[{b}];" for a in range(120) for b in range(a)
)
"""Takes seconds at level 3."""


@pytest_asyncio.fixture
async def compiler() -> AsyncIterator[Compiler]:
    made = Compiler()
    yield made
    await made.aclose()


async def heavy_run(compiler: Compiler) -> asyncio.Task[object]:
    """A transpile run that has begun and will take long."""
    await compiler.version()
    run = asyncio.ensure_future(compiler.transpile(HEAVY, device("cusco"), TranspileOptions(3, seed=1)))
    pid = compiler.pids[0]
    before = cpu_ticks(pid)
    await until(lambda: cpu_ticks(pid) > before + 5)
    return run


async def test_compiler_start_returns_at_once_and_close_ends_the_worker(compiler: Compiler) -> None:
    await compiler.start()
    assert not compiler.pids, "it is started in the background"
    assert (await compiler.check(BELL)).ok
    (pid,) = compiler.pids
    await compiler.aclose()
    assert not running(pid)
    with pytest.raises(QdeckError, match="shut down"):
        await compiler.check(BELL)


async def test_compiler_closed_in_the_middle_of_work_ends_it(compiler: Compiler) -> None:
    run = await heavy_run(compiler)
    (pid,) = compiler.pids
    await compiler.aclose()
    assert not running(pid)
    with pytest.raises(asyncio.CancelledError):
        await run


async def test_check_does_not_wait_for_a_transpile_run_and_a_cancelled_run_stops(
    compiler: Compiler,
) -> None:
    run = await heavy_run(compiler)
    (first,) = compiler.pids
    waiting = asyncio.ensure_future(compiler.transpile(BELL, device("fez"), TranspileOptions(1)))
    assert (await compiler.check(BELL)).ok
    assert not run.done() and len(compiler.pids) == 2
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    await until(lambda: not running(first))
    assert (await waiting).backend == "ibm_fez", "a request behind the cancelled one is not lost"


async def test_worker_that_dies_is_reported_and_the_next_request_gets_a_new_one(
    compiler: Compiler,
) -> None:
    run = await heavy_run(compiler)
    os.kill(compiler.pids[0], signal.SIGKILL)
    with pytest.raises(QdeckError, match="process ended: it was killed") as died:
        await run
    assert died.value.kind is ErrorKind.UNAVAILABLE and died.value.advice
    assert (await compiler.check(BELL)).ok


async def test_compiler_leaves_no_orphan_when_the_app_is_killed(tmp_path: Path) -> None:
    """A process in between holds a worker that is deep in work, and is killed with -9."""
    script = f"""
import asyncio, sys
sys.path.insert(0, {str(CHECKOUT)!r})
from tests.compiler.test_client import heavy_run
from tui.compiler.client import Compiler
async def main():
    compiler = Compiler()
    run = await heavy_run(compiler)
    print(compiler.pids[0], flush=True)
    await run
asyncio.run(main())
"""
    app = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, stdout=asyncio.subprocess.PIPE, cwd=tmp_path
    )
    assert app.stdout is not None
    try:
        worker = int(await app.stdout.readline())
        assert running(worker)
    finally:
        app.kill()
        await app.wait()
    await until(lambda: not running(worker))


async def test_compiler_keeps_qiskit_and_numpy_out_of_the_apps_process(tmp_path: Path) -> None:
    """Also: modules lying in the folder that qdeck is started in are not taken for Qiskit's."""
    for name in ("qiskit", "numpy", "json", "tui_is_here"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('not this one')", encoding="utf-8")
    script = f"""
import sys
sys.path[:] = [entry for entry in sys.path if entry] + [{str(CHECKOUT)!r}]
import asyncio, json
from tui.compiler.client import Compiler
async def main():
    compiler = Compiler()
    report = await compiler.check({BELL!r})
    await compiler.aclose()
    print(json.dumps([report.ok, [name for name in sys.modules if name in ("qiskit", "numpy", "antlr4")]]))
asyncio.run(main())
"""
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", script],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert json.loads(done.stdout) == [True, []], done.stderr


async def test_compiler_without_qiskit_says_how_to_install_it(tmp_path: Path) -> None:
    (tmp_path / "qiskit").mkdir()
    (tmp_path / "qiskit" / "__init__.py").write_text(
        "raise ModuleNotFoundError(\"No module named 'qiskit'\", name='qiskit')", encoding="utf-8"
    )
    compiler = Compiler({"PYTHONPATH": str(tmp_path)})
    try:
        for _ in range(2):
            with pytest.raises(QdeckError) as missing:
                await compiler.check(BELL)
            assert missing.value.kind is ErrorKind.UNAVAILABLE
            assert missing.value.message == "Qiskit is not installed."
            assert missing.value.advice == 'Install it with: pip install "qdeck[local]".'
    finally:
        await compiler.aclose()


async def test_compiler_ignores_what_libraries_print(tmp_path: Path) -> None:
    """Every import of a part of Qiskit prints, by Python and past it."""
    (tmp_path / "sitecustomize.py").write_text(
        """
import os, sys
class Noise:
    def find_spec(self, name, path=None, target=None):
        if name.startswith("qiskit"):
            print("noise", flush=True)
            os.write(1, b"noise")
sys.meta_path.insert(0, Noise())
""",
        encoding="utf-8",
    )
    compiler = Compiler({"PYTHONPATH": str(tmp_path)})
    try:
        assert (await compiler.check(BELL)).ok
    finally:
        await compiler.aclose()


async def test_compiler_works_inside_a_running_textual_app(compiler: Compiler) -> None:
    """There sys.stderr has no file descriptor, which breaks process pools."""

    class Bare(App[None]):
        pass

    app = Bare()
    async with app.run_test():
        assert (await compiler.check(BELL)).ok


async def test_compiler_that_nobody_asks_lets_its_workers_go() -> None:
    compiler = Compiler(idle_seconds=0.05)
    await compiler.start()
    await until(lambda: bool(compiler.pids))
    (pid,) = compiler.pids
    await until(lambda: not compiler.pids and not running(pid))
    await compiler.aclose()


async def test_transpile_run_beyond_its_time_is_stopped_and_says_what_helps() -> None:
    compiler = Compiler(transpile_seconds=0.3)
    try:
        await compiler.version()
        (pid,) = compiler.pids
        with pytest.raises(QdeckError, match=r"0\.3 s.*was stopped") as caught:
            await compiler.transpile(HEAVY, device("cusco"), TranspileOptions(3, seed=1))
        assert caught.value.kind is ErrorKind.CIRCUIT and "transpile_seconds" in caught.value.advice
        assert not running(pid)
        assert (await compiler.check(BELL)).ok
    finally:
        await compiler.aclose()
