"""The search by workers of a real Dask scheduler on loopback: same picks, lost workers, refusals."""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from distributed import Client
from distributed.security import Security

from tests.compiler.devices import device
from tests.compiler.remote.cluster import Cluster, cluster
from tests.compiler.test_candidate_search import FOURIER
from tests.support.processes import running, until
from tui.common.errors import ErrorKind, QdeckError
from tui.compiler.client import Compiler
from tui.domain.circuits import Candidate
from tui.domain.search import SearchOptions, SearchProgress, SearchResult, scheduler_address, unprotected

pytestmark = pytest.mark.asyncio(loop_scope="module")
OPTIONS = SearchOptions(seeds=12)
LONG = 'OPENQASM 2.0; include "qelib1.inc"; qreg q[40];' + "".join(
    f"cu1(pi/{a - b + 1}) q[{a}], q[{b}];" for a in range(40) for b in range(a)
)
"""Takes a second or so at level 1."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def there(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Cluster]:
    """A scheduler with two workers; tests that kill one start another."""
    with cluster(tmp_path_factory.mktemp("dask"), workers=2) as made:
        async with Client(made.address, asynchronous=True, set_as_default=False) as client:
            await client.wait_for_workers(2, timeout=60)
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def compiler(there: Cluster) -> AsyncIterator[Compiler]:
    made = Compiler(dask=there.address)
    yield made
    await made.aclose()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def local() -> AsyncIterator[SearchResult]:
    """What processes of this machine find."""
    made = Compiler(search_workers=2)
    yield await made.search(FOURIER, device("cusco"), OPTIONS)
    await made.aclose()


async def eventually(right: Callable[[Any], bool], ask: Callable[[], Awaitable[Any]]) -> None:
    """Ask a scheduler again and again until its answer is right."""
    async with asyncio.timeout(60):
        for _ in itertools.count():
            if right(await ask()):
                return
            await asyncio.sleep(0.05)


def sizes_of_targets(dask_worker: Any) -> list[int]:
    """Bytes of data of backends that a worker was sent by others, one entry a time; runs in the worker."""
    return [
        size
        for entry in dask_worker.transfer_incoming_log
        for key, size in entry["keys"].items()
        if str(key).startswith("qdeck-target")
    ]


async def test_search_finds_what_local_workers_find_and_sends_a_target_once(
    compiler: Compiler, there: Cluster, local: SearchResult
) -> None:
    told: list[SearchProgress | Candidate] = []
    found = await compiler.search(FOURIER, device("cusco"), OPTIONS, told.append)
    again = await compiler.search(FOURIER, device("cusco"), OPTIONS)
    for one in (found, again):
        assert [candidate.qasm for candidate in one.candidates] == [
            candidate.qasm for candidate in local.candidates
        ]
    assert found.progress.tried == 15 and told[-1] == found.progress
    assert await compiler.searching.at_a_time() == 1
    async with Client(there.address, asynchronous=True, set_as_default=False) as client:
        sent: dict[str, list[int]] = await client.run(sizes_of_targets)
    # Dask's memory manager drops a second copy when nothing waits for it, so it may be sent anew, but seldom.
    assert len(sent) == 2 and all(len(sizes) <= 3 for sizes in sent.values())
    assert found.progress.tried + again.progress.tried == 30
    assert len(compiler.pids) == 1, "the client of Dask alone: no Qiskit runs here"


async def test_search_one_of_whose_workers_is_killed_loses_nothing(
    compiler: Compiler, there: Cluster, local: SearchResult
) -> None:
    victim = there.workers[0]

    def kill(news: SearchProgress | Candidate) -> None:
        if isinstance(news, SearchProgress) and news.tried >= 3:
            victim.kill()

    found = await compiler.search(FOURIER, device("cusco"), OPTIONS, kill)
    assert victim.wait() == -signal.SIGKILL
    assert [one.qasm for one in found.candidates] == [one.qasm for one in local.candidates]
    assert found.progress.tried == 15
    there.add_worker()


async def test_cancelled_search_is_let_go_of_by_the_scheduler(compiler: Compiler, there: Cluster) -> None:
    await compiler.search(FOURIER, device("cusco"), SearchOptions(level=1, seeds=1))
    run = asyncio.ensure_future(compiler.search(LONG, device("cusco"), SearchOptions(level=1, seeds=60)))
    async with Client(there.address, asynchronous=True, set_as_default=False) as client:

        async def asked() -> int:
            keys = await client.run_on_scheduler(lambda dask_scheduler: list(map(str, dask_scheduler.tasks)))
            return sum(key.startswith("answer") for key in keys)

        await eventually(lambda count: count > 0, asked)
        run.cancel()
        with pytest.raises(asyncio.CancelledError):
            await run
        await eventually(lambda count: count == 0, asked)
    found = await compiler.search(FOURIER, device("cusco"), SearchOptions(level=1, seeds=2))
    assert found.progress.seeds == 2


async def test_worker_with_another_qiskit_is_refused_by_name(
    compiler: Compiler, there: Cluster, tmp_path: Path
) -> None:
    """Found first on its path is the record of an older version, as an older installation has it."""
    record = tmp_path / "qiskit-2.0.1.dist-info"
    record.mkdir()
    (record / "METADATA").write_text("Metadata-Version: 2.1\nName: qiskit\nVersion: 2.0.1\n")
    other = there.add_worker(PYTHONPATH=str(tmp_path))
    async with Client(there.address, asynchronous=True, set_as_default=False) as client:
        await client.wait_for_workers(3, timeout=60)
        with pytest.raises(QdeckError, match=r"The worker tcp://127.0.0.1:\d+ has Qiskit 2.0.1") as caught:
            while True:
                await compiler.search(FOURIER, device("cusco"), SearchOptions(level=1, seeds=6))
        assert caught.value.kind is ErrorKind.UNAVAILABLE
        other.kill()
        await eventually(lambda workers: len(workers) == 2, client.nthreads)


async def test_client_that_is_killed_is_said_and_started_anew(compiler: Compiler) -> None:
    run = asyncio.ensure_future(compiler.search(LONG, device("cusco"), SearchOptions(level=1, seeds=60)))
    await asyncio.sleep(0.5)
    (pid,) = compiler.pids
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(QdeckError, match="client of Dask ended"):
        await run
    found = await compiler.search(FOURIER, device("cusco"), SearchOptions(level=1, seeds=2))
    assert found.progress.seeds == 2 and compiler.pids != (pid,)
    (pid,) = compiler.pids
    await compiler.aclose()
    await until(lambda: not running(pid))
    with pytest.raises(QdeckError, match="shut down"):
        await compiler.search(FOURIER, device("cusco"), SearchOptions(seeds=1))


@pytest.mark.slow
async def test_scheduler_that_does_not_answer_is_said() -> None:
    nobody = Compiler(dask="tcp://127.0.0.1:9")
    with pytest.raises(QdeckError, match=r"No scheduler of Dask answers at tcp://127\.0\.0\.1:9") as caught:
        await nobody.search(FOURIER, device("cusco"), OPTIONS)
    assert caught.value.kind is ErrorKind.UNAVAILABLE
    await nobody.aclose()


@pytest.mark.slow
async def test_search_over_tls_works_by_the_certificates_of_dasks_own_settings(tmp_path: Path) -> None:
    made: Any = Security.temporary()
    files = {
        "ca-file": made.tls_ca_file,
        "scheduler__cert": made.tls_scheduler_cert,
        "scheduler__key": made.tls_scheduler_key,
        "worker__cert": made.tls_worker_cert,
        "worker__key": made.tls_worker_key,
        "client__cert": made.tls_client_cert,
        "client__key": made.tls_client_key,
    }
    settings = {}
    for name, text in files.items():
        (tmp_path / name).write_text(text)
        variable = f"DASK_DISTRIBUTED__COMM__TLS__{name.upper().replace('-', '_')}"
        settings[variable] = str(tmp_path / name)
    with (
        cluster(tmp_path, "--protocol", "tls", workers=1, environment=settings) as there,
        pytest.MonkeyPatch.context() as patch,
    ):
        assert there.address.startswith("tls://")
        for variable, value in settings.items():
            patch.setenv(variable, value)
        compiler = Compiler(dask=there.address)
        assert not compiler.searching.warning
        found = await compiler.search(FOURIER, device("peekskill"), SearchOptions(level=1, seeds=2))
        assert found.progress.seeds == 2
        await compiler.aclose()


async def test_addresses_are_checked_and_plain_remote_ones_warned_of() -> None:
    for address in ("tcp://127.0.0.1:8786", "tls://node7.cluster:8786", "tcp://[::1]:1", "tcp://node7:8786"):
        assert scheduler_address(address) == address
    for wrong in (
        "node7:8786",
        "http://node7:1",
        "tcp://node7",
        "tcp://node7:99999",
        "tcp://a:1/x",
        "tcp://[",
        "",
    ):
        with pytest.raises(ValueError, match="tls://host:8786"):
            scheduler_address(wrong)
    assert unprotected("tcp://node7:8786") and unprotected("tcp://10.0.0.7:8786")
    assert not any(
        map(unprotected, ("tls://node7:1", "tcp://localhost:1", "tcp://127.0.0.9:1", "tcp://[::1]:1"))
    )
    warned = Compiler(dask="tcp://node7:8786")
    assert "tcp://node7:8786 is not encrypted" in warned.searching.warning
    assert "tls://" in warned.searching.warning and not Compiler().searching.warning
