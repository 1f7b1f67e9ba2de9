"""The engine of the sandbox: runs jobs on simulated devices and transpiles, in worker processes.

Importing this package is cheap: Qiskit and numpy are imported by the workers alone.
"""

from __future__ import annotations

from tui.sandbox.engine.engine import Engine
from tui.sandbox.engine.validation import validate_params
from tui.sandbox.engine.values import EngineError, RunOutcome, TranspiledCircuit, TranspileRequest

__all__ = [
    "Engine",
    "EngineError",
    "RunOutcome",
    "TranspileRequest",
    "TranspiledCircuit",
    "validate_params",
]
