"""Calibrations in the history: compact, bounded, read back as they were."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from tests.store.samples import NOON, compact_journal, make_folders, open_repository, read_tables
from tests.support.devices import CALIBRATED, five_qubits, recorded_data, with_coupler, with_qubit
from tui.domain.devices.calibrations import Coupler, DeviceCalibration, QubitCalibration
from tui.ibm.codec.calibrations import decode_calibration
from tui.store.calibrations import MOST, MOST_OF_A_DEVICE
from tui.store.records.calibrations import keep_calibration, kept_calibration, merge_calibrations
from tui.store.records.tables import CALIBRATIONS


async def test_calibrations_are_read_back_newest_first(tmp_path: Path) -> None:
    folders = make_folders(tmp_path)
    history = await open_repository(folders)
    faulty = with_coupler(with_qubit(five_qubits(), 2, operational=False), 1, operational=False)
    earlier = five_qubits(CALIBRATED - timedelta(days=1))
    assert history.calibrations.add("platform", faulty)
    assert history.calibrations.add("platform", earlier)
    assert not history.calibrations.add("platform", earlier)
    assert history.calibrations.add("classic", earlier)
    await history.aclose()
    compact_journal(folders)
    again = await open_repository(folders)
    found = again.calibrations.of("platform", "ibm_test")
    assert found == (replace(faulty, coordinates=()), replace(earlier, coordinates=()))
    assert len(again.calibrations.of("classic", "ibm_test")) == 1
    assert again.calibrations.of("platform", "ibm_other") == ()
    assert again.pop_warnings() == ()
    await again.aclose()


async def test_calibrations_of_a_device_are_thinned_to_one_a_day(tmp_path: Path) -> None:
    folders = make_folders(tmp_path)
    history = await open_repository(folders)
    for hours in range(0, 24 * 20, 4):
        history.calibrations.add("platform", five_qubits(CALIBRATED + timedelta(hours=hours)))
    kept = [one.calibrated for one in history.calibrations.of("platform", "ibm_test")]
    assert len(kept) == MOST_OF_A_DEVICE
    newest = CALIBRATED + timedelta(hours=24 * 20 - 4)
    assert kept[:2] == [newest, newest - timedelta(hours=4)]
    days = [moment.date() for moment in kept[1:] if moment is not None]
    assert len(set(days)) == len(days)
    await history.flush()
    assert len(read_tables(folders)["calibrations"]) == MOST_OF_A_DEVICE
    await history.aclose()


async def test_calibrations_of_all_devices_are_bounded(tmp_path: Path) -> None:
    history = await open_repository(make_folders(tmp_path))
    for number in range(MOST + 5):
        history.calibrations.add("platform", replace(five_qubits(), name=f"ibm_{number}"))
    known = [history.calibrations.of("platform", f"ibm_{number}") for number in range(MOST + 5)]
    assert sum(map(len, known)) == MOST
    await history.aclose()


async def test_calibration_of_a_heron_takes_less_than_twelve_kilobytes() -> None:
    calibration = await decode_calibration(recorded_data("ibm_fez"))
    record = keep_calibration("platform", calibration, NOON)
    assert record is not None
    row = json.dumps(CALIBRATIONS.dump(record), separators=(",", ":"))
    assert len(row) < 12_000
    back = kept_calibration(CALIBRATIONS.load(json.loads(row)))
    assert back.calibrated == calibration.calibrated
    for one, other in zip(back.qubits, calibration.qubits, strict=True):
        assert one.dead == other.dead
        assert one.t1_us is not None and abs(one.t1_us - (other.t1_us or 0)) < 0.1
    assert [one.qubits for one in back.couplers] == [one.qubits for one in calibration.couplers]


def test_calibration_without_moment_or_figures_is_not_kept() -> None:
    assert keep_calibration("s", five_qubits(None), NOON) is None
    simulator = DeviceCalibration("sim", CALIBRATED, (QubitCalibration(),) * 3, (Coupler(0, 1),))
    assert keep_calibration("s", simulator, NOON) is None


_FIGURE = st.none() | st.floats(0, 1000).map(lambda value: float(f"{value:.4g}"))


@given(st.data(), st.datetimes(min_value=datetime(2000, 1, 1), timezones=st.just(UTC)))
def test_kept_calibration_is_the_calibration(data: st.DataObject, moment: datetime) -> None:
    qubit = st.builds(QubitCalibration, _FIGURE, _FIGURE, _FIGURE, _FIGURE, st.booleans())
    qubits = tuple(data.draw(st.lists(qubit, min_size=1, max_size=6)))
    pairs = data.draw(st.sets(st.tuples(st.integers(0, 5), st.integers(0, 5))))
    gate = st.sampled_from(["", "cz", "ecr"])
    couplers = tuple(
        Coupler(a, b, data.draw(gate), data.draw(_FIGURE), None, data.draw(st.booleans()))
        for a, b in sorted(pairs)
    )
    calibration = DeviceCalibration("d", moment, qubits, couplers)
    record = keep_calibration("s", calibration, NOON)
    if record is not None:
        row = json.loads(json.dumps(CALIBRATIONS.dump(record)))
        assert CALIBRATIONS.key_of_row(row) == CALIBRATIONS.key(record)
        assert kept_calibration(CALIBRATIONS.load(row)) == calibration


def test_kept_calibration_of_a_damaged_row_has_what_fits() -> None:
    record = keep_calibration("s", five_qubits(), NOON)
    assert record is not None
    odd = replace(record, calibrated="soon", t1=(1.0,), pairs=(0, 1, 1), gate=(7, 0, 0))
    calibration = kept_calibration(odd)
    assert calibration.calibrated == NOON and len(calibration.qubits) == 5
    assert calibration.qubits[1].t1_us is None and len(calibration.couplers) == 1
    later = replace(record, seen=NOON + timedelta(hours=1))
    assert merge_calibrations(later, record) == record == merge_calibrations(record, later)
