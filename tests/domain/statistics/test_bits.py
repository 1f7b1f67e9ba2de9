"""Bits beside their qubits, on circuits whose bits are crossed: which stand out, and the cause told."""

from __future__ import annotations

from tui.domain.devices.calibrations import DeviceCalibration, QubitCalibration
from tui.domain.results import Counts, CountsSummary
from tui.domain.statistics.bits import BitFigures, bit_figures, measured_qubits
from tui.domain.statistics.distributions import Distribution

CROSSED = """OPENQASM 3.0;
include "stdgates.inc";
bit[3] c;
bit d;
x $7;
c[0] = measure $7;
c[2] = measure $1;
  c[1]  =  measure  $4 ;
d = measure $9;
"""
QUBITS = {("c", 0): 7, ("c", 1): 4, ("c", 2): 1, ("d", 0): 9}


def _device(**changed: QubitCalibration) -> DeviceCalibration:
    usual = QubitCalibration(readout_error=0.01, t1_us=200.0)
    return DeviceCalibration("x", qubits=tuple(changed.get(f"q{n}", usual) for n in range(10)))


def _ideal(**shares: float) -> Distribution:
    return Distribution({k[1:]: v for k, v in shares.items()}, (("c", 3),), 3, "state vector")


def _figures(
    counts: dict[str, int], device: DeviceCalibration, ideal: Distribution | None
) -> list[BitFigures]:
    shots = sum(counts.values())
    return list(bit_figures(Counts("c", 3, shots, counts), QUBITS, ideal, device))


def test_bits_are_found_on_their_qubits_in_both_languages() -> None:
    assert measured_qubits(CROSSED) == QUBITS
    old = "OPENQASM 2.0;\ncreg c[3];\nmeasure q[7] -> c[0];measure q[1]->c[2];\nmeasure q[4] -> c[1];\n"
    assert measured_qubits(old) == {("c", 0): 7, ("c", 1): 4, ("c", 2): 1}
    assert measured_qubits("// measure\nmeasure\nc[0] = measure;\n") == {}


def test_figures_of_bits_follow_bit_order() -> None:
    bits = _figures({"001": 900, "100": 100}, _device(q7=QubitCalibration(0.02, 99.0)), _ideal(_001=1.0))
    assert [bit.share for bit in bits] == [0.9, 0.0, 0.1]
    assert [bit.qubit for bit in bits] == [7, 4, 1]
    assert [bit.ideal for bit in bits] == [1.0, 0.0, 0.0]
    assert bits[0].t1_us == 99.0
    assert [round(bit.difference or 0.0, 3) for bit in bits] == [-0.1, 0.0, 0.1]


def test_bit_that_stands_out_has_its_cause() -> None:
    counts = {"001": 800, "000": 200}
    for qubit, cause in (
        (QubitCalibration(0.19, 200.0), "readout error 19.0 %"),
        (QubitCalibration(0.01, 9.0), "T1 of 9 µs"),
        (QubitCalibration(0.01, 200.0), "not by its calibration: gates, crosstalk or drift"),
        (QubitCalibration(0.01, 200.0, operational=False), "qubit 7 is reported faulty"),
        (QubitCalibration(0.6, 200.0), "qubit 7 is dead"),
    ):
        bits = _figures(counts, _device(q7=qubit), _ideal(_001=1.0))
        assert [bit.outlier for bit in bits] == [True, False, False]
        assert bits[0].cause == cause


def test_shot_noise_does_not_stand_out() -> None:
    bits = _figures({"001": 520, "000": 480}, _device(), _ideal(_001=0.5, _000=0.5))
    assert not any(bit.outlier or bit.cause for bit in bits)


def test_bits_without_ideal_stand_out_by_their_qubit_alone() -> None:
    device = _device(q4=QubitCalibration(0.30, 200.0))
    bits = _figures({"001": 500, "111": 500}, device, None)
    assert [(bit.outlier, bit.cause) for bit in bits] == [
        (False, ""),
        (True, "readout error 30.0 %"),
        (False, ""),
    ]
    assert _figures({"001": 500}, DeviceCalibration("x"), None)[0].readout_error is None


def test_bits_of_counts_that_are_summed_up() -> None:
    summary = CountsSummary(1000, {}, (0, 0, 0, 0), (700, 20, 3))
    bits = bit_figures(Counts("c", 3, 1000, {"001": 5}, (), summary), {})
    assert [bit.ones for bit in bits] == [700, 20, 3]
