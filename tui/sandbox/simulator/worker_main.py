"""The worker process of the simulator: imports Qiskit, then answers one message after the other."""

from __future__ import annotations

import json
import sys
import traceback
import warnings
from dataclasses import asdict
from typing import Any

from tui.common.worker_process import Handler, serve
from tui.sandbox.simulator.base.values import EngineError, RunOutcome, TranspileRequest


def main() -> None:
    """Serve until the engine is gone. The argument says what to warm up: "run" or "transpile"."""
    warnings.simplefilter("ignore")
    serve(_prepare)


def _prepare() -> Handler:
    problem = _warm_up(sys.argv[1])
    return lambda body: (json.dumps(_answer(json.loads(body), problem), separators=(",", ":")).encode(),)


def _warm_up(warm: str) -> str | None:
    try:
        if warm == "transpile":
            from tui.sandbox.simulator.transpile import warm as warm_up

            warm_up()
        else:
            from tui.sandbox.simulator.primitives.runner import warm as warm_up

            warm_up()
    except ImportError as error:
        return f"The sandbox cannot simulate: {error}. Install the extra 'local'."
    return None


def _answer(message: dict[str, Any], problem: str | None) -> dict[str, Any]:
    if message["do"] == "transpile":
        return _transpile(message, problem)
    return {"outcome": asdict(_run(message, problem))}


def _run(message: dict[str, Any], problem: str | None) -> RunOutcome:
    if problem is not None:
        return RunOutcome("Failed", reason=problem, reason_code=1002)
    from tui.sandbox.simulator.primitives.runner import run

    try:
        return run(message["program_id"], message["params"], message["device"], message["seed"])
    except Exception as error:
        # The last line of defence: a fault of ours must not take the service down with it.
        traceback.print_exc()
        return RunOutcome("Failed", reason=_internal(error), reason_code=1002)


def _transpile(message: dict[str, Any], problem: str | None) -> dict[str, Any]:
    if problem is not None:
        return {"error": problem}
    from tui.sandbox.simulator.transpile import transpile_all

    request = message["request"]
    if request["coupling_map"] is not None:
        request["coupling_map"] = [(first, second) for first, second in request["coupling_map"]]
    try:
        circuits = transpile_all(TranspileRequest(**request))
    except EngineError as error:
        return {"error": str(error)}
    except Exception as error:
        traceback.print_exc()
        return {"error": _internal(error)}
    return {"circuits": [asdict(circuit) for circuit in circuits]}


def _internal(error: Exception) -> str:
    return f"Internal error of the sandbox: {type(error).__name__}: {error}"
