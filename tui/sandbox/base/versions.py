"""Versions of installed packages, read from their metadata so that nothing heavy is imported."""

from __future__ import annotations

from functools import cache
from importlib.metadata import PackageNotFoundError, version


@cache
def qiskit_version() -> str:
    """The installed Qiskit's version, "" when there is none."""
    try:
        return version("qiskit")
    except PackageNotFoundError:
        return ""
