"""Transpiling as the cloud transpiler does it: circuits in, circuits of the device out, by Qiskit."""

from __future__ import annotations

import base64
import inspect
import io
from collections.abc import Mapping
from typing import Any

from qiskit import qasm2, qasm3, qpy, transpile
from qiskit.circuit import QuantumCircuit
from qiskit.exceptions import QiskitError
from qiskit.transpiler import CouplingMap

from tui.qiskit_common.plugins import use_all_plugins, use_own_plugins
from tui.sandbox.core.devices import DEVICES, DeviceDataMissing, UnknownDevice
from tui.sandbox.simulator.base.calibration import target
from tui.sandbox.simulator.base.values import EngineError, JobFailure, TranspiledCircuit, TranspileRequest
from tui.sandbox.simulator.circuits.loader import LoadedCircuit, load_circuit, load_qpy
from tui.sandbox.simulator.primitives.accounting import one_line

# Members of the request itself.
_RESERVED = {"circuits", "backend", "target", "coupling_map", "output_name", "callback", "num_processes"}
_OPTIONS = set(inspect.signature(transpile).parameters) - _RESERVED
_OLDEST_QPY = 13


def warm() -> None:
    """Import what transpiling needs and transpile a Bell pair."""
    use_own_plugins()
    circuit = QuantumCircuit(2, 2)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.measure([0, 1], [0, 1])
    transpile(circuit, target=target(DEVICES[0]), optimization_level=1)


def transpile_all(request: TranspileRequest) -> list[TranspiledCircuit]:
    """Transpile every circuit of the request.

    Returns:
        The transpiled circuits in the order of the request.

    Raises:
        EngineError: The request is wrong, or a circuit cannot be read or transpiled; the message is for the
            user.
    """
    try:
        settings = _settings(request)
        return [_transpiled(loaded, settings) for loaded in _circuits(request)]
    except JobFailure as failure:
        raise EngineError(failure.reason) from failure
    except (UnknownDevice, DeviceDataMissing) as error:
        raise EngineError(str(error)) from error
    except (QiskitError, TypeError, ValueError) as error:
        raise EngineError(f"The circuit cannot be transpiled: {_text(error)}") from error


def _settings(request: TranspileRequest) -> dict[str, Any]:
    """The arguments of `qiskit.transpile` that a request asks for. Raises `EngineError`."""
    if request.ai.lower() == "true":
        raise EngineError(
            "AI-powered transpiling is not available here: IBM's local AI transpiler"
            " (qiskit-ibm-ai-local-transpiler) is not part of the sandbox."
            " Ask with ai=false or ai=auto for Qiskit's own transpiler."
        )
    if request.optimization_level not in (0, 1, 2, 3):
        raise EngineError(f"optimization_level must be 0, 1, 2 or 3, not {request.optimization_level}.")
    settings = _options(request.options)
    settings["optimization_level"] = request.optimization_level
    if request.coupling_map is not None:
        settings["coupling_map"] = CouplingMap(request.coupling_map)
    elif request.device is not None:
        settings["target"] = target(request.device, request.use_fractional_gates)
    else:
        raise EngineError("Say what to transpile for: a backend or a coupling map.")
    return settings


def _options(given: Mapping[str, Any]) -> dict[str, Any]:
    for name in given:
        if name not in _OPTIONS:
            raise EngineError(f"Unknown transpile option {name!r}. Known: {', '.join(sorted(_OPTIONS))}.")
    return {name: value for name, value in given.items() if name != "optimization_level"}


def _circuits(request: TranspileRequest) -> list[LoadedCircuit]:
    if request.qpy is not None:
        return [LoadedCircuit(circuit, "qpy") for circuit in load_qpy(request.qpy)]
    if not request.qasm:
        raise EngineError("There is no circuit to transpile.")
    return [load_circuit(program) for program in request.qasm]


def _transpiled(loaded: LoadedCircuit, settings: Mapping[str, Any]) -> TranspiledCircuit:
    if "translation_method" in settings:
        use_all_plugins()
    transpiled = transpile(loaded.circuit, **settings)
    initial = list(range(transpiled.num_qubits))
    final = initial
    if transpiled.layout is not None:
        initial = transpiled.layout.initial_index_layout(filter_ancillas=False)
        final = transpiled.layout.final_index_layout(filter_ancillas=False)
    return TranspiledCircuit(_qasm(transpiled, loaded), _qpy(transpiled), initial, final)


def _qasm(circuit: QuantumCircuit, loaded: LoadedCircuit) -> str | None:
    if loaded.language == "qasm2":
        try:
            return one_line(qasm2.dumps(circuit))
        except qasm2.QASM2ExportError:
            # What came in OpenQASM 2 may go out with more than it can say: version 3 can.
            pass
    try:
        return one_line(qasm3.dumps(circuit))
    except qasm3.QASM3ExporterError:
        return None


def _qpy(circuit: QuantumCircuit) -> str:
    """Base64 of QPY, in the oldest version that Qiskit writes, for clients older than this Qiskit."""
    buffer = io.BytesIO()
    try:
        qpy.dump(circuit, buffer, version=_OLDEST_QPY)
    except qpy.QpyError:
        buffer = io.BytesIO()
        qpy.dump(circuit, buffer)
    return base64.b64encode(buffer.getvalue()).decode()


def _text(error: Exception) -> str:
    message = getattr(error, "message", None)
    return str(message if message else error).strip().strip("'\"")
