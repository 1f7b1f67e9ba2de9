"""The fast analysis for the app: a worker process of its own kind, which imports no Qiskit."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from typing import Final

import msgspec

from tui.common.environment import worker_environment
from tui.common.errors import ErrorKind, QdeckError
from tui.common.worker_process import WorkerDied
from tui.common.worker_queue import WorkerClosed, WorkerQueue
from tui.domain.circuits import Analysis
from tui.openqasm.analysis.hints import Device

WORKER: Final = "tui.openqasm.analysis.worker_main"
SECONDS: Final = 20.0
"""Time an analysis may take; 100,000 lines take about one second."""
IDLE_SECONDS: Final = 600.0
"""Time without a request after which the worker is ended: it takes 40 MB, and 0.3 s to come again."""


class AnalysisRequest(msgspec.Struct, frozen=True):
    """Analyse a program; `device`: with hints for it. Reply: `Analysis`."""

    qasm: str
    device: Device | None = None


class Analyzer:
    """The fast analysis behind a process boundary.

    The worker is started by `start` or the first request, and ended when nothing was asked for a while.

    Args:
        environment: variables for the worker beside those that every worker gets.
        idle_seconds: time without a request after which it is ended.
    """

    def __init__(
        self, environment: Mapping[str, str] | None = None, *, idle_seconds: float = IDLE_SECONDS
    ) -> None:
        # QDK sends figures of use to Microsoft unless it is told not to.
        silent = {"QDK_PYTHON_TELEMETRY": "none", "PYTHONUTF8": "1"}
        variables = worker_environment(os.environ) | dict(environment or {}) | silent
        self._queue = WorkerQueue(WORKER, environment=variables, idle_seconds=idle_seconds)

    @property
    def pid(self) -> int | None:
        """The worker's process id; `None` while there is no worker."""
        return self._queue.pid

    def start(self) -> None:
        """Start the worker in the background."""
        self._queue.start()

    async def analyse(self, qasm: str, device: Device | None = None) -> Analysis:
        """Analyse a program; what is wrong with it is not raised.

        Args:
            qasm: the program, in any state.
            device: a backend to give hints for.

        Raises:
            QdeckError: `UNAVAILABLE` when the worker cannot be had or ended.
        """
        # Encoding a long text takes milliseconds that a key would wait for.
        body = await asyncio.to_thread(msgspec.json.encode, AnalysisRequest(qasm, device))
        try:
            return msgspec.json.decode(await self._queue.request(body, timeout=SECONDS), type=Analysis)
        except (WorkerDied, WorkerClosed, TimeoutError, OSError, msgspec.DecodeError) as error:
            message = f"The fast analysis did not answer: {str(error) or type(error).__name__}."
            raise QdeckError(ErrorKind.UNAVAILABLE, message) from error

    async def aclose(self) -> None:
        """End the worker."""
        await self._queue.aclose()
