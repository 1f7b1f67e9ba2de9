"""The engine: jobs go to one warm worker process, transpiling to another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from tui.sandbox.core.devices import Device
from tui.sandbox.simulator.base.values import EngineError, RunOutcome, TranspiledCircuit, TranspileRequest
from tui.sandbox.simulator.worker_process import WorkerDied, WorkerProcess


class Engine:
    """Runs the jobs of the sandbox and transpiles for it.

    Jobs are run one after the other. Transpiling has its own process, started when first asked for or
    warmed, so that it never waits behind a long simulation. Cancelling a call stops the work itself.
    """

    def __init__(self) -> None:
        self._simulator = WorkerProcess("run")
        self._transpiler = WorkerProcess("transpile")

    @property
    def pids(self) -> list[int]:
        """The ids of the worker processes that run now."""
        return [pid for pid in (self._simulator.pid, self._transpiler.pid) if pid is not None]

    async def start(self) -> None:
        """Start the simulator's process, which begins to import; does not wait for that."""
        await self._simulator.start()

    async def warm_transpiler(self) -> None:
        """Start the transpiler's process, which begins to import; does not wait for that."""
        await self._transpiler.start()

    async def run(
        self, program_id: str, params: Mapping[str, Any], device: str | Device, *, seed: int | None = None
    ) -> RunOutcome:
        """Run a job on a device to its end. Whatever goes wrong is a Failed outcome with its reason.

        The same `seed` gives the same result; None draws a fresh one.
        """
        name = device.name if isinstance(device, Device) else device
        message = {
            "do": "run",
            "program_id": program_id,
            "params": dict(params),
            "device": name,
            "seed": seed,
        }
        try:
            answer = await self._simulator.call(message)
        except WorkerDied as error:
            return RunOutcome(
                "Failed",
                reason=str(error),
                reason_code=1002,
                reason_solution="Try again; if it fails again, use fewer qubits, circuits or shots.",
            )
        return RunOutcome(**answer["outcome"])

    async def transpile(self, request: TranspileRequest) -> list[TranspiledCircuit]:
        """Transpile circuits, in their order. Raises `EngineError` with a message for the user."""
        answer = await self._transpiler.call({"do": "transpile", "request": asdict(request)})
        if "error" in answer:
            raise EngineError(answer["error"])
        return [TranspiledCircuit(**circuit) for circuit in answer["circuits"]]

    async def aclose(self) -> None:
        """End the workers."""
        await self._simulator.aclose()
        await self._transpiler.aclose()
