"""A real Dask scheduler and its workers on loopback, as processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

START_SECONDS = 60.0
ROOT = Path(__file__).parents[3]
"""What the tests send to a worker is imported from there: pytket-qiskit, too, installs a package `tests`."""


class Cluster:
    """A scheduler and workers; each is ended by its own id."""

    def __init__(self, folder: Path, *options: str, environment: Mapping[str, str] | None = None) -> None:
        self._folder, self._options = folder, options
        self._environment = {**os.environ, "RAYON_NUM_THREADS": "1", **(environment or {})}
        self._file = folder / "scheduler.json"
        self._processes: list[subprocess.Popen[bytes]] = []
        self.workers: list[subprocess.Popen[bytes]] = []
        self._start("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", *options)
        until = time.monotonic() + START_SECONDS
        while not self._file.exists() and time.monotonic() < until:
            time.sleep(0.05)
        self.address = str(json.loads(self._file.read_text())["address"])

    def add_worker(self, **environment: str) -> subprocess.Popen[bytes]:
        """Start a worker of one thread."""
        words = ("--nthreads", "1", "--no-dashboard", "--no-nanny", "--host", "127.0.0.1", *self._options)
        self.workers.append(self._start("worker", *words, **environment))
        return self.workers[-1]

    def _start(self, kind: str, *words: str, **environment: str) -> subprocess.Popen[bytes]:
        path = os.pathsep.join(filter(None, (environment.pop("PYTHONPATH", ""), str(ROOT))))
        program = [sys.executable, "-m", f"distributed.cli.dask_{kind}", *words]
        with (self._folder / f"{kind}-{len(self._processes)}.log").open("wb") as log:
            process = subprocess.Popen(
                [*program, "--scheduler-file", str(self._file)],
                env={**self._environment, **environment, "PYTHONPATH": path},
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self._processes.append(process)
        return process

    def close(self) -> None:
        """End what still runs."""
        for process in reversed(self._processes):
            process.kill()
            process.wait()


@contextmanager
def cluster(
    folder: Path, *options: str, workers: int, environment: Mapping[str, str] | None = None
) -> Iterator[Cluster]:
    """A scheduler with so many workers, ended at the end."""
    made = Cluster(folder, *options, environment=environment)
    try:
        for _ in range(workers):
            made.add_worker()
        yield made
    finally:
        made.close()
