"""The worker process: imports Qiskit, then answers one message after the other until stdin closes.

Run as `python -m tui.sandbox.simulator.worker_main run|transpile`. Protocol: `frames` on stdin and stdout.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import traceback
import warnings
from dataclasses import asdict
from typing import Any, BinaryIO

from tui.sandbox.simulator import frames
from tui.sandbox.simulator.base.values import EngineError, RunOutcome, TranspileRequest


def main() -> None:
    """Serve until the engine is gone."""
    # Ctrl+C in a terminal reaches the whole group; the engine decides when the worker ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _die_with_engine()
    answers = os.fdopen(os.dup(1), "wb")
    # Whatever a library prints must not end up between the messages.
    os.dup2(2, 1)
    requests = os.fdopen(os.dup(0), "rb")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    warnings.simplefilter("ignore")
    serve(requests, answers, sys.argv[1] if len(sys.argv) > 1 else "run")


def serve(requests: BinaryIO, answers: BinaryIO, warm: str) -> None:
    """Answer every message of `requests` on `answers`."""
    problem = _warm_up(warm)
    while (message := frames.read_blocking(requests)) is not None:
        answers.write(frames.pack(_answer(message, problem)))
        answers.flush()


def _die_with_engine() -> None:
    """Make this process end when its stdin is closed, also in the middle of a simulation.

    Aer holds the interpreter's lock while it simulates, so that no thread could notice. A small child,
    forked before anything is imported, watches stdin and kills this process when it is hung up.
    """
    here, there = os.pipe()
    worker = os.getpid()
    if os.fork() != 0:
        os.close(here)
        os.set_inheritable(there, False)
        return
    os.close(there)
    os.dup2(2, 1)
    watch = select.poll()
    watch.register(0, 0)
    watch.register(here, 0)
    gone = {descriptor for descriptor, _ in watch.poll()}
    # `here` hangs up when the worker itself has ended: then its id may already belong to another.
    if here not in gone:
        os.kill(worker, signal.SIGKILL)
    os._exit(0)


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


if __name__ == "__main__":
    main()
