"""The engine: jobs go to one warm worker process, transpiling to another."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

from tui.common.worker_process import WorkerDied
from tui.common.worker_queue import WorkerClosed, WorkerQueue
from tui.sandbox.core.devices import Device
from tui.sandbox.simulator.base.values import (
    EngineError,
    RunOutcome,
    SimulationEstimate,
    TranspiledCircuit,
    TranspileRequest,
)

TRANSPILE_SECONDS = 300.0
"""Time a transpilation may take."""
ESTIMATE_SECONDS = 60.0
"""Time an estimate may take: what is not tried out by then takes too long to wait for."""
_WORKER = "tui.sandbox.simulator.worker_main"


class SimulatorDied(EngineError):
    """The worker ended instead of answering; the message says how."""


class Engine:
    """Runs the jobs of the sandbox and transpiles for it.

    Jobs are run one after the other. Transpiling has its own process, started when first asked for or
    warmed, so that it never waits behind a long simulation. Cancelling a call stops the work itself.
    """

    def __init__(self) -> None:
        self._simulator = WorkerQueue(_WORKER, "run")
        self._transpiler = WorkerQueue(_WORKER, "transpile")

    @property
    def pids(self) -> list[int]:
        """Process ids of the workers that run now."""
        return [pid for pid in (self._simulator.pid, self._transpiler.pid) if pid is not None]

    async def start(self) -> None:
        """Start the simulator's process, which begins to import; does not wait for that."""
        await _start(self._simulator)

    async def warm_transpiler(self) -> None:
        """Start the transpiler's process, which begins to import; does not wait for that."""
        await _start(self._transpiler)

    async def run(
        self, program_id: str, params: Mapping[str, Any], device: str | Device, *, seed: int | None = None
    ) -> RunOutcome:
        """Run a job on a device to its end.

        Args:
            program_id: "sampler" or "estimator".
            params: The params of the job.
            device: The device or its key.
            seed: The same seed gives the same result; None draws a fresh one.

        Returns:
            How the job ended; whatever goes wrong is a Failed outcome with its reason.

        Raises:
            EngineError: The engine is closed.
        """
        name = device.key if isinstance(device, Device) else device
        message = {
            "program_id": program_id,
            "params": dict(params),
            "device": name,
            "seed": seed,
        }
        try:
            answer = await _answer(self._simulator, message)
        except SimulatorDied as error:
            return RunOutcome(
                "Failed",
                reason=str(error),
                reason_code=1002,
                reason_solution="Try again; if it fails again, use fewer qubits, circuits or shots.",
            )
        return RunOutcome(**answer)

    async def transpile(self, request: TranspileRequest) -> list[TranspiledCircuit]:
        """Transpile circuits.

        Returns:
            The transpiled circuits in the order of the request.

        Raises:
            EngineError: The request cannot be fulfilled; the message is for the user.
        """
        answer = await _answer(self._transpiler, asdict(request), TRANSPILE_SECONDS)
        if "error" in answer:
            raise EngineError(answer["error"])
        return [TranspiledCircuit(**circuit) for circuit in answer["circuits"]]

    async def estimate(
        self, program_id: str, params: Mapping[str, Any], device: str | Device
    ) -> SimulationEstimate:
        """Estimate how long a job takes to simulate, in the transpiler's process.

        Raises:
            EngineError: The engine is closed, or no estimate came in time.
        """
        name = device.key if isinstance(device, Device) else device
        message = {"program_id": program_id, "params": dict(params), "device": name}
        return SimulationEstimate(**await _answer(self._transpiler, message, ESTIMATE_SECONDS))

    async def aclose(self) -> None:
        """End the workers."""
        await self._simulator.aclose()
        await self._transpiler.aclose()


@contextmanager
def _engine_errors() -> Iterator[None]:
    try:
        yield
    except WorkerClosed as error:
        raise EngineError("The engine is closed.") from error
    except WorkerDied as error:
        how = f"it was ended by signal {error.signal}" if error.signal else f"exit status {error.status}"
        if error.signal == "SIGKILL":
            how += ", as happens when memory runs out"
        last = f" It said: {error.last_line}" if error.last_line else ""
        raise SimulatorDied(f"The simulator stopped unexpectedly: {how}.{last}") from error


async def _start(queue: WorkerQueue) -> None:
    with _engine_errors():
        await queue.start()


async def _answer(queue: WorkerQueue, message: dict[str, Any], seconds: float | None = None) -> Any:
    body = json.dumps(message, separators=(",", ":")).encode()
    with _engine_errors():
        try:
            return json.loads(await queue.request(body, timeout=seconds))
        except TimeoutError as error:
            raise EngineError(f"This took longer than {seconds:g} s and was stopped.") from error
