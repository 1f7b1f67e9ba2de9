"""The history with many jobs, side by side with TinyDB over its own storage.

    python -m tests.bench.history [JOBS] [FOLDER]

Each case runs in a process of its own, so that its peak memory is its own. The file system decides what
`fdatasync` costs: give a FOLDER on the one that counts. Jobs are of about 1.4 KB, as JSON.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from tinydb import TinyDB

from tests.bench.first_paint import peak_mb
from tests.store.samples import NOON, make_folders, sample_job
from tui.common.timing import SystemClock
from tui.domain.jobs import JobMetrics, JobStatus, StatusStep
from tui.monitor.state.app_state import AppState
from tui.store.journal.file import write_tables
from tui.store.journal.tinydb_storage import JournalStorage
from tui.store.journal.tinydb_table import JournalDB
from tui.store.records.models import JobRecord
from tui.store.records.tables import SORT_KEYS, dump_job
from tui.store.repository import JobRepository

STOCK, JOURNAL = "stock.json", "data/history.journal"
Figures = dict[str, float]


def example(number: int) -> JobRecord:
    """A finished job with all that is known of one."""
    job = sample_job(number, JobStatus.DONE, 60)
    at = job.created
    text = hashlib.sha256(str(number).encode()).hexdigest()
    steps = (JobStatus.QUEUED, JobStatus.RUNNING, JobStatus.DONE)
    job = replace(
        job,
        id=f"d{number:019d}",
        name=f"ghz-{number}",
        instance="crn:v1:bluemix:public:quantum-computing:us-east:a/0123456789abcdef0123456789abcdef:fedcba::",
        session_id=f"session-{number // 50}",
        tags=("vqe", f"run-{number // 1000}"),
        reason_solution="x" * 300,
        started=at + timedelta(seconds=20),
        finished=at + timedelta(seconds=50),
        shots=4096,
        qpu_seconds=2.0,
        timeline=tuple(StatusStep(step, at + timedelta(seconds=10 * n)) for n, step in enumerate(steps)),
    )
    metrics = JobMetrics(at, at, at, 2.0, 2.1, "qiskit_ibm_runtime~sampler", "2.1.0")
    return JobRecord(job, f"qdeck-{number:012x}", text, text, metrics, finalized=True, result_kept=True)


def prepare(root: Path, jobs: int) -> None:
    """Write the same jobs in both forms."""
    folders = make_folders(root)
    rows = {str(n): dump_job(example(n)) for n in range(1, jobs + 1)}
    (root / STOCK).write_text(json.dumps({"jobs": rows}))
    write_tables(folders.history_file, {"jobs": rows}, SORT_KEYS)


def timed(work: Callable[[], object]) -> float:
    """Seconds it takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def stock(root: Path, jobs: int) -> Figures:
    """TinyDB's own storage: each operation reads and writes the file; nothing is synced to the disk."""
    database = TinyDB(root / STOCK)
    table = database.table("jobs")
    started = time.process_time()
    return {
        "open": timed(lambda: len(table)),
        "open cpu": time.process_time() - started,
        "update": statistics.median(
            timed(lambda n=n: table.update({"shots": n}, doc_ids=[jobs // (n + 2)]))  # type: ignore[misc]  # a default has no type
            for n in range(3)
        ),
        "peak": peak_mb_here(),
    }


def journal(root: Path, jobs: int) -> Figures:
    """The same operations with the journal under TinyDB."""
    storage = JournalStorage(root / JOURNAL, now=lambda: NOON)
    table = JournalDB(storage=lambda: storage).table("jobs")
    opened = timed(lambda: len(table))
    updates = [
        timed(lambda n=n: table.update({"shots": n}, doc_ids=[1 + n * 37 % jobs]))  # type: ignore[misc]  # a default has no type
        for n in range(300)
    ]
    return {"open": opened, **spread("update", updates), "peak": peak_mb_here()}


def whole(root: Path, jobs: int) -> Figures:
    """The app's history: the newest jobs, then all in order; changes made durable; the loop's stalls."""
    return asyncio.run(_whole(root, jobs))


async def _whole(root: Path, jobs: int) -> Figures:
    clock = SystemClock()
    history = JobRepository(make_folders(root), clock)
    app_state = AppState(history, clock)
    stalls: list[float] = []
    watchdog = asyncio.ensure_future(_watch(stalls))
    # What the machine itself makes a loop wait that has nothing to do.
    await asyncio.sleep(1)
    idle = max(stalls)
    stalls.clear()
    began, started = time.perf_counter(), time.process_time()
    await history.open(app_state.history_read)
    app_state.jobs.history_opened()
    screenful = time.perf_counter() - began
    newest = [job.id for job in app_state.jobs.all()[:40]]
    await history.loaded()
    loaded, cpu = time.perf_counter() - began, time.process_time() - started
    assert len(app_state.jobs.all()) == jobs
    assert newest == [job.id for job in app_state.jobs.all()[:40]]
    loading = max(stalls)
    stalls.clear()
    updates: list[float] = []
    through: list[float] = []
    for n in range(200):
        known = history.record(("platform", f"d{1 + n * 41 % jobs:019d}"))
        assert known is not None
        told = replace(known, job=replace(known.job, shots=n, confirmed=clock.now()))
        began = time.perf_counter()
        history.upsert([told])
        await history.flush()
        updates.append(time.perf_counter() - began)
        assert not history.dirty
        began = time.perf_counter()
        await app_state.jobs.upsert([replace(told, job=replace(told.job, shots=-n))])
        assert len(app_state.jobs.all()) == jobs
        through.append(time.perf_counter() - began)
        if n % 50 == 0:
            app_state.signed_out()
        assert len(app_state.jobs.all()) == jobs
        await asyncio.sleep(0)
    await history.aclose()
    watchdog.cancel()
    return {
        "open": loaded,
        "open cpu": cpu,
        "first screenful": screenful,
        **spread("update", updates),
        **spread("update and list", through),
        "stall when idle": idle,
        "stall while loading": loading,
        "stall after": max(stalls),
        "peak": peak_mb_here(),
    }


async def _watch(stalls: list[float]) -> None:
    while True:
        began = time.perf_counter()
        await asyncio.sleep(0.005)
        stalls.append(time.perf_counter() - began - 0.005)


def spread(name: str, values: list[float]) -> Figures:
    """Median and 95th percentile."""
    return {name: statistics.median(values), f"{name} p95": sorted(values)[int(len(values) * 0.95)]}


def peak_mb_here() -> float:
    """Peak memory of this process in MB."""
    return peak_mb(os.getpid())


CASES: dict[str, Callable[[Path, int], Figures]] = {"stock": stock, "journal": journal, "history": whole}


def in_a_process(case: str, root: Path, jobs: int) -> Figures:
    """One case's figures."""
    command = [sys.executable, "-m", "tests.bench.history", "--case", case, str(root), str(jobs)]
    answer = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return {name: float(value) for name, value in json.loads(answer).items()}


def lines(figures: dict[str, Figures]) -> Iterator[str]:
    """What is printed."""
    for case, found in figures.items():
        told = (
            f"{name} {value:.0f} MB" if name == "peak" else f"{name} {value * 1000:.2f} ms"
            for name, value in found.items()
        )
        yield f"{case:8} " + ", ".join(told)
    plain, ours, app = figures["stock"], figures["journal"], figures["history"]
    for text, value, budget in (
        ("update, times faster than stock (journal)", plain["update"] / ours["update"], ">= 2000"),
        ("update, times faster than stock (history)", plain["update"] / app["update"], ">= 2000"),
        ("open, of stock's time (journal)", ours["open"] / plain["open"], "<= 1"),
        ("open, of stock's time (history, all jobs in order)", app["open"] / plain["open"], "<= 1"),
        ("the same in CPU time", app["open cpu"] / plain["open cpu"], "<= 1"),
        ("first screenful, ms", app["first screenful"] * 1000, "<= 40"),
        ("memory, of stock's (journal)", ours["peak"] / plain["peak"], "<= 0.6"),
        ("memory, of stock's (history)", app["peak"] / plain["peak"], "<= 0.6"),
        ("stall of the event loop when idle, ms", app["stall when idle"] * 1000, "the machine's"),
        ("stall of the event loop while loading, ms", app["stall while loading"] * 1000, "<= 50"),
        ("stall of the event loop after, ms", app["stall after"] * 1000, "<= 50"),
    ):
        yield f"{text:52} {value:10.2f}   budget {budget}"


def main() -> None:
    """Measure and print."""
    if sys.argv[1:2] == ["--case"]:
        case, root, jobs = sys.argv[2:5]
        print(json.dumps(CASES[case](Path(root), int(jobs))))
        return
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    folder = sys.argv[2] if len(sys.argv) > 2 else None
    with tempfile.TemporaryDirectory(dir=folder) as home:
        place = Path(home)
        prepare(place, count)
        size = (place / JOURNAL).stat().st_size
        print(f"{count} jobs, {size / 1e6:.0f} MB, {size / count / 1000:.2f} KB each")
        for line in lines({case: in_a_process(case, place, count) for case in CASES}):
            print(line)


if __name__ == "__main__":
    main()
