"""What the page of a job knows beside the job, and why something of it is not to be had."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from tui.common.errors import QdeckError
from tui.common.safe_text import plain_lines
from tui.domain.circuits import Transpilation
from tui.domain.devices.calibration_changes import CalibrationMoment
from tui.domain.devices.calibrations import DeviceCalibration
from tui.domain.jobs import Job, JobMetrics
from tui.domain.results import Counts, ExecutionSpan, JobResult
from tui.domain.statistics.bits import measured_qubits, used_parts
from tui.domain.statistics.predictions import Foretold
from tui.domain.statistics.trust import PastPrediction
from tui.domain.statistics.waiting import StartEstimate
from tui.widgets.results.counts import CountsView

VIEWS: Final = ("Result", "Bits", "Time", "Calibration", "Circuit", "Source", "Details", "Log", "Raw")
"""The views below the facts, in the order of the keys 1 to 9."""


@dataclass(slots=True)
class JobData:
    """What is known of one job beside the job itself.

    Attributes:
        result, log, metrics: of the service; `None` until they came.
        circuits: as submitted, one a PUB; empty until they came.
        pub: the PUB whose circuit is shown.
        texts_read: the job's long texts are at hand.
        errors: by view why its content is not to be had.
        foretold: predictions by PUB.
        joint: counts of each PUB over all its registers together; empty until they were asked for.
        view: how counts are shown.
        moments: the calibrations; empty until they came.
        spans: when it was executed; `None` until its result was looked through.
        start: when it may start, while it waits.
        transpilation: how its circuit was made here.
        formula: QPU seconds by the published formula when it was submitted.
        hashes: of its texts, by name.
        past: predictions of other jobs on its backend, the newest first.
    """

    result: JobResult | None = None
    log: str | None = None
    metrics: JobMetrics | None = None
    circuits: tuple[str, ...] = ()
    pub: int = 0
    texts_read: bool = False
    errors: dict[str, str] = field(default_factory=dict)
    foretold: dict[int, Foretold] = field(default_factory=dict)
    joint: tuple[tuple[Counts, ...], ...] = ()
    view: CountsView = field(default_factory=CountsView)
    moments: tuple[CalibrationMoment, ...] = ()
    spans: tuple[ExecutionSpan, ...] | None = None
    start: StartEstimate | None = None
    transpilation: Transpilation | None = None
    formula: float | None = None
    hashes: Mapping[str, str] = field(default_factory=dict)
    past: tuple[PastPrediction, ...] = ()
    _parts: dict[str, CircuitParts] = field(default_factory=dict)

    def refused(self, view: str, error: QdeckError) -> None:
        """Note why a view has no content."""
        self.errors[view] = plain_lines((error.message, error.advice))

    def circuit_of(self, job: Job, pub: int) -> str:
        """Return the circuit of a PUB as submitted; empty while it is not known."""
        if pub < len(self.circuits):
            return self.circuits[pub]
        return job.circuit if pub == 0 else ""

    def parts_of(self, job: Job, pub: int) -> CircuitParts:
        """Return what a circuit uses of the device; nothing while it is not known."""
        text = self.circuit_of(job, pub)
        if text not in self._parts:
            self._parts = {text: circuit_parts(text)} if text else {}
        return self._parts.get(text, NO_PARTS)

    def read_parts(self, text: str) -> None:
        """Look a circuit through beforehand; a long one takes a thread a while."""
        if text not in self._parts:
            self._parts = {text: circuit_parts(text)}

    def device(self, name: str) -> DeviceCalibration | None:
        """Return the calibration at a moment, else the one before it that is known."""
        known = {moment.name: moment.device for moment in self.moments}
        return known.get(name) or known.get("made") or known.get("now")

    @property
    def shown(self) -> JobResult | None:
        """The result as it is looked at: its registers together where that is chosen."""
        if self.result is None or not self.view.joint:
            return self.result
        pubs = [
            replace(pub, counts=joint) if joint else pub
            for pub, joint in zip(self.result.pubs, self.joint, strict=False)
        ]
        return replace(self.result, pubs=(*pubs, *self.result.pubs[len(pubs) :]))

    @property
    def has_several_registers(self) -> bool:
        """True where a PUB's counts are of more than one register."""
        pubs = self.result.pubs if self.result is not None else ()
        return any(len({counts.register for counts in pub.counts}) > 1 for pub in pubs)

    @property
    def layout(self) -> dict[int, int]:
        """Virtual qubit by the physical one it ends on; empty where it was not transpiled here."""
        if self.transpilation is None:
            return {}
        return {physical: virtual for virtual, physical in enumerate(self.transpilation.final_layout)}


@dataclass(frozen=True, slots=True)
class CircuitParts:
    """What a circuit uses of its device.

    Attributes:
        measured: qubit by register and bit.
        qubits: in use, ascending.
        couplers: in use, pairs of qubits.
    """

    measured: Mapping[tuple[str, int], int]
    qubits: tuple[int, ...]
    couplers: tuple[tuple[int, int], ...]

    @property
    def labels(self) -> dict[int, str]:
        """What is measured on each qubit: `c[0]`."""
        return {qubit: f"{name}[{bit}]" for (name, bit), qubit in self.measured.items()}


NO_PARTS: Final = CircuitParts({}, (), ())


def circuit_parts(text: str) -> CircuitParts:
    """Return what a program uses of its device."""
    return CircuitParts(measured_qubits(text), *used_parts(text))
