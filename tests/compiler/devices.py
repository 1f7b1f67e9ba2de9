"""Recorded device data, as the service sends it."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path

from tui.domain.devices.backends import BackendData

DEVICES = ("peekskill", "cusco", "fez")
QUBITS = {"peekskill": 27, "cusco": 127, "fez": 156}


@cache
def device(name: str) -> BackendData:
    """Configuration and properties of an IBM device, from the files that come with IBM's client."""
    found = find_spec("qiskit_ibm_runtime")
    assert found is not None and found.origin is not None
    folder = Path(found.origin).parent / "fake_provider" / "backends" / name
    return BackendData(
        f"ibm_{name}",
        (folder / f"conf_{name}.json").read_bytes(),
        (folder / f"props_{name}.json").read_bytes(),
    )
