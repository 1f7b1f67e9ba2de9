"""The face of the walkthrough: the classic auth host, runtime and cloud transpiler."""

from __future__ import annotations

from tui.sandbox.classic.routes import is_transpiler, routes

__all__ = ["is_transpiler", "routes"]
