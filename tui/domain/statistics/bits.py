"""Results bit by bit: how often each bit was 1, on which qubit, what was expected, and why it differs."""

from __future__ import annotations

import re
import statistics
from collections.abc import Mapping, Sequence
from typing import Final

from tui.common.values import Value
from tui.domain.devices.calibrations import DeviceCalibration, QubitCalibration
from tui.domain.results import Counts
from tui.domain.statistics.distributions import Distribution
from tui.domain.statistics.errors import NOTABLE_Z, share_error
from tui.domain.statistics.outcomes import ones

OUTLYING: Final = 3.0
"""Times the median of a figure over the circuit's qubits from which on it stands out."""
_LEAST: Final = 0.02
"""Difference from the expected share below which no bit stands out."""
_BAD_READOUT: Final = 0.05
_SHORT_T1_US: Final = 30.0
# Spaces are matched possessively: a line is passed over once.
_ASSIGNED = re.compile(
    r"^\s*+([^\W\d]\w*+)(?:\[(\d{1,6})\])?\s*+=\s*+measure\s++(?:\$(\d{1,6})|\w++\[(\d{1,6})\])"
)
_ARROW = re.compile(
    r"^\s*+measure\s++(?:\$(\d{1,6})|\w++\[(\d{1,6})\])\s*+->\s*+([^\W\d]\w*+)(?:\[(\d{1,6})\])?"
)


class BitFigures(Value, frozen=True):
    """One bit of a register.

    Attributes:
        bit: its number; bit 0 is the rightmost one of a string.
        ones: how often it was 1.
        shots: of how many.
        ideal: probability of 1 without noise; `None` where it is not known.
        qubit: physical qubit it was measured on; `None` where the circuit does not tell.
        readout_error, t1_us: of that qubit by the calibration.
        outlier: it stands out from the other bits.
        cause: why, in words, as far as the calibration tells; empty for a bit that does not stand out.
    """

    bit: int
    ones: int
    shots: int
    ideal: float | None = None
    qubit: int | None = None
    readout_error: float | None = None
    t1_us: float | None = None
    outlier: bool = False
    cause: str = ""

    @property
    def share(self) -> float:
        """Share of the shots in which it was 1."""
        return self.ones / (self.shots or 1)

    @property
    def error(self) -> float:
        """Standard error of the share."""
        return share_error(self.ones, self.shots)

    @property
    def difference(self) -> float | None:
        """Share minus the ideal one; `None` where that is not known."""
        return None if self.ideal is None else self.share - self.ideal


def measured_qubits(qasm: str) -> dict[tuple[str, int], int]:
    """Return the qubit that each bit is measured on last.

    Args:
        qasm: an ISA program, OpenQASM 2 or 3, with a statement a line.

    Returns:
        Qubits by name of the register and number of the bit; a register of one bit that is written without
        a number is bit 0.
    """
    found: dict[tuple[str, int], int] = {}
    for row in qasm.split("\n"):
        if "measure" not in row:
            continue
        for statement in row.split(";"):
            if (match := _ASSIGNED.match(statement)) is not None:
                name, bit, physical, index = match.groups()
            elif (match := _ARROW.match(statement)) is not None:
                physical, index, name, bit = match.groups()
            else:
                continue
            found[name, int(bit or 0)] = int(physical if physical is not None else index)
    return found


def bit_figures(
    counts: Counts,
    qubits: Mapping[tuple[str, int], int],
    ideal: Distribution | None = None,
    device: DeviceCalibration | None = None,
) -> tuple[BitFigures, ...]:
    """Return the figures of each bit of a register, bit 0 first, with those that stand out marked.

    With an ideal distribution a bit stands out where its difference from it is more than shot noise and
    several times that of the others; without one, where its qubit is dead or reads out several times worse.

    Args:
        counts: of the register.
        qubits: as by `measured_qubits`.
        ideal: of the same register.
        device: the calibration at the job's start.
    """
    seen = ones(counts.counts, counts.num_bits) if counts.summary is None else counts.summary.ones
    expected: tuple[float | None, ...] = (None,) * counts.num_bits
    if ideal is not None and ideal.whole:
        expected = _ideal_shares(ideal.probabilities, counts.num_bits)
    known = device.qubits if device is not None else ()
    plain = []
    for bit in range(counts.num_bits):
        qubit = qubits.get((counts.register, bit))
        figures = known[qubit] if qubit is not None and qubit < len(known) else None
        plain.append(
            BitFigures(
                bit,
                seen[bit],
                counts.shots,
                expected[bit],
                qubit,
                None if figures is None else figures.readout_error,
                None if figures is None else figures.t1_us,
            )
        )
    return _marked(plain, known)


def _ideal_shares(probabilities: Mapping[str, float], num_bits: int) -> tuple[float, ...]:
    shares = [0.0] * num_bits
    for bits, share in probabilities.items():
        for place, character in enumerate(reversed(bits)):
            if character == "1":
                shares[place] += share
    return tuple(shares)


def _marked(bits: Sequence[BitFigures], device: Sequence[QubitCalibration]) -> tuple[BitFigures, ...]:
    differences = [abs(bit.difference) for bit in bits if bit.difference is not None]
    typical = statistics.median(differences) if differences else 0.0
    readouts = [bit.readout_error for bit in bits if bit.readout_error is not None]
    usual = statistics.median(readouts) if readouts else 0.0
    marked = []
    for bit in bits:
        cause = _cause(bit, usual, device)
        if bit.difference is not None:
            # What is ideally certain has no shot noise of its own: that of the share counts then.
            noise = max(bit.error, share_error(round((bit.ideal or 0.0) * bit.shots), bit.shots))
            bound = max(NOTABLE_Z * noise, OUTLYING * typical, _LEAST)
            outlier = abs(bit.difference) > bound
            cause = cause or "not by its calibration: gates, crosstalk or drift"
        else:
            outlier = bool(cause)
        marked.append(
            BitFigures(
                bit.bit,
                bit.ones,
                bit.shots,
                bit.ideal,
                bit.qubit,
                bit.readout_error,
                bit.t1_us,
                outlier,
                cause if outlier else "",
            )
        )
    return tuple(marked)


def _cause(bit: BitFigures, usual: float, device: Sequence[QubitCalibration]) -> str:
    """Return what is wrong with the qubit of a bit, by its calibration; empty where nothing is."""
    qubit = device[bit.qubit] if bit.qubit is not None and bit.qubit < len(device) else None
    if qubit is None:
        return ""
    if not qubit.operational:
        return f"qubit {bit.qubit} is reported faulty"
    if qubit.dead:
        return f"qubit {bit.qubit} is dead"
    error = qubit.readout_error
    if error is not None and error >= _BAD_READOUT and error >= OUTLYING * usual:
        return f"readout error {error * 100:.1f} %"
    if qubit.t1_us is not None and qubit.t1_us < _SHORT_T1_US:
        return f"T1 of {qubit.t1_us:.0f} µs"
    if bit.difference is not None and error is not None and error >= abs(bit.difference) / 2:
        return f"readout error {error * 100:.1f} %"
    return ""


_OPERAND = re.compile(r"\$(\d{1,6})")
_INDEXED = re.compile(r"\b\w++\[(\d{1,6})\]")


def used_parts(qasm: str) -> tuple[tuple[int, ...], tuple[tuple[int, int], ...]]:
    """Return the qubits and the couplers that an ISA program uses.

    Args:
        qasm: OpenQASM 3 with physical qubits `$n`, or 2 over a register of the device's qubits, with a
            statement a line.

    Returns:
        Physical qubits, ascending; pairs that a gate joins, the smaller number first, ascending.
    """
    operand = _OPERAND if "$" in qasm else _INDEXED
    qubits: set[int] = set()
    couplers: set[tuple[int, int]] = set()
    for row in qasm.split("\n"):
        words = row.strip()
        if words.startswith(("barrier", "//", "bit", "creg", "qreg", "qubit", "include", "gate ")):
            continue
        # Bits of a measurement are no qubits.
        measures = "measure" in words and operand is _INDEXED
        if measures:
            match = _ARROW.match(words)
            numbers = [int(match.group(2) or 0)] if match is not None else []
        else:
            numbers = [int(number) for number in operand.findall(words)]
        qubits.update(numbers)
        if len(numbers) == 2 and numbers[0] != numbers[1] and "measure" not in words:
            couplers.add((min(numbers), max(numbers)))
    return tuple(sorted(qubits)), tuple(sorted(couplers))
