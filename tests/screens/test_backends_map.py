"""The device under the cursor: map and tables by keys, what got worse since yesterday, the least busy one."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from textual.pilot import Pilot

from tests.support.app import SnapCompare, make_app, notices, running, screen_text, settled, until
from tests.support.app_services import AppServicesHarness
from tests.support.devices import CALIBRATED, recorded_data
from tui.common.errors import ErrorKind, QdeckError
from tui.domain.devices.backends import BackendData
from tui.screens.backends.screen import BackendsScreen
from tui.widgets.maps.chip_map import ChipMap
from tui.widgets.tables.row_table import RowTable

NAMES = ("ibm_peekskill", "ibm_cusco", "ibm_fez")


def with_devices() -> AppServicesHarness:
    """Services that tell of the three devices as recorded."""
    services = AppServicesHarness()
    services.device_data = {name: recorded_data(name) for name in NAMES}
    return services


def worsened(name: str) -> BackendData:
    """The device a day later: qubit 1 reads worse, qubit 2 better, the first coupler is dead."""
    data = recorded_data(name, CALIBRATED + timedelta(days=1))
    body = json.loads(data.properties)
    for qubit, factor in ((1, 2.5), (2, 0.5)):
        for entry in body["qubits"][qubit]:
            if entry["name"] == "readout_error":
                entry["value"] *= factor
    for gate in body["gates"]:
        if sorted(gate["qubits"]) == [0, 1]:
            for entry in gate["parameters"]:
                if entry["name"] == "gate_error":
                    entry["value"] = 1
    return replace(data, properties=json.dumps(body).encode())


async def to_backends(pilot: Pilot[None]) -> None:
    await settled(pilot)
    await pilot.press("f6")
    await until(pilot, lambda: isinstance(pilot.app.screen, BackendsScreen))
    await settled(pilot)


async def to_fez(pilot: Pilot[None]) -> None:
    await to_backends(pilot)
    await pilot.press("end")
    await settled(pilot)


async def to_tomorrow(pilot: Pilot[None]) -> None:
    """Look at peekskill, then again when it was calibrated anew."""
    await to_backends(pilot)
    app = pilot.app
    services = app.services  # type: ignore[attr-defined]  # every screen's test has this app
    assert isinstance(services, AppServicesHarness)
    services.device_data[NAMES[0]] = worsened(NAMES[0])
    await pilot.press("r")
    await settled(pilot)


def test_backends_map_at_80x24(snap_compare: SnapCompare) -> None:
    assert snap_compare(make_app(with_devices()), run_before=to_fez)


def test_backends_map_at_120x40(snap_compare: SnapCompare) -> None:
    assert snap_compare(make_app(with_devices()), terminal_size=(120, 40), run_before=to_fez)


def test_backends_map_at_200x60(snap_compare: SnapCompare) -> None:
    assert snap_compare(make_app(with_devices()), terminal_size=(200, 60), run_before=to_tomorrow)


def test_backends_map_without_colour(snap_compare: SnapCompare, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert snap_compare(make_app(with_devices()), terminal_size=(120, 40), run_before=to_tomorrow)


def test_backends_map_in_sixteen_colours(snap_compare: SnapCompare, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLORTERM")
    monkeypatch.setenv("TERM", "xterm")
    assert snap_compare(make_app(with_devices()), terminal_size=(120, 40), run_before=to_tomorrow)


def test_backends_qubits_at_80x24(snap_compare: SnapCompare) -> None:
    async def qubits(pilot: Pilot[None]) -> None:
        await to_tomorrow(pilot)
        await pilot.press("2", *("s",) * 6)
        await settled(pilot)

    assert snap_compare(make_app(with_devices()), run_before=qubits)


def _qubit(pilot: Pilot[None]) -> int | None:
    return pilot.app.screen.query_one(ChipMap).qubit


async def test_backends_map_and_tables_share_their_cursor() -> None:
    async with running(with_devices()) as pilot:
        await to_backends(pilot)
        assert "0e══1d──4a╌╌7d" in screen_text(pilot)
        assert "qubit 0 · readout 9.57 % e" in screen_text(pilot)
        await pilot.press("1", "right", "right", "m")
        await settled(pilot)
        assert _qubit(pilot) == 4 and "T1 µs a≥" in screen_text(pilot)
        assert "to 1 " in screen_text(pilot) and "to 7 " in screen_text(pilot)
        await pilot.press("2")
        await settled(pilot)
        assert pilot.app.screen.query_one("#qubits", RowTable).cursor_key == "4"
        await pilot.press("down")
        await settled(pilot)
        assert _qubit(pilot) == 5 and "qubit 5 " in screen_text(pilot)
        await pilot.press("3", "end")
        await settled(pilot)
        assert "COUPLER▲" in screen_text(pilot) and _qubit(pilot) == 25
        await pilot.press("escape", "down")
        await settled(pilot)
        assert "ibm_cusco   SIMULATED" in screen_text(pilot) and _qubit(pilot) == 0


async def test_backends_map_and_table_settle_on_one_qubit_of_another_device(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    moves: list[int] = []
    move_to = ChipMap.move_to

    def counted(chip_map: ChipMap, qubit: int) -> None:
        moves.append(qubit)
        move_to(chip_map, qubit)

    monkeypatch.setattr(ChipMap, "move_to", counted)
    async with running(with_devices(), size=(120, 40)) as pilot:
        await to_backends(pilot)
        await pilot.press("2", "S", "escape", "down")
        await settled(pilot)
        assert _qubit(pilot) == 0 and "ibm_cusco   SIMULATED" in screen_text(pilot)
        assert pilot.app.screen.query_one("#qubits", RowTable).cursor_key == "0"
        before = len(moves)
        for _ in range(10):
            await pilot.pause()
        assert len(moves) == before


async def test_backends_show_the_newest_calibration_of_another_device() -> None:
    services = with_devices()
    async with running(services) as pilot:
        await to_tomorrow(pilot)
        await pilot.press("down")
        await settled(pilot)
        services.device_data[NAMES[1]] = worsened(NAMES[1])
        await pilot.press("r", "up", "4", "down", "escape", "down")
        await settled(pilot)
        assert "ibm_cusco   SIMULATED" in screen_text(pilot) and "not the newest" not in screen_text(pilot)
        history = pilot.app.screen.query_one("#history", RowTable)
        assert len(history.keys) == 2 and history.cursor_index == 0


async def test_backends_tables_are_sorted_by_key() -> None:
    async with running(with_devices()) as pilot:
        await to_backends(pilot)
        await pilot.press("2", "s")
        await settled(pilot)
        table = pilot.app.screen.query_one("#qubits", RowTable)
        best = table.keys
        assert "READ %▲" in screen_text(pilot)
        await pilot.press("S")
        await settled(pilot)
        assert "READ %▼" in screen_text(pilot) and table.keys[0] == best[-1] == "0"
        await pilot.press("3", "s")
        await settled(pilot)
        assert "2Q %▲" in screen_text(pilot) and "0-1" in screen_text(pilot)


async def test_backends_tell_what_got_worse_since_yesterday() -> None:
    services = with_devices()
    async with running(services) as pilot:
        await to_backends(pilot)
        assert "the first calibration seen here" in screen_text(pilot)
        await to_tomorrow(pilot)
        text = screen_text(pilot)
        assert "since 14 Mar 12:00: 1 qubit worse, 1 qubit better, 1 coupler died" in text
        assert "0e─✕1e" in text
        await pilot.press("2", "down")
        await settled(pilot)
        assert "▾ read ×2.5" in screen_text(pilot)
        await pilot.press("4")
        await settled(pilot)
        assert "15 Mar 12:00" in screen_text(pilot) and "14 Mar 12:00" in screen_text(pilot)
        await pilot.press("down")
        await settled(pilot)
        assert "as of 14 Mar 12:00, not the newest" in screen_text(pilot)
        await pilot.press("1")
        await settled(pilot)
        assert "0e══1d" in screen_text(pilot)


async def test_backends_go_to_the_least_busy_one() -> None:
    async with running(with_devices()) as pilot:
        await to_fez(pilot)
        await pilot.press("b")
        await settled(pilot)
        assert pilot.app.screen.query_one("#backends", RowTable).cursor_key == "ibm_peekskill"
        assert "Least busy: ibm_peekskill, 0 jobs in its queue." in notices(pilot)


async def test_backends_say_why_there_is_no_map() -> None:
    services = with_devices()
    services.device_data["ibm_peekskill"] = BackendData("ibm_peekskill", b"{", b"")
    del services.device_data["ibm_cusco"]
    async with running(services) as pilot:
        await to_backends(pilot)
        assert "Its qubits are not known" in screen_text(pilot)
        await pilot.press("1", "2", "s", "m", "down")
        await settled(pilot)
        assert "tells nothing of this backend's qubits" in screen_text(pilot)
        services.trouble["backend_data"] = QdeckError(ErrorKind.SERVER, "No [b]calibration[/b].")
        await pilot.press("down")
        await settled(pilot)
        assert "No [b]calibration[/b]." in screen_text(pilot)


async def test_backends_ask_once_for_a_calibration() -> None:
    services = with_devices()
    async with running(services) as pilot:
        await to_backends(pilot)
        await pilot.press("down", "up", "f2", "f6")
        await settled(pilot)
        asked = [one for one in services.asked if one[0] == "backend_data"]
        assert asked == [("backend_data", "ibm_peekskill"), ("backend_data", "ibm_cusco")]
