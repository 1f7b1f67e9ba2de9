"""Answers requests with Qiskit. Importing this module imports Qiskit."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

import msgspec
import qiskit
from qiskit.exceptions import QiskitError
from qiskit.transpiler import Target

from tui.common.errors import ErrorKind, QdeckError
from tui.common.safe_text import plain
from tui.compiler import messages
from tui.compiler.messages import REQUEST_DECODER, Done, Failed, Request, TargetData, Transpile
from tui.compiler.qiskit.circuit_summary import NotPossible
from tui.compiler.qiskit.language.conversion import convert
from tui.compiler.qiskit.language.gates import describe_gate
from tui.compiler.qiskit.mitigation import estimator_values
from tui.compiler.qiskit.parser import Unreadable, check
from tui.compiler.qiskit.qpy import decode_qpy, encode_qpy
from tui.compiler.qiskit.quantum_program import prepare_program
from tui.compiler.qiskit.search.trials import Trials
from tui.compiler.qiskit.transpile import review, transpile
from tui.compiler.qiskit.views.diagram import diagram
from tui.compiler.qiskit.views.timeline import timeline
from tui.domain.circuits import TranspileOptions
from tui.domain.export.pictures import Picture
from tui.qiskit_common.target import DeviceDataError, build_target

MOST_TARGETS: Final = 12
"""Targets kept; one takes about 1 MB."""
LONGEST_MESSAGE: Final = 600
_WARM_UP: Final = (
    'OPENQASM 2.0; include "qelib1.inc"; qreg q[2]; creg c[2]; h q[0]; cx q[0],q[1]; measure q->c;',
    'OPENQASM 3.0; include "stdgates.inc"; qubit[2] q; bit[2] c; h q[0]; cx q[0], q[1]; c = measure q;',
)
_SMALL_DEVICE: Final = b"""{"n_qubits": 3, "basis_gates": ["cz", "rz", "sx", "x"], "gates": [
    {"name": "cz", "coupling_map": [[0, 1], [1, 0], [1, 2], [2, 1]]},
    {"name": "rz", "coupling_map": [[0], [1], [2]]}, {"name": "sx", "coupling_map": [[0], [1], [2]]},
    {"name": "x", "coupling_map": [[0], [1], [2]]}]}"""


class RequestHandler:
    """Qiskit behind requests, with the targets it has been given."""

    def __init__(self) -> None:
        self._targets: OrderedDict[tuple[str, bool], Target] = OrderedDict()
        self._trials = Trials()

    def warm_up(self) -> None:
        """Do a little of everything once, since Qiskit loads plug-ins and tables at their first use."""
        device = TargetData("small", "", configuration=_SMALL_DEVICE, properties=b"")
        for text in _WARM_UP:
            check(text)
            self._result(Transpile(text, device, TranspileOptions(2, 0)))

    def answer(self, body: bytes) -> tuple[bytes]:
        """Return the reply to a request. What goes wrong is a reply too, panics of Qiskit's Rust included."""
        request = REQUEST_DECODER.decode(body)
        return (msgspec.json.encode(self._answer(request)),)

    def _answer(self, request: Request) -> Done | Failed:
        try:
            return Done(msgspec.Raw(msgspec.json.encode(self._result(request))))
        except (KeyboardInterrupt, SystemExit):
            raise
        except Unreadable as error:
            first = error.diagnostics[0]
            place = f"Line {first.line}: " if first.line else ""
            return Failed(ErrorKind.CIRCUIT, place + first.message)
        except NotPossible as error:
            return Failed(ErrorKind.CIRCUIT, str(error), error.advice)
        except QdeckError as error:
            return Failed(error.kind, error.message, error.advice)
        except DeviceDataError as error:
            return Failed(ErrorKind.CIRCUIT, str(error))
        except MemoryError:
            return Failed(ErrorKind.CIRCUIT, "The circuit is too large for the memory Qiskit may use.")
        except QiskitError as error:
            return Failed(ErrorKind.CIRCUIT, f"Qiskit cannot do this: {_short(error.message)}")
        except BaseException as error:
            return Failed(ErrorKind.CIRCUIT, f"Qiskit failed ({type(error).__name__}): {_short(str(error))}")

    def _result(self, request: Request) -> object:
        match request:
            case messages.Version():
                return qiskit.__version__
            case messages.Check(qasm):
                return check(qasm)
            case messages.Convert(qasm, version):
                return convert(qasm, version)
            case messages.DiagramOf(qasm, layout):
                return diagram(qasm, layout)
            case messages.DecodeQpy(payload, whole):
                return decode_qpy(payload, whole=whole)
            case messages.EstimatorValues(content):
                return estimator_values(content)
            case messages.EncodeQpy(programs, names):
                return encode_qpy(programs, names)
            case messages.Plot(picture, form):
                return _plotted(picture, form)
            case messages.SimulateIdeal():
                # Aer is loaded when it is first needed.
                from tui.compiler.qiskit.simulation.ideal import simulate_ideal

                return simulate_ideal(request)
            case messages.SimulateSweep(target=None):
                from tui.compiler.qiskit.simulation.sweeps import simulate_sweep

                return simulate_sweep(request)
            case messages.SimulateValues(target=None):
                from tui.compiler.qiskit.simulation.values import simulate_values

                return simulate_values(request)
            case messages.DescribeGate(target=None):
                return describe_gate(request, None)
        target = None if request.target is None else self._target(request.target)
        if target is None:
            return None
        match request:
            case messages.PrepareProgram():
                return prepare_program(request, target)
            case messages.DescribeGate():
                return describe_gate(request, target)
            case messages.TimelineOf():
                return timeline(request, target)
            case messages.SimulateNoisy():
                from tui.compiler.qiskit.simulation.noisy import simulate_noisy

                return simulate_noisy(request, target)
            case messages.SimulateSweep():
                from tui.compiler.qiskit.simulation.sweeps import simulate_sweep

                return simulate_sweep(request, target)
            case messages.SimulateValues():
                from tui.compiler.qiskit.simulation.values import simulate_values

                return simulate_values(request, target)
            case messages.RunTrial():
                return self._trials.run(request, target)
            case messages.MakeCandidate():
                return self._trials.finish(request, target)
        return transpile(request, target) if isinstance(request, Transpile) else review(request, target)

    def _target(self, data: TargetData) -> Target | None:
        key = data.key, data.fractional
        target = self._targets.get(key)
        if target is None:
            if data.configuration is None or data.properties is None:
                return None
            target = build_target(data.name, data.configuration, data.properties, fractional=data.fractional)
            self._targets[key] = target
            if len(self._targets) > MOST_TARGETS:
                self._targets.popitem(last=False)
        self._targets.move_to_end(key)
        return target


def _plotted(picture: Picture, form: str) -> bytes:
    try:
        # Matplotlib is loaded when the first picture is asked for.
        from tui.compiler.qiskit.views.plots import plot
    except ImportError as error:
        raise QdeckError(
            ErrorKind.UNAVAILABLE,
            f"Matplotlib, which draws pictures, cannot be loaded: {plain(str(error), limit=200)}.",
            'Install it with: pip install "qdeck[local]".',
        ) from error
    return plot(picture, form)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= LONGEST_MESSAGE else line[:LONGEST_MESSAGE] + "…"
