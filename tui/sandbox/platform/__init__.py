"""The face of today: IBM Quantum Platform on IBM Cloud, with the IBM Cloud services around it."""

from __future__ import annotations

from tui.sandbox.platform.routes import routes

__all__ = ["routes"]
