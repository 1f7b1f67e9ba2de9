"""The recorded devices: quick to read, and complete enough for IBM's own client."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys

import pytest
from qiskit_ibm_runtime.models import BackendProperties, QasmBackendConfiguration
from qiskit_ibm_runtime.utils.backend_converter import convert_to_target

from tui.sandbox.core.devices import DEVICES, UnknownDevice, device


@pytest.mark.parametrize(
    ("name", "qubits", "gate"),
    [("ibm_peekskill", 27, "ecr"), ("ibm_cusco", 127, "ecr"), ("ibm_fez", 156, "cz")],
)
def test_device_bodies_make_a_target_in_ibms_client(name: str, qubits: int, gate: str) -> None:
    configuration = QasmBackendConfiguration.from_dict(json.loads(json.dumps(device(name).configuration())))
    properties = BackendProperties.from_dict(json.loads(json.dumps(device(name).properties())))
    target = convert_to_target(configuration, properties)
    assert configuration.backend_name == properties.backend_name == name
    assert target.num_qubits == device(name).n_qubits == qubits
    assert {gate, "measure", "reset", "delay", "if_else", "for_loop", "switch_case"} <= set(
        target.operation_names
    )
    assert "qasm3" in configuration.supported_features


def test_device_summary_has_true_medians() -> None:
    summary = device("ibm_fez").summary()
    properties = device("ibm_fez").properties()
    readout = [e["value"] for qubit in properties["qubits"] for e in qubit if e["name"] == "readout_error"]
    metrics = summary["performance_metrics"]
    assert metrics["readout_error_median"]["value"] == statistics.median(readout)
    assert metrics["two_q_error_best"]["value"] < metrics["two_q_error_median"]["value"] < 0.01
    assert metrics["two_q_error_best"]["gate"] == "cz"
    assert summary["processor_type"] == {"family": "Heron", "revision": "2"}
    assert summary["clops"] == {"type": "hardware", "value": 195000}
    assert device("ibm_peekskill").summary()["clops"] is None


def test_unknown_device_raises_with_its_name() -> None:
    with pytest.raises(UnknownDevice, match="ibm_nowhere"):
        device("ibm_nowhere")
    assert DEVICES == ("ibm_peekskill", "ibm_cusco", "ibm_fez")


def test_devices_module_imports_no_qiskit() -> None:
    code = (
        "import sys, tui.sandbox.simulator, tui.sandbox.core.devices as d;"
        "[d.device(n).summary() for n in d.DEVICES];"
        "print(sorted({'qiskit', 'numpy', 'qiskit_ibm_runtime', 'qiskit_aer', 'stim'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
