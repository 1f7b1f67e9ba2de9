"""Results and circuits take no more than they may: the oldest are let go, and it is said."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from tests.history.made import made_job, places
from tests.support.clock import FakeClock
from tui.domain.results import JobResult
from tui.history.history import History
from tui.history.records import Record


async def test_the_oldest_results_are_let_go_and_it_is_told(tmp_path: Path) -> None:
    folders = places(tmp_path)
    history = History(folders, FakeClock(), quota=20_000)
    await history.open()
    for n in range(30):
        await history.keep_result(("platform", f"job-{n:05d}"), JobResult((), os.urandom(1000)))
        for file in folders.results.iterdir():
            # An hour older with each one that comes: files of one moment have no order.
            os.utime(file, ns=(0, file.stat().st_mtime_ns - 3_600_000_000_000))
    assert sum(file.stat().st_size for file in folders.results.iterdir()) <= 20_000
    there = [await history.result(("platform", f"job-{n:05d}")) is not None for n in range(30)]
    kept = there.count(True)
    assert 5 < kept < 30
    assert there == [False] * (30 - kept) + [True] * kept
    warnings = history.take_warnings()
    assert warnings and "let go" in warnings[0]
    await history.aclose()


async def test_a_circuit_that_is_used_again_counts_as_new(tmp_path: Path) -> None:
    folders = places(tmp_path)
    history = History(folders, FakeClock(), quota=10_000)
    await history.open()
    text = "OPENQASM 3; // kept"
    for n in range(20):
        history.put([Record(replace(made_job(n), circuit=text))])
        history.put([Record(replace(made_job(100 + n), circuit=os.urandom(800).hex()))])
        await history.flush()
        for file in (folders.data / "circuits").rglob("*.gz"):
            os.utime(file, ns=(0, file.stat().st_mtime_ns - 3_600_000_000_000))
    await history.aclose()
    again = History(folders, FakeClock())
    await again.open()
    record = again.record(("platform", "job-00000"))
    lost = again.record(("platform", "job-00100"))
    assert record is not None and again.job_with_texts(record).circuit == text
    assert lost is not None and again.job_with_texts(lost).circuit == ""
    await again.aclose()
