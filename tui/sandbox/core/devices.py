"""The devices of the sandbox: recorded configuration and calibration of real IBM Quantum machines.

The bodies are the ones IBM's server sent when they were recorded; they come with the package
`qiskit-ibm-runtime` (`fake_provider/backends/<name>/conf_<name>.json`, `props_<name>.json`). The
package is located, never imported: importing it costs seconds, reading the files milliseconds.
"""

from __future__ import annotations

import importlib.util
import json
import statistics
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from tui.sandbox.core.drift import Drift, drifted

DEVICES: tuple[str, ...] = ("ibm_peekskill", "ibm_cusco", "ibm_fez")

MOCKS: tuple[str, ...] = tuple(f"mock_{name.removeprefix('ibm_')}" for name in DEVICES)
"""Twins of the devices for dry runs, in the same order."""

RETIRED = "ibm_brisbane"
"""A device of archived jobs, which the service no longer offers."""

_QUBITS = {**dict(zip(DEVICES + MOCKS, (27, 127, 156) * 2, strict=True)), RETIRED: 127}


class UnknownDevice(LookupError):
    """No device of that name in the sandbox."""

    def __init__(self, name: str) -> None:
        super().__init__(f"There is no device named {name!r} here. Known: {', '.join(DEVICES)}.")
        self.name = name


class DeviceDataMissing(RuntimeError):
    """The recorded data is not installed (the package `qiskit-ibm-runtime`, extra `local`)."""


@dataclass(frozen=True)
class Device:
    """One recorded device. The dicts it returns are cached: treat them as read-only.

    Attributes:
        drift: the noise on its calibration; `None`: that is the recorded one.
    """

    name: str
    n_qubits: int
    drift: Drift | None = None

    @property
    def is_mock(self) -> bool:
        """True for the twin of a device on which jobs run dry."""
        return self.name in MOCKS

    def drifted(self, drift: Drift) -> Device:
        """Return the device with another calibration."""
        return replace(self, drift=drift)

    @property
    def key(self) -> str:
        """Name of the device with its calibration, by which the workers know both; see `device`."""
        return f"{self.name}@{self.drift.seed}.{self.drift.number}" if self.drift else self.name

    def configuration(self) -> dict[str, Any]:
        """Return the body of `GET /backends/{name}/configuration`: `dt` in ns, `rep_delay` in us."""
        return _configuration(self.name)

    def properties(self) -> dict[str, Any]:
        """Return the body of `GET /backends/{name}/properties`: T1, T2 in us, gate lengths in ns."""
        return _properties(self.name) if self.drift is None else _drifted(self.name, self.drift)

    @property
    def calibrated(self) -> datetime:
        """Time of the calibration."""
        if self.drift is not None and self.drift.moment is not None:
            return self.drift.moment
        return datetime.fromisoformat(self.properties()["last_update_date"]).astimezone(UTC)

    @property
    def calibration_id(self) -> str:
        """Id of the calibration: the device's name and the day, of a drifted one the second."""
        form = "%Y-%m-%d" if self.drift is None else "%Y-%m-%dT%H%M%SZ"
        return f"{self.name}-{self.calibrated:{form}}"

    def summary(self) -> dict[str, Any]:
        """Return the device's object in `GET /backends`, idle and online.

        Errors are true medians and bests of the recorded calibration, where an error of 1 marks a
        coupler that was out of order. The layered error is the EPLG of the longest recorded chain,
        1 - LF**(1 / (n - 1)) (McKay et al., arXiv:2311.05933); absent when none was recorded.
        """
        return _summary(self)


def device(key: str) -> Device:
    """Return a recorded device, the twin of one, or the retired one.

    Args:
        key: its name, for the recorded calibration, or a `Device.key`.

    Raises:
        UnknownDevice: when the sandbox has no device of that name.
    """
    name, at, rest = key.partition("@")
    if name not in _QUBITS:
        raise UnknownDevice(name)
    if not at:
        return Device(name, _QUBITS[name])
    seed, _, number = rest.partition(".")
    return Device(name, _QUBITS[name], Drift(int(seed), int(number)))


def device_name(key: str) -> str:
    """Return the name of the device with this `Device.key`."""
    return key.partition("@")[0]


@cache
def _folder() -> Path:
    spec = importlib.util.find_spec("qiskit_ibm_runtime")
    if spec is None or not spec.submodule_search_locations:
        raise DeviceDataMissing("The sandbox needs the package qiskit-ibm-runtime (extra 'local').")
    return Path(spec.submodule_search_locations[0]) / "fake_provider" / "backends"


def _read(name: str, kind: str) -> dict[str, Any]:
    short = name.partition("_")[2]
    path = _folder() / short / f"{kind}_{short}.json"
    try:
        body: dict[str, Any] = json.loads(path.read_bytes())
    except OSError as error:
        raise DeviceDataMissing(f"The recorded data of {name} cannot be read: {error}.") from error
    body["backend_name"] = name
    return body


@cache
def _configuration(name: str) -> dict[str, Any]:
    # The recorder wrote some missing values as the text "None".
    body: dict[str, Any] = {
        key: None if value == "None" else value for key, value in _read(name, "conf").items()
    }
    # Recorded before the service named this feature, by which IBM's client filters backends.
    if "if_else" in body["supported_instructions"]:
        body["supported_features"] = sorted({*body["supported_features"], "dynamic_circuits"})
    return body


@cache
def _properties(name: str) -> dict[str, Any]:
    return _read(name, "props")


@lru_cache(maxsize=16)
def _drifted(name: str, drift: Drift) -> dict[str, Any]:
    return drifted(_properties(name), name.partition("_")[2], drift)


@lru_cache(maxsize=16)
def _summary(device: Device) -> dict[str, Any]:
    name = device.name
    configuration, properties = device.configuration(), device.properties()
    processor = configuration.get("processor_type") or {}
    clops = configuration.get("clops_h")
    kind = {"class": "mock"} if name in MOCKS else {}
    return {
        "name": name,
        **kind,
        "status": {"name": "online", "reason": "available"},
        "is_simulator": False,
        "qubits": configuration["n_qubits"],
        "clops": {"type": "hardware", "value": clops} if clops else None,
        "processor_type": {key: str(value) for key, value in processor.items()} or None,
        "queue_length": 0,
        "performance_metrics": _performance(properties),
    }


def _performance(properties: dict[str, Any]) -> dict[str, Any]:
    readout = [
        entry["value"]
        for qubit in properties["qubits"]
        for entry in qubit
        if entry["name"] == "readout_error"
    ]
    # Fractional gates (rzz) are calibrated beside the device's own two-qubit gate: not counted.
    two_qubit = [
        (entry["value"], gate)
        for gate in properties["gates"]
        if len(gate["qubits"]) == 2 and gate["gate"] != "rzz"
        for entry in gate["parameters"]
        if entry["name"] == "gate_error" and entry["value"] < 1
    ]
    best, where = min(two_qubit, key=lambda pair: pair[0])
    metrics: dict[str, Any] = {
        "two_q_error_best": {"value": best, "gate": where["gate"], "unit": "", "qubits": where["qubits"]},
        "two_q_error_median": {"value": statistics.median(value for value, _ in two_qubit), "unit": ""},
        "readout_error_median": {"value": statistics.median(readout), "unit": ""},
    }
    chains = {
        int(entry["name"].removeprefix("lf_")): entry["value"]
        for entry in properties["general"]
        if entry["name"].startswith("lf_") and entry["name"].removeprefix("lf_").isdecimal()
    }
    if chains:
        longest = max(chains)
        layered = 1 - chains[longest] ** (1 / (longest - 1))
        metrics["two_q_error_layered"] = {"value": layered, "unit": ""}
    return metrics
