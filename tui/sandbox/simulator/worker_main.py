"""The worker process of the simulator: imports Qiskit, then answers one message after the other."""

from __future__ import annotations

import gc
import json
import sys
import traceback
import warnings
from dataclasses import asdict
from typing import Any

from tui.common.worker_process import Handler, serve
from tui.sandbox.simulator.base.values import EngineError, RunOutcome, SimulationEstimate, TranspileRequest


def main() -> None:
    """Serve until the engine is gone. The argument says what: "run" or "transpile"."""
    warnings.simplefilter("ignore")
    if sys.argv[1] == "transpile":
        serve(prepare_transpiling, memory_share=0.5)
    else:
        # A state of many qubits takes what there is; more than that would take the machine with it.
        serve(prepare_running, memory_share=1.0)


def prepare_running() -> Handler:
    """Import what a job needs.

    Returns:
        A handler whose reply is the outcome of a job.
    """
    try:
        from tui.sandbox.simulator.runner import run, warm

        warm()
        _spare_collections()
    except ImportError as error:
        failed = RunOutcome("Failed", reason=_missing(error), reason_code=1002)
        return lambda _: (_json(asdict(failed)),)

    def handle(body: bytes) -> tuple[bytes]:
        try:
            outcome = run(**json.loads(body))
        except Exception as error:
            # The last line of defence: a fault of ours must not take the service down with it.
            traceback.print_exc()
            outcome = RunOutcome("Failed", reason=_internal(error), reason_code=1002)
        return (_json(asdict(outcome)),)

    return handle


def prepare_transpiling() -> Handler:
    """Import what transpiling needs.

    Returns:
        A handler whose reply has the transpiled "circuits", or the "error" in words.
    """
    try:
        from tui.sandbox.simulator.estimate import estimate_job
        from tui.sandbox.simulator.transpile import transpile_all, warm

        warm()
        _spare_collections()
    except ImportError as error:
        missing = _missing(error)
        return lambda _: (_json({"error": missing}),)

    def handle(body: bytes) -> tuple[bytes]:
        request = json.loads(body)
        if "program_id" in request:
            try:
                return (_json(asdict(estimate_job(**request))),)
            except Exception:
                traceback.print_exc()
                return (_json(asdict(SimulationEstimate(None))),)
        if request["coupling_map"] is not None:
            request["coupling_map"] = [(first, second) for first, second in request["coupling_map"]]
        try:
            circuits = transpile_all(TranspileRequest(**request))
        except EngineError as error:
            return (_json({"error": str(error)}),)
        except Exception as error:
            traceback.print_exc()
            return (_json({"error": _internal(error)}),)
        return (_json({"circuits": [asdict(circuit) for circuit in circuits]}),)

    return handle


def _spare_collections() -> None:
    """Leave what was imported out of garbage collections: a full one took a tenth of a second of some job."""
    gc.collect()
    gc.freeze()


def _json(reply: dict[str, Any]) -> bytes:
    return json.dumps(reply, separators=(",", ":")).encode()


def _missing(error: ImportError) -> str:
    return f"The sandbox cannot simulate: {error}. Install the extra 'local'."


def _internal(error: Exception) -> str:
    return f"Internal error of the sandbox: {type(error).__name__}: {error}"
