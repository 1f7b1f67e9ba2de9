"""The job table beside Textual's DataTable, both with the same jobs, each in a fresh process.

    python -m tests.bench.job_table [JOBS]

Each is measured in an app of its own with nothing beside it; the job table once more in the whole of qdeck,
over services with fixed values. All run in a pseudo-terminal of 120x40, 24-bit colour.

- ready: from making the app until the screen stands still, imports left out;
- page down: from the key until the last byte of the new picture;
- one cell: bytes for a status that changes in sight, not under the cursor; unchanged: for the same job again;
- 200 a second: changed statuses, the rows in sight among them; CPU of the process.

The last part measures the rows alone: filters, orders and groups of all jobs.
"""

from __future__ import annotations

import asyncio
import os
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from textual.app import App, ComposeResult
from textual.widgets import DataTable

from tests.bench.first_paint import environment, peak_mb
from tests.bench.terminal import Terminal
from tests.support.app_services import AppServicesHarness
from tests.support.fixed_values import NOW, FixedClock, jobs
from tui.app import QDeckApp
from tui.domain.jobs import Job, JobStatus
from tui.jobquery.filters import matcher, parse_filter
from tui.jobquery.job_list import NEWEST_FIRST, Grouping, JobList, Order, build_rows
from tui.widgets.tables.job_table import STANDARD, JobTable, chosen, job_cells
from tui.widgets.terminal.app import DiffApp

ONE_CELL, UNCHANGED, MANY = signal.SIGUSR1, signal.SIGUSR2, signal.SIGRTMIN
_EACH = 200
_SECONDS = 20
_STATES = (JobStatus.RUNNING, JobStatus.QUEUED)


def made(count: int) -> list[Job]:
    """Jobs as a heavy user has them."""
    base = jobs()[0]
    states = (JobStatus.DONE, JobStatus.DONE, JobStatus.FAILED, JobStatus.CANCELLED)
    return [
        replace(
            base,
            id=f"d3k{number:017d}",
            name=f"vqe-{number:06}",
            backend=("ibm_fez", "ibm_torino", "ibm_cusco")[number % 3],
            status=states[number % 4],
            created=NOW - timedelta(minutes=number),
            shots=number % 5000,
            tags=("vqe", f"step{number % 40}") if number % 3 else (),
            session_id=f"s-{number % 50}" if number % 2 else "",
        )
        for number in range(count)
    ]


class _ManyJobs(AppServicesHarness):
    """Changes its jobs without looking through all of them."""

    def __init__(self, all_jobs: list[Job]) -> None:
        super().__init__()
        self.all_jobs = all_jobs
        self.the_jobs = tuple(all_jobs)

    def put(self, places: range, status: JobStatus) -> None:
        """Give these jobs a status."""
        changed = tuple(replace(self.all_jobs[place], status=status) for place in places)
        self.all_jobs[places.start : places.stop] = changed
        self.update(*changed)


class _TableApp(App[None]):
    """DataTable as its documentation shows it."""

    def __init__(self, rows: list[tuple[str, ...]]) -> None:
        super().__init__()
        self._rows = rows

    def compose(self) -> ComposeResult:
        yield DataTable(cursor_type="row")

    def on_mount(self) -> None:
        table = self.query_one(DataTable)
        self._columns = table.add_columns(*(one.column.title for one in chosen(STANDARD)))
        self._keys = table.add_rows(self._rows)
        table.focus()

    def put(self, places: range, status: JobStatus) -> None:
        """Give these rows a status."""
        table = self.query_one(DataTable)
        for place in places:
            table.update_cell(self._keys[place], self._columns[0], f"◔ {status}")


class _OwnApp(DiffApp):
    """The job table as its screen uses it."""

    def __init__(self, all_jobs: list[Job]) -> None:
        super().__init__()
        self._all = all_jobs
        self._list = JobList()

    def compose(self) -> ComposeResult:
        yield JobTable(self._list.get, lambda: NOW)

    def on_mount(self) -> None:
        table = self.query_one(JobTable)
        self._list.replace_all(self._all)
        table.show_rows(self._list.rows_builder(NOW)(), self._list.order, ())
        table.focus()

    def put(self, places: range, status: JobStatus) -> None:
        """Give these jobs a status."""
        changed = tuple(replace(self._all[place], status=status) for place in places)
        self._list.apply_changes(changed, (), lambda: self._all)
        self.query_one(JobTable).jobs_changed()


def child(kind: str, count: int, started: Path) -> None:
    """Run one of the apps; signals make it change rows."""
    all_jobs = made(count)
    columns = chosen(STANDARD)
    generation = 0

    def wire(app: App[None], put: Callable[[range, JobStatus], None]) -> None:
        def turn(places: range) -> None:
            nonlocal generation
            generation += 1
            put(places, _STATES[generation % 2])

        loop = asyncio.get_running_loop()
        loop.add_signal_handler(ONE_CELL, turn, range(5, 6))
        loop.add_signal_handler(UNCHANGED, lambda: put(range(5, 6), _STATES[generation % 2]))
        loop.add_signal_handler(MANY, lambda: app.set_interval(1.0, lambda: turn(range(_EACH))))

    app: App[None]
    if kind == "qdeck":
        services = _ManyJobs(all_jobs)
        started.write_text(str(time.perf_counter()))
        app = QDeckApp(services, clock=FixedClock())
        app.call_later(lambda: wire(app, services.put))
    elif kind == "jobtable":
        started.write_text(str(time.perf_counter()))
        app = own = _OwnApp(all_jobs)
        app.call_later(lambda: wire(app, own.put))
    else:
        rows = [tuple(span.text for span in job_cells(columns, job, NOW)) for job in all_jobs]
        started.write_text(str(time.perf_counter()))
        app = table = _TableApp(rows)
        app.call_later(lambda: wire(app, table.put))
    app.run()


def cpu_seconds(pid: int) -> float:
    """Seconds of CPU a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(kind: str, count: int) -> dict[str, float]:
    """All figures of one app."""
    with tempfile.TemporaryDirectory() as home:
        started = Path(home) / "started"
        command = [sys.executable, "-m", "tests.bench.job_table", "child", kind, str(count), str(started)]
        with Terminal(command, environment(Path(home))) as terminal:
            terminal.wait_for("vqe-000020", 300)
            terminal.burst(first=0.5, quiet=1.0)
            terminal_began = float(started.read_text())
            ready = terminal.last_byte - terminal_began
            pages = []
            for _ in range(9):
                terminal.press(b"\x1b[6~")
                pages.append(terminal.burst()[0])
            terminal.press(b"\x1b[H")
            terminal.burst(quiet=1.0)
            cells, same = [], []
            for _ in range(5):
                os.kill(terminal.pid, ONE_CELL)
                cells.append(terminal.burst()[1])
                os.kill(terminal.pid, UNCHANGED)
                same.append(terminal.burst(first=1.0)[1])
            os.kill(terminal.pid, MANY)
            terminal.burst(first=2.0)
            before, sent, began = cpu_seconds(terminal.pid), len(terminal.output), time.perf_counter()
            while time.perf_counter() - began < _SECONDS:
                terminal.burst(first=0.5, quiet=0.5)
            seconds = time.perf_counter() - began
            return {
                "ready s": ready,
                "page down ms": 1000 * statistics.median(pages),
                "one cell bytes": max(cells),
                "unchanged bytes": max(same),
                "200 a second: CPU %": 100 * (cpu_seconds(terminal.pid) - before) / seconds,
                "200 a second: bytes/s": (len(terminal.output) - sent) / seconds,
                "peak MB": peak_mb(terminal.pid),
            }


def rows_alone(count: int) -> None:
    """How long the rows take, best of 3; done in a thread of the app."""
    all_jobs = made(count)
    filters = ["vqe-0123", "status:failed", "status:failed backend:cusco tag:vqe age<2d shots>1000 step"]
    works: dict[str, Callable[[], object]] = {"newest first": lambda: build_rows(all_jobs)}
    for text in filters:
        keep = matcher(parse_filter(text).terms, NOW)
        works[f"filter {text}"] = lambda keep=keep: build_rows(all_jobs, keep)  # type: ignore[misc]  # a default has no type here
    for column in ("status", "name", "shots"):
        works[f"sort by {column}"] = lambda column=column: build_rows(all_jobs, None, Order(column))  # type: ignore[misc]  # a default has no type here
    works["group by tag"] = lambda: build_rows(all_jobs, None, NEWEST_FIRST, Grouping.TAG)
    for name, work in works.items():
        times = []
        for _ in range(3):
            began = time.perf_counter()
            work()
            times.append(time.perf_counter() - began)
        print(f"  {name}: {1000 * min(times):.0f} ms")


def main() -> None:
    """Measure both and print them side by side."""
    if sys.argv[1:2] == ["child"]:
        child(sys.argv[2], int(sys.argv[3]), Path(sys.argv[4]))
        return
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    own, stock, whole = (measure(kind, count) for kind in ("jobtable", "datatable", "qdeck"))
    print(f"{f'{count:,} jobs':24} {'job table':>10} {'DataTable':>10} {'share':>8} {'qdeck':>10}")
    for name, figure in own.items():
        share = f"{figure / stock[name]:.3f}" if stock[name] else ""
        print(f"{name:24} {figure:10.2f} {stock[name]:10.2f} {share:>8} {whole[name]:10.2f}")
    print("rows alone:")
    rows_alone(count)


if __name__ == "__main__":
    main()
